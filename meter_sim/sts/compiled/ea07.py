"""EA07 a block at a time: a look-up for each nibble of each round (IEC 62055-41; C).

This is the form for compiled loops that have one block in hand. Its tables are small, so that they stay near the
processor while the loop looks at much else. Whole columns go faster through `ea07_sliced.py`.
"""

import numpy as np
from numpy import uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled.jit import compiled
from meter_sim.sts.ea07 import INVERSE_BOXES, INVERSE_P, S1, S2, P

ROUNDS = 16


def _nibble_tables(boxes: tuple[tuple[int, ...], ...], places: tuple[int, ...]) -> NDArray[uint64]:
    """For each nibble of the block, by the choice of its box (bit 4) and its value: its bits where they go to."""
    tables = np.zeros((16, 32), dtype=uint64)
    for nibble in range(16):
        for index in range(32):
            value = boxes[index >> 4][index & 15]
            tables[nibble, index] = sum((value >> bit & 1) << places[4 * nibble + bit] for bit in range(4))
    return tables


_FORTH = _nibble_tables((S1, S2), P)
_SAME = tuple(range(64))
_UNMOVE = _nibble_tables((tuple(range(16)), tuple(range(16))), INVERSE_P)
_BACK = _nibble_tables(INVERSE_BOXES, INVERSE_P)
_BACK_LAST = _nibble_tables(INVERSE_BOXES, _SAME)
_LOW, _HIGH = 0x0F0F0F0F0F0F0F0F, 0x1010101010101010
"""The lower nibble of each byte; the bit above it."""


@compiled
def rotated_right(value: uint64, places: int) -> uint64:
    """64 bits rotated by 1 to 63 places."""
    return uint64(value >> uint64(places) | value << uint64(64 - places))


@compiled
def _round(tables: NDArray[uint64], block: uint64, choices: uint64) -> uint64:
    """One round: bit 4n of the choices picks the box of nibble n."""
    # Each byte of these two words is an index: the nibble, and above it its choice.
    even = block & uint64(_LOW) | choices << uint64(4) & uint64(_HIGH)
    odd = block >> uint64(4) & uint64(_LOW) | choices & uint64(_HIGH)
    result = uint64(0)
    for place in range(8):
        shift = uint64(8 * place)
        result |= tables[2 * place, even >> shift & uint64(31)] | tables[2 * place + 1, odd >> shift & uint64(31)]
    return result


@compiled
def encrypt(block: uint64, key: uint64) -> uint64:
    """The block enciphered under a 64-bit key."""
    state = rotated_right(~key, 12)
    for _ in range(ROUNDS):
        block = _round(_FORTH, block, state >> uint64(3))
        state = rotated_right(state, 63)
    return block


@compiled
def decrypt(block: uint64, key: uint64) -> uint64:
    """The block deciphered under a 64-bit key; the inverse of encrypt."""
    # A round is "move back, substitute back"; each round's substitution is joined with the next round's move.
    state = key
    block = _round(_UNMOVE, block, uint64(0))
    for _ in range(ROUNDS - 1):
        block = _round(_BACK, block, state)
        state = rotated_right(state, 1)
    return _round(_BACK_LAST, block, state)
