"""From a scenario file to a `Scenario`: read, override, check, look up, put together.

Faults are collected and raised as one ScenarioError, a line each; nothing is run or written before all is right.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from meter_sim.distribution import CELLS, Distribution, constant, lognormal, share_of_mean, uniform
from meter_sim.meter.credit import WS_PER_TENTH
from meter_sim.meter.load import DayKinds, LoadProfile, scaled
from meter_sim.meter.model import MeterModel
from meter_sim.people.customer import Customer
from meter_sim.scenario import scenario as values
from meter_sim.scenario import schema
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.profile_file import ProfileError, built_in_profile, profile_of
from meter_sim.scenario.quantities import Time, plain
from meter_sim.scenario.resolved import resolved_text
from meter_sim.scenario.source import Place, Source, Value, parse_set, path_text, read_source
from meter_sim.scenario.zone import ZoneError, calendar, instant, zone_named
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import MeterPan
from meter_sim.sts.tid import GREATEST as GREATEST_TID
from meter_sim.sts.token import Management, MeterTestToken
from meter_sim.vending.point_of_sale import KeyChangePlan
from meter_sim.vending.secure_module import MeterRecord, SecureModule
from meter_sim.vending.vending_key import VendingKey, vending_key_value

T = TypeVar("T")

GREATEST_SPAN = 50 * 366 * 86_400
"""A run is at most 50 years."""
_YEAR = 365 * 86_400
_ALL_TESTS = (1 << 36) - 1


def read_scenario(path: str | Path, overrides: Mapping[str, str] | None = None) -> values.Scenario:
    """The scenario of a file, with `overrides` of single values by path (`meters.0.credit`: `5 kWh`).

    Raises ScenarioError with a line for each fault.
    """
    file = Path(path)
    source = read_source(file)
    for place, text in (overrides or {}).items():
        _override(source, place, text)
    return _Builder(source, _validated(source), file.parent).scenario()


def _override(source: Source, text: str, value: str) -> None:
    where = f"--set {text}"
    node: Value = source.tree
    parts = text.split(".")
    path: Place = ()
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if isinstance(node, list):
            if not part.isdecimal() or int(part) >= len(node):
                raise ScenarioError(f"{where}: {part!r} is no place in the list, allowed are 0 to {len(node) - 1}")
            index = int(part)
            path = (*path, index)
            if last:
                node[index] = parse_set(value, where)
            else:
                node = node[index]
        elif isinstance(node, dict):
            path = (*path, part)
            if last:
                node[part] = parse_set(value, where)
            elif part in node:
                node = node[part]
            else:
                child: Value = {}
                node[part] = child
                node = child
        else:
            raise ScenarioError(f"{where}: there is nothing below {'.'.join(parts[:number])}")
    source.set_paths[path] = text


def _validated(source: Source) -> schema.ScenarioSpec:
    try:
        return schema.ScenarioSpec.model_validate(source.tree)
    except ValidationError as error:
        faults = []
        for detail in error.errors(include_url=False, include_input=False):
            path = _path_in_file(detail["loc"])
            message = detail["msg"]
            context = detail.get("ctx", {})
            if detail["type"] == "scenario" and context.get("key"):
                path = (*path, context["key"])
            elif detail["type"] == "missing":
                message = "this key is missing, it is needed"
            elif detail["type"] in ("tuple_type", "list_type"):
                message = "a list is needed"
            elif detail["type"] == "dict_type":
                message = "a mapping is needed"
            faults.append(source.fault(path, message))
        raise ScenarioError(*dict.fromkeys(faults)) from None


def _path_in_file(place: tuple[str | int, ...]) -> Place:
    """A pydantic location without the parts that are not keys of the file."""
    path = [part for part in place if part != "[key]"]
    if len(path) > 2 and path[0] == "timeline":
        del path[2]  # the name of the kind of action
    return tuple(path)


class _Builder:
    """Puts a scenario together from what the file says."""

    def __init__(self, source: Source, spec: schema.ScenarioSpec, folder: Path) -> None:
        self._source = source
        self._spec = spec
        self._folder = folder
        self._faults: list[str] = []
        self._tables: dict[str, tuple[int, ...]] = {}

    def scenario(self) -> values.Scenario:
        spec = self._spec
        self._zone = self._tried(("timezone",), lambda: zone_named(spec.timezone))
        self._stop_on_faults()
        start = self._instant(spec.start, ("start",))
        end = self._instant(spec.end, ("end",))
        self._stop_on_faults()
        if end <= start:
            self._fault(("end",), f"the end {spec.end} is not after the start {spec.start}")
        elif end - start > GREATEST_SPAN:
            self._fault(("end",), "a run is at most 50 years")
        if spec.readings_every == 0:
            self._fault(("readings_every",), "readings need at least 1 s between them")
        self._stop_on_faults()
        self._start, self._end = start, end
        keys = self._vending_keys()
        self._stop_on_faults()
        self._module = SecureModule(keys)
        models = self._models()
        loads = self._loads()
        customers = self._customers()
        self._stop_on_faults()
        meters = self._meters(models, loads, customers)
        timeline = self._timeline()
        self._stop_on_faults()
        return values.Scenario(
            name=spec.name,
            start=start,
            end=end,
            timezone=spec.timezone,
            calendar=calendar(self._zone, start, end),
            seed=spec.seed,
            readings_every=spec.readings_every,
            vending_keys=keys,
            points_of_sale=tuple(
                values.PointOfSaleSetup(name, number, pos.clock_offset, pos.shared_tid_list, pos.after_last_minute)
                for number, (name, pos) in enumerate(spec.points_of_sale.named.items())
            ),
            force_rollover=spec.points_of_sale.force_rollover,
            meters=meters,
            timeline=timeline,
            resolved=resolved_text(spec, self._profiles, self._tables),
        )

    # -- faults ------------------------------------------------------------------------------------------------

    def _fault(self, path: Place, what: str) -> None:
        self._faults.append(self._source.fault(path, what))

    def _stop_on_faults(self) -> None:
        if self._faults:
            raise ScenarioError(*dict.fromkeys(self._faults))

    def _tried(self, path: Place, make: Callable[[], T]) -> T:
        try:
            return make()
        except (ZoneError, StsError, ProfileError) as error:
            raise ScenarioError(*self._faults, self._source.fault(path, str(error))) from None

    def _instant(self, time: Time, path: Place) -> int:
        return self._tried(path, lambda: instant(time, self._zone))

    def _known(self, name: str, names: Sequence[str] | Mapping[str, object], path: Place, what: str) -> bool:
        if name in names:
            return True
        close = get_close_matches(name, list(names), 1, cutoff=0.5)
        hint = f"did you mean {close[0]}? " if close else ""
        allowed = ", ".join(names) or "none are defined"
        self._fault(path, f"no {what} is called {name!r}, {hint}allowed are {allowed}")
        return False

    # -- parts -------------------------------------------------------------------------------------------------

    def _vending_keys(self) -> tuple[VendingKey, ...]:
        keys: dict[tuple[str, int], VendingKey] = {}
        for group, group_spec in self._spec.supply_groups.items():
            for place, key in enumerate(group_spec.vending_keys):
                path: Place = ("supply_groups", group, "vending_keys", place)
                if (group, key.key_revision) in keys:
                    self._fault((*path, "key_revision"), f"key revision {key.key_revision} stands here twice")
                value = self._tried((*path, "key"), lambda key=key: vending_key_value(key.key, key.dkga))  # type: ignore[misc]
                keys[group, key.key_revision] = VendingKey(
                    supply_group=group,
                    key_revision=key.key_revision,
                    base_date=key.base_date,
                    dkga=key.dkga,
                    value=value,
                    key_type=key.key_type,
                    key_expiry=key.key_expiry,
                    active_from=None
                    if key.issue_from is None
                    else self._instant(key.issue_from, (*path, "issue_from")),
                    issue_until=None
                    if key.issue_until is None
                    else self._instant(key.issue_until, (*path, "issue_until")),
                )
        return tuple(keys.values())

    def _models(self) -> dict[str, MeterModel]:
        models = {"keypad": MeterModel()}
        for name, spec in self._spec.meter_models.items():
            if name in models:
                self._fault(("meter_models", name), "this name is built in, choose another")
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
                self._fault(("loads", name), "this name is built in, choose another")
        used = {meter.load for meter in self._spec.meters}
        for name, spec in (schema.BUILT_IN_LOADS | self._spec.loads).items():
            if name in used or name in self._spec.loads:
                profiles[name] = self._load(name, spec)
        return profiles

    def _load(self, name: str, spec: schema.LoadSpec) -> LoadProfile:
        weights = self._weights(name, spec)
        defaults = schema.BUILT_IN_LOADS.get(spec.profile or "flat", schema.BUILT_IN_LOADS["flat"])
        mean = spec.mean if spec.mean is not None else defaults.mean or 0
        variation = spec.variation if spec.variation is not None else defaults.variation or Decimal(0)
        if variation > 3:
            self._fault(("loads", name, "variation"), "a variation is at most 300%")
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
        definition = f"share with variation {plain(variation)}"
        return LoadProfile(low, high, spec.high_season, self._table(definition, lambda: share_of_mean(variation)))

    def _weights(self, name: str, spec: schema.LoadSpec) -> tuple[DayKinds, DayKinds]:
        if spec.hours is not None:
            return _kinds(spec.hours.low), _kinds(spec.hours.high)
        if spec.profile is not None:
            return built_in_profile(spec.profile)
        path: Place = ("loads", name, "csv")
        file = self._folder / str(spec.csv)
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ScenarioError(self._source.fault(path, f"{file} cannot be read: {reason}")) from None
        return self._tried(path, lambda: profile_of(text))

    def _customers(self) -> dict[str, Customer]:
        customers = {}
        for name, spec in self._spec.customers.items():
            path: Place = ("customers", name)
            self._known(spec.point_of_sale, self._spec.points_of_sale.named, (*path, "point_of_sale"), "point of sale")
            buy = spec.buy
            customers[name] = Customer(
                name=name,
                amount=self._spread(spec.amount),
                enter_after=self._spread(spec.enter_after),
                when_below=buy.when_below,
                every=None if buy.every is None else self._spread(buy.every),
                first=None if buy.first is None else self._instant(buy.first, (*path, "buy", "first")),
                between_entries=spec.between_entries,
                retry_after=spec.retry_after,
                point_of_sale=spec.point_of_sale,
            )
            first = customers[name].first
            if first is not None and first < self._start:
                self._fault((*path, "buy", "first"), f"{buy.first} is before the start")
        return customers

    def _spread(self, spread: schema.Spread[int]) -> Distribution:
        if spread.constant is not None:
            return constant(spread.constant)
        if spread.uniform is not None:
            return uniform(spread.uniform.least, spread.uniform.greatest)
        assert spread.lognormal is not None  # the schema sees to it
        median, sigma = spread.lognormal.median, spread.lognormal.sigma
        return self._table(f"lognormal median {median} sigma {plain(sigma)}", lambda: lognormal(median, sigma))

    def _table(self, definition: str, make: Callable[[], Distribution]) -> Distribution:
        """The table of a distribution: the saved one, or made now and saved with the resolved scenario."""
        saved = self._spec.tables.get(definition)
        if saved is not None:
            if len(saved) != CELLS + 1 or any(low > high for low, high in pairwise(saved)):
                self._fault(("tables", definition), f"a table has {CELLS + 1} whole numbers that do not fall")
                return make()
            self._tables[definition] = saved
        if definition not in self._tables:
            self._tables[definition] = make().knots
        return Distribution(self._tables[definition])

    def _meters(
        self, models: Mapping[str, MeterModel], loads: Mapping[str, LoadProfile], customers: Mapping[str, Customer]
    ) -> tuple[values.MeterSetup, ...]:
        meters: dict[str, values.MeterSetup] = {}
        connections: dict[int, str] = {}
        pans: dict[str, str] = {}
        for place, spec in enumerate(self._spec.meters):
            path: Place = ("meters", place)
            if spec.name in meters:
                self._fault((*path, "name"), f"two meters are called {spec.name!r}")
            if spec.pan in pans:
                self._fault((*path, "pan"), f"the meter {pans[spec.pan]!r} has the same PAN")
            connection = place + 1 if spec.connection is None else spec.connection
            if connection in connections:
                self._fault(
                    (*path, "connection"), f"the meter {connections[connection]!r} has connection {connection} too"
                )
            connections[connection] = spec.name
            pans[spec.pan] = spec.name
            known = [
                self._known(spec.supply_group, self._spec.supply_groups, (*path, "supply_group"), "supply group"),
                self._known(spec.model, models, (*path, "model"), "meter model"),
                self._known(spec.load, schema.BUILT_IN_LOADS | self._spec.loads, (*path, "load"), "load"),
                spec.customer is None or self._known(spec.customer, customers, (*path, "customer"), "customer"),
            ]
            if all(known) and self._known_revision(spec.supply_group, spec.key_revision, (*path, "key_revision")):
                customer = customers[spec.customer] if spec.customer is not None else None
                meters[spec.name] = self._meter(spec, path, connection, models[spec.model], loads[spec.load], customer)
        return tuple(meters.values())

    def _known_revision(self, group: str, revision: int, path: Place) -> bool:
        revisions = [key.key_revision for key in self._spec.supply_groups[group].vending_keys]
        if revision in revisions:
            return True
        allowed = ", ".join(map(str, revisions))
        self._fault(path, f"supply group {group} has no vending key of key revision {revision}, allowed are {allowed}")
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
            MeterPan(spec.pan), spec.encryption, spec.supply_group, spec.key_revision, spec.tariff_index
        )
        key = self._module.vending_key(spec.supply_group, spec.key_revision)
        self._tried((*path, "key_revision"), lambda: self._module.decoder_key(record))
        made = (
            self._start - _YEAR
            if spec.manufactured is None
            else self._instant(spec.manufactured, (*path, "manufactured"))
        )
        if made > self._start:
            self._fault((*path, "manufactured"), f"{spec.manufactured} is after the start")
        if spec.credit > model.credit_cap:
            self._fault((*path, "credit"), "more than the meter's credit_cap")
        return values.MeterSetup(
            name=spec.name,
            connection=connection,
            record=record,
            key_type=key.key_type,
            key_expiry=key.key_expiry if spec.key_expiry is None else spec.key_expiry,
            model=model,
            credit=spec.credit,
            manufacture_tid=min(max(made // 60 - key.base_date.minute, 0), GREATEST_TID),
            load=load,
            customer=customer,
        )

    # -- timeline ----------------------------------------------------------------------------------------------

    def _timeline(self) -> tuple[values.Action, ...]:
        actions: list[values.Action] = []
        issued: dict[str, tuple[int, str]] = {}
        self._groups = {meter.name: meter.supply_group for meter in self._spec.meters}
        for place, spec in enumerate(self._spec.timeline):
            path: Place = ("timeline", place)
            at = self._instant(spec.at, (*path, "at"))
            if not self._start <= at < self._end:
                self._fault(
                    (*path, "at"), f"{spec.at} is outside the run, from {self._spec.start} to before {self._spec.end}"
                )
            known_meter = self._known(spec.meter, self._groups, (*path, "meter"), "meter")
            pos = getattr(spec, "point_of_sale", None)
            if pos is not None:
                self._known(pos, self._spec.points_of_sale.named, (*path, "point_of_sale"), "point of sale")
            label = getattr(spec, "label", None)
            if label is not None:
                if label in issued:
                    self._fault((*path, "as"), f"a token is called {label!r} already, choose another name")
                issued[label] = at, type(spec).__name__
            if known_meter:
                actions.append(self._action(spec, path, at, place, issued))
        return tuple(actions)

    def _action(
        self, spec: object, path: Place, at: int, place: int, issued: Mapping[str, tuple[int, str]]
    ) -> values.Action:
        if isinstance(spec, schema.Buy):
            if spec.enter_after == 0:
                self._fault((*path, "enter_after"), "a token is entered at least 1 s after it is bought")
            return values.Buy(
                **self._common(spec, path, at),
                tenths=spec.buy,
                label=spec.label or f"purchase{place + 1}",
                enter_after=spec.enter_after,
                between_entries=spec.between_entries,
                point_of_sale=spec.point_of_sale,
                reserved_minute=spec.reserved_minute,
            )
        if isinstance(spec, schema.ChangeKey):
            change = spec.change_key
            group = self._groups[spec.meter] = change.supply_group or self._groups[spec.meter]
            if self._known(group, self._spec.supply_groups, (*path, "change_key", "supply_group"), "supply group"):
                self._known_revision(group, change.to, (*path, "change_key", "to"))
            return values.ChangeKey(
                **self._common(spec, path, at),
                plan=KeyChangePlan(change.to, change.supply_group, change.tariff_index, change.key_expiry),
                with_purchase=change.with_purchase,
                label=spec.label or f"change{place + 1}",
                point_of_sale=spec.point_of_sale,
            )
        if isinstance(spec, schema.Enter):
            return self._enter(spec, path, at, issued)
        if isinstance(spec, schema.PowerCycle):
            return values.PowerCycle(**self._common(spec, path, at), off_for=spec.power_cycle)
        if isinstance(spec, schema.Tamper):
            return values.Tamper(**self._common(spec, path, at), cause=spec.tamper)
        if isinstance(spec, schema.Observe):
            return values.Observe(**self._common(spec, path, at), note=spec.observe)
        assert isinstance(spec, schema.Manage)
        return values.Manage(
            **self._common(spec, path, at),
            order=_order(spec.manage),
            label=spec.label or f"manage{place + 1}",
            enter_after=spec.enter_after,
            point_of_sale=spec.point_of_sale,
            reserved_minute=spec.reserved_minute,
        )

    def _common(self, spec: schema.ActionSpec, path: Place, at: int) -> "values.ActionArguments":
        expect = spec.expect
        found = None
        if expect is not None:
            if expect.credit is not None and expect.credit % WS_PER_TENTH:
                self._fault((*path, "expect", "credit"), "a display shows whole tenths of a kWh")
            found = values.Expectation(
                where=self._source.where((*path, "expect")),
                place=path_text((*path, "expect")),
                result=expect.result,
                credit=None if expect.credit is None else expect.credit // WS_PER_TENTH,
                switch=expect.switch,
                key_revision=expect.key_revision,
                presumed_key_revision=expect.presumed_key_revision,
                tariff_index=expect.tariff_index,
                pending_sections=expect.pending_sections,
                display=expect.display,
            )
        return {"at": at, "meter": spec.meter, "expect": found}

    def _enter(self, spec: schema.Enter, path: Place, at: int, issued: Mapping[str, tuple[int, str]]) -> values.Enter:
        text = spec.enter
        if not text[0].isalpha():
            return values.Enter(**self._common(spec, path, at), named=False, text=text, digit_every=spec.digit_every)
        label = text.split(".")[0]
        if self._known(label, issued, (*path, "enter"), "token before this line"):
            when, kind = issued[label]
            section = text.removeprefix(label)
            if section not in ("", ".kct.1", ".kct.2", ".1", ".2"):
                self._fault(
                    (*path, "enter"), f"{text!r} is no token, write {label}, {label}.1 or {label}.kct.1 (1 or 2)"
                )
            elif kind == "ChangeKey" and section not in (".1", ".2"):
                self._fault((*path, "enter"), f"a key change has sections, write {label}.1 or {label}.2")
            elif kind != "ChangeKey" and section in (".1", ".2"):
                self._fault((*path, "enter"), f"write {label}, or {label}.kct.1 for a section that came with it")
            if at < when or (at == when and kind != "ChangeKey"):
                self._fault((*path, "at"), f"{text!r} is entered before it is issued")
        return values.Enter(**self._common(spec, path, at), named=True, text=text, digit_every=spec.digit_every)


def _hours_spec(weights: tuple[DayKinds, DayKinds]) -> schema.HoursSpec:
    low, high = (
        schema.DayKindsSpec.model_construct(workday=kinds[0], saturday=kinds[1], sunday=kinds[2]) for kinds in weights
    )
    return schema.HoursSpec.model_construct(low=low, high=high)


def _kinds(spec: schema.DayKindsSpec) -> DayKinds:
    return spec.workday, spec.saturday, spec.sunday


def _order(order: schema.ManageOrder) -> tuple[Management, int] | MeterTestToken:
    if order.test is not None:
        number = schema.METER_TESTS[order.test]
        return MeterTestToken(subclass=0, control=1 << number - 1 if number else _ALL_TESTS)
    if order.power_limit is not None:
        return Management.SET_MAXIMUM_POWER_LIMIT, order.power_limit
    if order.unbalance_limit is not None:
        return Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT, order.unbalance_limit
    if order.clear_credit is not None:
        return Management.CLEAR_CREDIT, schema.CLEAR_REGISTERS[order.clear_credit]
    return Management.CLEAR_TAMPER_CONDITION, 0
