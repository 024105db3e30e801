"""Ranges of a sweep: every value from one end to the other, in exact decimals."""

import re
from decimal import Decimal

from meter_sim.scenario.quantities import QuantityError, plain

MOST_VALUES = 1000
"""Values of a range, at most."""

_QUANTITY = re.compile(r"(-?[0-9]{1,20}(?:\.[0-9]{1,20})?)( ?)([^\s0-9.+-][^\s]{0,20})?")


def range_values(start: str, end: str, step: str) -> tuple[str, ...]:
    """The texts from `start` to `end`, both among them, `step` apart: `5 kWh`, `10 kWh`, `15 kWh`.

    All three are numbers, or quantities with the same unit. Raises QuantityError.
    """
    (first, unit), (last, other), (width, third) = (number_and_unit(text) for text in (start, end, step))
    if not unit == other == third:
        raise QuantityError(f"from {start!r} to {end!r} in steps of {step!r}: write all three with the same unit")
    if width <= 0:
        raise QuantityError(f"the step {step!r} is not above 0")
    if last < first:
        raise QuantityError(f"the end {end!r} is below the start {start!r}")
    steps, left = divmod(last - first, width)
    if left:
        raise QuantityError(f"steps of {step!r} lead from {start!r} past {end!r}, the end must be one of the values")
    if steps >= MOST_VALUES:
        raise QuantityError(f"from {start!r} to {end!r} are {int(steps) + 1} values, at most {MOST_VALUES} are allowed")
    return tuple(f"{plain(first + place * width)}{unit}" for place in range(int(steps) + 1))


def number_and_unit(text: str) -> tuple[Decimal, str]:
    """A number and the unit as it is written behind it, with its space. Raises QuantityError."""
    match = _QUANTITY.fullmatch(text)
    if match is None or (match[2] and not match[3]):
        raise QuantityError(f"{text!r} is not a number or a quantity, such as 4, 10% or 5 kWh")
    unit = match[3] or ""
    if unit == "day":
        unit = "days"
    return Decimal(match[1]), unit if unit in ("", "%") else f" {unit}"
