"""What a session is made of: commands, each with the second of session time at which it is given.

They are read from saved files and requests, so each is checked as it comes in.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from meter_sim.meter.models import BUILT_IN
from meter_sim.scenario.quantities import GREATEST_BOUGHT
from meter_sim.sts.identity import GREATEST_KEN

DISPLAY_KEY = "="
"""The key that shows the next page of the display, or ends an entry that has too few digits."""
KEYS = "0123456789<="
"""The keys of a keypad: digits, backspace, and the display key."""
GREATEST_TIME = 1 << 33
"""Seconds since 1970: beyond the last year of a scenario."""


def _as_whole(value: object) -> object:
    """JSON knows one kind of number: 2.0 is the whole number 2."""
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return int(value) if isinstance(value, float) and value.is_integer() else value


AS_WHOLE = BeforeValidator(_as_whole)
"""Takes 2.0 for 2."""

Meter = Annotated[str, Field(min_length=1, max_length=60)]


def _with_its_name(schema: dict[str, Any]) -> None:
    """In a file a command always says which it is."""
    schema["properties"]["do"].pop("default")
    schema.setdefault("required", []).append("do")


_MODELS = f"One of {', '.join(BUILT_IN)}, or of the scenario's models"


class NewMeter(BaseModel):
    """What there is to say of a meter that is put up; `load` is a constant power."""

    pan: Annotated[str, Field(pattern="^[0-9]{18}$")] | None = None
    drn: Annotated[str, Field(pattern="^[0-9]{11}([0-9]{2})?$")] | None = None
    supply_group: Annotated[str, Field(pattern="^[0-9]{6}$")]
    key_revision: Annotated[int, Field(ge=1, le=9), AS_WHOLE] = 1
    tariff_index: Annotated[str, Field(pattern="^[0-9]{2}$")] = "01"
    encryption: Literal["EA07", "EA11"] | None = None
    model: Annotated[str, Field(max_length=60, description=_MODELS)] | None = None
    credit: Annotated[str, Field(max_length=40)] = "0 kWh"
    load: Annotated[str, Field(max_length=40)] = "0 W"


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, json_schema_extra=_with_its_name)

    at: Annotated[int, Field(ge=0, le=GREATEST_TIME), AS_WHOLE]


class Wait(_Command):
    """Let time pass up to this second."""

    do: Literal["wait"] = "wait"


class Press(_Command):
    """Press keys of a meter, all within this second."""

    do: Literal["press"] = "press"
    meter: Meter
    keys: Annotated[str, Field(min_length=1, max_length=40, pattern="^[0-9<=]+$")]


class Enter(_Command):
    """Give a meter a whole entry at once, as a test bench does; any text may be tried."""

    do: Literal["enter"] = "enter"
    meter: Meter
    digits: Annotated[str, Field(max_length=100)]


class Buy(_Command):
    """Buy at the counter: tenths of the service's unit, or 1e-5 of the base currency."""

    do: Literal["buy"] = "buy"
    meter: Meter
    amount: Annotated[int, Field(ge=1, le=GREATEST_BOUGHT), AS_WHOLE]
    service: Annotated[int, Field(ge=0, le=7), AS_WHOLE] = 0


class ChangeKey(_Command):
    """Issue a key change at the counter, now or with the next purchase."""

    do: Literal["change_key"] = "change_key"
    meter: Meter
    to: Annotated[int, Field(ge=1, le=9), AS_WHOLE]
    with_purchase: bool = False
    tariff_index: Annotated[str, Field(pattern="^[0-9]{2}$")] | None = None
    supply_group: Annotated[str, Field(pattern="^[0-9]{6}$")] | None = None
    key_expiry: Annotated[int, Field(ge=0, le=GREATEST_KEN), AS_WHOLE] | None = None
    three_sections: bool = False


OrderName = Literal["test", "power_limit", "unbalance_limit", "clear_credit", "clear_tamper"]


class Order(_Command):
    """Issue a management or test token: `value` is the number of a test, watts of a limit, or a register."""

    do: Literal["order"] = "order"
    meter: Meter
    order: OrderName
    value: Annotated[int, Field(ge=0, le=100_000_000), AS_WHOLE] = 0


class Power(_Command):
    """Cut or restore the supply to a meter."""

    do: Literal["power"] = "power"
    meter: Meter
    on: bool


class Tamper(_Command):
    """Break the seal of a meter."""

    do: Literal["tamper"] = "tamper"
    meter: Meter


class PutUp(_Command, NewMeter):
    """Put up another meter, with what a scenario file says of one."""

    do: Literal["put_up"] = "put_up"


class Look(_Command):
    """Say that what a lesson asks to look at was looked at."""

    do: Literal["look"] = "look"


class Skip(_Command):
    """Leave a step of a lesson out."""

    do: Literal["skip"] = "skip"


Command = Annotated[
    Wait | Press | Enter | Buy | ChangeKey | Order | Power | Tamper | PutUp | Look | Skip, Field(discriminator="do")
]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
"""Reads a command from a mapping. Raises pydantic's ValidationError."""
