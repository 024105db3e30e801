"""A key-revision rollout: what is changed, in which areas, by which channels, until when, and at what cost.

The values of a programme; engines carry it out. What the vending side presumes and what the meters hold are two
things (`RegisterState`, `TrueState`), and both are counted.
"""

from dataclasses import dataclass
from enum import StrEnum

from meter_sim.distribution import Chance
from meter_sim.meter.model import MeterModel
from meter_sim.people.crew import Depot
from meter_sim.people.help_desk import Desk
from meter_sim.vending.point_of_sale import KeyChangePlan
from meter_sim.vending.secure_module import MeterRecord

ALWAYS: Chance = 1 << 32


class Channel(StrEnum):
    """How key change tokens reach a meter."""

    WITH_PURCHASE = "with_purchase"
    """Printed before the credit token of the next purchases."""
    SENT = "sent"
    """Sent to the customer, as by SMS."""
    FETCHED = "fetched"
    """Asked for by the customer, as by USSD or on a web page."""
    CREW = "crew"
    """Entered by a field crew."""
    OFFICE = "office"
    """Asked for by the customer at an office's counter."""


class Visit(StrEnum):
    """Which meters of an area a phase by crew visits."""

    NOT_ISSUED = "not_issued"
    """Those for which no key change was issued yet."""
    UNCONFIRMED = "unconfirmed"
    """Also those for which it was issued and no purchase came since."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One channel in one area from an instant on. `number` is its place in the file, which its draws belong to."""

    number: int
    area: str
    channel: Channel
    start: int
    end: int | None = None
    """From here on the channel starts nothing new."""
    print_with: int = 1
    """With how many purchases the sections are printed."""
    send_over: int = 86_400
    """Seconds over which the messages of a phase are sent out, evenly by connection."""
    reaches: Chance = ALWAYS
    """Of each message: it reaches the customer."""
    visit: Visit = Visit.UNCONFIRMED


@dataclass(frozen=True, slots=True)
class Lending:
    """Units lent with the first purchase in a span to a meter for which no change was issued, and paid back later.

    `pay_back` is the share of each later purchase that is withheld until the debt is paid.
    """

    start: int
    until: int
    tenths: int
    pay_back: Chance


@dataclass(frozen=True, slots=True)
class Costs:
    """What things cost and what a kWh sells for, in 1e-5 of the base currency."""

    visit: int = 0
    call: int = 0
    office_visit: int = 0
    meter: int = 0
    token: int = 0
    message: int = 0
    kwh: int = 0


@dataclass(frozen=True, slots=True)
class Outage:
    """A span in which an area's points of sale sell nothing."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Area:
    """An area and what its connections share."""

    name: str
    depot: Depot | None = None
    help_desk: Desk | None = None
    office: Desk | None = None
    sales_per_hour: int | None = None
    """Sales that the area's vending can do in an hour (UTC); None is no bound."""
    busy_retry: int = 3600
    """Seconds after which a customer tries again who met an outage or a full hour."""
    outages: tuple[Outage, ...] = ()


@dataclass(frozen=True, slots=True)
class Programme:
    """What is changed, when and how.

    Meters in scope are those whose register record has the key revision `from_revision` and, if `supply_group` is
    given, that supply group. With `replace_all` every meter in scope is replaced (a change of algorithm is one of
    meters, C); without a replacement model meters that cannot change stay as they are.
    """

    from_revision: int
    plan: KeyChangePlan
    supply_group: str | None
    phases: tuple[Phase, ...]
    replacement: MeterModel | None = None
    replace_all: bool = False
    credit_until: int | None = None
    """Last minute of credit under the old key."""
    key_change_until: int | None = None
    """Last minute in which key changes are issued."""
    lending: Lending | None = None

    def in_scope(self, record: MeterRecord) -> bool:
        """Whether the register counts a meter among those to change."""
        return record.key_revision == self.from_revision and self.supply_group in (None, record.supply_group)


class RegisterState(StrEnum):
    """How far the vending side's register thinks a meter is."""

    NOT_STARTED = "not started"
    """No phase has begun in its area."""
    ISSUABLE = "issuable"
    """A phase has begun; nothing was issued."""
    ISSUED = "issued"
    """Key change tokens were handed out; the register holds the new key."""
    PRESUMED = "presumed changed"
    """Bought under the new key since, or a crew reported it done."""
    OUT_OF_SCOPE = "out of scope"


class TrueState(StrEnum):
    """What a meter really holds."""

    OLD = "old key"
    PARTLY = "partly entered"
    NEW = "new key"
    WRONG = "wrong key"
    """Neither of the keys that the register's record names: the register is wrong about it."""
    CANNOT = "cannot change"
    """On the old key, and no key change token will help."""
    OUT_OF_SCOPE = "out of scope"


class Cause(StrEnum):
    """Why a meter is without supply, beside power failure and tampering."""

    NO_MONEY = "no money"
    """Nothing was bought."""
    NEVER_BUYS = "never buys"
    """A zero buyer."""
    NOT_ENTERED = "not entered"
    """A token was bought and is not entered yet."""
    REFUSED = "refused tokens"
    """What was bought is refused by the meter."""
    NOT_MIGRATED = "not migrated"
    """The meter misses its key change, or nothing is sold for the old key any more."""
    NO_SALE = "no sale"
    """Vending was down or had no capacity left."""
