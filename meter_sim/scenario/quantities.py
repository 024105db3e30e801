"""Quantities in text: `50 kWh`, `20 min`, `3.5%`, `2024-11-24 20:15Z`.

Read exactly, as decimals, into whole units; a value that is not whole in its unit is refused, never rounded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from meter_sim.meter.credit import WS_PER_KWH, WS_PER_TENTH
from meter_sim.sts.amount import GREATEST as GREATEST_AMOUNT

ENERGY_UNITS = {"MWh": 1000 * WS_PER_KWH, "kWh": WS_PER_KWH, "Wh": 3600, "Ws": 1}
"""Watt-seconds in each unit of energy."""
DURATION_UNITS = {"s": 1, "min": 60, "h": 3600, "days": 86_400, "day": 86_400}
"""Seconds in each unit of time."""
POWER_UNITS = {"W": 1, "kW": 1000}

# Bounds that keep every product of a run within 64 bits, whatever engine computes it.
GREATEST_ENERGY = 10**15
"""Watt-seconds: 277 GWh."""
GREATEST_DURATION = 50 * 366 * 86_400
"""Seconds: 50 years."""
GREATEST_POWER = GREATEST_AMOUNT
"""Watts: what a power limit token can say, 18 201 624 W."""
GREATEST_BOUGHT = 10**14
"""Tenths of m3 or min, or 1e-5 of the base currency."""
YEARS = range(1993, 2101)
"""Years in which a scenario may play."""

_NUMBER = r"[0-9]{1,20}(?:\.[0-9]{1,20})?"


class QuantityError(ValueError):
    """Says what is wrong with a quantity and what is allowed."""


def _number_with_unit(
    text: str, units: Mapping[str, int], what: str, example: str, greatest: int, signed: bool = False
) -> int:
    match = re.fullmatch(rf"({'-?' if signed else ''}{_NUMBER}) ?([A-Za-z]+)", text)
    allowed = ", ".join(units)
    if match is None:
        raise QuantityError(f"{text!r} is not {what}, write a number and a unit ({allowed}), such as {example}")
    number, unit = match.groups()
    if unit not in units:
        raise QuantityError(f"{text!r} is not {what}, the unit {unit} is unknown, allowed are {allowed}")
    value = Decimal(number) * units[unit]
    smallest = min(units, key=lambda name: units[name])
    if value != value.to_integral_value():
        raise QuantityError(f"{text!r} is not a whole number of {smallest}")
    if abs(value) > greatest:
        raise QuantityError(f"{text!r} is too large, at most {greatest} {smallest} are allowed")
    return int(value)


def energy(text: str) -> int:
    """Watt-seconds of `50 kWh`, `1.5 MWh`, `100 Wh` or `7 Ws`."""
    return _number_with_unit(text, ENERGY_UNITS, "an energy", "50 kWh", GREATEST_ENERGY)


def amount(text: str) -> int:
    """Tenths of a kWh of `50 kWh`; tokens count in tenths."""
    value = energy(text)
    if value % WS_PER_TENTH or value == 0:
        raise QuantityError(f"{text!r} cannot be bought, an amount is a whole number of tenths of a kWh above 0")
    return value // WS_PER_TENTH


@dataclass(frozen=True, slots=True, order=True)
class Bought:
    """An amount of a token: in tenths of kWh, m3 or min, or in 1e-5 of the base currency."""

    amount: int
    unit: str

    def __str__(self) -> str:
        per_unit = _BOUGHT_UNITS[self.unit]
        return f"{plain(Decimal(self.amount) / per_unit)} {self.unit}"


_BOUGHT_UNITS = {"kWh": 10, "m3": 10, "min": 10, "currency": 100_000}


def bought(text: str) -> Bought:
    """The amount and the unit of `50 kWh`, `5 m3`, `600 min` or `12.50 currency`; above 0."""
    unit = _unit_of(text)
    if unit in ENERGY_UNITS:
        return Bought(amount(text), "kWh")
    found = _amount_with(text, unit)
    if found.amount == 0:
        raise QuantityError(f"{text!r} cannot be bought, an amount is above 0")
    return found


def held(text: str) -> Bought:
    """What a register holds: as what is bought, but it may be 0."""
    unit = _unit_of(text)
    if unit in ENERGY_UNITS:
        return Bought(energy(text) // WS_PER_TENTH, "kWh")
    return _amount_with(text, unit)


def _unit_of(text: str) -> str:
    match = re.fullmatch(rf"{_NUMBER} ?([A-Za-z]+[0-9]?)", text)
    units = (*ENERGY_UNITS, *(unit for unit in _BOUGHT_UNITS if unit not in ENERGY_UNITS))
    if match is None or match[1] not in units:
        raise QuantityError(
            f"{text!r} is not an amount, write a number and a unit ({', '.join(units)}), such as 50 kWh"
        )
    return match[1]


def _amount_with(text: str, unit: str) -> Bought:
    value = Decimal(text.removesuffix(unit).strip()) * _BOUGHT_UNITS[unit]
    step = "0.00001 of the currency" if unit == "currency" else f"0.1 {unit}"
    if value != value.to_integral_value():
        raise QuantityError(f"{text!r} is not a whole number of {step}")
    if value > GREATEST_BOUGHT:
        raise QuantityError(f"{text!r} is too large, at most 10^14 times {step} are allowed")
    return Bought(int(value), unit)


def duration(text: str) -> int:
    """Seconds of `90 s`, `20 min`, `1.5 h` or `3 days`."""
    return _number_with_unit(text, DURATION_UNITS, "a duration", "20 min", GREATEST_DURATION)


def offset(text: str) -> int:
    """Seconds of a duration that may be below zero, such as `-2 h`."""
    return _number_with_unit(text, DURATION_UNITS, "an offset", "-2 h", GREATEST_DURATION, signed=True)


def power(text: str) -> int:
    """Watts of `5 kW` or `2500 W`."""
    return _number_with_unit(text, POWER_UNITS, "a power", "2500 W", GREATEST_POWER)


def percentage(text: str) -> Decimal:
    """The share of `3.5%`: 0.035."""
    match = re.fullmatch(rf"({_NUMBER}) ?%", text)
    if match is None:
        raise QuantityError(f"{text!r} is not a percentage, write a number and %, such as 3.5%")
    return Decimal(match[1]) / 100


def number(text: str) -> Decimal:
    """A plain decimal number, such as 0.6."""
    if re.fullmatch(_NUMBER, text) is None:
        raise QuantityError(f"{text!r} is not a number, such as 0.6")
    return Decimal(text)


def whole(text: str, least: int, greatest: int) -> int:
    """A whole number within bounds."""
    if re.fullmatch(r"-?(0|[1-9][0-9]{,20})", text) is None or not least <= int(text) <= greatest:
        wanted = f"{least}, the only one allowed" if least == greatest else f"a whole number from {least} to {greatest}"
        raise QuantityError(f"{text!r} is not {wanted}")
    return int(text)


def clock_time(text: str) -> int:
    """Seconds after local midnight of `08:00`; `24:00` is the day's end."""
    match = re.fullmatch(r"([0-9]{2}):([0-9]{2})", text)
    if match is None or int(match[2]) > 59 or int(match[1]) * 60 + int(match[2]) > 1440:
        raise QuantityError(f"{text!r} is not a time of day, write 08:00")
    return int(match[1]) * 3600 + int(match[2]) * 60


def clock_time_text(seconds: int) -> str:
    """A time of day as text that reads back to the same seconds."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def clock_span(text: str) -> tuple[int, int]:
    """Opening and closing of `08:00-16:30`, seconds after local midnight."""
    first, dash, last = text.partition("-")
    if not dash:
        raise QuantityError(f"{text!r} is not a span of the day, write 08:00-16:30")
    span = clock_time(first.strip()), clock_time(last.strip())
    if span[0] >= span[1]:
        raise QuantityError(f"{text!r}: the closing is not after the opening")
    return span


def clock_span_text(span: tuple[int, int]) -> str:
    """A span of the day as text that reads back to the same."""
    return f"{clock_time_text(span[0])}-{clock_time_text(span[1])}"


def day_of(text: str) -> int:
    """The local day of `2024-12-25`, counted from 1970-01-01."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
            raise ValueError
        datetime.fromisoformat(text)
    except ValueError:
        raise QuantityError(f"{text!r} is not a date, write 2024-12-25") from None
    return time(text).naive.toordinal() - datetime(1970, 1, 1).toordinal()


def day_text(day: int) -> str:
    """A local day as text that reads back to the same."""
    return datetime.fromordinal(datetime(1970, 1, 1).toordinal() + day).strftime("%Y-%m-%d")


def money(text: str) -> int:
    """1e-5 of the base currency of `12.50 currency`."""
    if re.fullmatch(rf"{_NUMBER} ?currency", text) is None:
        raise QuantityError(f"{text!r} is not an amount of money, write 12.50 currency")
    return _amount_with(text, "currency").amount


def money_text(value: int) -> str:
    """Money as text that reads back to the same."""
    return f"{plain(Decimal(value) / 100_000)} currency"


def purchases(text: str) -> int:
    """The number of `3 purchases`."""
    match = re.fullmatch(r"([1-9][0-9]?) purchases?", text)
    if match is None:
        raise QuantityError(f"{text!r} is not a number of purchases from 1 to 99, write 3 purchases")
    return int(match[1])


def purchases_text(count: int) -> str:
    """A number of purchases as text."""
    return f"{count} purchase{'' if count == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Time:
    """An instant as written: with a trailing Z it is UTC, else local time of the scenario's zone."""

    text: str
    naive: datetime
    utc: bool

    def __str__(self) -> str:
        return self.text


def time(text: str) -> Time:
    """An instant of `2024-11-24`, `2024-11-24 20:15`, `2024-11-24 20:15:30`, each with or without a trailing Z."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?(Z?)", text)
    try:
        if match is None:
            raise ValueError
        naive = datetime.fromisoformat(f"{match[1]} {match[2] or '00:00'}")
    except ValueError:
        raise QuantityError(
            f"{text!r} is not an instant, write 2024-11-24 20:15 (local time) or 2024-11-24 20:15Z (UTC)"
        ) from None
    if naive.year not in YEARS:
        raise QuantityError(f"{text!r} is outside the years {YEARS.start} to {YEARS.stop - 1}")
    return Time(text, naive, match[3] == "Z")


def utc_seconds(naive: datetime) -> int:
    """Seconds since 1970 of a date and time taken as UTC."""
    return int(naive.replace(tzinfo=UTC).timestamp())


def plain(value: Decimal) -> str:
    """A decimal without an exponent and without zeros at its end."""
    return f"{value.normalize():f}"


def _text(value: int, units: Mapping[str, int], places: int) -> str:
    """The shortest exact text: the largest unit in which the value has few decimals."""
    for name, size in units.items():
        scaled = Decimal(value) / size
        if scaled == round(scaled, places):
            return f"{plain(scaled)} {name}"
    return f"{value} {min(units, key=lambda name: units[name])}"


def energy_text(value: int) -> str:
    """An energy as text that reads back to the same watt-seconds."""
    return _text(value, {"kWh": WS_PER_KWH, "Ws": 1}, 4)


def amount_text(tenths: int) -> str:
    """An amount as text that reads back to the same tenths."""
    return energy_text(tenths * WS_PER_TENTH)


def duration_text(value: int) -> str:
    """A duration or offset as text that reads back to the same seconds."""
    return _text(value, {"days": 86_400, "h": 3600, "min": 60, "s": 1}, 0)


def power_text(value: int) -> str:
    """A power as text that reads back to the same watts."""
    return f"{value} W"


def percentage_text(share: Decimal) -> str:
    """A share as a percentage that reads back to the same value."""
    return f"{plain(share * 100)}%"
