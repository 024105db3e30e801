"""What a request may ask for: the forms of its bodies."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from meter_sim.practice.commands import AS_WHOLE, GREATEST_TIME, NewMeter, OrderName
from meter_sim.sts.identity import GREATEST_KEN


class Asked(BaseModel):
    """A body with known keys only."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _such_as(*examples: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": list(examples)})


class NewSession(Asked):
    """A new session of a scenario; the server's first one where none is named.

    With `keep` the session that the request names is taken up again, if there is one.
    """

    model_config = _such_as({"scenario": "key_change"}, {"keep": True})

    scenario: Annotated[str, Field(max_length=200)] | None = None
    keep: bool = False


class SetClock(Asked):
    """Set the clock: `speed` in session seconds a second (0 stands), or a jump to a second or by some seconds."""

    model_config = _such_as({"speed": 60}, {"jump_by": 86400})

    speed: Annotated[Literal[0, 1, 60, 3600, 43200] | None, AS_WHOLE] = None
    jump_to: Annotated[int, Field(ge=0, le=GREATEST_TIME), AS_WHOLE] | None = None
    jump_by: Annotated[int, Field(ge=1, le=GREATEST_TIME), AS_WHOLE] | None = None


class LessonStep(Asked):
    """`look`: what a step asks to look at was looked at; `skip`: leave the step out."""

    model_config = _such_as({"do": "look"})

    do: Literal["look", "skip"]


class WantedMeter(Asked, NewMeter):
    """A meter to put up: one of a PAN of 18 digits and a DRN of 11 or 13, and what a scenario file says of a meter.

    Its vending key is one of the scenario's. Without a `model`
    `encryption` chooses a keypad meter. `credit` is an energy such as 50 kWh, `load` a constant power.
    """

    model_config = _such_as({"drn": "02000000014", "supply_group": "123457", "credit": "5 kWh", "load": "400 W"})


class Token(Asked):
    """A whole entry, as a card reader or a bench gives it; any text may be tried."""

    model_config = _such_as({"token": "18446744073843772416"})

    token: Annotated[str, Field(max_length=100)]


class Keys(Asked):
    """Keys of the keypad, pressed in one second: digits, < for backspace, = for the display key."""

    model_config = _such_as({"keys": "1844"})

    keys: Annotated[str, Field(min_length=1, max_length=40, pattern="^[0-9<=]+$")]


class Purchase(Asked):
    """What is bought: 20 kWh, 5 m3, 600 min or 12.50 currency.

    `service` says of what; without it, it is one of this unit that the meter has.
    """

    model_config = _such_as({"amount": "20 kWh"}, {"amount": "5 m3", "service": "gas"})

    amount: Annotated[str, Field(min_length=1, max_length=40)]
    service: Annotated[str, Field(max_length=40)] | None = None


class KeyChange(Asked):
    """A key change to a key revision, at once or with the next purchase; what is left out stays as it is."""

    model_config = _such_as({"to": 2}, {"to": 2, "with_purchase": True})

    to: Annotated[int, Field(ge=1, le=9), AS_WHOLE]
    with_purchase: bool = False
    tariff_index: Annotated[str, Field(pattern="^[0-9]{2}$")] | None = None
    supply_group: Annotated[str, Field(pattern="^[0-9]{6}$")] | None = None
    key_expiry: Annotated[int, Field(ge=0, le=GREATEST_KEN), AS_WHOLE] | None = None
    three_sections: bool = False


class NewOrder(Asked):
    """A management or test token: `value` is the number of a test, watts of a limit, or a register (65535: all)."""

    model_config = _such_as({"order": "test", "value": 0}, {"order": "power_limit", "value": 2000})

    order: OrderName
    value: Annotated[int, Field(ge=0, le=100_000_000), AS_WHOLE] = 0


class Supply(Asked):
    """The supply to the meter, on or off."""

    model_config = _such_as({"on": False})

    on: bool
