"""Chance and distributions in compiled loops: the same draws and values as `draws.py` and `distribution.py`."""

from pathlib import Path

from numpy import int64, uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled.jit import compiler

SOURCE = Path(__file__)
"""This file, for the caches of those kernels that call these."""

_compiled = compiler(SOURCE)

Whole = int | int64
"""What the kernels take as a whole number."""

_WORD = uint64(0xFFFFFFFF)
_M0, _M1 = uint64(0xD2511F53), uint64(0xCD9E8D57)
_W0, _W1 = uint64(0x9E3779B9), uint64(0xBB67AE85)
_HALF = uint64(32)
_ROUNDS = 10
_GREATEST = int64((1 << 63) - 1)


@_compiled
def draw(seed: uint64, purpose: Whole, connection: Whole, count: Whole, sub: Whole) -> int64:
    """The 32-bit draw of a connection for a purpose (Philox4x32-10)."""
    k0, k1 = seed & _WORD, seed >> _HALF
    c0, c1 = uint64(count) & _WORD, uint64(sub) & _WORD
    c2, c3 = uint64(purpose) & _WORD, uint64(connection) & _WORD
    for _ in range(_ROUNDS):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _WORD, (p0 >> _HALF) ^ c3 ^ k1, p0 & _WORD
        k0, k1 = (k0 + _W0) & _WORD, (k1 + _W1) & _WORD
    return int64(c0)


@_compiled
def value(tables: NDArray[int64], table: Whole, word: Whole) -> int64:
    """The value of a 32-bit draw in a row of `tables`, each of 257 whole numbers that do not fall."""
    cell, part = word >> 24, word & 0xFFFFFF
    low = tables[table, cell]
    above = tables[table, cell + 1] - low
    return int64(low + (above >> 24) * part + ((above & 0xFFFFFF) * part >> 24))


@_compiled
def part_of(amount: Whole, word: Whole) -> int64:
    """Of an amount from 0 the part that a 32-bit draw says: amount * word / 2^32, rounded down."""
    return int64(amount >> 32) * word + int64(uint64(amount & 0xFFFFFFFF) * uint64(word) >> _HALF)


@_compiled
def about(amount: Whole, word: Whole) -> int64:
    """An amount from 0 to 2^61 times 3/4 to 5/4, as a 32-bit draw says: amount * (3/4 + word / 2^33), rounded down."""
    half = (uint64(amount) * uint64(word) & _WORD) >> uint64(31)
    four_times = uint64(3) * uint64(amount) + uint64(2) * uint64(part_of(amount, word)) + half  # below 2^64
    return int64(four_times >> uint64(2))


@_compiled
def product_over(one: Whole, other: Whole, divisor: Whole) -> int64:
    """The exact one * other / divisor, rounded down, of two numbers from 0 by one above 0; at most 2^63 - 1."""
    if one == 0 or other == 0:
        return int64(0)
    if one <= _GREATEST // other:
        return int64(one * other // divisor)
    a, b, by = uint64(one), uint64(other), uint64(divisor)
    low = (a & _WORD) * (b & _WORD)
    middle = (a >> _HALF) * (b & _WORD) + (low >> _HALF)
    across = (a & _WORD) * (b >> _HALF) + (middle & _WORD)
    high = (a >> _HALF) * (b >> _HALF) + (middle >> _HALF) + (across >> _HALF)
    low = (across << _HALF) | (low & _WORD)
    if high >= by:
        return _GREATEST
    quotient, rest = uint64(0), high
    for place in range(63, -1, -1):  # rest stays below the divisor, which is below 2^63
        rest = (rest << uint64(1)) | ((low >> uint64(place)) & uint64(1))
        quotient <<= uint64(1)
        if rest >= by:
            rest -= by
            quotient |= uint64(1)
    return _GREATEST if quotient > uint64(_GREATEST) else int64(quotient)
