"""MeterPANs as integers of 18 digits: their check digits, and the PANBlock of DKGA02 (C)."""

import numpy as np
from numpy import uint8, uint32, uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled.jit import compiled

_DCTK = 3


@compiled
def _luhn_fits(number: uint64) -> bool:
    """Whether a number ends in its Luhn check digit (ISO/IEC 7812-1)."""
    total = uint64(0)
    doubled = False
    while number:
        rest = number // uint64(10)
        digit = number - rest * uint64(10)
        if doubled:
            digit *= uint64(2)
            if digit > uint64(9):
                digit -= uint64(9)
        total += digit
        doubled = not doubled
        number = rest
    return bool(total % uint64(10) == uint64(0))


@compiled
def is_short(pan: uint64) -> bool:
    """Whether the issuer has four digits, 0000, and the DRN thirteen."""
    return bool(pan < uint64(10**14))


@compiled
def fits(pan: uint64) -> bool:
    """Whether a number is a MeterPAN: IIN 600727 or 0000, and the check digits of DRN and PAN (C)."""
    body = pan // uint64(10)
    if is_short(pan):
        return _luhn_fits(pan) and _luhn_fits(body)
    return bool(pan // uint64(10**12) == uint64(600727) and _luhn_fits(pan) and _luhn_fits(body % uint64(10**11)))


@compiled
def in_bcd(number: uint64, digits: int) -> uint64:
    """Decimal digits, four bits each."""
    value = uint64(0)
    for place in range(digits):
        rest = number // uint64(10)
        value |= number - rest * uint64(10) << uint64(4 * place)
        number = rest
    return value


@compiled
def pan_block(pan: uint64, key_type: uint8) -> uint64:
    """The 16 digits before the last one in BCD; a common key leaves the meter's own part out (C)."""
    body = pan // uint64(10)
    if key_type == _DCTK:
        body = uint64(0) if is_short(pan) else body - body % uint64(10**11)
    return in_bcd(body, 16)


@compiled
def fit_all(
    pan: NDArray[uint64],
    supply_group: NDArray[uint32],
    tariff_index: NDArray[uint8],
    key_revision: NDArray[uint8],
    key_type: NDArray[uint8],
    right: NDArray[np.bool_],
) -> None:
    """Which rows have values that a decoder key can be derived from."""
    for row in range(pan.size):
        right[row] = (
            supply_group[row] <= 999_999
            and tariff_index[row] <= 99
            and 1 <= key_revision[row] <= 9
            and key_type[row] <= _DCTK
            and fits(pan[row])
        )
