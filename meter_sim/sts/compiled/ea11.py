"""EA11, MISTY1: a block at a time, and whole columns (RFC 2994; C).

The names FI, FO, FL, S7, S9 and EK are the RFC's. FI, two rounds of look-ups around one key word, is two look-ups of
16 bits. Columns are handled a step of the cipher at a time for many blocks, so that the processor need not wait for
one look-up before it begins the next.
"""

import numpy as np
from numpy import uint16, uint32, uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled.jit import compiled
from meter_sim.sts.compiled.stack import on_stack
from meter_sim.sts.ea11 import S7, S9

_SIDE_BY_SIDE = 256


def _fi_halves() -> tuple[NDArray[uint16], NDArray[uint16]]:
    """FI before and after its key word is added, for every 16 bits."""
    s7, s9 = np.array(S7), np.array(S9)
    words = np.arange(1 << 16)
    d9, d7 = words >> 7, words & 127
    d9 = s9[d9] ^ d7
    before = (s7[d7] ^ d9 & 127) << 9 | d9
    d7, d9 = words >> 9, words & 511
    after = d7 << 9 | s9[d9] ^ d7
    return before.astype(uint16), after.astype(uint16)


_BEFORE, _AFTER = _fi_halves()


@compiled
def _fi(word: uint32, key_word: uint32) -> uint32:
    return uint32(_AFTER[uint32(_BEFORE[word]) ^ key_word])


@compiled
def _fo(half: uint32, k: int, ek: NDArray[uint32], lane: int) -> uint32:
    left, right = half >> uint32(16), half & uint32(0xFFFF)
    left = _fi(uint32(left ^ ek[k, lane]), ek[(k + 5) % 8 + 8, lane]) ^ right
    right = _fi(uint32(right ^ ek[(k + 2) % 8, lane]), ek[(k + 1) % 8 + 8, lane]) ^ left
    left = _fi(uint32(left ^ ek[(k + 7) % 8, lane]), ek[(k + 3) % 8 + 8, lane]) ^ right
    return uint32((right ^ ek[(k + 4) % 8, lane]) << uint32(16) | left)


@compiled
def _fl_rows(k: int) -> tuple[int, int]:
    """The rows of EK that FL takes: one for the AND, one for the OR."""
    if k % 2 == 0:
        return k // 2, (k // 2 + 6) % 8 + 8
    return (k // 2 + 2) % 8 + 8, (k // 2 + 4) % 8


@compiled
def _fl(half: uint32, both: uint32, either: uint32) -> uint32:
    left, right = half >> uint32(16), half & uint32(0xFFFF)
    right ^= left & both
    return uint32((left ^ (right | either)) << uint32(16) | right)


@compiled
def _fl_inverse(half: uint32, both: uint32, either: uint32) -> uint32:
    left, right = half >> uint32(16), half & uint32(0xFFFF)
    left ^= right | either
    return uint32(left << uint32(16) | right ^ left & both)


@compiled
def _expand(ek: NDArray[uint32], keys: NDArray[uint64], first: int, count: int) -> None:
    """EK of the RFC, a column for each block: the key's eight words, then each put through FI under the next."""
    for lane in range(count):
        for half in range(2):
            word = keys[first + lane, half]
            ek[4 * half, lane] = word >> uint64(48)
            ek[4 * half + 1, lane] = word >> uint64(32) & uint64(0xFFFF)
            ek[4 * half + 2, lane] = word >> uint64(16) & uint64(0xFFFF)
            ek[4 * half + 3, lane] = word & uint64(0xFFFF)
    for row in range(8):
        for lane in range(count):
            ek[row + 8, lane] = _fi(ek[row, lane], ek[(row + 1) % 8, lane])


@compiled
def _encrypt_lanes(d0: NDArray[uint32], d1: NDArray[uint32], ek: NDArray[uint32], count: int) -> None:
    """All but the last step: the halves change places in it, which is left to the caller."""
    for k in range(0, 8, 2):
        both0, either0 = _fl_rows(k)
        both1, either1 = _fl_rows(k + 1)
        for lane in range(count):
            d0[lane] = _fl(d0[lane], ek[both0, lane], ek[either0, lane])
            d1[lane] = _fl(d1[lane], ek[both1, lane], ek[either1, lane]) ^ _fo(d0[lane], k, ek, lane)
        for lane in range(count):
            d0[lane] ^= _fo(d1[lane], k + 1, ek, lane)
    both0, either0 = _fl_rows(8)
    both1, either1 = _fl_rows(9)
    for lane in range(count):
        d0[lane] = _fl(d0[lane], ek[both0, lane], ek[either0, lane])
        d1[lane] = _fl(d1[lane], ek[both1, lane], ek[either1, lane])


@compiled
def _decrypt_lanes(d0: NDArray[uint32], d1: NDArray[uint32], ek: NDArray[uint32], count: int) -> None:
    both0, either0 = _fl_rows(8)
    both1, either1 = _fl_rows(9)
    for lane in range(count):
        d0[lane] = _fl_inverse(d0[lane], ek[both0, lane], ek[either0, lane])
        d1[lane] = _fl_inverse(d1[lane], ek[both1, lane], ek[either1, lane])
    for k in range(6, -1, -2):
        both0, either0 = _fl_rows(k)
        both1, either1 = _fl_rows(k + 1)
        for lane in range(count):
            d0[lane] ^= _fo(d1[lane], k + 1, ek, lane)
        for lane in range(count):
            d1[lane] = _fl_inverse(d1[lane] ^ _fo(d0[lane], k, ek, lane), ek[both1, lane], ek[either1, lane])
            d0[lane] = _fl_inverse(d0[lane], ek[both0, lane], ek[either0, lane])


@compiled
def workspace() -> NDArray[uint32]:
    """Room for EK (rows 0 to 15) and both halves of the blocks that are handled side by side; reused."""
    return np.zeros((18, _SIDE_BY_SIDE), dtype=uint32)


@compiled
def encrypt_group(
    blocks: NDArray[uint64], keys: NDArray[uint64], first: int, count: int, space: NDArray[uint32]
) -> None:
    """Encipher the first `count` blocks in place; their keys (two words each) start at row `first`."""
    d0, d1 = space[16], space[17]
    for start in range(0, count, _SIDE_BY_SIDE):
        lanes = min(_SIDE_BY_SIDE, count - start)
        _expand(space, keys, first + start, lanes)
        for lane in range(lanes):
            d0[lane] = blocks[start + lane] >> uint64(32)
            d1[lane] = blocks[start + lane] & uint64(0xFFFFFFFF)
        _encrypt_lanes(d0, d1, space, lanes)
        for lane in range(lanes):
            blocks[start + lane] = uint64(d1[lane]) << uint64(32) | uint64(d0[lane])


@compiled
def decrypt_group(
    blocks: NDArray[uint64], keys: NDArray[uint64], first: int, count: int, space: NDArray[uint32]
) -> None:
    """Decipher the first `count` blocks in place; the inverse of encrypt_group."""
    d0, d1 = space[16], space[17]
    for start in range(0, count, _SIDE_BY_SIDE):
        lanes = min(_SIDE_BY_SIDE, count - start)
        _expand(space, keys, first + start, lanes)
        for lane in range(lanes):
            d1[lane] = blocks[start + lane] >> uint64(32)
            d0[lane] = blocks[start + lane] & uint64(0xFFFFFFFF)
        _decrypt_lanes(d0, d1, space, lanes)
        for lane in range(lanes):
            blocks[start + lane] = uint64(d0[lane]) << uint64(32) | uint64(d1[lane])


_block = on_stack(uint64, 1)
_keys = on_stack(uint64, 1, 2)
_space = on_stack(uint32, 18, 1)


@compiled
def encrypt(block: uint64, high: uint64, low: uint64) -> uint64:
    """One block enciphered under a 128-bit key, given as two words."""
    blocks, keys, space = _block(), _keys(), _space()
    blocks[0], keys[0, 0], keys[0, 1] = block, high, low
    encrypt_group(blocks, keys, 0, 1, space)
    return uint64(blocks[0])


@compiled
def decrypt(block: uint64, high: uint64, low: uint64) -> uint64:
    """One block deciphered under a 128-bit key, given as two words; the inverse of encrypt."""
    blocks, keys, space = _block(), _keys(), _space()
    blocks[0], keys[0, 0], keys[0, 1] = block, high, low
    decrypt_group(blocks, keys, 0, 1, space)
    return uint64(blocks[0])
