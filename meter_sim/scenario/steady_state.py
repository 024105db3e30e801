"""The steady state that a population begins in: registers partly used, TID stores with a past, tokens in drawers.

`docs/population.md` says the rules.
"""

from dataclasses import dataclass

from meter_sim.distribution import chance, happens
from meter_sim.draws import Purpose, Trait
from meter_sim.local_time import DAY, LocalCalendar
from meter_sim.meter.model import MeterModel
from meter_sim.people.customer import (
    WS_PER_TENTH,
    Customer,
    NeverBuys,
    Paydays,
    amount_bought,
    first_purchase,
    next_payday,
    payday_instant,
)
from meter_sim.scenario.household import Household
from meter_sim.scenario.meter_rows import MeterRows
from meter_sim.scenario.population_file import MeterRow
from meter_sim.scenario.population_world import PopulationWorld
from meter_sim.scenario.quantities import day_text, energy_text
from meter_sim.scenario.scenario import DrawerToken
from meter_sim.scenario.schema_programme import PopulationSpec
from meter_sim.sts.tid import GREATEST as GREATEST_TID
from meter_sim.sts.tid import in_range, is_reserved
from meter_sim.sts.token import Service
from meter_sim.vending.secure_module import MeterRecord

ZERO_BUYER_CREDIT = 20_000 * 3600
"""Watt-seconds that the register of a zero buyer holds at most (G)."""
ZERO_BUYER_TENTHS = 200
"""Tenths of another unit that it holds at most."""
ZERO_BUYER_SINCE = (180 * DAY, 730 * DAY)
"""Seconds since a zero buyer's last purchase, least and greatest (G)."""
METER_AGE = (365 * DAY, 3650 * DAY)
"""Seconds since a meter was made, least and greatest (G)."""
MONTH = 30 * DAY
"""Seconds of the month that paydays share, and between the purchases of whom nothing else is known (G)."""
LEAST_BEFORE = 60
"""Seconds before the start at which the latest token was bought, at least."""


@dataclass(frozen=True, slots=True)
class History:
    """A TID store's past as minutes on the axis: `latest`, `latest - spacing` and so on."""

    latest: int
    spacing: int

    def has(self, minute: int, entries: int) -> bool:
        """Whether a minute is one of the latest so many entries."""
        back, off = divmod(self.latest - minute, self.spacing)
        return off == 0 and 0 <= back < entries


class _Habits:
    """What can be said beforehand of one kind of customer's purchases."""

    def __init__(self, customer: Customer, calendar: LocalCalendar, start: int) -> None:
        self._customer = customer
        self._mean_amount = int(customer.amount.mean)
        self._calendar = calendar
        self._start = start

    def first_purchase(self, household: Household) -> int | None:
        """The instant of the first purchase of who buys by the calendar; None for who buys at a level."""
        customer = self._customer
        if customer.every is not None:
            words = household.draw(Purpose.FIRST_PURCHASE, 0), household.draw(Purpose.PURCHASE_INTERVAL, 0)
            return first_purchase(customer, self._start, *words)
        if customer.when_below is None and customer.paydays is not None:
            return self._first_payday(customer.paydays, household)
        return None

    def _first_payday(self, paydays: Paydays, household: Household) -> int:
        """The instant of the first purchase on a payday that is not before the start."""
        for day in paydays_from(paydays, self._calendar, self._start):
            instant = payday_instant(paydays, self._calendar, day, household.draw(Purpose.PAYDAY_TIME, day))
            if instant >= self._start:
                return instant
        raise AssertionError("the last of these days begins after the start")  # pragma: no cover

    def spacing(self, mean_use: int) -> int:
        """Seconds between purchases to be expected of a home that uses so many watt-seconds a day."""
        customer = self._customer
        if customer.every is not None:
            return int(customer.every.mean)
        spans = [MONTH // len(set(customer.paydays.days))] if customer.paydays is not None else []
        if customer.when_below is not None or not spans:
            if customer.amount_is_use:
                spans.append(self._mean_amount)
            elif mean_use:
                spans.append(self._mean_amount * WS_PER_TENTH * DAY // mean_use)
        return min(spans, default=MONTH)


def paydays_from(paydays: Paydays, calendar: LocalCalendar, start: int) -> tuple[int, ...]:
    """The paydays from the local day of an instant to the first one that begins after it."""
    days = [next_payday(paydays, calendar, calendar.midnight(calendar.day(start)) - 1)]
    while calendar.midnight(days[-1]) <= start:
        days.append(next_payday(paydays, calendar, calendar.midnight(days[-1])))
    return tuple(days)


def noon(calendar: LocalCalendar, day: int) -> int:
    """The instant by which a local day goes of which nothing more is known."""
    return calendar.midnight(day) + DAY // 2


class SteadyState:
    """How a population's meters stand at the start."""

    def __init__(self, population: PopulationSpec, world: PopulationWorld, rows: MeterRows) -> None:
        self._world = world
        self._rows = rows
        self._habits = {
            name: _Habits(customer, world.calendar, world.start) for name, customer in world.customers.items()
        }
        self.drawn_credit = None if population.credit is None else world.tables.spread(population.credit)
        """Watt-seconds, where the file says what credit is drawn from."""
        self.drawers = chance(population.drawer.share)
        """The chance of a token in a drawer."""
        self.bought_before = world.tables.spread(population.drawer.bought_before)
        """Seconds before the start at which it was bought."""
        self.entered_after = world.tables.spread(population.drawer.entered_after)
        """Seconds after the start at which it is entered."""

    def manufacture_tid(self, household: Household, base: int) -> int:
        """The TID of the minute in which a meter was made, not before its base date's minute `base`."""
        made = self._world.start - household.between(Trait.MANUFACTURED, *METER_AGE)
        return min(max(made // 60 - base, 0), GREATEST_TID)

    def credit(
        self, row: MeterRow, household: Household, model: MeterModel, customer: Customer | None, mean_use: int
    ) -> int:
        """Watt-seconds in the register at the start."""
        if row.credit is not None:
            if row.credit and Service.ELECTRICITY not in model.services:
                self._rows.tell(row, f"credit_kwh: the model {model.name} has no electricity register, leave this out")
            elif row.credit > model.credit_cap:
                cap = energy_text(model.credit_cap)
                self._rows.tell(row, f"credit_kwh: more than the credit_cap of {model.name}, {cap}")
            return row.credit
        if Service.ELECTRICITY not in model.services or (customer is not None and customer.never is NeverBuys.BLOCKED):
            return 0
        if self.drawn_credit is not None:
            return min(self.drawn_credit.value(household.word(Trait.CREDIT)), model.credit_cap)
        return 0 if customer is None else min(self._steady_credit(household, customer, mean_use), model.credit_cap)

    def registers(
        self, household: Household, model: MeterModel, customer: Customer | None
    ) -> tuple[tuple[Service, int], ...]:
        """What is left in the register of a meter without electricity: a drawn part of a purchase."""
        if Service.ELECTRICITY in model.services or customer is None or customer.never is NeverBuys.BLOCKED:
            return ()
        place, service = household.word(Trait.CREDIT), model.services[0]
        bought = ZERO_BUYER_TENTHS if customer.never else amount_bought(customer, household.word(Trait.CREDIT, 1))
        return ((service, min(bought * place >> 32, model.cap(service))),)

    def _steady_credit(self, household: Household, customer: Customer, mean_use: int) -> int:
        """Watt-seconds that are left of the latest purchase."""
        place = household.word(Trait.CREDIT)
        if customer.never is not None:
            return ZERO_BUYER_CREDIT * place >> 32
        first = None
        if customer.when_below is None:
            first = self._habits[customer.name].first_purchase(household)
        if first is not None:
            until = mean_use * max(first - self._world.start, 0) // DAY
            return until * ((3 << 31) + place) >> 33  # times 3/4 to 5/4
        amount = amount_bought(customer, household.word(Trait.CREDIT, 1), mean_use) * WS_PER_TENTH
        return (customer.when_below or 0) + (amount * place >> 32)

    def history(
        self,
        row: MeterRow,
        household: Household,
        customer: Customer | None,
        mean_use: int,
        base: int,
        manufacture_tid: int,
    ) -> History | None:
        """The purchases before the start under the base date's minute `base`; None if there were none."""
        history = self._purchases(row, household, customer, mean_use)
        if history is None:
            return None
        latest = min(history.latest, base + GREATEST_TID)
        bought_since_made = latest - base >= max(manufacture_tid, 1)
        return History(latest, history.spacing) if bought_since_made else None

    def _purchases(
        self, row: MeterRow, household: Household, customer: Customer | None, mean_use: int
    ) -> History | None:
        """The purchases before the start; None if nothing is known of any."""
        start, spacing = self._world.start, MONTH
        if customer is not None and customer.never is None:
            spacing = self._habits[customer.name].spacing(mean_use)
        minutes = min(max(spacing // 60, 1), GREATEST_TID)
        if row.last_purchase is not None:
            if self._world.calendar.midnight(row.last_purchase) >= start:
                self._rows.tell(row, f"last_purchase {day_text(row.last_purchase)!r}: this is not before the start")
            return History(min(noon(self._world.calendar, row.last_purchase), start - LEAST_BEFORE) // 60, minutes)
        if customer is None:
            return None
        if customer.never is not None:
            return History((start - household.between(Trait.TID, *ZERO_BUYER_SINCE)) // 60, minutes)
        return History(start // 60 - 1 - (minutes * household.word(Trait.TID) >> 32), minutes)

    def drawer(
        self,
        household: Household,
        record: MeterRecord,
        customer: Customer | None,
        mean_use: int,
        model: MeterModel,
        history: History | None,
        made: int,
    ) -> DrawerToken | None:
        """The token in a drawer, if there is one; none is from before the minute `made` or without a TID."""
        if customer is None or customer.never is not None:
            return None
        if not (self.drawers and happens(self.drawers, household.word(Trait.DRAWER))):
            return None
        before = max(self.bought_before.value(household.word(Trait.DRAWER_BOUGHT)), LEAST_BEFORE)
        issued_at = self._world.start - before
        while is_reserved(issued_at // 60) or (history is not None and history.has(issued_at // 60, model.tid_store)):
            issued_at -= 60
        key = self._world.module.vending_key(record.supply_group, record.key_revision)
        if issued_at // 60 < made or not in_range(issued_at // 60 - key.base_date.minute):
            return None
        return DrawerToken(
            issued_at=issued_at,
            enter_at=self._world.start + max(self.entered_after.value(household.word(Trait.DRAWER_ENTERED)), 1),
            tenths=amount_bought(customer, household.word(Trait.DRAWER_AMOUNT), mean_use),
        )
