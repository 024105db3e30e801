"""The timeline of a scenario: actions with their instants, and the names of the tokens that they issue.

An action may name a token that is issued earlier in time, wherever in the file that stands, also one that was issued
for another meter.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from meter_sim.meter.credit import WS_PER_TENTH
from meter_sim.meter.model import MeterModel
from meter_sim.scenario import scenario as values
from meter_sim.scenario import schema
from meter_sim.scenario import schema_timeline as spec
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.quantities import Bought
from meter_sim.scenario.source import Place, path_text
from meter_sim.sts.dkga import Dkga
from meter_sim.sts.identity import Encryption
from meter_sim.sts.token import Management, MeterTestToken, Service, meter_test
from meter_sim.vending.point_of_sale import ExtendedFunction, KeyChangePlan

Issuing = spec.Buy | spec.ChangeKey | spec.Manage


def read_timeline(
    faults: Faults,
    scenario: schema.ScenarioSpec,
    zone: ZoneInfo,
    span: tuple[int, int],
    models: Mapping[str, MeterModel],
) -> tuple[values.Action, ...]:
    """The actions in file order; what is wrong with them is noted in `faults`.

    `models` are those of the meters, by the meters' names.
    """
    return _Timeline(faults, scenario, zone, span, models).actions()


class _Timeline:
    """The actions of a file and the instants at which they fall."""

    def __init__(
        self,
        faults: Faults,
        scenario: schema.ScenarioSpec,
        zone: ZoneInfo,
        span: tuple[int, int],
        models: Mapping[str, MeterModel],
    ) -> None:
        self._faults = faults
        self._models = models
        self._scenario = scenario
        self._groups = {meter.name: meter.supply_group for meter in scenario.meters}
        self._actions: Sequence[spec.ActionSpec] = scenario.timeline
        self._instants = [
            faults.instant(action.at, zone, ("timeline", place, "at")) for place, action in enumerate(self._actions)
        ]
        self._span = span
        self._issuing: dict[str, int] = {}

    def actions(self) -> tuple[values.Action, ...]:
        """Check everything, then make the actions."""
        self._check_places()
        self._check_power_cycles()
        for place in sorted(range(len(self._actions)), key=lambda place: (self._instants[place], place)):
            self._check_key_change(place)
        self._faults.stop()
        return tuple(self._action(place) for place in range(len(self._actions)))

    # -- checks ------------------------------------------------------------------------------------------------

    def _check_places(self) -> None:
        start, end = self._span
        for place, action in enumerate(self._actions):
            path: Place = ("timeline", place)
            if not start <= self._instants[place] < end:
                bounds = f"from {self._scenario.start} to before {self._scenario.end}"
                self._faults.add((*path, "at"), f"{action.at} is outside the run, {bounds}")
            self._faults.known(action.meter, self._groups, (*path, "meter"), "meter")
            if isinstance(action, Issuing):
                named = self._scenario.points_of_sale.named
                self._faults.known(action.point_of_sale, named, (*path, "point_of_sale"), "point of sale")
                if action.label is not None and self._issuing.setdefault(action.label, place) != place:
                    self._faults.add((*path, "as"), f"a token is called {action.label!r} already, choose another name")
            if isinstance(action, spec.Buy) and action.enter_after == 0:
                self._faults.add((*path, "enter_after"), "a token is entered at least 1 s after it is bought")
            if action.expect is not None and (action.expect.credit or 0) % WS_PER_TENTH:
                self._faults.add((*path, "expect", "credit"), "a display shows whole tenths of a kWh")
            if action.expect is not None and action.expect.credit is not None and action.meter in self._models:
                model = self._models[action.meter]
                if Service.ELECTRICITY not in model.services:
                    what = f"the model {model.name} has no electricity register, expect registers"
                    self._faults.add((*path, "expect", "credit"), what)
        for place, action in enumerate(self._actions):
            if isinstance(action, spec.Enter) and action.enter[0].isalpha():
                self._check_named_token(place, action)

    def _check_named_token(self, place: int, action: spec.Enter) -> None:
        path: Place = ("timeline", place)
        label, _, section = action.enter.partition(".")
        if not self._faults.known(label, self._issuing, (*path, "enter"), "token of this timeline"):
            return
        source = self._issuing[label]
        issuing = self._actions[source]
        names = [str(number) for number in range(1, self._sections(issuing) + 1)]
        if isinstance(issuing, spec.ChangeKey) and section not in names:
            allowed = f"{', '.join(f'{label}.{name}' for name in names[:-1])} or {label}.{names[-1]}"
            self._faults.add((*path, "enter"), f"a key change has sections, write {allowed}")
        elif not isinstance(issuing, spec.ChangeKey) and section not in ("", *(f"kct.{name}" for name in names)):
            what = f"{action.enter!r} is no token, write {label}, or {label}.kct.1 and so on for a section with it"
            self._faults.add((*path, "enter"), what)
        issued, entered = self._instants[source], self._instants[place]
        if entered < issued or (entered == issued and isinstance(self._actions[source], spec.Buy)):
            self._faults.add((*path, "at"), f"{action.enter!r} is entered before it is issued")

    def _sections(self, action: spec.ActionSpec) -> int:
        """How many key change sections an action issues, or may issue with a purchase."""
        if self._is_long(action.meter):
            return 4
        three = action.change_key.three_sections if isinstance(action, spec.ChangeKey) else True
        return 3 if three else 2

    def _is_long(self, meter: str) -> bool:
        """Whether a meter has 128-bit keys."""
        return meter in self._models and self._models[meter].encryption is Encryption.EA11

    def _check_power_cycles(self) -> None:
        back: dict[str, int] = {}
        cycles = [
            (self._instants[place], place, action)
            for place, action in enumerate(self._actions)
            if isinstance(action, spec.PowerCycle)
        ]
        for instant, place, action in sorted(cycles, key=lambda cycle: cycle[:2]):
            if instant <= back.get(action.meter, instant - 1):
                self._faults.add(("timeline", place, "at"), "the supply of this meter is away at that time already")
            back[action.meter] = max(back.get(action.meter, 0), instant + action.power_cycle)

    def _check_key_change(self, place: int) -> None:
        """Whether the key that a change goes to is there, given the changes before it in time."""
        action = self._actions[place]
        if not isinstance(action, spec.ChangeKey) or action.meter not in self._groups:
            return
        change, path = action.change_key, ("timeline", place, "change_key")
        if change.three_sections and self._is_long(action.meter):
            self._faults.add((*path, "three_sections"), "a meter with EA11 takes four sections, leave this out")
        group = change.supply_group or self._groups[action.meter]
        groups = self._scenario.supply_groups
        if not self._faults.known(group, groups, (*path, "supply_group"), "supply group"):
            return
        self._groups[action.meter] = group
        keys = {key.key_revision: key for key in groups[group].vending_keys}
        revisions = list(keys)
        if change.to in keys and keys[change.to].dkga is Dkga.DKGA02 and self._is_long(action.meter):
            what = "DKGA02 makes 64-bit keys only, and this meter has EA11; name a key of DKGA04"
            self._faults.add((*path, "to"), what)
        if change.to not in revisions:
            allowed = ", ".join(map(str, revisions))
            what = f"supply group {group} has no vending key of key revision {change.to}, allowed are {allowed}"
            self._faults.add((*path, "to"), what)

    # -- actions -----------------------------------------------------------------------------------------------

    def _action(self, place: int) -> values.Action:
        action = self._actions[place]
        common = self._common(place)
        if isinstance(action, spec.Buy):
            return values.Buy(
                **common,
                amount=action.buy.amount,
                service=action.bought_service,
                request=action.request,
                label=self._label(place, "purchase"),
                enter_after=action.enter_after,
                between_entries=action.between_entries,
                point_of_sale=action.point_of_sale,
                reserved_minute=action.reserved_minute,
            )
        if isinstance(action, spec.ChangeKey):
            change = action.change_key
            return values.ChangeKey(
                **common,
                plan=KeyChangePlan(
                    change.to, change.supply_group, change.tariff_index, change.key_expiry, change.three_sections
                ),
                with_purchase=change.with_purchase,
                label=self._label(place, "change"),
                point_of_sale=action.point_of_sale,
            )
        if isinstance(action, spec.Enter):
            label = action.enter.partition(".")[0] if action.enter[0].isalpha() else None
            issued_to = None if label is None else self._actions[self._issuing[label]].meter
            return values.Enter(**common, text=action.enter, issued_to=issued_to, digit_every=action.digit_every)
        if isinstance(action, spec.PowerCycle):
            return values.PowerCycle(**common, off_for=action.power_cycle)
        if isinstance(action, spec.Tamper):
            return values.Tamper(**common, cause=action.tamper)
        if isinstance(action, spec.Observe):
            return values.Observe(**common, note=action.observe)
        assert isinstance(action, spec.Manage)
        return values.Manage(
            **common,
            order=_order(action.manage),
            label=self._label(place, "order"),
            enter_after=action.enter_after,
            point_of_sale=action.point_of_sale,
            reserved_minute=action.reserved_minute,
        )

    def _label(self, place: int, kind: str) -> str:
        """The name of an action's token; one that nobody can write where the file gives none."""
        action = self._actions[place]
        assert isinstance(action, Issuing)
        return action.label or f"{kind} #{place + 1}"

    def _registers(self, place: int, expect: spec.Expect) -> tuple[tuple[Service, int], ...] | None:
        if expect.registers is None:
            return None
        return registers_of(self._faults, ("timeline", place, "expect", "registers"), expect.registers)

    def _common(self, place: int) -> values.ActionArguments:
        action, path = self._actions[place], ("timeline", place, "expect")
        expect = action.expect
        if expect is None:
            return {"at": self._instants[place], "meter": action.meter, "expect": None}
        expectation = values.Expectation(
            where=self._faults.source.where(path),
            place=path_text(path),
            result=expect.result,
            credit=None if expect.credit is None else expect.credit // WS_PER_TENTH,
            registers=self._registers(place, expect),
            switch=expect.switch,
            key_revision=expect.key_revision,
            presumed_key_revision=expect.presumed_key_revision,
            tariff_index=expect.tariff_index,
            pending_sections=expect.pending_sections,
            display=expect.display,
        )
        return {"at": self._instants[place], "meter": action.meter, "expect": expectation}


def registers_of(faults: Faults, path: Place, registers: Mapping[Service, Bought]) -> tuple[tuple[Service, int], ...]:
    """Contents of registers by service, in the unit of each; what is wrong is noted in `faults`."""
    for service, bought in registers.items():
        if service is Service.ELECTRICITY:
            faults.add(path, "the electricity register stands under credit")
        elif bought.unit != service.unit:
            faults.add(path, f"{bought} is no amount of {service.name.lower()}, write {service.unit}")
    return tuple((service, bought.amount) for service, bought in registers.items())


def _order(order: spec.ManageOrder) -> tuple[Management, int] | MeterTestToken | ExtendedFunction:
    if order.test is not None:
        return meter_test(spec.METER_TESTS[order.test], order.manufacturer or 0)
    if order.extended is not None:
        return ExtendedFunction(order.extended.function, order.extended.value)
    if order.power_limit is not None:
        return Management.SET_MAXIMUM_POWER_LIMIT, order.power_limit
    if order.unbalance_limit is not None:
        return Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT, order.unbalance_limit
    if order.clear_credit is not None:
        return Management.CLEAR_CREDIT, spec.CLEAR_REGISTERS[order.clear_credit]
    return Management.CLEAR_TAMPER_CONDITION, 0
