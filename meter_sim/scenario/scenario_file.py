"""A scenario file with its overrides, named scenarios and sweeps, all of them checked before anything is run."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from meter_sim.scenario.builder import build
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.experiment import Point, Variant, check_apart, check_parameter, check_reachable
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.fields import nearest
from meter_sim.scenario.form import validated
from meter_sim.scenario.paths import Override, check_path, put, shown
from meter_sim.scenario.scenario import Scenario
from meter_sim.scenario.schema_experiment import SECTIONS, SweepSpec
from meter_sim.scenario.source import Source, Value
from meter_sim.scenario.trial import Trial

AS_IT_IS = "base"
"""The name of a run of the file as it is, without any scenario."""


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """A file that was read, found good, and can be put together in many ways.

    `source` is what it says without its sections on experiments; `sets` are put on top of every scenario. It can go to
    another process.
    """

    source: Source
    folder: Path
    sets: tuple[Override, ...]
    overrides: Mapping[str, tuple[Override, ...]]
    scenarios: Mapping[str, tuple[str, ...]]
    sweeps: Mapping[str, tuple[Point, ...]]
    allow_code: bool = False

    def overrides_of(self, scenario: str) -> tuple[Override, ...]:
        """The overrides of a named scenario, in their order. Raises ScenarioError if there is none of this name."""
        if scenario not in self.scenarios:
            if not self.scenarios:
                raise ScenarioError(f"{self.source.name}: no scenario is called {scenario!r}, the file defines none")
            raise ScenarioError(
                f"{self.source.name}: no scenario is called {shown(repr(scenario))}, "
                f"{nearest(scenario, list(self.scenarios))}"
            )
        return tuple(override for name in self.scenarios[scenario] for override in self.overrides[name])

    def sweep(self, name: str) -> tuple[Point, ...]:
        """The points of a named sweep. Raises ScenarioError if there is none of this name."""
        if name not in self.sweeps:
            known = nearest(name, list(self.sweeps)) if self.sweeps else "the file defines none"
            raise ScenarioError(
                f"{self.source.name}: no sweep is called {shown(repr(name))}, {known}; or write PATH=VALUES"
            )
        return self.sweeps[name]

    def variant(self, scenario: str | None = None) -> Variant:
        """The way of running a named scenario, or the file as it is. Raises ScenarioError."""
        overrides = () if scenario is None else self.overrides_of(scenario)
        return Variant(scenario or AS_IT_IS, 0, {}, (*overrides, *self.sets))

    def scenario(
        self,
        variant: Variant,
        seed: int | None = None,
        *,
        trial: bool = False,
        drawn: bool = True,
        resolved: bool = True,
    ) -> Scenario:
        """The scenario of one run; `seed` in place of the file's. Raises ScenarioError.

        Unless `drawn`, the meters of a numbered population are drawn later: `Scenario.population`. A `trial` is one
        that is looked at and not run, so that nothing is drawn for it. Unless `resolved`, it is not written out.
        """
        source = self.source.without(())
        for override in variant.overrides:
            check_path(override, source.tree, variant.overrides, entries_only=override.origin.startswith("--set"))
            put(source, override)
        if seed is not None:
            put(source, Override("seed", str(seed), "--seed"))
        return build(
            source,
            validated(source),
            self.folder,
            allow_code=self.allow_code,
            drawn=drawn and not trial,
            resolved=resolved and not trial,
        )


def checked(
    source: Source,
    whole: Source,
    sets: tuple[Override, ...],
    folder: Path,
    *,
    allow_code: bool = False,
    drawn: bool = True,
) -> tuple[ScenarioFile, Scenario]:
    """A file and the scenario that it is as it is, after a look at everything in it.

    `source` is without the overrides of `sets`, `whole` with them. Raises ScenarioError with a line for each fault.
    """
    spec = validated(whole)
    faults = Faults(whole)
    for name, names in spec.scenarios.items():
        for place, override in enumerate(names):
            faults.known(override, spec.overrides, ("scenarios", name, place), "override")
    faults.stop()
    file = ScenarioFile(
        source.without(SECTIONS),
        folder,
        sets,
        {name: _overrides(whole, name, values) for name, values in spec.overrides.items()},
        spec.scenarios,
        {name: _points(whole, name, sweep) for name, sweep in spec.sweeps.items()},
        allow_code,
    )
    as_it_is = build(whole, spec, folder, allow_code=allow_code, drawn=drawn)
    _check_all(file)
    return file, as_it_is


def _origin(source: Source, *path: str) -> str:
    """Where an override or the values of a sweep stand: `town.yaml:57: overrides.busy.meters.0.credit`."""
    return f"{source.where(path)}: {shown('.'.join(path))}"


def _overrides(source: Source, name: str, values: Mapping[str, object]) -> tuple[Override, ...]:
    return tuple(
        Override(path, _value(value), _origin(source, "overrides", name, path)) for path, value in values.items()
    )


def _points(source: Source, name: str, sweep: SweepSpec) -> tuple[Point, ...]:
    kind = "grid" if sweep.grid is not None else "pairs"
    origins = {path: _origin(source, "sweeps", name, kind, path) for path in sweep.axes}
    return tuple(tuple(Override(path, _value(value), origins[path]) for path, value in point) for point in sweep.points)


def _value(value: object) -> Value:
    assert value is None or isinstance(value, str | list | dict)  # as it was read from the file
    return value


def _check_all(file: ScenarioFile) -> None:
    """Put together every scenario, override and value of a sweep. Raises ScenarioError."""
    trial = Trial()
    for name, overrides in file.overrides.items():
        trial.tried(f"override {name}", partial(check_reachable, overrides))
    for name, points in file.sweeps.items():
        trial.tried(f"sweep {name}", partial(_check_sweep, points))
    trial.stop()
    for name in file.scenarios:
        trial.tried(f"scenario {name}", partial(file.scenario, file.variant(name), trial=True))
    used = {override for names in file.scenarios.values() for override in names}
    for name, overrides in file.overrides.items():
        if name not in used:
            alone = Variant(AS_IT_IS, 0, {}, (*overrides, *file.sets))
            trial.tried(f"override {name}", partial(file.scenario, alone, trial=True))
    trial.stop()
    for name, points in file.sweeps.items():
        for point in _few(points):
            trial.tried(f"sweep {name}", partial(_put_somewhere, file, point))
    trial.stop()


def _put_somewhere(file: ScenarioFile, point: Point) -> None:
    """Put a point on the file as it is, or on the first scenario that takes it. Raises ScenarioError."""
    first: ScenarioError | None = None
    for variant in (file.variant(), *map(file.variant, file.scenarios)):
        try:
            file.scenario(Variant(variant.scenario, 0, {}, (*variant.overrides, *point)), trial=True)
        except ScenarioError as error:
            first = first or error
        else:
            return
    assert first is not None
    raise first


def _few(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points in which each value of each path stands at least once; of pairs that is every one."""
    seen: set[tuple[str, str]] = set()
    few = []
    for point in points:
        values = {(override.path, repr(override.value)) for override in point}
        if not values <= seen:
            few.append(point)
            seen |= values
    return tuple(few)


def _check_sweep(points: tuple[Point, ...]) -> None:
    check_apart(points[0])
    for point in _few(points):
        for override in point:
            check_parameter(override)
