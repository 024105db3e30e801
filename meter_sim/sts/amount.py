"""Amounts of credit and limits of power in 16 bits, amounts of money in 20.

An exponent e and a mantissa m of 14 bits carry m * 10^e + sum(2^14 * 10^(i-1) for i in 1..e). Encoding takes the
smallest exponent that holds the value (IEC 62055-41, transfer amount; C).

In 16 bits e has two bits, the value is tenths of the unit (or whole watts for power limits) and the mantissa is rounded
up, in the customer's favour. In 20 bits a sign bit and five bits of e come before the mantissa, the value is 1e-5 of
the base currency, and rounding goes towards positive infinity, so that a negative amount loses what does not fit.
"""

from meter_sim.sts.errors import AmountOutOfRange

_MANTISSAS = 1 << 14
_OFFSETS = (0, 16_384, 180_224, 1_818_624)
_STEPS = (1, 10, 100, 1000)
_CURRENCY_STEPS: tuple[int, ...] = tuple(10**e for e in range(32))
_CURRENCY_OFFSETS = tuple(_MANTISSAS * (step - 1) // 9 for step in _CURRENCY_STEPS)
_SIGN = 1 << 19

GREATEST = _OFFSETS[3] + (_MANTISSAS - 1) * _STEPS[3]
"""The greatest amount that 16 bits carry: 18 201 624, which is 1 820 162.4 kWh."""

GREATEST_CURRENCY = _CURRENCY_OFFSETS[31] + (_MANTISSAS - 1) * _CURRENCY_STEPS[31]
"""The greatest amount that 20 bits carry, in 1e-5 of the base currency: about 1.8e30 of the currency."""


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


def encode_currency(units: int) -> int:
    """The 20-bit code of an amount in 1e-5 of the base currency, rounded towards positive infinity (C).

    Raises AmountOutOfRange beyond GREATEST_CURRENCY on either side.
    """
    size = abs(units)
    if size > GREATEST_CURRENCY:
        raise AmountOutOfRange(f"amount {units} is outside -{GREATEST_CURRENCY} to {GREATEST_CURRENCY} (1e-5 currency)")
    for exponent, (offset, step) in enumerate(zip(_CURRENCY_OFFSETS, _CURRENCY_STEPS, strict=True)):
        mantissa = (size - offset) // step if units < 0 else -((offset - size) // step)
        if mantissa < _MANTISSAS:
            return (units < 0) << 19 | exponent << 14 | mantissa
    raise AssertionError("GREATEST_CURRENCY bounds the mantissa")  # pragma: no cover


def decode_currency(code: int) -> int:
    """The amount, in 1e-5 of the base currency, that a 20-bit code stands for (C)."""
    exponent = code >> 14 & 31
    size = (code & _MANTISSAS - 1) * _CURRENCY_STEPS[exponent] + _CURRENCY_OFFSETS[exponent]
    return -size if code & _SIGN else size
