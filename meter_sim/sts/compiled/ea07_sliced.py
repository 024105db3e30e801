"""EA07 for whole columns: bit-sliced, 64 blocks in the bits of each word and many words side by side.

Transposed, bit b of 64 blocks is one word. The permutation P then costs nothing (a word is stored at another place)
and a box is a Boolean formula over words: the algebraic normal form, derived here from the scalar module's S1 and S2.
The loops over words that lie side by side become vector instructions of the processor.
"""

import numpy as np
from numpy import uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled.ea07 import ROUNDS
from meter_sim.sts.compiled.jit import compiled
from meter_sim.sts.ea07 import INVERSE_BOXES, S1, S2, P

WORDS = 32
"""Words side by side."""
GROUP = 64 * WORDS
"""Blocks that are handled at a time."""

_ALL = uint64((1 << 64) - 1)
_P = np.array(P)


def _normal_form(box: tuple[int, ...]) -> NDArray[uint64]:
    """For each output bit, which of the 16 products of input bits it sums: all bits set, or none, as a mask.

    Product m multiplies the input bits that are set in m. The coefficients are the Moebius transform of the table.
    """
    masks = np.zeros((4, 16), dtype=uint64)
    for bit in range(4):
        sums = [value >> bit & 1 for value in box]
        for place in range(4):
            for product in range(16):
                if product >> place & 1:
                    sums[product] ^= sums[product ^ 1 << place]
        masks[bit] = [_ALL if term else 0 for term in sums]
    return masks


_FORTH = _normal_form(S1)
_FORTH_CHANGE = _FORTH ^ _normal_form(S2)
_BACK = _normal_form(INVERSE_BOXES[0])
_BACK_CHANGE = _BACK ^ _normal_form(INVERSE_BOXES[1])


@compiled
def _sum(masks: NDArray[uint64], bit: int, a: uint64, b: uint64, c: uint64, d: uint64) -> uint64:
    """One output bit of a box. The masks are constants, so that the compiler drops every product that is not used."""
    ab, cd = a & b, c & d
    return uint64(
        masks[bit, 0]
        ^ masks[bit, 1] & a
        ^ masks[bit, 2] & b
        ^ masks[bit, 3] & ab
        ^ masks[bit, 4] & c
        ^ masks[bit, 5] & (a & c)
        ^ masks[bit, 6] & (b & c)
        ^ masks[bit, 7] & (ab & c)
        ^ masks[bit, 8] & d
        ^ masks[bit, 9] & (a & d)
        ^ masks[bit, 10] & (b & d)
        ^ masks[bit, 11] & (ab & d)
        ^ masks[bit, 12] & cd
        ^ masks[bit, 13] & (a & cd)
        ^ masks[bit, 14] & (b & cd)
        ^ masks[bit, 15] & (ab & cd)
    )


@compiled
def _substituted_forth(bit: int, key: uint64, a: uint64, b: uint64, c: uint64, d: uint64) -> uint64:
    return uint64(_sum(_FORTH, bit, a, b, c, d) ^ key & _sum(_FORTH_CHANGE, bit, a, b, c, d))


@compiled
def _substituted_back(bit: int, key: uint64, a: uint64, b: uint64, c: uint64, d: uint64) -> uint64:
    return uint64(_sum(_BACK, bit, a, b, c, d) ^ key & _sum(_BACK_CHANGE, bit, a, b, c, d))


@compiled
def _transpose(rows: NDArray[uint64]) -> None:
    """Rows and bits change places, for each of the words side by side: bit c of row r becomes bit r of row c."""
    distance = 32
    mask = uint64(0xFFFFFFFF)
    while distance:
        row = 0
        while row < 64:
            for word in range(WORDS):
                swapped = (rows[row, word] >> uint64(distance) ^ rows[row + distance, word]) & mask
                rows[row + distance, word] ^= swapped
                rows[row, word] ^= swapped << uint64(distance)
            row = (row | distance) + 1 & ~distance
        distance >>= 1
        mask ^= mask << uint64(distance)


@compiled
def _encrypt_sliced(block: NDArray[uint64], key: NDArray[uint64], moved: NDArray[uint64]) -> None:
    for number in range(ROUNDS):
        for nibble in range(16):
            place = 4 * nibble
            # The key is inverted, rotated right by 12 and then left by 1 a round.
            key_row = (place + 3 + 12 - number) % 64
            p, q, r, s = _P[place], _P[place + 1], _P[place + 2], _P[place + 3]
            for word in range(WORDS):
                a, b, c, d = block[place, word], block[place + 1, word], block[place + 2, word], block[place + 3, word]
                k = ~key[key_row, word]
                moved[p, word] = _substituted_forth(0, k, a, b, c, d)
                moved[q, word] = _substituted_forth(1, k, a, b, c, d)
                moved[r, word] = _substituted_forth(2, k, a, b, c, d)
                moved[s, word] = _substituted_forth(3, k, a, b, c, d)
        block, moved = moved, block


@compiled
def _decrypt_sliced(block: NDArray[uint64], key: NDArray[uint64], moved: NDArray[uint64]) -> None:
    for number in range(ROUNDS):
        for nibble in range(16):
            place = 4 * nibble
            key_row = (place + number) % 64
            p, q, r, s = _P[place], _P[place + 1], _P[place + 2], _P[place + 3]
            for word in range(WORDS):
                a, b, c, d = block[p, word], block[q, word], block[r, word], block[s, word]
                k = key[key_row, word]
                moved[place, word] = _substituted_back(0, k, a, b, c, d)
                moved[place + 1, word] = _substituted_back(1, k, a, b, c, d)
                moved[place + 2, word] = _substituted_back(2, k, a, b, c, d)
                moved[place + 3, word] = _substituted_back(3, k, a, b, c, d)
        block, moved = moved, block


@compiled
def workspace() -> NDArray[uint64]:
    """Room for the keys of a group, transposed, and for a second copy of its blocks; reused from group to group."""
    return np.zeros((2, 64, WORDS), dtype=uint64)


@compiled
def _load_keys(space: NDArray[uint64], keys: NDArray[uint64], first: int, count: int) -> None:
    for row in range(count):
        space[0, row // WORDS, row % WORDS] = keys[first + row, 0]
    _transpose(space[0])


@compiled
def encrypt_group(
    blocks: NDArray[uint64], keys: NDArray[uint64], first: int, count: int, space: NDArray[uint64]
) -> None:
    """Encipher a group in place: `blocks` has GROUP rows, of which `count` matter; their keys start at row `first`."""
    sliced = blocks.reshape((64, WORDS))
    _load_keys(space, keys, first, count)
    _transpose(sliced)
    _encrypt_sliced(sliced, space[0], space[1])
    _transpose(sliced)


@compiled
def decrypt_group(
    blocks: NDArray[uint64], keys: NDArray[uint64], first: int, count: int, space: NDArray[uint64]
) -> None:
    """Decipher a group in place; the inverse of encrypt_group."""
    sliced = blocks.reshape((64, WORDS))
    _load_keys(space, keys, first, count)
    _transpose(sliced)
    _decrypt_sliced(sliced, space[0], space[1])
    _transpose(sliced)


@compiled
def encrypt_and_decrypt_group(
    blocks: NDArray[uint64], keys: NDArray[uint64], first: int, count: int, space: NDArray[uint64]
) -> uint64:
    """Encipher a group and decipher it again in place; returns the first cryptogram, which is not looked at else."""
    sliced = blocks.reshape((64, WORDS))
    _load_keys(space, keys, first, count)
    _transpose(sliced)
    _encrypt_sliced(sliced, space[0], space[1])
    cryptogram = uint64(0)
    for bit in range(64):
        cryptogram |= (sliced[bit, 0] & uint64(1)) << uint64(bit)
    _decrypt_sliced(sliced, space[0], space[1])
    _transpose(sliced)
    return cryptogram
