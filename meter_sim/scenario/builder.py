"""Puts a scenario together from what a file says: keys, meters, loads, customers, points of sale."""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

from meter_sim.meter.load import DayKinds, LoadProfile, scaled
from meter_sim.meter.model import MeterModel
from meter_sim.meter.models import BUILT_IN as BUILT_IN_MODELS
from meter_sim.meter.models import default_model
from meter_sim.people.customer import Customer
from meter_sim.programme import Area, Costs
from meter_sim.scenario import scenario as values
from meter_sim.scenario import schema
from meter_sim.scenario.areas import AreasBuilder, area_names, check_targets, costs_of, keys_of_programme
from meter_sim.scenario.customers import customers_of, misfit
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.population import loads_used, population_of
from meter_sim.scenario.population_later import population_later
from meter_sim.scenario.population_world import PopulationWorld
from meter_sim.scenario.profile_file import built_in_profile, profile_of
from meter_sim.scenario.quantities import Time, energy_text
from meter_sim.scenario.resolved import population_name, resolved_text
from meter_sim.scenario.source import Place, Source, bytes_of
from meter_sim.scenario.tables import Tables
from meter_sim.scenario.timeline import read_timeline, registers_of
from meter_sim.scenario.zone import calendar, zone_named
from meter_sim.sts.identity import Encryption, MeterPan
from meter_sim.sts.tid import GREATEST as GREATEST_TID
from meter_sim.sts.token import Service
from meter_sim.vending.secure_module import MeterRecord, SecureModule
from meter_sim.vending.vending_key import VendingKey, vending_key_value

GREATEST_SPAN = 50 * 366 * 86_400
"""A run is at most 50 years."""
_YEAR = 365 * 86_400


def build(
    source: Source,
    spec: schema.ScenarioSpec,
    folder: Path,
    *,
    allow_code: bool = False,
    drawn: bool = True,
    resolved: bool = True,
) -> values.Scenario:
    """The scenario of a checked file; `folder` is where the files that it names lie. Raises ScenarioError.

    Behaviours of the user's own are loaded only with `allow_code`. Unless `drawn`, a numbered population is only looked
    at, with the same faults, and its meters are drawn later (`Scenario.population`); where its tables hold numbers too
    great for that it is drawn all the same. Unless `resolved`, `Scenario.resolved` is empty: writing the scenario out
    takes longer than all the rest.
    """
    return _Builder(source, spec, folder, allow_code, drawn, resolved).scenario()


class _Builder:
    """Puts a scenario together from what the file says."""

    def __init__(
        self, source: Source, spec: schema.ScenarioSpec, folder: Path, allow_code: bool, drawn: bool, resolved: bool
    ) -> None:
        self._drawn = drawn
        self._resolved = resolved
        self._code_folder = folder if allow_code else None
        self._faults = Faults(source)
        self._spec = spec
        self._folder = folder
        self._tables = Tables(self._faults, spec.tables)

    def scenario(self) -> values.Scenario:
        spec = self._spec
        self._zone = self._faults.tried(("timezone",), lambda: zone_named(spec.timezone))
        self._faults.stop()
        start = self._instant(spec.start, ("start",))
        end = self._instant(spec.end, ("end",))
        self._faults.stop()
        if end <= start:
            self._faults.add(("end",), f"the end {spec.end} is not after the start {spec.start}")
        elif end - start > GREATEST_SPAN:
            self._faults.add(("end",), "a run is at most 50 years")
        self._faults.stop()
        self._start, self._end = start, end
        local = calendar(self._zone, start, end)
        keys = self._vending_keys()
        self._faults.stop()
        self._module = SecureModule(keys)
        models = self._models()
        loads = self._loads()
        customers = customers_of(self._faults, spec, self._tables, self._zone, (start, end), self._code_folder)
        self._faults.stop()
        builder = AreasBuilder(self._faults, spec, self._tables, self._zone, (start, end))
        areas = builder.areas()
        programme = builder.programme(areas, models, {(key.supply_group, key.key_revision): key for key in keys})
        meters = self._meters(models, loads, customers)
        self._faults.stop()
        world = PopulationWorld(
            models=models,
            loads=loads,
            customers=customers,
            tables=self._tables,
            module=self._module,
            calendar=local,
            start=start,
            end=end,
            folder=self._folder,
            first_connection=max((meter.connection for meter in meters), default=0) + 1,
            taken_pans={meter.record.pan.digits for meter in meters},
        )
        later = None if self._drawn else population_later(self._faults, spec, world, programme)
        meters += population_of(self._faults, spec, world) if later is None else ()
        self._check_areas(meters)
        self._check_effect(areas)
        examples = () if later is None else later.examples
        check_targets(self._faults, programme, (*meters, *examples), self._module)
        models_of = {meter.name: self._model(meter, models) for meter in spec.meters}
        timeline = read_timeline(self._faults, spec, self._zone, (start, end), models_of)
        self._tables.check()
        self._faults.stop()
        return values.Scenario(
            name=spec.name,
            start=start,
            end=end,
            timezone=spec.timezone,
            calendar=local,
            seed=spec.seed,
            readings_every=spec.readings_every,
            vending_keys=keys_of_programme(keys, programme),
            points_of_sale=tuple(
                values.PointOfSaleSetup(name, number, pos.clock_offset, pos.shared_tid_list, pos.after_last_minute)
                for number, (name, pos) in enumerate(spec.points_of_sale.named.items())
            ),
            force_rollover=spec.points_of_sale.force_rollover,
            meters=meters,
            timeline=timeline,
            areas=areas,
            programme=programme,
            costs=costs_of(spec.costs),
            resolved=resolved_text(spec, self._profiles, self._tables.made) if self._resolved else "",
            population_file=self._population_file(),
            population=None if later is None else later.population,
        )

    def _population_file(self) -> tuple[str, bytes] | None:
        """The population's file, which was read and found good."""
        population = self._spec.population
        if population is None or population.file is None:
            return None
        return population_name(population.file), (self._folder / population.file).read_bytes()

    def _instant(self, time: Time, path: Place) -> int:
        return self._faults.instant(time, self._zone, path)

    def _optional_instant(self, time: Time | None, path: Place) -> int | None:
        return None if time is None else self._instant(time, path)

    # -- parts -------------------------------------------------------------------------------------------------

    def _vending_keys(self) -> tuple[VendingKey, ...]:
        keys: dict[tuple[str, int], VendingKey] = {}
        for group, group_spec in self._spec.supply_groups.items():
            for place, key in enumerate(group_spec.vending_keys):
                path: Place = ("supply_groups", group, "vending_keys", place)
                if (group, key.key_revision) in keys:
                    self._faults.add((*path, "key_revision"), f"key revision {key.key_revision} stands here twice")
                value = self._faults.tried((*path, "key"), lambda key=key: vending_key_value(key.key, key.dkga))  # type: ignore[misc]
                active_from = self._optional_instant(key.issue_from, (*path, "issue_from"))
                issue_until = self._optional_instant(key.issue_until, (*path, "issue_until"))
                if active_from is not None and issue_until is not None and issue_until < active_from:
                    self._faults.add((*path, "issue_until"), f"{key.issue_until} is before issue_from")
                keys[group, key.key_revision] = VendingKey(
                    supply_group=group,
                    key_revision=key.key_revision,
                    base_date=key.base_date,
                    dkga=key.dkga,
                    value=value,
                    key_type=key.key_type,
                    key_expiry=key.key_expiry,
                    active_from=active_from,
                    issue_until=issue_until,
                )
        return tuple(keys.values())

    def _models(self) -> dict[str, MeterModel]:
        models = dict(BUILT_IN_MODELS)
        for name, spec in self._spec.meter_models.items():
            if name in models:
                self._faults.add(("meter_models", name), "this name is built in, choose another")
            own = {field.name for field in fields(MeterModel)} & set(type(spec).model_fields)
            models[name] = MeterModel(
                name=name,
                lockout_after=spec.lockout.after,
                lockout_first=spec.lockout.first,
                lockout_longest=spec.lockout.longest,
                **{field: getattr(spec, field) for field in own},
            )
        return models

    def _loads(self) -> dict[str, LoadProfile]:
        self._profiles: dict[str, schema.LoadSpec] = {}
        profiles = {}
        for name in self._spec.loads:
            if name in schema.BUILT_IN_LOADS:
                self._faults.add(("loads", name), "this name is built in, choose another")
        used = {meter.load for meter in self._spec.meters} | {"flat", "none"} | loads_used(self._spec)
        for name, spec in (schema.BUILT_IN_LOADS | self._spec.loads).items():
            if name in used or name in self._spec.loads:
                profiles[name] = self._load(name, spec)
        return profiles

    def _load(self, name: str, spec: schema.LoadSpec) -> LoadProfile:
        weights = self._weights(name, spec)
        defaults = schema.BUILT_IN_LOADS.get(spec.profile or "flat", schema.BUILT_IN_LOADS["flat"])
        mean = spec.mean if spec.mean is not None else defaults.mean or 0
        variation = spec.variation if spec.variation is not None else defaults.variation or Decimal(0)
        self._profiles[name] = spec.model_copy(
            update={
                "profile": None,
                "csv": None,
                "hours": _hours_spec(weights),
                "mean": mean,
                "variation": variation,
            }
        )
        low, high = scaled(weights, spec.high_season, mean)
        return LoadProfile(low, high, spec.high_season, self._tables.variation(variation), mean)

    def _weights(self, name: str, spec: schema.LoadSpec) -> tuple[DayKinds, DayKinds]:
        if spec.hours is not None:
            return _kinds(spec.hours.low), _kinds(spec.hours.high)
        if spec.profile is not None:
            return built_in_profile(spec.profile)
        path: Place = ("loads", name, "csv")
        file = self._folder / str(spec.csv)
        try:
            text = bytes_of(file).decode("utf-8-sig")
        except UnicodeDecodeError:
            self._faults.end(path, f"{spec.csv} is not UTF-8 text")
        except (OSError, ValueError) as error:
            self._faults.end(path, f"{spec.csv} cannot be read: {getattr(error, 'strerror', None) or error}")
        return self._faults.tried(path, lambda: profile_of(text))

    def _meters(
        self, models: Mapping[str, MeterModel], loads: Mapping[str, LoadProfile], customers: Mapping[str, Customer]
    ) -> tuple[values.MeterSetup, ...]:
        meters: dict[str, values.MeterSetup] = {}
        connections: dict[int, str] = {}
        pans: dict[str, str] = {}
        for place, spec in enumerate(self._spec.meters):
            path: Place = ("meters", place)
            if spec.name in meters:
                self._faults.add((*path, "name"), f"two meters are called {spec.name!r}")
            if spec.pan in pans:
                self._faults.add((*path, "pan"), f"the meter {pans[spec.pan]!r} has the same PAN")
            connection = place + 1 if spec.connection is None else spec.connection
            if connection in connections:
                self._faults.add(
                    (*path, "connection"), f"the meter {connections[connection]!r} has connection {connection} too"
                )
            connections[connection] = spec.name
            pans[spec.pan] = spec.name
            known = [
                self._faults.known(
                    spec.supply_group, self._spec.supply_groups, (*path, "supply_group"), "supply group"
                ),
                spec.model is None or self._faults.known(spec.model, models, (*path, "model"), "meter model"),
                spec.load is None
                or self._faults.known(spec.load, schema.BUILT_IN_LOADS | self._spec.loads, (*path, "load"), "load"),
                spec.customer is None or self._faults.known(spec.customer, customers, (*path, "customer"), "customer"),
                spec.area is None or self._faults.known(spec.area, area_names(self._spec), (*path, "area"), "area"),
            ]
            if all(known) and self._known_revision(spec.supply_group, spec.key_revision, (*path, "key_revision")):
                customer = customers[spec.customer] if spec.customer is not None else None
                model = self._model(spec, models)
                load = self._load_name(spec, path, model)
                if customer is not None and (why := misfit(customer, model)):
                    self._faults.add((*path, "customer"), why)
                meters[spec.name] = self._meter(spec, path, connection, model, loads[load], customer)
        return tuple(meters.values())

    def _check_areas(self, meters: tuple[values.MeterSetup, ...]) -> None:
        """Whether each area has a meter, where all meters are listed; a population looks itself."""
        held = {meter.area for meter in meters}
        for name in self._spec.areas if self._spec.population is None else ():
            if name not in held:
                self._faults.add(("areas", name), "no meter is in this area")

    def _check_effect(self, areas: tuple[Area, ...]) -> None:
        """Whether what the file says of crews, holidays and costs can have an effect."""
        spec = self._spec
        for area in areas:
            if area.depot is not None and spec.programme is None:
                self._faults.add(("areas", area.name, "depot"), "crews have work in a programme only, give one")
        if spec.holidays and not any(area.depot or area.help_desk or area.office for area in areas):
            self._faults.add(("holidays",), "they close depots, desks and offices, and no area has one")
        if costs_of(spec.costs) != Costs() and not areas:
            self._faults.add(("costs",), "costs are counted by area, give areas or a population")

    @staticmethod
    def _model(spec: schema.MeterSpec, models: Mapping[str, MeterModel]) -> MeterModel:
        """The model that a meter names; else the ordinary one of its algorithm."""
        return models.get(spec.model or "", default_model(spec.encryption or Encryption.EA07))

    def _load_name(self, spec: schema.MeterSpec, path: Place, model: MeterModel) -> str:
        """The load of a meter; what its model has no register for is noted."""
        if spec.encryption is not None and spec.encryption is not model.encryption:
            self._faults.add((*path, "encryption"), f"the model {model.name} is EA{model.encryption}")
        if Service.ELECTRICITY in model.services:
            return spec.load or "flat"
        for name, value in (("load", spec.load not in (None, "none")), ("credit", spec.credit)):
            if value:
                self._faults.add((*path, name), f"the model {model.name} has no electricity register, leave this out")
        return "none"

    def _known_revision(self, group: str, revision: int, path: Place) -> bool:
        revisions = [key.key_revision for key in self._spec.supply_groups[group].vending_keys]
        if revision in revisions:
            return True
        allowed = ", ".join(map(str, revisions))
        self._faults.add(
            path, f"supply group {group} has no vending key of key revision {revision}, allowed are {allowed}"
        )
        return False

    def _meter(
        self,
        spec: schema.MeterSpec,
        path: Place,
        connection: int,
        model: MeterModel,
        load: LoadProfile,
        customer: Customer | None,
    ) -> values.MeterSetup:
        record = MeterRecord(
            MeterPan(spec.pan), model.encryption, spec.supply_group, spec.key_revision, spec.tariff_index
        )
        registers = registers_of(self._faults, (*path, "registers"), spec.registers)
        for service, amount in registers:
            if service not in model.services:
                self._faults.add(
                    (*path, "registers"), f"the model {model.name} has no register for {service.name.lower()}"
                )
            elif amount > model.cap(service):
                self._faults.add((*path, "registers"), f"more than the {service.name.lower()} register holds")
        key = self._module.vending_key(spec.supply_group, spec.key_revision)
        self._faults.tried((*path, "key_revision"), lambda: self._module.decoder_key(record))
        made = (
            self._start - _YEAR
            if spec.manufactured is None
            else self._instant(spec.manufactured, (*path, "manufactured"))
        )
        if made > self._start:
            self._faults.add((*path, "manufactured"), f"{spec.manufactured} is after the start")
        if spec.credit > model.credit_cap:
            self._faults.add(
                (*path, "credit"), f"more than the credit_cap of {model.name}, {energy_text(model.credit_cap)}"
            )
        return values.MeterSetup(
            name=spec.name,
            connection=connection,
            record=record,
            key_type=key.key_type,
            key_expiry=key.key_expiry if spec.key_expiry is None else spec.key_expiry,
            model=model,
            credit=spec.credit,
            registers=registers,
            manufacture_tid=min(max(made // 60 - key.base_date.minute, 0), GREATEST_TID),
            load=load,
            customer=customer,
            area=spec.area or "",
        )


def _hours_spec(weights: tuple[DayKinds, DayKinds]) -> schema.HoursSpec:
    low, high = (
        schema.DayKindsSpec.model_construct(workday=kinds[0], saturday=kinds[1], sunday=kinds[2]) for kinds in weights
    )
    return schema.HoursSpec.model_construct(low=low, high=high)


def _kinds(spec: schema.DayKindsSpec) -> DayKinds:
    return spec.workday, spec.saturday, spec.sunday
