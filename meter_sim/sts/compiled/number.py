"""Class and block <-> 66-bit number <-> 20 digits.

A number of 66 bits is held as its two upper bits and its lower 64; in decimal as two halves of ten digits, with
2^64 = 1844674407 * 10^10 + 3709551616.
"""

from numpy import uint8, uint64
from numpy.typing import NDArray

from meter_sim.sts.compiled.jit import compiled

DIGITS = 20
NO_TOKEN = 255
"""In place of a class where 20 characters are no number of 66 bits."""

_HALF = 10**10
_HIGH, _LOW = divmod(1 << 64, _HALF)
_HIGH_2, _LOW_2 = divmod(2 << 64, _HALF)
_HIGH_3, _LOW_3 = divmod(3 << 64, _HALF)
_HIGH_4, _LOW_4 = divmod(4 << 64, _HALF)
_CLASS_BITS = 3 << 27
_OTHER_BITS = (1 << 64) - 1 - _CLASS_BITS


@compiled
def _write_half(half: uint64, digits: NDArray[uint8], row: int, start: int) -> None:
    """Ten digits of a number below 10^10."""
    for pair in range(4, -1, -1):
        rest = half // uint64(100)
        two = half - rest * uint64(100)
        tens = two * uint64(103) >> uint64(10)
        digits[row, start + 2 * pair] = uint8(tens + uint64(48))
        digits[row, start + 2 * pair + 1] = uint8(two - tens * uint64(10) + uint64(48))
        half = rest


@compiled
def write(token_class: uint8, block: uint64, digits: NDArray[uint8], row: int) -> None:
    """Write the 20 digits of a class and a block into one row, as ASCII.

    Block bits 28 and 27 go to number bits 65 and 64, the class takes their places (C).
    """
    displaced = block >> uint64(27) & uint64(3)
    low = block & uint64(_OTHER_BITS) | uint64(token_class) << uint64(27)
    high_half = low // uint64(_HALF)
    low_half = low - high_half * uint64(_HALF) + displaced * uint64(_LOW)
    carry = low_half // uint64(_HALF)
    _write_half(high_half + displaced * uint64(_HIGH) + carry, digits, row, 0)
    _write_half(low_half - carry * uint64(_HALF), digits, row, 10)


@compiled
def read(digits: NDArray[uint8], row: int) -> tuple[uint8, uint64]:
    """Class and block of one row of 20 ASCII digits; NO_TOKEN and 0 where they are none or 2^66 or more (C)."""
    high, low = uint64(0), uint64(0)
    greatest_digit = uint8(0)
    for place in range(10):
        left, right = uint8(digits[row, place] - uint8(48)), uint8(digits[row, place + 10] - uint8(48))
        greatest_digit = max(greatest_digit, left, right)
        high = high * uint64(10) + uint64(left)
        low = low * uint64(10) + uint64(right)
    if greatest_digit > 9 or high > uint64(_HIGH_4) or (high == uint64(_HIGH_4) and low >= uint64(_LOW_4)):
        return uint8(NO_TOKEN), uint64(0)
    upper_bits = (
        uint64(high > uint64(_HIGH) or (high == uint64(_HIGH) and low >= uint64(_LOW)))
        + uint64(high > uint64(_HIGH_2) or (high == uint64(_HIGH_2) and low >= uint64(_LOW_2)))
        + uint64(high > uint64(_HIGH_3) or (high == uint64(_HIGH_3) and low >= uint64(_LOW_3)))
    )
    number = high * uint64(_HALF) + low  # the lower 64 bits; what is above drops out
    token_class = uint8(number >> uint64(27) & uint64(3))
    return token_class, number & uint64(_OTHER_BITS) | upper_bits << uint64(27)


@compiled
def write_all(token_class: NDArray[uint8], blocks: NDArray[uint64], digits: NDArray[uint8]) -> None:
    """Digits of whole columns, a row of 20 bytes each."""
    for row in range(blocks.size):
        write(token_class[row], blocks[row], digits, row)


@compiled
def read_all(digits: NDArray[uint8], token_class: NDArray[uint8], blocks: NDArray[uint64]) -> None:
    """Classes and blocks of a whole column of digits."""
    for row in range(blocks.size):
        token_class[row], blocks[row] = read(digits, row)
