"""A supply point during a run: its meter, its load, and the books that are kept of it."""

from dataclasses import dataclass, field

import simpy

from meter_sim.draws import Purpose, draw
from meter_sim.meter.answer import Status
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.keypad import Keypad
from meter_sim.meter.load import Load
from meter_sim.meter.meter import Meter
from meter_sim.results.record import Day, MeterTotals, Reading
from meter_sim.scenario.scenario import MeterSetup, Scenario
from meter_sim.sts.dkga import DecoderKey
from meter_sim.sts.token import Service


@dataclass(slots=True)
class Books:
    """What is counted between two closings."""

    register_start: int
    credited: int = 0
    used: int = 0
    cleared: int = 0
    unserved: int = 0
    off_credit: int = 0
    off_tamper: int = 0
    off_power: int = 0
    purchases: int = 0
    bought_tenths: int = 0
    entries: list[int] = field(default_factory=lambda: [0] * len(Status))

    def add(self, other: "Books") -> None:
        """Add another span's energies and seconds."""
        self.unserved += other.unserved
        self.off_credit += other.off_credit
        self.off_tamper += other.off_tamper
        self.off_power += other.off_power


class Connection:
    """One supply point. `settle` books its load up to an instant; everything else happens between settlings."""

    def __init__(self, scenario: Scenario, setup: MeterSetup, key: DecoderKey, env: simpy.Environment) -> None:
        self.setup = setup
        self.number = setup.connection
        self.meter = Meter(
            setup.record.pan,
            KeyRegister(
                key=key,
                key_type=setup.key_type,
                supply_group=setup.record.supply_group,
                key_revision=setup.record.key_revision,
                tariff_index=setup.record.tariff_index,
                key_expiry=setup.key_expiry,
            ),
            model=setup.model,
            manufacture_tid=setup.manufacture_tid,
            credit=setup.credit,
            registers=setup.registers,
        )
        self.keypad = Keypad(setup.model.digit_timeout)
        self.load = Load(
            setup.load,
            scenario.calendar,
            lambda day: setup.load.variation.value(draw(scenario.seed, Purpose.LOAD_DAY, self.number, day)),
        )
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
            books.off_credit += now - start
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

    # -- books -------------------------------------------------------------------------------------------------

    def book_entry(self, status: Status, credited: int, cleared: int) -> None:
        """Count an entry and what it did to the register."""
        self._day.entries[status - 1] += 1
        self._day.credited += credited
        self._day.cleared += cleared

    def book_purchase(self, tenths: int) -> None:
        """Count a purchase, and its amount in tenths of a kWh; of another service that is 0."""
        self._day.purchases += 1
        self._day.bought_tenths += tenths

    def close_day(self, date: str, now: int, presumed_key_revision: int) -> Day:
        """The row of a day that ends at this second; the next day's books are opened."""
        self.settle(now)
        books, register = self._day, self.meter.register
        self._total.add(books)
        self._day = Books(register.balance)
        return Day(
            date=date,
            connection=self.number,
            meter=self.setup.name,
            register_start_ws=books.register_start,
            credited_ws=books.credited,
            used_ws=books.used,
            cleared_ws=books.cleared,
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
        register, keys, total = self.meter.register, self.meter.keys, self._total
        return MeterTotals(
            meter=self.setup.name,
            connection=self.number,
            initial_ws=self.setup.credit,
            credited_ws=register.credited,
            used_ws=register.used,
            cleared_ws=register.cleared,
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
