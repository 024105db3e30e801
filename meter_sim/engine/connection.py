"""A supply point during a run: its meter, its load, and the books that are kept of it."""

from dataclasses import dataclass, field

import simpy

from meter_sim.distribution import ONE
from meter_sim.draws import Purpose, draw
from meter_sim.meter.answer import Status
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.keypad import Keypad
from meter_sim.meter.load import Load
from meter_sim.meter.meter import Meter
from meter_sim.meter.tid_store import history
from meter_sim.programme import Cause
from meter_sim.results.record import Day, MeterTotals, Reading
from meter_sim.scenario.scenario import MeterSetup, Scenario
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.token import Service

_PLACES = {cause: place for place, cause in enumerate(Cause)}


@dataclass(slots=True)
class Totals:
    """What went over the meters that were taken away, watt-seconds; `removed` is what was left on their registers."""

    credited: int = 0
    used: int = 0
    cleared: int = 0
    removed: int = 0

    def add(self, credited: int, used: int, cleared: int, removed: int) -> None:
        """Add a meter that is taken away."""
        self.credited += credited
        self.used += used
        self.cleared += cleared
        self.removed += removed


@dataclass(slots=True)
class Books:
    """What is counted between two closings."""

    register_start: int
    credited: int = 0
    used: int = 0
    cleared: int = 0
    removed: int = 0
    unserved: int = 0
    off_tamper: int = 0
    off_power: int = 0
    purchases: int = 0
    bought_tenths: int = 0
    entries: list[int] = field(default_factory=lambda: [0] * len(Status))
    off_by_cause: list[int] = field(default_factory=lambda: [0] * len(Cause))
    unserved_by_cause: list[int] = field(default_factory=lambda: [0] * len(Cause))

    @property
    def off_credit(self) -> int:
        """Seconds without supply because the register was empty, whatever the cause."""
        return sum(self.off_by_cause)

    def add(self, other: "Books") -> None:
        """Add another span's energies and seconds."""
        self.removed += other.removed
        self.unserved += other.unserved
        self.off_tamper += other.off_tamper
        self.off_power += other.off_power
        for place, seconds in enumerate(other.off_by_cause):
            self.off_by_cause[place] += seconds


class Connection:
    """One supply point. `settle` books its load up to an instant; everything else happens between settlings.

    `cause` is why it will be without supply once its register is empty. `replaced` counts its meters before this one.
    """

    def __init__(self, scenario: Scenario, setup: MeterSetup, key: DecoderKey, env: simpy.Environment) -> None:
        self.setup = setup
        self.number = setup.connection
        truth = setup.truth or setup.record
        self.meter = Meter(
            truth.pan,
            KeyRegister(
                key=key,
                key_type=setup.key_type,
                supply_group=truth.supply_group,
                key_revision=truth.key_revision,
                tariff_index=truth.tariff_index,
                key_expiry=setup.key_expiry,
            ),
            model=setup.model,
            manufacture_tid=setup.manufacture_tid,
            credit=setup.credit,
            registers=setup.registers,
        )
        self.keypad = Keypad(setup.model.digit_timeout)
        if setup.tid_latest is not None:
            size, made = setup.model.tid_store, setup.manufacture_tid
            self.meter.tids.load(history(size, made, setup.tid_latest, setup.tid_spacing))
        variation, seed, share = setup.load.variation, scenario.seed, setup.load_share
        self.load = Load(
            setup.load,
            scenario.calendar,
            lambda day: variation.value(draw(seed, Purpose.LOAD_DAY, self.number, day)) * share // ONE,
        )
        never = setup.customer is not None and setup.customer.never is not None
        self.cause = Cause.NEVER_BUYS if never else Cause.NO_MONEY
        self.replaced = 0
        self.purchases = 0
        self.tokens_lost: tuple[int, ...] = ()
        """Tenths of the credit tokens that were not accepted yet when the key changed, made under the old one."""
        self._past = Totals()
        self.limited = False
        self._env = env
        self._end = scenario.end
        self._settled = scenario.start
        self._day = Books(setup.credit)
        self._total = Books(setup.credit)
        self._changed = env.event()

    # -- what processes wait for -------------------------------------------------------------------------------

    @property
    def changed(self) -> simpy.Event:
        """Fires at the next change of register, switch or limit, after which instants must be reckoned anew."""
        return self._changed

    def change(self) -> None:
        """Say that register, switch or limit changed."""
        fired, self._changed = self._changed, self._env.event()
        fired.succeed()

    # -- load --------------------------------------------------------------------------------------------------

    def settle(self, now: int) -> None:
        """Book the load from the last settling up to this second."""
        start, self._settled = self._settled, now
        if now <= start:
            return
        meter, books = self.meter, self._day
        wanted = self.load.demand(start, now)
        used = 0
        if meter.switch_closed:
            held = wanted if meter.power_limit is None else self.load.demand(start, now, meter.power_limit)
            used = meter.use(held)
        elif not meter.powered:
            books.off_power += now - start
        elif meter.locked_by_tamper:
            books.off_tamper += now - start
        else:
            books.off_by_cause[_PLACES[self.cause]] += now - start
            books.unserved_by_cause[_PLACES[self.cause]] += wanted
        books.used += used
        books.unserved += wanted - used

    def power(self, now: int) -> int:
        """Watts drawn at this second."""
        return self.load.power(now, self.meter.power_limit) if self.meter.switch_closed else 0

    def credit_ends(self) -> int | None:
        """The first second at which the demand since the last settling reaches the register; None if not in the run.

        Of a meter without an electricity register: the second that it is settled to, if a token emptied its register.
        """
        if Service.ELECTRICITY not in self.meter.registers:
            return self._settled if self.meter.switch_closed and not self.meter.may_supply else None
        return self._register_down_to(0)

    def falls_below(self, level: int) -> int | None:
        """The first second at which the electricity register is below a level; None if not in the run."""
        return self._register_down_to(level - 1)

    def _register_down_to(self, level: int) -> int | None:
        wanted = self.meter.register.balance - level
        if wanted > 0 and not self.meter.switch_closed:
            return None
        return self.load.reached(self._settled, wanted, self._end, self.meter.power_limit)

    # -- replacement -------------------------------------------------------------------------------------------

    def replace_meter(self, meter: Meter, now: int) -> None:
        """Put another meter in place of this one; what is left on the old one's register goes with it."""
        self.settle(now)
        old = self.meter.register
        self._past.add(old.credited, old.used, old.cleared, old.balance)
        self._day.removed += old.balance
        self.meter = meter
        self.keypad = Keypad(meter.model.digit_timeout)
        self.replaced += 1

    # -- books -------------------------------------------------------------------------------------------------

    def book_entry(self, status: Status, credited: int, cleared: int) -> None:
        """Count an entry and what it did to the register."""
        self._day.entries[status - 1] += 1
        self._day.credited += credited
        self._day.cleared += cleared

    def book_purchase(self, tenths: int) -> None:
        """Count a purchase, and its amount in tenths of a kWh; of another service that is 0."""
        self.purchases += 1
        self._day.purchases += 1
        self._day.bought_tenths += tenths

    def close_books(self, now: int) -> Books:
        """The books of a day that ends at this second; the next day's are opened."""
        self.settle(now)
        books = self._day
        self._total.add(books)
        self._day = Books(self.meter.register.balance)
        return books

    def day(self, date: str, books: Books, now: int, presumed_key_revision: int) -> Day:
        """The row of a day whose books were closed at this second."""
        register = self.meter.register
        return Day(
            date=date,
            connection=self.number,
            meter=self.setup.name,
            register_start_ws=books.register_start,
            credited_ws=books.credited,
            used_ws=books.used,
            cleared_ws=books.cleared,
            removed_ws=books.removed,
            register_end_ws=register.balance,
            unserved_ws=books.unserved,
            off_credit_s=books.off_credit,
            off_tamper_s=books.off_tamper,
            off_power_s=books.off_power,
            purchases=books.purchases,
            bought_tenths=books.bought_tenths,
            key_revision=self.meter.keys.key_revision,
            presumed_key_revision=presumed_key_revision,
            pending_sections=len(self.meter.pending.held(now)),
            entries=tuple(books.entries),
        )

    def reading(self, now: int) -> Reading:
        """The registers at this second."""
        self.settle(now)
        register = self.meter.register
        return Reading(now, self.number, self.setup.name, register.balance, register.used)

    def totals(self, now: int, presumed_key_revision: int, not_entered: tuple[str, ...]) -> MeterTotals:
        """The whole run, once its last day is closed."""
        register, keys, total, past = self.meter.register, self.meter.keys, self._total, self._past
        return MeterTotals(
            meter=self.setup.name,
            connection=self.number,
            initial_ws=self.setup.credit,
            credited_ws=register.credited + past.credited,
            used_ws=register.used + past.used,
            cleared_ws=register.cleared + past.cleared,
            removed_ws=past.removed,
            register_ws=register.balance,
            unserved_ws=total.unserved,
            off_credit_s=total.off_credit,
            off_tamper_s=total.off_tamper,
            off_power_s=total.off_power,
            key_revision=keys.key_revision,
            key_type=keys.key_type.name,
            tariff_index=keys.tariff_index,
            presumed_key_revision=presumed_key_revision,
            pending_sections=len(self.meter.pending.held(now)),
            tokens_not_entered=not_entered,
            registers=tuple(
                (service.name.lower(), kept.balance)
                for service, kept in self.meter.registers.items()
                if service is not Service.ELECTRICITY
            ),
        )
