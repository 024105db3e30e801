"""EA07 a block at a time: eight look-ups a round, as the scalar `ea07.py` does it (IEC 62055-41; C).

This is the form for compiled loops that have one block in hand. Whole columns go faster through `ea07_sliced.py`.
"""

import numpy as np
from numpy import uint64

from meter_sim.sts.compiled.jit import compiled
from meter_sim.sts.ea07 import BACK, BACK_LAST, FORTH, UNMOVE

ROUNDS = 16
_FORTH = np.array(FORTH, dtype=uint64).reshape(8, 1024)
_BACK = np.array(BACK, dtype=uint64).reshape(8, 1024)
_UNMOVE = np.array(UNMOVE, dtype=uint64)
_UNBOX = np.array(BACK_LAST[0], dtype=np.uint8).reshape(1024)


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
