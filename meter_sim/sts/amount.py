"""Amounts of credit and limits of power in 16 bits.

Two exponent bits e and a mantissa m of 14 bits carry m * 10^e + sum(2^14 * 10^(i-1) for i in 1..e), in tenths of the
unit (or whole watts for power limits). Encoding takes the smallest exponent that holds the value and rounds the
mantissa up, in the customer's favour (IEC 62055-41, transfer amount; C).
"""

from meter_sim.sts.errors import AmountOutOfRange

_MANTISSAS = 1 << 14
_OFFSETS = (0, 16_384, 180_224, 1_818_624)
_STEPS = (1, 10, 100, 1000)

GREATEST = _OFFSETS[3] + (_MANTISSAS - 1) * _STEPS[3]
"""The greatest amount that 16 bits carry: 18 201 624, which is 1 820 162.4 kWh."""


def encode(amount: int) -> int:
    """The 16-bit code of an amount in tenths (or watts), rounded up to the next value that a code has (C).

    Raises AmountOutOfRange below 0 and above GREATEST.
    """
    if not 0 <= amount <= GREATEST:
        raise AmountOutOfRange(f"amount {amount} is outside 0 to {GREATEST} (tenths of the unit, or watts)")
    for exponent, (offset, step) in enumerate(zip(_OFFSETS, _STEPS, strict=True)):
        mantissa = -(-(amount - offset) // step)
        if mantissa < _MANTISSAS:
            return exponent << 14 | mantissa
    raise AssertionError("GREATEST bounds the mantissa")  # pragma: no cover


def decode(code: int) -> int:
    """The amount in tenths (or watts) that a 16-bit code stands for; this is what a meter credits (C)."""
    exponent = code >> 14
    return (code & _MANTISSAS - 1) * _STEPS[exponent] + _OFFSETS[exponent]
