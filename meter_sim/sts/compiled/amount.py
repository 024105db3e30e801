"""Amounts in 16 and in 20 bits, coded as in the scalar `amount.py`, in 64-bit integers (C)."""

import numpy as np
from numpy import int32, int64, uint16, uint64
from numpy.typing import NDArray

from meter_sim.sts import amount as scalar
from meter_sim.sts.compiled.jit import compiled

NONE = -1
"""In place of a code where an amount has none."""

_GREATEST = scalar.GREATEST
_MANTISSAS = 1 << 14
_STEPS = np.array([10**e for e in range(4)], dtype=int64)
_OFFSETS = np.array([scalar.decode(e << 14) for e in range(4)], dtype=int64)
# An int64 needs 16 of the 32 exponents: the next offset is above 2^63.
_CURRENCY_STEPS = np.array([10**e for e in range(16)], dtype=uint64)
_CURRENCY_OFFSETS = np.array([scalar.decode_currency(e << 14) for e in range(16)], dtype=uint64)


@compiled
def encode(amount: int64) -> int32:
    """The 16-bit code of an amount in tenths or watts, rounded up; NONE below 0 and above the greatest (C)."""
    if amount < 0 or amount > _GREATEST:
        return int32(NONE)
    exponent = 0
    while True:
        mantissa = -((_OFFSETS[exponent] - amount) // _STEPS[exponent])
        if mantissa < _MANTISSAS:
            return int32(exponent << 14 | mantissa)
        exponent += 1


@compiled
def decode(code: uint16) -> int64:
    """The amount in tenths or watts of a 16-bit code (C)."""
    exponent = int64(code) >> 14
    return int64((int64(code) & _MANTISSAS - 1) * _STEPS[exponent] + _OFFSETS[exponent])


@compiled
def encode_currency(units: int64) -> int32:
    """The 20-bit code of an amount in 1e-5 of the base currency, rounded towards positive infinity (C)."""
    size = uint64(units)
    if units < 0:
        size = ~size + uint64(1)
    exponent = 0
    while True:
        offset, step = _CURRENCY_OFFSETS[exponent], _CURRENCY_STEPS[exponent]
        mantissa = uint64(0)
        if size > offset:
            mantissa = (size - offset) // step
            if units >= 0 and mantissa * step != size - offset:
                mantissa += uint64(1)
        if mantissa < uint64(_MANTISSAS):
            return int32((1 << 19 if units < 0 else 0) | exponent << 14 | int64(mantissa))
        exponent += 1


@compiled
def encode_all(amounts: NDArray[int64], codes: NDArray[int32]) -> None:
    """Codes of a whole column."""
    for row in range(amounts.size):
        codes[row] = encode(amounts[row])


@compiled
def decode_all(codes: NDArray[uint16], amounts: NDArray[int64]) -> None:
    """Amounts of a whole column."""
    for row in range(codes.size):
        amounts[row] = decode(codes[row])


@compiled
def encode_currency_all(units: NDArray[int64], codes: NDArray[int32]) -> None:
    """Currency codes of a whole column."""
    for row in range(units.size):
        codes[row] = encode_currency(units[row])
