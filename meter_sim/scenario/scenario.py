"""A scenario as an engine takes it: frozen values, instants in UTC seconds, everything checked and looked up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from meter_sim.distribution import ONE
from meter_sim.local_time import LocalCalendar
from meter_sim.meter.load import LoadProfile
from meter_sim.meter.model import MeterModel
from meter_sim.people.customer import Customer
from meter_sim.programme import Area, Costs, Programme
from meter_sim.sts.identity import KeyType
from meter_sim.sts.token import Management, MeterTestToken, Service
from meter_sim.vending.point_of_sale import AfterLastMinute, ExtendedFunction, KeyChangePlan
from meter_sim.vending.secure_module import MeterRecord
from meter_sim.vending.vending_key import VendingKey

if TYPE_CHECKING:
    from meter_sim.scenario.drawn_population import DrawnPopulation


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must come of an action; None is not looked at. `credit` is the display's, in tenths of a kWh.

    `registers` are those of other services, in the unit of each. `place` is the path in the file, `where` the file and
    line.
    """

    where: str
    place: str
    result: str | None = None
    credit: int | None = None
    registers: tuple[tuple[Service, int], ...] | None = None
    switch: str | None = None
    key_revision: int | None = None
    presumed_key_revision: int | None = None
    tariff_index: str | None = None
    pending_sections: int | None = None
    display: str | None = None


class ActionArguments(TypedDict):
    """What every action is made with."""

    at: int
    meter: str
    expect: Expectation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that the timeline does to a meter at an instant."""

    at: int
    meter: str
    expect: Expectation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buy(Action):
    """Buy an amount; enter what comes `enter_after` seconds later, or leave it (None).

    `amount` is tenths of the service's unit, for a service in currency 1e-5 of the base currency. A repeated `request`
    gets the slip of the first.
    """

    amount: int
    service: Service
    request: str | None
    label: str
    enter_after: int | None
    between_entries: int
    point_of_sale: str
    reserved_minute: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeKey(Action):
    """Issue a key change, or put it down for the next purchase."""

    plan: KeyChangePlan
    with_purchase: bool
    label: str
    point_of_sale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enter(Action):
    """Enter the token that is called `text` and was issued for the meter `issued_to`; or `text` as it is (None).

    Keys are `digit_every` seconds apart; 0 enters all in one second.
    """

    text: str
    issued_to: str | None
    digit_every: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerCycle(Action):
    """The supply is away for so many seconds."""

    off_for: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tamper(Action):
    """Tampering; `cause` says how."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observe(Action):
    """Look at the meter; `note` says what for."""

    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manage(Action):
    """A management order with its data (watts for limits), a meter test or an extended function.

    It is entered `enter_after` seconds later.
    """

    order: tuple[Management, int] | MeterTestToken | ExtendedFunction
    label: str
    enter_after: int
    point_of_sale: str
    reserved_minute: bool


@dataclass(frozen=True, slots=True)
class PointOfSaleSetup:
    """A point of sale; its number belongs to its draws."""

    name: str
    number: int
    clock_offset: int
    shared_tid_list: bool
    after_last_minute: AfterLastMinute


@dataclass(frozen=True, slots=True)
class DrawerToken:
    """A token that lies in a drawer when the run begins: bought at `issued_at`, before the start; tenths of a kWh."""

    issued_at: int
    enter_at: int
    tenths: int


@dataclass(frozen=True, slots=True)
class MeterSetup:
    """A meter at the start, with its load and its customer.

    `credit` is watt-seconds, `registers` what registers of other services hold, in the unit of each. `record` is what
    the vending side's register says, `truth` what the meter is, where that differs. `load_share` is the home's share of
    the profile's mean, of 65 536. A `listed` meter stands in the file by itself and has rows of its own in the daily
    table and the readings; the others are counted by area. A `dead` record has no meter in the field.

    A TID store with a history holds the TIDs `tid_latest`, `tid_latest - tid_spacing` and so on, none below
    `manufacture_tid`; without (`tid_latest` is None) it is full of `manufacture_tid`.
    """

    name: str
    connection: int
    record: MeterRecord
    key_type: KeyType
    key_expiry: int
    model: MeterModel
    credit: int
    registers: tuple[tuple[Service, int], ...]
    manufacture_tid: int
    load: LoadProfile
    customer: Customer | None
    area: str = ""
    listed: bool = True
    load_share: int = ONE
    truth: MeterRecord | None = None
    dead: bool = False
    tid_latest: int | None = None
    tid_spacing: int = 0
    drawer: DrawerToken | None = None

    @property
    def mean_use(self) -> int:
        """Watt-seconds a day that the home uses in the mean."""
        return self.load.mean * self.load_share // ONE


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a run depends on. `end` is the first second that is not part of it."""

    name: str
    start: int
    end: int
    timezone: str
    calendar: LocalCalendar
    seed: int
    readings_every: int
    vending_keys: tuple[VendingKey, ...]
    points_of_sale: tuple[PointOfSaleSetup, ...]
    force_rollover: bool | None
    meters: tuple[MeterSetup, ...]
    timeline: tuple[Action, ...]
    areas: tuple[Area, ...]
    programme: Programme | None
    costs: Costs
    resolved: str = field(repr=False)
    """The file as YAML with all defaults and tables written out, without vending keys given in hex."""
    population_file: tuple[str, bytes] | None = field(default=None, repr=False)
    """Name and content of the population's file, as the resolved text names it."""
    population: "DrawnPopulation | None" = field(default=None, repr=False)
    """The population whose meters are drawn when they are needed; `meters` are the listed ones then."""

    @property
    def meter_count(self) -> int:
        """Meters of the run, those of a population that is not drawn yet too."""
        return len(self.meters) + (0 if self.population is None else self.population.count)

    @property
    def meter_days(self) -> int:
        """Days of the run, each meter counted."""
        return (self.end - self.start) * self.meter_count // 86_400

    def names(self) -> Iterator[str]:
        """The names of all meters, in order."""
        yield from (meter.name for meter in self.meters)
        if self.population is not None:
            first = self.population.first_connection
            yield from (f"m{connection}" for connection in range(first, first + self.population.count))

    def has_meter(self, name: str) -> bool:
        """Whether a meter is called so."""
        of, number = self.population, name.removeprefix("m")
        drawn = of is not None and number.isdecimal() and name == f"m{int(number)}"
        if of is not None and drawn and 0 <= int(number) - of.first_connection < of.count:
            return True
        return any(meter.name == name for meter in self.meters)

    @property
    def meters_by_name(self) -> Mapping[str, MeterSetup]:
        """The meters by their names."""
        return {meter.name: meter for meter in self.meters}
