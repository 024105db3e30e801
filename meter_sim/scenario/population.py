"""A population: meters and customers drawn by shares, or taken from a file of records, as they stand at the start.

It starts in a steady state: registers partly used, TID stores with a history, some tokens in drawers, some records
wrong. Each trait of a household is a draw of its own (`draws.Trait`), so that a share that changes moves nobody but
those whom it is about. `docs/population.md` says the rules.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from meter_sim.distribution import ONE, happens
from meter_sim.draws import Trait
from meter_sim.meter.load import LoadProfile
from meter_sim.meter.model import MeterModel
from meter_sim.meter.models import default_model
from meter_sim.people.customer import Customer, NeverBuys
from meter_sim.scenario.area_kinds import Kinds, KindsByArea
from meter_sim.scenario.customers import misfit
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.household import Household
from meter_sim.scenario.meter_rows import MeterRows, name_of
from meter_sim.scenario.population_file import MeterRow
from meter_sim.scenario.population_world import PopulationWorld
from meter_sim.scenario.quantities import day_text
from meter_sim.scenario.register_errors import RegisterError, RegisterErrors
from meter_sim.scenario.scenario import MeterSetup
from meter_sim.scenario.schema import BUILT_IN_LOADS, ScenarioSpec
from meter_sim.scenario.steady_state import SteadyState, noon
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import Encryption
from meter_sim.sts.token import Service
from meter_sim.vending.secure_module import MeterRecord

GREATEST_LOAD_SHARE = 64 * ONE
"""The greatest share of its profile's mean that a home has."""


def population_of(faults: Faults, spec: ScenarioSpec, world: PopulationWorld) -> tuple[MeterSetup, ...]:
    """The meters of a population in order of connection; none where the file has none.

    What is wrong is noted in `faults`; raises ScenarioError where nothing behind it can be looked at.
    """
    return () if spec.population is None else Population(faults, spec, world).meters()


def loads_used(spec: ScenarioSpec) -> set[str]:
    """The loads that a population may name; any of the built-in ones may stand in a file of meter records."""
    if spec.population is None:
        return set()
    named = [spec.population.loads, *(area.loads or {} for area in spec.areas.values())]
    used = {"none", "township"}.union(*named)
    return used if spec.population.file is None else used | set(BUILT_IN_LOADS) | set(spec.loads)


class Population:
    """Draws the meters of one file."""

    def __init__(self, faults: Faults, spec: ScenarioSpec, world: PopulationWorld) -> None:
        assert spec.population is not None  # who calls sees to it
        self._faults = faults
        self._spec = spec
        self._of = spec.population
        self._world = world
        self.rows = MeterRows(faults, spec, self._of, world)
        self._rigid: dict[str, MeterModel] = {}
        self._groups = {
            group: sorted(key.key_revision for key in group_spec.vending_keys)
            for group, group_spec in spec.supply_groups.items()
        }
        self.errors = RegisterErrors(faults, self._of.register_errors, self._groups)
        self.steady = SteadyState(self._of, world, self.rows)
        self.use = world.tables.variation(self._of.use_varies) if self._of.use_varies else None
        self._registered: dict[tuple[str | None, int | None], tuple[str, int]] = {}
        self._fitted: set[tuple[str, str]] = set()
        self._keys_tried: dict[tuple[str, str, int, Encryption], str] = {}

    def meters(self) -> tuple[MeterSetup, ...]:
        """The meters in order of connection."""
        rows = self.rows.rows()
        registered = self.registered(rows)
        swapped: list[int] = []
        meters = [
            self.meter(row, of, place, swapped) for place, (row, of) in enumerate(zip(rows, registered, strict=True))
        ]
        self._faults.stop()
        self.errors.swap(meters, swapped)
        return tuple(meters)

    def registered(self, rows: Sequence[MeterRow]) -> list[tuple[str, int, str]]:
        """The supply group, key revision and tariff index of rows in the register, and all else that meters need."""
        self.kinds = KindsByArea(self._faults, self._spec, self._of, self._world).kinds(rows)
        self._faults.stop()
        registered = [self._in_register(row) for row in rows]
        self._faults.stop()
        self.errors.find_other_keys({(group, revision) for group, revision, _ in registered})
        self._faults.stop()
        return registered

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
            self.rows.tell(row, f"key_revision: {what}", what, "key_revision")
            return "", 0
        return group, revision

    # -- one meter ---------------------------------------------------------------------------------------------

    def meter(
        self,
        row: MeterRow,
        of: tuple[str, int, str],
        place: int,
        swapped: list[int],
        household: Household | None = None,
    ) -> MeterSetup:
        """The meter of a row that the register has so; its place is put down in `swapped` if it is.

        `household` is drawn from in place of that of the row's connection.
        """
        household = household or Household(self._spec.seed, row.connection or 0)
        kinds = self.kinds[row.area or ""]
        model = self._model(row, kinds, household)
        record = MeterRecord(row.pan, model.encryption, *of)
        error = self.errors.drawn(household)
        if error is RegisterError.SWAPPED:
            swapped.append(place)
        truth = self.errors.truth(record, error)
        dead = error is RegisterError.DEAD
        self._check_key(row, record)
        if truth is not record:
            self._check_key(row, truth)
        key = self._world.module.vending_key(truth.supply_group, truth.key_revision)
        customer = self._customer(row, kinds, household)
        load, load_share = self._load(row, kinds, household, model)
        if dead:
            customer = None
        if customer is not None:
            self._check_fit(customer, model)
        no_load = dead or (customer is not None and customer.never in (NeverBuys.VACANT, NeverBuys.BYPASSED))
        if no_load:
            load = self._world.loads["none"]
        mean_use = load.mean * load_share // ONE
        credit = 0 if dead else self.steady.credit(row, household, model, customer, mean_use)
        base = key.base_date.minute
        manufacture_tid = self.steady.manufacture_tid(household, base)
        history = None
        if not dead:
            history = self.steady.history(row, household, customer, mean_use, base, manufacture_tid)
        return MeterSetup(
            name=name_of(row),
            connection=household.connection,
            record=record,
            key_type=key.key_type,
            key_expiry=key.key_expiry,
            model=model,
            credit=credit,
            registers=() if dead else self.steady.registers(household, model, customer),
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
            drawer=self.steady.drawer(household, record, customer, mean_use, model, history, manufacture_tid + base),
        )

    def _model(self, row: MeterRow, kinds: Kinds, household: Household) -> MeterModel:
        models = self._world.models
        if row.model is not None:
            model = models[row.model]
        else:
            model = models[kinds.models.of(lambda: household.word(Trait.MODEL))]
            if row.encryption is not None and row.encryption is not model.encryption:
                model = default_model(row.encryption)
        if row.encryption is not None and row.encryption is not model.encryption:
            self.rows.tell(row, f"encryption 'EA{row.encryption}': the model {model.name} is EA{model.encryption}")
        if Service.ELECTRICITY not in model.services and row.load not in (None, "none"):
            self.rows.tell(row, f"load: the model {model.name} has no electricity register, leave this out")
        if not (kinds.cannot_change and happens(kinds.cannot_change, household.word(Trait.CANNOT_CHANGE))):
            return model
        return self.rigid(model)

    def rigid(self, model: MeterModel) -> MeterModel:
        """The model like another that takes no key change."""
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
            self.rows.tell(row, f"key_revision {record.key_revision}: {what}", what, "key_revision")

    def _check_fit(self, customer: Customer, model: MeterModel) -> None:
        """Note a kind of customer that cannot live with a model; each pair is looked at once."""
        if (customer.name, model.name) not in self._fitted:
            self._fitted.add((customer.name, model.name))
            why = misfit(customer, model)
            if why is not None:
                self._faults.add(("customers", customer.name), why)

    def _customer(self, row: MeterRow, kinds: Kinds, household: Household) -> Customer | None:
        customers = self._world.customers
        if row.customer is not None:
            return customers[row.customer]
        among = kinds.customers
        if row.last_purchase is not None and customers:
            bought = noon(self._world.calendar, row.last_purchase)
            long_ago = bought < self._world.start - self._of.zero_buyer_after
            among = kinds.never if long_ago else kinds.buying
            if among is None:
                since, who = ("not bought since", "never") if long_ago else ("bought on", "ever")
                what = f"row {row.number} has {since} {day_text(row.last_purchase)}, and no kind of customer {who} buys"
                self._faults.add(("population", "zero_buyer_after"), what)
        return None if among is None else customers[among.of(lambda: household.word(Trait.CUSTOMER))]

    def _load(self, row: MeterRow, kinds: Kinds, household: Household, model: MeterModel) -> tuple[LoadProfile, int]:
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
                self.rows.tell(row, f"{told}: the load {name} has a mean of 0 kWh")
                return load, ONE
            share = int(Fraction(row.kwh_per_month) * 3_600_000 * 12 * ONE / (365 * load.mean))
            if share > GREATEST_LOAD_SHARE:
                self.rows.tell(row, f"{told}: more than 64 times the mean of the load {name}")
            return load, share
        if self.use is None or not load.mean:
            return load, ONE
        return load, min(max(self.use.value(household.word(Trait.USE)), 1), GREATEST_LOAD_SHARE)
