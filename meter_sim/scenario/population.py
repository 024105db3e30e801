"""A population: meters and customers drawn by shares, or taken from a file of records, as they stand at the start.

It starts in a steady state: registers partly used, TID stores with a history, some tokens in drawers, some records
wrong. Each trait of a household is a draw of its own (`draws.Trait`), so that a share that changes moves nobody but
those whom it is about. `docs/population.md` says the rules.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, auto
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from meter_sim.distribution import ONE, Chance, chance, happens
from meter_sim.draws import Purpose, Trait, draw
from meter_sim.local_time import DAY, LocalCalendar
from meter_sim.meter.load import LoadProfile
from meter_sim.meter.model import MeterModel
from meter_sim.meter.models import default_model
from meter_sim.people.customer import (
    WS_PER_TENTH,
    Customer,
    NeverBuys,
    amount_bought,
    first_purchase,
    next_payday,
    payday_instant,
)
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.meter_numbers import GREATEST_CONNECTION, pan_of
from meter_sim.scenario.population_file import MeterFile, MeterRow
from meter_sim.scenario.quantities import day_text, energy_text, percentage_text
from meter_sim.scenario.scenario import DrawerToken, MeterSetup
from meter_sim.scenario.schema import BUILT_IN_LOADS, ScenarioSpec
from meter_sim.scenario.schema_area import AreaSpec
from meter_sim.scenario.source import Place
from meter_sim.scenario.tables import Tables
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import Encryption
from meter_sim.sts.tid import GREATEST as GREATEST_TID
from meter_sim.sts.tid import in_range, is_reserved
from meter_sim.sts.token import Service
from meter_sim.vending.secure_module import MeterRecord, SecureModule

ONLY_AREA = "all"
"""The area of every meter where the file names none."""
GREATEST_LOAD_SHARE = 64 * ONE
"""The greatest share of its profile's mean that a home has."""
ZERO_BUYER_CREDIT = 20_000 * 3600
"""Watt-seconds that the register of a zero buyer holds at most (G)."""
ZERO_BUYER_SINCE = (180 * DAY, 730 * DAY)
"""Seconds since a zero buyer's last purchase, least and greatest (G)."""
METER_AGE = (365 * DAY, 3650 * DAY)
"""Seconds since a meter was made, least and greatest (G)."""
MONTH = 30 * DAY
"""Seconds of the month that paydays share, and between the purchases of whom nothing else is known (G)."""
LEAST_BEFORE = 60
"""Seconds before the start at which the latest token was bought, at least."""


@dataclass(frozen=True, slots=True)
class PopulationWorld:
    """What a population is made of, as the builder has it.

    `loads` holds those of `loads_used` too. Listed meters have the connections below `first_connection` and the PANs
    `taken_pans`. `start` and `end` are the run's, in seconds.
    """

    models: Mapping[str, MeterModel]
    loads: Mapping[str, LoadProfile]
    customers: Mapping[str, Customer]
    tables: Tables
    module: SecureModule
    calendar: LocalCalendar
    start: int
    end: int
    folder: Path
    first_connection: int
    taken_pans: set[str]


def population_of(faults: Faults, spec: ScenarioSpec, world: PopulationWorld) -> tuple[MeterSetup, ...]:
    """The meters of a population in order of connection; none where the file has none.

    What is wrong is noted in `faults`; raises ScenarioError where nothing behind it can be looked at.
    """
    return () if spec.population is None else _Population(faults, spec, world).meters()


def loads_used(spec: ScenarioSpec) -> set[str]:
    """The loads that a population may name; any of the built-in ones may stand in a file of meter records."""
    if spec.population is None:
        return set()
    named = [spec.population.loads, *(area.loads or {} for area in spec.areas.values())]
    used = {"none", "township"}.union(*named)
    return used if spec.population.file is None else used | set(BUILT_IN_LOADS) | set(spec.loads)


# -- shares ----------------------------------------------------------------------------------------------------


def complete_shares(
    faults: Faults, path: Place, shares: Mapping[str, Decimal | None], what: str, *, rest: bool = False
) -> dict[str, Decimal]:
    """Shares that come to 100 %; `what` they are of is said in the plural.

    With `rest` one may be left out (None) and takes what is left. What is wrong is noted at `path`.
    """
    given = sum((share for share in shares.values() if share is not None), Decimal(0))
    left_out = [name for name, share in shares.items() if share is None]
    for name in left_out[1:]:
        faults.add((*path, name), f"{left_out[0]} leaves its share out too, only one may take the rest")
    told = f"the shares of the {what} come to {percentage_text(given)}"
    if given > 1:
        faults.add(path, f"{told}, {'at most ' if left_out else ''}100% are {'allowed' if left_out else 'needed'}")
    elif given < 1 and not left_out:
        faults.add(path, f"{told}, 100% are needed{'; leave one share out for the rest' if rest else ''}")
    return {name: max(1 - given, Decimal(0)) if share is None else share for name, share in shares.items()}


@dataclass(frozen=True, slots=True)
class Choice:
    """Names with their shares, one of which a 32-bit draw picks; `bounds` are those of each, of 2^32."""

    names: tuple[str, ...]
    bounds: tuple[Chance, ...]

    def of(self, word: Callable[[], int]) -> str:
        """The name of a draw, which is made only where there is a choice."""
        return self.names[0] if len(self.names) == 1 else self.names[bisect_right(self.bounds, word())]


def choice(shares: Mapping[str, Decimal]) -> Choice | None:
    """The choice among those that have a share, by their proportions; None if none has."""
    having = {name: Fraction(share) for name, share in shares.items() if share}
    total = sum(having.values())
    return (
        Choice(tuple(having), tuple(round(part / total * (1 << 32)) for part in accumulate(having.values())))
        if having
        else None
    )


def area_counts(shares: Mapping[str, Decimal], count: int) -> dict[str, int]:
    """How many of `count` meters each area gets: the largest remainders are rounded up, of equal ones the earlier."""
    exact = {name: Fraction(share) * count for name, share in shares.items()}
    counts = {name: int(number) for name, number in exact.items()}
    by_remainder = sorted(exact, key=lambda name: counts[name] - exact[name])
    for name in by_remainder[: count - sum(counts.values())]:
        counts[name] += 1
    return counts


# -- the steady state ------------------------------------------------------------------------------------------


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
        self._payday = None if customer.paydays is None else next_payday(customer.paydays, calendar, start)

    def first_purchase(self, place_word: int, interval_word: int) -> int | None:
        """The instant of the first purchase of who buys by the calendar; None for who buys at a level."""
        customer = self._customer
        if customer.every is not None:
            return first_purchase(customer, self._start, place_word, interval_word)
        if customer.when_below is None and customer.paydays is not None and self._payday is not None:
            return payday_instant(customer.paydays, self._calendar, self._payday, interval_word)
        return None

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


class _Household:
    """One connection and its draws."""

    __slots__ = ("_seed", "connection")

    def __init__(self, seed: int, connection: int) -> None:
        self._seed = seed
        self.connection = connection

    def word(self, trait: Trait, sub: int = 0) -> int:
        """The 32-bit draw of a trait."""
        return draw(self._seed, Purpose.HOUSEHOLD, self.connection, trait, sub)

    def first(self, purpose: Purpose) -> int:
        """The first draw of a purpose that an engine makes draws for."""
        return draw(self._seed, purpose, self.connection, 0)

    def between(self, trait: Trait, least: int, greatest: int) -> int:
        """A whole number from `least` up to below `greatest`, each alike."""
        return least + ((greatest - least) * self.word(trait) >> 32)


# -- the population --------------------------------------------------------------------------------------------


class _RegisterError(Enum):
    SUPPLY_GROUP = auto()
    KEY_REVISION = auto()
    TARIFF_INDEX = auto()
    SWAPPED = auto()
    DEAD = auto()


@dataclass(frozen=True, slots=True)
class _Kinds:
    """What an area's connections are drawn from."""

    models: Choice
    loads: Choice
    customers: Choice | None
    buying: Choice | None
    never: Choice | None
    cannot_change: Chance


class _Population:
    """Draws the meters of one file."""

    def __init__(self, faults: Faults, spec: ScenarioSpec, world: PopulationWorld) -> None:
        assert spec.population is not None  # who calls sees to it
        self._faults = faults
        self._spec = spec
        self._of = spec.population
        self._world = world
        self._file: MeterFile | None = None
        self._rigid: dict[str, MeterModel] = {}
        self._habits = {
            name: _Habits(customer, world.calendar, world.start) for name, customer in world.customers.items()
        }
        self._groups = {
            group: sorted(key.key_revision for key in group_spec.vending_keys)
            for group, group_spec in spec.supply_groups.items()
        }
        self._credit = None if self._of.credit is None else world.tables.spread(self._of.credit)
        self._use = world.tables.variation(self._of.use_varies) if self._of.use_varies else None
        self._drawer = chance(self._of.drawer.share)
        self._bought_before = world.tables.spread(self._of.drawer.bought_before)
        self._entered_after = world.tables.spread(self._of.drawer.entered_after)
        wrong = self._of.register_errors
        shares = (wrong.supply_group, wrong.key_revision, wrong.tariff_index, wrong.swapped, wrong.dead)
        self._error_bounds = tuple(chance(bound) for bound in accumulate(shares))
        self._registered: dict[tuple[str | None, int | None], tuple[str, int]] = {}
        self._keys_tried: dict[tuple[str, str, int, Encryption], str] = {}

    def meters(self) -> tuple[MeterSetup, ...]:
        """The meters in order of connection."""
        rows = self._rows_drawn() if self._of.file is None else self._rows_of_file(self._of.file)
        self._faults.stop()
        self._check_areas({row.area for row in rows if row.area})
        self._check_taken(rows)
        self._kinds = self._kinds_by_area(rows)
        self._faults.stop()
        registered = [self._in_register(row) for row in rows]
        self._faults.stop()
        self._check_other_keys({(group, revision) for group, revision, _ in registered})
        self._faults.stop()
        swapped: list[int] = []
        meters = [
            self._meter(row, of, place, swapped) for place, (row, of) in enumerate(zip(rows, registered, strict=True))
        ]
        self._faults.stop()
        self._swap(meters, swapped)
        return tuple(meters)

    # -- which meters ------------------------------------------------------------------------------------------

    def _rows_drawn(self) -> list[MeterRow]:
        shares = {name: area.share for name, area in self._spec.areas.items()} or {ONLY_AREA: None}
        complete = complete_shares(self._faults, ("areas",), shares, "areas", rest=True)
        count, first = self._of.count or 0, self._world.first_connection
        if first + count - 1 > GREATEST_CONNECTION:
            behind = f" behind connection {first - 1} of the listed meters" if first > 1 else ""
            self._faults.add(("population", "count"), f"meters have the numbers up to {GREATEST_CONNECTION}{behind}")
        self._faults.stop()
        counts = area_counts(complete, count)
        areas = (area for area, number in counts.items() for _ in range(number))
        return [MeterRow(0, pan_of(number), area=area, connection=number) for number, area in enumerate(areas, first)]

    def _rows_of_file(self, name: str) -> list[MeterRow]:
        spec, areas = self._spec, list(self._spec.areas) or [ONLY_AREA]
        known: dict[str, tuple[Collection[str], str]] = {
            "supply_group": (spec.supply_groups, "supply group"),
            "model": (self._world.models, "meter model"),
            "area": (areas, "area"),
            "load": (BUILT_IN_LOADS | spec.loads, "load"),
            "customer": (self._world.customers, "customer"),
        }
        for area, area_spec in spec.areas.items():
            if area_spec.share is not None:
                self._faults.add(
                    ("areas", area, "share"), "the file of meter records says the areas, leave the share out"
                )
        self._file = MeterFile(self._faults, self._world.folder / name, name, known)
        rows = self._file.rows()
        if len(areas) > 1 and self._file.columns and "area" not in self._file.columns:
            self._faults.add(("population", "file"), f"{name}: the column area is missing, there are several areas")
        self._faults.stop()
        complete = [self._placed(row, place, areas) for place, row in enumerate(rows)]
        first_rows: dict[int, int] = {}
        for row in complete:
            first = first_rows.setdefault(row.connection or 0, row.number)
            if first != row.number:
                self._tell(row, f"connection {row.connection}: row {first} has the same")
        return sorted(complete, key=lambda row: row.connection or 0)

    def _placed(self, row: MeterRow, place: int, areas: list[str]) -> MeterRow:
        """A row of the file with its connection and its area."""
        connection = self._world.first_connection + place if row.connection is None else row.connection
        if connection < self._world.first_connection and self._spec.meters:
            self._tell(row, f"connection {connection}: those below {self._world.first_connection} have listed meters")
        if connection > GREATEST_CONNECTION:
            self._tell(row, f"connection {connection}: the greatest is {GREATEST_CONNECTION}")
        if row.area is None and len(areas) > 1:
            self._tell(row, f"area: nothing stands here, allowed are {', '.join(areas)}")
        return replace(row, connection=connection, area=row.area or areas[0])

    def _tell(self, row: MeterRow, what: str, instead: str = "", key: str = "count") -> None:
        """Note what is wrong with a meter: at its row, or for one of no file (`instead`) at a key of the population."""
        if self._file is not None and row.number:
            self._file.fault(row.number, what)
        else:
            self._faults.add(("population", key), instead or what)

    def _check_areas(self, having: Iterable[str]) -> None:
        named = {meter.area for meter in self._spec.meters} | set(having)
        for area in self._spec.areas:
            if area not in named:
                self._faults.add(("areas", area), "no meter is in this area")

    def _check_taken(self, rows: Iterable[MeterRow]) -> None:
        """Note meters that have the PAN or the name of a listed one."""
        names = {meter.name for meter in self._spec.meters}
        by_pan = {meter.pan: meter.name for meter in self._spec.meters}
        seen: set[str] = set()
        for row in rows:
            name = _name_of(row)
            if row.pan.digits in self._world.taken_pans:
                listed = by_pan.get(row.pan.digits, "?")
                what = f"the listed meter {listed!r} has the PAN {row.pan} that the population's {name} would have"
                self._tell(row, f"pan '{row.pan}': the listed meter {listed!r} has the same", what)
            if name in names:
                what = f"a listed meter is called {name!r} as one of the population would be"
                self._tell(row, f"name {name!r}: a listed meter is called so", what)
            if name in seen:
                self._tell(row, f"name {name!r}: another row is called so, by its connection or its name")
            seen.add(name)

    # -- what they are drawn from ------------------------------------------------------------------------------

    def _kinds_by_area(self, rows: Iterable[MeterRow]) -> dict[str, _Kinds]:
        spec, of = self._spec, self._of
        models = self._shares(("population", "models"), of.models, "models") or {"keypad": Decimal(1)}
        loads = self._shares(("population", "loads"), of.loads, "loads") or {"township": Decimal(1)}
        drawing = {row.area for row in rows if row.customer is None}
        own = {name for name, area in spec.areas.items() if area.customers}
        customers = self._customer_shares(needed=bool(drawing - own))
        kinds = {}
        for name, area in (spec.areas or {ONLY_AREA: AreaSpec()}).items():
            path: Place = ("areas", name)
            who = self._shares((*path, "customers"), area.customers, "customers") or customers
            never = {kind for kind, customer in self._world.customers.items() if customer.never is not None}
            cannot = of.cannot_change if area.cannot_change is None else area.cannot_change
            kinds[name] = _Kinds(
                models=_some(self._shares((*path, "models"), area.models, "models") or models),
                loads=_some(self._shares((*path, "loads"), area.loads, "loads") or loads),
                customers=choice(who),
                buying=choice({kind: share for kind, share in who.items() if kind not in never}),
                never=choice({kind: share for kind, share in who.items() if kind in never}),
                cannot_change=chance(cannot),
            )
        return kinds

    def _shares(self, path: Place, shares: Mapping[str, Decimal] | None, what: str) -> dict[str, Decimal]:
        """The shares of a mapping by name, whose names must be known; empty where there are none."""
        if not shares:
            return {}
        names: dict[str, Collection[str]] = {
            "models": self._world.models,
            "loads": BUILT_IN_LOADS | self._spec.loads,
            "customers": self._world.customers,
        }
        singular = {"models": "meter model", "loads": "load", "customers": "customer"}[what]
        known = [self._faults.known(name, names[what], (*path, name), singular) for name in shares]
        complete = complete_shares(self._faults, path, shares, what)
        return {name: share for (name, share), right in zip(complete.items(), known, strict=True) if right}

    def _customer_shares(self, *, needed: bool) -> dict[str, Decimal]:
        """The shares of the kinds of customer; looked at where they are needed or some are given."""
        shares = {name: kind.share for name, kind in self._spec.customers.items()}
        if len(shares) < 2 and not any(share is not None for share in shares.values()):
            return dict.fromkeys(shares, Decimal(1))
        if all(share is None for share in shares.values()):
            if needed:
                self._faults.add(("customers",), "no kind of customer has a share, 100% are needed")
            return {}
        return complete_shares(self._faults, ("customers",), shares, "customers", rest=True)

    # -- the register ------------------------------------------------------------------------------------------

    def _in_register(self, row: MeterRow) -> tuple[str, int, str]:
        """The supply group, key revision and tariff index that the register has; empty and 0 after a fault."""
        tariff = row.tariff_index or self._of.tariff_index
        name = row.supply_group, row.key_revision
        if row.number or name not in self._registered:
            self._registered[name] = self._group_and_revision(row)
        return *self._registered[name], tariff

    def _group_and_revision(self, row: MeterRow) -> tuple[str, int]:
        group = row.supply_group or self._of.supply_group
        if group is None and len(self._groups) == 1:
            group = next(iter(self._groups))
        if group is None:
            what = f"name the supply group, allowed are {', '.join(self._groups)}"
            self._faults.add(("population", "supply_group"), what)
            return "", 0
        if not self._faults.known(group, self._groups, ("population", "supply_group"), "supply group"):
            return "", 0
        revisions, programme = self._groups[group], self._spec.programme
        revision = row.key_revision or self._of.key_revision
        if revision is None:
            revision = revisions[0] if programme is None else programme.change_key.from_
        if revision not in revisions:
            allowed = ", ".join(map(str, revisions))
            what = f"supply group {group} has no vending key of key revision {revision}, allowed are {allowed}"
            self._tell(row, f"key_revision: {what}", what, "key_revision")
            return "", 0
        return group, revision

    def _check_other_keys(self, keys: Iterable[tuple[str, int]]) -> None:
        """Note errors of the register that there is no wrong value for; finds the wrong values."""
        wrong = self._of.register_errors
        path: Place = ("population", "register_errors")
        self._other_group: dict[tuple[str, int], str] = {}
        self._other_revision: dict[tuple[str, int], int] = {}
        for group, revision in sorted(keys):
            groups = list(self._groups)
            place = groups.index(group)
            others = [name for name in groups[place + 1 :] + groups[:place] if revision in self._groups[name]]
            if others:
                self._other_group[group, revision] = others[0]
            elif wrong.supply_group:
                what = f"no other supply group than {group} has a vending key of key revision {revision}"
                self._faults.add((*path, "supply_group"), what)
            revisions = self._groups[group]
            if len(revisions) > 1:
                behind = revisions.index(revision) + 1
                self._other_revision[group, revision] = revisions[behind % len(revisions)]
            elif wrong.key_revision:
                what = f"supply group {group} has no other vending key than that of key revision {revision}"
                self._faults.add((*path, "key_revision"), what)

    def _truth(self, record: MeterRecord, error: _RegisterError | None) -> MeterRecord:
        """What a meter holds whose record has this error."""
        name = record.supply_group, record.key_revision
        if error is _RegisterError.SUPPLY_GROUP:
            return replace(record, supply_group=self._other_group[name])
        if error is _RegisterError.KEY_REVISION:
            return replace(record, key_revision=self._other_revision[name])
        if error is _RegisterError.TARIFF_INDEX:
            return replace(record, tariff_index=f"{int(record.tariff_index) % 99 + 1:02d}")
        return record

    def _swap(self, meters: list[MeterSetup], swapped: Iterable[int]) -> None:
        """Let pairs have each other's PAN: neighbours of one area and algorithm among those at these places."""
        waiting: dict[tuple[str, Encryption], int] = {}
        for place in swapped:
            meter = meters[place]
            of = meter.area, meter.record.encryption
            if of not in waiting:
                waiting[of] = place
                continue
            other = waiting.pop(of)
            pans = meter.record.pan, meters[other].record.pan
            meters[place] = replace(meter, truth=replace(meter.record, pan=pans[1]))
            meters[other] = replace(meters[other], truth=replace(meters[other].record, pan=pans[0]))

    def _error(self, household: _Household) -> _RegisterError | None:
        if not self._error_bounds[-1]:
            return None
        place = bisect_right(self._error_bounds, household.word(Trait.REGISTER))
        return list(_RegisterError)[place] if place < len(self._error_bounds) else None

    # -- one meter ---------------------------------------------------------------------------------------------

    def _meter(self, row: MeterRow, of: tuple[str, int, str], place: int, swapped: list[int]) -> MeterSetup:
        household = _Household(self._spec.seed, row.connection or 0)
        kinds = self._kinds[row.area or ONLY_AREA]
        model = self._model(row, kinds, household)
        record = MeterRecord(row.pan, model.encryption, *of)
        error = self._error(household)
        if error is _RegisterError.SWAPPED:
            swapped.append(place)
        truth = self._truth(record, error)
        dead = error is _RegisterError.DEAD
        self._check_key(row, record)
        if truth is not record:
            self._check_key(row, truth)
        key = self._world.module.vending_key(truth.supply_group, truth.key_revision)
        customer = self._customer(row, kinds, household, model)
        load, load_share = self._load(row, kinds, household, model)
        if dead or Service.ELECTRICITY not in model.services:
            customer = None
        no_load = dead or (customer is not None and customer.never in (NeverBuys.VACANT, NeverBuys.BYPASSED))
        if no_load:
            load = self._world.loads["none"]
        mean_use = load.mean * load_share // ONE
        credit = 0 if dead else self._credit_of(row, household, model, customer, mean_use)
        base = key.base_date.minute
        made = self._world.start - household.between(Trait.MANUFACTURED, *METER_AGE)
        manufacture_tid = min(max(made // 60 - base, 0), GREATEST_TID)
        history = None if dead else self._history(row, household, customer, mean_use)
        if history is not None:
            history = History(min(history.latest, base + GREATEST_TID), history.spacing)
            if history.latest - base < max(manufacture_tid, 1):
                history = None  # nothing was bought since it was made
        return MeterSetup(
            name=_name_of(row),
            connection=household.connection,
            record=record,
            key_type=key.key_type,
            key_expiry=key.key_expiry,
            model=model,
            credit=credit,
            registers=(),
            manufacture_tid=manufacture_tid,
            load=load,
            customer=customer,
            area=row.area or "",
            listed=False,
            load_share=load_share,
            truth=None if truth is record else truth,
            dead=dead,
            tid_latest=None if history is None else history.latest - base,
            tid_spacing=0 if history is None else history.spacing,
            drawer=self._drawer_token(household, record, customer, mean_use, model, history, manufacture_tid + base),
        )

    def _model(self, row: MeterRow, kinds: _Kinds, household: _Household) -> MeterModel:
        models = self._world.models
        if row.model is not None:
            model = models[row.model]
        else:
            model = models[kinds.models.of(lambda: household.word(Trait.MODEL))]
            if row.encryption is not None and row.encryption is not model.encryption:
                model = default_model(row.encryption)
        if row.encryption is not None and row.encryption is not model.encryption:
            self._tell(row, f"encryption 'EA{row.encryption}': the model {model.name} is EA{model.encryption}")
        if Service.ELECTRICITY not in model.services:
            for what, given in (("load", row.load not in (None, "none")), ("customer", row.customer)):
                if given:
                    self._tell(row, f"{what}: the model {model.name} has no electricity register, leave this out")
        if not (kinds.cannot_change and happens(kinds.cannot_change, household.word(Trait.CANNOT_CHANGE))):
            return model
        if model.name not in self._rigid:
            self._rigid[model.name] = replace(model, takes_key_changes=False)
        return self._rigid[model.name]

    def _check_key(self, row: MeterRow, record: MeterRecord) -> None:
        """Note a meter that no decoder key can be made for; each combination is tried once."""
        name = record.pan.iin, record.supply_group, record.key_revision, record.encryption
        if name not in self._keys_tried:
            try:
                self._world.module.decoder_key(record)
                self._keys_tried[name] = ""
            except StsError as error:
                self._keys_tried[name] = str(error)
        if self._keys_tried[name]:
            what = self._keys_tried[name]
            self._tell(row, f"key_revision {record.key_revision}: {what}", what, "key_revision")

    def _customer(self, row: MeterRow, kinds: _Kinds, household: _Household, model: MeterModel) -> Customer | None:
        customers = self._world.customers
        if row.customer is not None:
            return customers[row.customer]
        among = kinds.customers
        if row.last_purchase is not None and customers and Service.ELECTRICITY in model.services:
            bought = self._noon(row.last_purchase)
            long_ago = bought < self._world.start - self._of.zero_buyer_after
            among = kinds.never if long_ago else kinds.buying
            if among is None:
                since, who = ("not bought since", "never") if long_ago else ("bought on", "ever")
                what = f"row {row.number} has {since} {day_text(row.last_purchase)}, and no kind of customer {who} buys"
                self._faults.add(("population", "zero_buyer_after"), what)
        return None if among is None else customers[among.of(lambda: household.word(Trait.CUSTOMER))]

    def _load(self, row: MeterRow, kinds: _Kinds, household: _Household, model: MeterModel) -> tuple[LoadProfile, int]:
        """The load, and the home's share of its mean, of ONE."""
        loads = self._world.loads
        if Service.ELECTRICITY not in model.services:
            return loads["none"], ONE
        name = row.load or kinds.loads.of(lambda: household.word(Trait.LOAD))
        load = loads[name]
        if row.kwh_per_month is not None:
            if not row.kwh_per_month:
                return loads["none"], ONE
            told = f"kwh_per_month '{row.kwh_per_month}'"
            if not load.mean:
                self._tell(row, f"{told}: the load {name} has a mean of 0 kWh")
                return load, ONE
            share = int(Fraction(row.kwh_per_month) * 3_600_000 * 12 * ONE / (365 * load.mean))
            if share > GREATEST_LOAD_SHARE:
                self._tell(row, f"{told}: more than 64 times the mean of the load {name}")
            return load, share
        if self._use is None or not load.mean:
            return load, ONE
        return load, min(max(self._use.value(household.word(Trait.USE)), 1), GREATEST_LOAD_SHARE)

    def _credit_of(
        self, row: MeterRow, household: _Household, model: MeterModel, customer: Customer | None, mean_use: int
    ) -> int:
        """Watt-seconds in the register at the start."""
        if row.credit is not None:
            if row.credit and Service.ELECTRICITY not in model.services:
                self._tell(row, f"credit_kwh: the model {model.name} has no electricity register, leave this out")
            elif row.credit > model.credit_cap:
                cap = energy_text(model.credit_cap)
                self._tell(row, f"credit_kwh: more than the credit_cap of {model.name}, {cap}")
            return row.credit
        if Service.ELECTRICITY not in model.services or (customer is not None and customer.never is NeverBuys.BLOCKED):
            return 0
        if self._credit is not None:
            return min(self._credit.value(household.word(Trait.CREDIT)), model.credit_cap)
        return 0 if customer is None else min(self._steady_credit(household, customer, mean_use), model.credit_cap)

    def _steady_credit(self, household: _Household, customer: Customer, mean_use: int) -> int:
        """Watt-seconds that are left of the latest purchase."""
        place = household.word(Trait.CREDIT)
        if customer.never is not None:
            return ZERO_BUYER_CREDIT * place >> 32
        first = None
        if customer.when_below is None:
            words = household.first(Purpose.FIRST_PURCHASE), household.first(Purpose.PURCHASE_INTERVAL)
            first = self._habits[customer.name].first_purchase(*words)
        if first is not None:
            until = mean_use * max(first - self._world.start, 0) // DAY
            return until * ((3 << 31) + place) >> 33  # times 3/4 to 5/4
        amount = amount_bought(customer, household.word(Trait.CREDIT, 1), mean_use) * WS_PER_TENTH
        return (customer.when_below or 0) + (amount * place >> 32)

    def _history(
        self, row: MeterRow, household: _Household, customer: Customer | None, mean_use: int
    ) -> History | None:
        """The purchases before the start; None if nothing is known of any."""
        start, spacing = self._world.start, MONTH
        if customer is not None and customer.never is None:
            spacing = self._habits[customer.name].spacing(mean_use)
        minutes = min(max(spacing // 60, 1), GREATEST_TID)
        if row.last_purchase is not None:
            if self._world.calendar.midnight(row.last_purchase) >= start:
                self._tell(row, f"last_purchase {day_text(row.last_purchase)!r}: this is not before the start")
            return History(min(self._noon(row.last_purchase), start - LEAST_BEFORE) // 60, minutes)
        if customer is None:
            return None
        if customer.never is not None:
            return History((start - household.between(Trait.TID, *ZERO_BUYER_SINCE)) // 60, minutes)
        return History(start // 60 - 1 - (minutes * household.word(Trait.TID) >> 32), minutes)

    def _noon(self, day: int) -> int:
        """The instant of noon of a local day."""
        return self._world.calendar.midnight(day) + DAY // 2

    def _drawer_token(
        self,
        household: _Household,
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
        if not (self._drawer and happens(self._drawer, household.word(Trait.DRAWER))):
            return None
        before = max(self._bought_before.value(household.word(Trait.DRAWER_BOUGHT)), LEAST_BEFORE)
        issued_at = self._world.start - before
        while is_reserved(issued_at // 60) or (history is not None and history.has(issued_at // 60, model.tid_store)):
            issued_at -= 60
        key = self._world.module.vending_key(record.supply_group, record.key_revision)
        if issued_at // 60 < made or not in_range(issued_at // 60 - key.base_date.minute):
            return None
        return DrawerToken(
            issued_at=issued_at,
            enter_at=self._world.start + max(self._entered_after.value(household.word(Trait.DRAWER_ENTERED)), 1),
            tenths=amount_bought(customer, household.word(Trait.DRAWER_AMOUNT), mean_use),
        )


def _name_of(row: MeterRow) -> str:
    return row.name or f"m{row.connection}"


def _some(shares: Mapping[str, Decimal]) -> Choice:
    """The choice among shares that come to something, if no fault was noted."""
    return choice(shares) or Choice(("",), (1 << 32,))
