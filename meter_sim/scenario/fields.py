"""Field types of a scenario file: text in, checked values inside, the same text out again."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from meter_sim.scenario import quantities
from meter_sim.scenario.source import Plain
from meter_sim.sts.errors import StsError

E = TypeVar("E", bound=Enum)
R = TypeVar("R")


GREATEST_SIGMA = 4
"""Greatest standard deviation of a logarithm."""


def wrong(what: str, key: str = "") -> PydanticCustomError:
    """A validation error with our own words; `key` names the key of a mapping that is meant."""
    return PydanticCustomError("scenario", "{what}", {"what": what, "key": key})


def nearest(word: str, allowed: list[str]) -> str:
    """A hint at what may have been meant, and what is allowed."""
    close = get_close_matches(word, allowed, 1, cutoff=0.5)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}allowed are {', '.join(allowed)}"


class Model(BaseModel):
    """A mapping with known keys only."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def allowed_keys(cls) -> list[str]:
        """The keys that the mapping may have."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: object) -> object:
        if not isinstance(data, dict):
            raise wrong(f"a mapping is needed, with the keys {', '.join(cls.allowed_keys())}")
        for key, value in data.items():
            if key not in cls.allowed_keys() and cls.model_config.get("extra") == "forbid":
                raise wrong(f"unknown key, {nearest(str(key), cls.allowed_keys())}", str(key))
            if value is None:
                raise wrong("nothing stands behind the key, write a value or leave the key out", str(key))
        return data


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise wrong(f"{what} is needed")
    if not value.isprintable():
        raise wrong(f"{what} is needed, in one line and without control characters")
    return str(value)


def read_by(reader: Callable[[str], R], what: str) -> BeforeValidator:
    """A text that a reader turns into a value; what it refuses is said in its words."""

    def validate(value: object) -> R:
        try:
            return reader(_text(value, what))
        except (quantities.QuantityError, StsError) as error:
            raise wrong(str(error)) from None

    return BeforeValidator(validate)


def _schema(pattern: str, description: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "description": description})


_ENERGY = r"^[0-9]+(\.[0-9]+)? ?(MWh|kWh|Wh|Ws)$"
_BOUGHT = r"^[0-9]+(\.[0-9]+)? ?(MWh|kWh|Wh|Ws|m3|min|currency)$"
_DURATION = r"^[0-9]+(\.[0-9]+)? ?(s|min|h|days?)$"

Energy = Annotated[
    int,
    read_by(quantities.energy, "an energy such as 50 kWh"),
    PlainSerializer(quantities.energy_text),
    _schema(_ENERGY, "energy, such as 50 kWh"),
]
"""Watt-seconds."""
Amount = Annotated[
    int,
    read_by(quantities.amount, "an amount such as 50 kWh"),
    PlainSerializer(quantities.amount_text),
    _schema(_ENERGY, "amount on a token in whole tenths of a kWh, such as 50 kWh"),
]
"""Tenths of a kWh."""
BoughtAmount = Annotated[
    quantities.Bought,
    read_by(quantities.bought, "an amount such as 50 kWh, 5 m3, 600 min or 12.50 currency"),
    PlainSerializer(str),
    _schema(_BOUGHT, "amount on a token, such as 50 kWh, 5 m3, 600 min or 12.50 currency"),
]
"""An amount with its unit."""
RegisterAmount = Annotated[
    quantities.Bought,
    read_by(quantities.held, "an amount such as 5 m3, 600 min or 12.50 currency"),
    PlainSerializer(str),
    _schema(_BOUGHT, "what a register holds, such as 5 m3, 0 m3, 600 min or 12.50 currency"),
]
"""What a register holds, with its unit."""
Duration = Annotated[
    int,
    read_by(quantities.duration, "a duration such as 20 min"),
    PlainSerializer(quantities.duration_text),
    _schema(_DURATION, "duration, such as 20 min"),
]
"""Seconds."""
Offset = Annotated[
    int,
    read_by(quantities.offset, "an offset such as -2 h"),
    PlainSerializer(quantities.duration_text),
    _schema("^-?" + _DURATION[1:], "offset, such as -2 h"),
]
"""Seconds, also below zero."""
Power = Annotated[
    int,
    read_by(quantities.power, "a power such as 2500 W"),
    PlainSerializer(quantities.power_text),
    _schema(r"^[0-9]+(\.[0-9]+)? ?k?W$", "power, such as 2500 W"),
]
"""Watts."""
Percentage = Annotated[
    Decimal,
    read_by(quantities.percentage, "a percentage such as 3.5%"),
    PlainSerializer(quantities.percentage_text),
    _schema(r"^[0-9]+(\.[0-9]+)? ?%$", "percentage, such as 3.5%"),
]
"""A share of 1."""
Sigma = Annotated[
    Decimal,
    read_by(lambda text: _sigma(text), "a number such as 0.6"),
    PlainSerializer(quantities.plain, return_type=str),
]
Time = Annotated[
    quantities.Time,
    read_by(quantities.time, "an instant such as 2024-11-24 20:15"),
    PlainSerializer(str, return_type=str),
    _schema(r"^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?Z?$", "instant; a trailing Z is UTC, else local time"),
]


ClockTime = Annotated[
    int,
    read_by(quantities.clock_time, "a time of day such as 08:00"),
    PlainSerializer(quantities.clock_time_text),
    _schema(r"^[0-9]{2}:[0-9]{2}$", "time of day, such as 08:00"),
]
"""Seconds after local midnight."""
ClockSpan = Annotated[
    tuple[int, int],
    read_by(quantities.clock_span, "a span of the day such as 08:00-16:30"),
    PlainSerializer(quantities.clock_span_text),
    _schema(r"^[0-9]{2}:[0-9]{2} ?- ?[0-9]{2}:[0-9]{2}$", "span of the day, such as 08:00-16:30"),
]
"""Opening and closing, seconds after local midnight."""
Date = Annotated[
    int,
    read_by(quantities.day_of, "a date such as 2024-12-25"),
    PlainSerializer(quantities.day_text),
    _schema(r"^\d{4}-\d\d-\d\d$", "date, such as 2024-12-25"),
]
"""A local day, counted from 1970-01-01."""
Money = Annotated[
    int,
    read_by(quantities.money, "an amount of money such as 12.50 currency"),
    PlainSerializer(quantities.money_text),
    _schema(r"^[0-9]+(\.[0-9]+)? ?currency$", "amount of money, such as 12.50 currency"),
]
"""1e-5 of the base currency."""
Purchases = Annotated[
    int,
    read_by(quantities.purchases, "a number of purchases such as 3 purchases"),
    PlainSerializer(quantities.purchases_text),
    _schema(r"^[1-9][0-9]? purchases?$", "number of purchases, such as 3 purchases"),
]


def _share(share: Decimal) -> Decimal:
    if share > 1:
        raise wrong(f"{quantities.percentage_text(share)} is above 100%")
    return share


Share = Annotated[Percentage, AfterValidator(_share)]
"""A share of 1, at most 100 %."""


def _sigma(text: str) -> Decimal:
    number = quantities.number(text)
    if number > GREATEST_SIGMA or number != round(number, 6):
        raise quantities.QuantityError(f"{text!r} is not a number from 0 to {GREATEST_SIGMA} with at most six decimals")
    return number


@dataclass(frozen=True)
class _Within(BeforeValidator):
    """A validator of whole numbers that tells its bounds in the JSON schema too."""

    least: int = 0
    greatest: int = 0

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core) | {"minimum": self.least, "maximum": self.greatest}


def whole(least: int, greatest: int) -> BeforeValidator:
    """A whole number within bounds."""
    read = read_by(lambda text: quantities.whole(text, least, greatest), f"a whole number from {least} to {greatest}")
    return _Within(read.func, least=least, greatest=greatest)


def positive(what: str) -> AfterValidator:
    """A quantity above zero."""

    def validate(value: int) -> int:
        if value <= 0:
            raise wrong(f"{what} must be above 0")
        return value

    return AfterValidator(validate)


def digit_string(check: Callable[[str], R]) -> BeforeValidator:
    """A string of digits, which must stand in quotes so that YAML readers keep its zeros."""

    def validate(value: object) -> R:
        if isinstance(value, Plain) and value[:1].isdecimal():
            raise wrong(f'a digit string must stand in quotes: "{value}"')
        try:
            return check(_text(value, "a digit string in quotes"))
        except StsError as error:
            raise wrong(str(error)) from None

    return BeforeValidator(validate)


def one_of(kind: type[E], *names: str) -> BeforeValidator:
    """One of an enum's values, or of its names where `names` are given."""
    choices = {name: kind[name] for name in names} or {str(member.value): member for member in kind}

    def validate(value: object) -> E:
        text = _text(value, f"one of {', '.join(choices)}")
        if text in choices:
            return choices[text]
        raise wrong(f"{text!r} is not allowed, {nearest(text, list(choices))}")

    return BeforeValidator(validate)


def entries(least: int, greatest: int | None = None) -> AfterValidator:
    """A list of so many entries; looked at only where the entries themselves are right."""

    def validate(value: tuple[R, ...]) -> tuple[R, ...]:
        if len(value) < least or (greatest is not None and len(value) > greatest):
            wanted = f"{least}" if greatest == least else f"at least {least}"
            raise wrong(f"the list has {len(value)} entries, {wanted} are needed")
        return value

    return AfterValidator(validate)


def _flag(value: object) -> bool:
    text = _text(value, "true or false")
    if text in ("true", "false"):
        return text == "true"
    raise wrong(f"{text!r} is not allowed, write true or false")


Flag = Annotated[bool, BeforeValidator(_flag)]


def _name(value: object) -> str:
    text = _text(value, "a name")
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", text) is None:
        raise wrong(f"{text!r} is not a name: letters, digits, _ and -, the first a letter")
    return text


Name = Annotated[str, BeforeValidator(_name)]
Text = Annotated[str, BeforeValidator(lambda value: _text(value, "a text"))]


class OrText(Model):
    """A mapping that may also be written as one text, which then stands for its field `SHORT`."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {cls.short(): data} if isinstance(data, str) else data

    @classmethod
    def short(cls) -> str:
        """The field that a bare text stands for."""
        raise NotImplementedError

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        reference = handler(core)
        full = handler.resolve_ref_schema(reference)
        short = dict(full["properties"][cls.short()])
        full_copy = dict(full)
        full.clear()
        full.update({"anyOf": [short, full_copy]})
        return reference
