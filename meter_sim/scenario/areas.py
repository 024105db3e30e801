"""Areas and the programme, put together from what a file says, and whether the programme can work."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from meter_sim.distribution import chance
from meter_sim.meter.model import MeterModel
from meter_sim.people.crew import Delivery, Depot
from meter_sim.people.help_desk import Desk
from meter_sim.people.opening_hours import OpeningHours
from meter_sim.programme import Area, Channel, Costs, Lending, Outage, Phase, Programme
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.meter_numbers import GREATEST_CONNECTION
from meter_sim.scenario.quantities import Time
from meter_sim.scenario.scenario import MeterSetup
from meter_sim.scenario.schema import ScenarioSpec
from meter_sim.scenario.schema_area import AreaSpec, DepotSpec, DeskSpec, Weekday
from meter_sim.scenario.schema_programme import CostsSpec, PhaseSpec, ProgrammeSpec
from meter_sim.scenario.source import Place
from meter_sim.scenario.tables import Tables
from meter_sim.sts.dkga import Dkga
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import Encryption
from meter_sim.sts.token import Service
from meter_sim.vending.point_of_sale import KeyChangePlan
from meter_sim.vending.refusal import VendingKeyUnknown
from meter_sim.vending.secure_module import SecureModule
from meter_sim.vending.vending_key import VendingKey

WHOLE_POPULATION = "all"
"""The area of a population in a file without areas."""


def area_names(spec: ScenarioSpec) -> tuple[str, ...]:
    """The areas of a file; one called all where it has a population and names none."""
    return tuple(spec.areas) or ((WHOLE_POPULATION,) if spec.population is not None else ())


def costs_of(spec: CostsSpec) -> Costs:
    """What things cost."""
    return Costs(**{name: getattr(spec, name) for name in type(spec).model_fields})


class AreasBuilder:
    """Puts areas and programme together; what is wrong with them is noted in `faults`. `span` is that of the run."""

    def __init__(
        self, faults: Faults, spec: ScenarioSpec, tables: Tables, zone: ZoneInfo, span: tuple[int, int]
    ) -> None:
        self._faults = faults
        self._spec = spec
        self._tables = tables
        self._zone = zone
        self._span = span

    # -- areas -------------------------------------------------------------------------------------------------

    def areas(self) -> tuple[Area, ...]:
        """The areas in file order."""
        return tuple(self._area(name, self._spec.areas.get(name, AreaSpec())) for name in area_names(self._spec))

    def _area(self, name: str, spec: AreaSpec) -> Area:
        path: Place = ("areas", name)
        outages = []
        for place, outage in enumerate(spec.vending.outages):
            at: Place = (*path, "vending", "outages", place)
            start, end = self._instant(outage.start, (*at, "start")), self._instant(outage.end, (*at, "end"))
            if end <= start:
                self._faults.add((*at, "end"), f"{outage.end} is not after the start {outage.start}")
            if end <= self._span[0] or start >= self._span[1]:
                self._faults.add((*at, "start"), "the whole outage is outside the run")
            outages.append(Outage(start, end))
        return Area(
            name=name,
            depot=None if spec.depot is None else self._depot(spec.depot, (*path, "depot")),
            help_desk=None if spec.help_desk is None else self._desk(spec.help_desk),
            office=None if spec.office is None else self._desk(spec.office),
            sales_per_hour=spec.vending.sales_per_hour,
            busy_retry=spec.vending.busy_retry,
            outages=tuple(outages),
        )

    def _depot(self, spec: DepotSpec, path: Place) -> Depot:
        return Depot(
            crews=spec.crews,
            visits_per_day=spec.visits_per_day,
            hours=self._hours(spec.open, spec.days),
            no_access=chance(spec.no_access),
            calls_back=chance(spec.calls_back),
            appointment_after=spec.appointment_after,
            revisit_after=spec.revisit_after,
            most_visits=spec.most_visits,
            replacement_takes=spec.replacement_takes,
            stock=spec.stock,
            deliveries=tuple(
                Delivery(self._instant(delivery.at, (*path, "deliveries", place, "at")), delivery.meters)
                for place, delivery in enumerate(spec.deliveries)
            ),
        )

    def _desk(self, spec: DeskSpec) -> Desk:
        return Desk(
            staff=spec.staff,
            hours=self._hours(spec.open, spec.days),
            service=self._tables.spread(spec.service),
            patience=spec.patience,
        )

    def _hours(self, span: tuple[int, int], days: Iterable[Weekday]) -> OpeningHours:
        week = list(Weekday)
        return OpeningHours(*span, tuple(sorted({week.index(day) for day in days})), frozenset(self._spec.holidays))

    # -- programme ---------------------------------------------------------------------------------------------

    def programme(
        self, areas: tuple[Area, ...], models: Mapping[str, MeterModel], keys: Mapping[tuple[str, int], VendingKey]
    ) -> Programme | None:
        """The programme of the file."""
        spec = self._spec.programme
        if spec is None:
            return None
        change = spec.change_key
        self._check_keys(spec, models, keys)
        credit_until = self._within(spec.credit_until, ("programme", "credit_until"))
        key_change_until = self._within(spec.key_change_until, ("programme", "key_change_until"))
        phases = self._phases(spec, areas)
        if credit_until is not None and key_change_until is not None and key_change_until < credit_until:
            what = f"{spec.key_change_until} is before credit_until, and key changes would end before credit does"
            self._faults.add(("programme", "key_change_until"), what)
        if spec.replace_with is not None:
            self._faults.known(spec.replace_with, models, ("programme", "replace_with"), "meter model")
        return Programme(
            from_revision=change.from_,
            plan=KeyChangePlan(
                change.to, change.supply_group, change.tariff_index, change.key_expiry, change.three_sections
            ),
            supply_group=spec.supply_group,
            phases=phases,
            replacement=None if spec.replace_with is None else models.get(spec.replace_with),
            replace_all=spec.replace_all,
            credit_until=credit_until,
            key_change_until=key_change_until,
            lending=self._lending(spec),
        )

    def _check_keys(
        self,
        spec: ProgrammeSpec,
        models: Mapping[str, MeterModel],
        keys: Mapping[tuple[str, int], VendingKey],
    ) -> None:
        """Whether the keys that the programme goes from and to are there, and issue when it begins."""
        change, path = spec.change_key, ("programme", "change_key")
        groups = list(self._spec.supply_groups)
        scope = groups if spec.supply_group is None else [spec.supply_group]
        if spec.supply_group is not None and not self._faults.known(
            spec.supply_group, groups, ("programme", "supply_group"), "supply group"
        ):
            return
        if change.supply_group is not None and not self._faults.known(
            change.supply_group, groups, (*path, "supply_group"), "supply group"
        ):
            return
        scope = [group for group in scope if (group, change.from_) in keys] or scope[:1]
        for group in scope:
            target = change.supply_group or group
            for name, key, revision in (
                ("from", (group, change.from_), change.from_),
                ("to", (target, change.to), change.to),
            ):
                if key not in keys:
                    allowed = ", ".join(str(known[1]) for known in keys if known[0] == key[0])
                    what = f"supply group {key[0]} has no vending key of key revision {revision}, allowed are {allowed}"
                    self._faults.add((*path, name), what)
                    return
            if (group, change.from_) == (target, change.to) and change.tariff_index is None and not spec.replace_all:
                self._faults.add((*path, "to"), "this is the key that the meters hold already")
            new = keys[target, change.to]
            model = models.get(spec.replace_with or "")
            if model is not None and model.encryption is Encryption.EA11 and new.dkga is Dkga.DKGA02:
                what = f"DKGA02 makes 64-bit keys only, and {model.name} has EA11; change to a key of DKGA04"
                self._faults.add(("programme", "replace_with"), what)

    def _phases(self, spec: ProgrammeSpec, areas: tuple[Area, ...]) -> tuple[Phase, ...]:
        by_name = {area.name: area for area in areas}
        phases: list[Phase] = []
        for name, listed in spec.phases.items():
            path: Place = ("programme", "phases", name)
            if not self._faults.known(name, by_name, path, "area"):
                continue
            for place, phase in enumerate(listed):
                phases.append(self._phase(len(phases), by_name[name], phase, (*path, place), spec))
        return tuple(phases)

    def _phase(self, number: int, area: Area, spec: PhaseSpec, path: Place, programme: ProgrammeSpec) -> Phase:
        start = self._instant(spec.start, (*path, "start"))
        end = None if spec.end is None else self._instant(spec.end, (*path, "end"))
        if not self._span[0] <= start < self._span[1]:
            bounds = f"from {self._spec.start} to before {self._spec.end}"
            self._faults.add((*path, "start"), f"{spec.start} is outside the run, {bounds}")
        if end is not None and end <= start:
            self._faults.add((*path, "end"), f"{spec.end} is not after the start {spec.start}")
        if spec.channel is Channel.CREW and area.depot is None:
            self._faults.add((*path, "channel"), f"the area {area.name} has no depot, give it one or another channel")
        if spec.channel is Channel.OFFICE and area.office is None:
            self._faults.add((*path, "channel"), f"the area {area.name} has no office, give it one or another channel")
        if programme.replace_all and spec.channel is not Channel.CREW:
            self._faults.add((*path, "channel"), "only a crew replaces a meter, write crew or leave replace_all out")
        return Phase(
            number=number,
            area=area.name,
            channel=spec.channel,
            start=start,
            end=end,
            print_with=spec.print_with,
            send_over=spec.send_over,
            reaches=chance(spec.reaches),
            visit=spec.visit,
        )

    def _lending(self, spec: ProgrammeSpec) -> Lending | None:
        if spec.lend is None:
            return None
        path: Place = ("programme", "lend")
        start = self._instant(spec.lend.start, (*path, "start"))
        until = self._instant(spec.lend.until, (*path, "until"))
        if until <= start:
            self._faults.add((*path, "until"), f"{spec.lend.until} is not after the start {spec.lend.start}")
        if until <= self._span[0] or start >= self._span[1]:
            self._faults.add((*path, "start"), "the whole span is outside the run")
        return Lending(start, until, spec.lend.amount, chance(spec.lend.pay_back))

    def _within(self, time: Time | None, path: Place) -> int | None:
        if time is None:
            return None
        instant = self._instant(time, path)
        if not self._span[0] <= instant:
            self._faults.add(path, f"{time} is before the start {self._spec.start}")
        return instant

    def _instant(self, time: Time, path: Place) -> int:
        return self._faults.instant(time, self._zone, path)


def check_targets(
    faults: Faults, programme: Programme | None, meters: Iterable[MeterSetup], module: SecureModule
) -> None:
    """Note meters in scope of a programme that it cannot do its work on.

    Those for which no decoder key can be made under the key that it changes to, that its new meters cannot replace, or
    to which it cannot lend.
    """
    if programme is None:
        return
    tried: set[tuple[str, str, Encryption]] = set()
    models: set[str] = set()
    for meter in meters:
        if programme.in_scope(meter.record) and not meter.dead:
            if meter.model.name not in models:
                models.add(meter.model.name)
                _check_model(faults, programme, meter.model)
            if programme.replacement is not None and meter.connection > GREATEST_CONNECTION:
                what = f"{meter.name} may be replaced, and a connection is at most {GREATEST_CONNECTION} then"
                faults.add(("programme", "replace_with"), what)
        if programme.replace_all:
            continue
        for record in (meter.record,) if meter.truth is None else (meter.record, meter.truth):
            kind = record.pan.iin, record.supply_group, record.encryption
            if kind in tried or not programme.in_scope(record):
                continue
            tried.add(kind)
            try:
                module.decoder_key(programme.plan.applied_to(record))
            except VendingKeyUnknown:
                continue  # the vending side refuses this one when it is asked
            except StsError as error:
                what = f"{error}, and {meter.name} of supply group {record.supply_group} is to change"
                faults.add(("programme", "change_key", "to"), what)


def _check_model(faults: Faults, programme: Programme, model: MeterModel) -> None:
    main = _main_service(model)
    if programme.replacement is not None and _main_service(programme.replacement) is not main:
        what = f"{programme.replacement.name} has no register for {main.words}, and {model.name} is to be replaced"
        faults.add(("programme", "replace_with"), what)
    if programme.lending is not None and main is not Service.ELECTRICITY:
        faults.add(("programme", "lend"), f"kWh are lent, and the model {model.name} counts {main.unit}")


def _main_service(model: MeterModel) -> Service:
    """The service that the switch goes by."""
    return Service.ELECTRICITY if Service.ELECTRICITY in model.services else model.services[0]


def keys_of_programme(keys: tuple[VendingKey, ...], programme: Programme | None) -> tuple[VendingKey, ...]:
    """The vending keys, of which the programme's old one stops issuing credit and key changes at its dates."""
    if programme is None:
        return keys
    return tuple(
        replace(
            key,
            issue_until=_earlier(key.issue_until, programme.credit_until),
            key_change_until=programme.key_change_until,
        )
        if key.key_revision == programme.from_revision and programme.supply_group in (None, key.supply_group)
        else key
        for key in keys
    )


def _earlier(first: int | None, second: int | None) -> int | None:
    return min((instant for instant in (first, second) if instant is not None), default=None)
