"""EA07 a block at a time: eight look-ups a round, as the scalar `ea07.py` does it (IEC 62055-41; C).

This is the form for compiled loops that have one block in hand. Whole columns go faster through `ea07_sliced.py`.
"""

import numpy as np
from numpy import uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled.jit import compiled
from meter_sim.sts.ea07 import S1, S2, P

ROUNDS = 16
INVERSE_BOXES = (tuple(S2.index(value) for value in range(16)), tuple(S1.index(value) for value in range(16)))
"""The boxes of decryption, for key bit 0 and 1."""
INVERSE_P = tuple(P.index(place) for place in range(64))


def _moved(byte: int, first_bit: int, permutation: tuple[int, ...]) -> int:
    return sum((byte >> bit & 1) << permutation[first_bit + bit] for bit in range(8))


def _substituted(byte: int, choice: int, boxes: tuple[tuple[int, ...], ...]) -> int:
    return boxes[choice >> 1][byte >> 4] << 4 | boxes[choice & 1][byte & 15]


def _tables(boxes: tuple[tuple[int, ...], ...], permutation: tuple[int, ...]) -> NDArray[uint64]:
    """A row for each byte of the block: 256 results for each of the four choices of its two boxes."""
    return np.array(
        [
            [_moved(_substituted(row & 255, row >> 8, boxes), 8 * place, permutation) for row in range(1024)]
            for place in range(8)
        ],
        dtype=uint64,
    )


_FORTH = _tables((S1, S2), P)
_BACK = _tables(INVERSE_BOXES, INVERSE_P)
_UNMOVE = np.array([[_moved(byte, 8 * place, INVERSE_P) for byte in range(256)] for place in range(8)], dtype=uint64)
_UNBOX = np.array([_substituted(row & 255, row >> 8, INVERSE_BOXES) for row in range(1024)], dtype=np.uint8)


@compiled
def rotated_right(value: uint64, places: int) -> uint64:
    """64 bits rotated by 1 to 63 places."""
    return uint64(value >> uint64(places) | value << uint64(64 - places))


@compiled
def _row(block: uint64, choices: uint64, place: int) -> uint64:
    """The row of a table for one byte: the byte itself and the two key bits above it."""
    shift = uint64(8 * place)
    bits = choices >> shift
    return uint64(block >> shift & uint64(255) | (bits & uint64(1)) << uint64(8) | (bits & uint64(16)) << uint64(5))


@compiled
def encrypt(block: uint64, key: uint64) -> uint64:
    """The block enciphered under a 64-bit key."""
    state = rotated_right(~key, 12)
    for _ in range(ROUNDS):
        result = uint64(0)
        for place in range(8):
            result |= _FORTH[place, _row(block, state >> uint64(3), place)]
        block = result
        state = rotated_right(state, 63)
    return block


@compiled
def decrypt(block: uint64, key: uint64) -> uint64:
    """The block deciphered under a 64-bit key; the inverse of encrypt."""
    # A round is "move back, substitute back"; each round's substitution is joined with the next round's move.
    state = key
    result = uint64(0)
    for place in range(8):
        result |= _UNMOVE[place, block >> uint64(8 * place) & uint64(255)]
    for _ in range(ROUNDS - 1):
        block, result = result, uint64(0)
        for place in range(8):
            result |= _BACK[place, _row(block, state, place)]
        state = rotated_right(state, 1)
    block, result = result, uint64(0)
    for place in range(8):
        result |= uint64(_UNBOX[_row(block, state, place)]) << uint64(8 * place)
    return result
