"""What came of a command: an entry with its answer, a slip, a refusal, a change of the supply."""

from dataclasses import dataclass
from enum import StrEnum

from meter_sim.practice.why import Why
from meter_sim.sts.token import Service
from meter_sim.vending.secure_module import IssuedToken


class Kind(StrEnum):
    """What happened."""

    ENTERED = "entered"
    BOUGHT = "bought"
    KEY_CHANGE = "key change"
    KEY_CHANGE_WAITS = "key change waits"
    ORDER = "order"
    POWER_OFF = "power off"
    POWER_ON = "power on"
    TAMPERED = "tampered"
    PUT_UP = "put up"
    LOOKED = "looked"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Slip:
    """What the counter printed: tokens with their names, such as `3.kct.1`, in printed order.

    `asked` is what it was printed for, such as `50 kWh`.
    """

    number: int
    at: int
    meter: str
    kind: Kind
    asked: str
    says: str
    tokens: tuple[tuple[str, IssuedToken], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry and the meter's answer, with the token taken apart.

    `result` is the standard's name, `accepted` whether the entry did what it was made for, `answer` the lines that
    answer it, `shown` those and what the display says after them, `reason` the refusal in words, `credited`
    what the token brought, such as `20 kWh`; empty if nothing.
    """

    digits: str
    label: str
    result: str
    accepted: bool
    answer: tuple[str, ...]
    shown: tuple[str, ...]
    reason: str
    credited: str
    why: Why


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened. `result` is the outcome's name, `reason` why the counter refused.

    `amount` and `service` belong to a purchase, `to` to a key change; `order` says what an order was for. `failure` is
    what a lesson's step expected of the state and did not find.
    """

    at: int
    meter: str
    kind: Kind
    result: str = ""
    reason: str = ""
    entry: Entry | None = None
    slip: Slip | None = None
    amount: int = 0
    service: Service = Service.ELECTRICITY
    to: int = 0
    order: str = ""
    failure: str = ""
