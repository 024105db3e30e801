"""What a scenario file may say of areas and of what their connections share: depots, desks, offices, vending."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from meter_sim.people.crew import Depot
from meter_sim.people.opening_hours import ALL_DAY
from meter_sim.programme import Area
from meter_sim.scenario.fields import (
    ClockSpan,
    Duration,
    Model,
    Name,
    Share,
    Time,
    entries,
    one_of,
    positive,
    whole,
    wrong,
)
from meter_sim.scenario.spread import Spread

_NONE = Decimal(0)
GREATEST_COUNT = 1_000_000_000
_Count = Annotated[int, whole(0, GREATEST_COUNT)]
_Some = Annotated[int, whole(1, GREATEST_COUNT)]
_DEPOT = Depot(0, 1, ALL_DAY)


class Weekday(StrEnum):
    """A day of the week, from Monday."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


Shares = dict[Name, Share]
"""Shares by name; together 100 %."""
_Weekdays = Annotated[tuple[Annotated[Weekday, one_of(Weekday)], ...], entries(1)]
_WORKDAYS = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)


class DeliverySpec(Model):
    """Replacement meters that come to a depot."""

    at: Time
    meters: _Some


class DepotSpec(Model):
    """The field crews of an area."""

    crews: Annotated[int, whole(0, 10_000)]
    visits_per_day: Annotated[int, whole(1, 1000)] = 30
    open: ClockSpan = (8 * 3600, 16 * 3600 + 1800)
    days: _Weekdays = _WORKDAYS
    no_access: Share = _NONE
    calls_back: Share = _NONE
    appointment_after: Duration = _DEPOT.appointment_after
    revisit_after: Duration = _DEPOT.revisit_after
    most_visits: Annotated[int, whole(1, 100)] = _DEPOT.most_visits
    replacement_takes: Annotated[int, whole(1, 1000)] = _DEPOT.replacement_takes
    stock: _Count = 0
    deliveries: tuple[DeliverySpec, ...] = ()


class DeskSpec(Model):
    """A help desk or an office: its staff and its queue."""

    staff: Annotated[int, whole(1, 100_000)]
    open: ClockSpan = (8 * 3600, 16 * 3600 + 1800)
    days: _Weekdays = _WORKDAYS
    service: Spread[Duration] = Field(default_factory=lambda: Spread[Duration].model_validate("6 min"))
    patience: Duration | None = None


class OutageSpec(Model):
    """A span in which an area's vending sells nothing."""

    start: Time
    end: Time


class VendingSpec(Model):
    """What an area's vending can do."""

    sales_per_hour: _Some | None = None
    busy_retry: Annotated[Duration, positive("the wait")] = Area("").busy_retry
    outages: tuple[OutageSpec, ...] = ()


class AreaSpec(Model):
    """An area: its share of the population, and what its connections share."""

    share: Share | None = None
    depot: DepotSpec | None = None
    help_desk: DeskSpec | None = None
    office: DeskSpec | None = None
    vending: VendingSpec = VendingSpec()
    models: Shares | None = None
    loads: Shares | None = None
    customers: Shares | None = None
    cannot_change: Share | None = None


class RegisterErrorsSpec(Model):
    """For which shares of the meters the vending side's register is wrong at the start."""

    supply_group: Share = _NONE
    key_revision: Share = _NONE
    tariff_index: Share = _NONE
    swapped: Share = _NONE
    dead: Share = _NONE

    @model_validator(mode="after")
    def _at_most_all(self) -> "RegisterErrorsSpec":
        if self.supply_group + self.key_revision + self.tariff_index + self.swapped + self.dead > 1:
            raise wrong("the shares come to more than 100%")
        return self
