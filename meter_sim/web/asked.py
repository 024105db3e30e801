"""What a request may ask for: the forms of its bodies."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from meter_sim.practice.commands import AS_WHOLE, GREATEST_TIME, NewMeter, OrderName
from meter_sim.sts.identity import GREATEST_KEN


class Asked(BaseModel):
    """A body with known keys only."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NewSession(Asked):
    """A new session of a scenario; the server's first one where none is named.

    With `keep` the session that the request names is taken up again, if there is one.
    """

    scenario: Annotated[str, Field(max_length=200)] | None = None
    keep: bool = False


class SetClock(Asked):
    """Set the clock: `speed` in session seconds a second (0 stands), or a jump to a second or by some seconds."""

    speed: Annotated[Literal[0, 1, 60, 3600, 43200] | None, AS_WHOLE] = None
    jump_to: Annotated[int, Field(ge=0, le=GREATEST_TIME), AS_WHOLE] | None = None
    jump_by: Annotated[int, Field(ge=1, le=GREATEST_TIME), AS_WHOLE] | None = None


class LessonStep(Asked):
    """`look`: what a step asks to look at was looked at; `skip`: leave the step out."""

    do: Literal["look", "skip"]


class PutUp(Asked, NewMeter):
    """A meter to put up: a PAN of 18 digits or a DRN of 11 or 13, and what a scenario file says of a meter.

    Its vending key is one of the scenario's. `credit` is an energy such as 50 kWh, `load` a constant power.
    """


class Token(Asked):
    """A whole entry, as a card reader or a bench gives it; any text may be tried."""

    token: Annotated[str, Field(max_length=100)]


class Keys(Asked):
    """Keys of the keypad, pressed in one second: digits, < for backspace, = for the display key."""

    keys: Annotated[str, Field(min_length=1, max_length=40, pattern="^[0-9<=]+$")]


class Purchase(Asked):
    """What is bought: 20 kWh, 5 m3, 600 min or 12.50 currency. In currency `service` says of what."""

    amount: Annotated[str, Field(min_length=1, max_length=40)]
    service: Annotated[str, Field(max_length=40)] | None = None


class KeyChange(Asked):
    """A key change to a key revision, at once or with the next purchase; what is left out stays as it is."""

    to: Annotated[int, Field(ge=1, le=9), AS_WHOLE]
    with_purchase: bool = False
    tariff_index: Annotated[str, Field(pattern="^[0-9]{2}$")] | None = None
    supply_group: Annotated[str, Field(pattern="^[0-9]{6}$")] | None = None
    key_expiry: Annotated[int, Field(ge=0, le=GREATEST_KEN), AS_WHOLE] | None = None
    three_sections: bool = False


class NewOrder(Asked):
    """A management or test token: `value` is the number of a test, watts of a limit, or a register (65535: all)."""

    order: OrderName
    value: Annotated[int, Field(ge=0, le=100_000_000), AS_WHOLE] = 0


class Supply(Asked):
    """The supply to the meter, on or off."""

    on: bool
