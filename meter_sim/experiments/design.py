"""What an experiment runs: scenarios, points of sweeps and seeds, all put together once before anything is run."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from meter_sim.experiments.seeds import replication_seed
from meter_sim.results.compare import DEFAULT_BASELINE
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.experiment import Point, Variant, combined, swept, swept_values, variants
from meter_sim.scenario.fields import nearest
from meter_sim.scenario.paths import shown
from meter_sim.scenario.scenario import Scenario
from meter_sim.scenario.scenario_file import AS_IT_IS, ScenarioFile
from meter_sim.scenario.schema_experiment import ALL
from meter_sim.scenario.trial import Trial

Sweep = str | tuple[str, str | Sequence[str]]
"""A sweep of the file by its name, `PATH=VALUES`, or a path with its values (a list, or their text)."""


@dataclass(frozen=True, slots=True)
class Design:
    """The runs of an experiment: every variant with every seed.

    `title` and `timezone` are the file's, `spans` the first and last second of each variant.
    """

    file: ScenarioFile
    title: str
    timezone: str
    variants: tuple[Variant, ...]
    spans: tuple[tuple[int, int], ...]
    seeds: tuple[int, ...]
    baseline: str

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of the scenarios, in their order."""
        return tuple(dict.fromkeys(variant.scenario for variant in self.variants))


def design(
    file: ScenarioFile,
    as_it_is: Scenario,
    *,
    scenarios: Sequence[str] = (),
    sweeps: Sequence[Sweep] = (),
    pairs: bool = False,
    replications: int = 1,
    baseline: str | None = None,
) -> Design:
    """The runs of the chosen scenarios (`all`: every one; none: the file as it is) at the points of the sweeps.

    Several sweeps are every combination of their points, or with `pairs` go side by side. Each variant is put together
    once. Raises ScenarioError with a line for each fault.
    """
    names = _chosen(file, scenarios)
    name = _baseline(names, baseline)
    points = combined([_points(file, sweep) for sweep in sweeps], pairs=pairs)
    chosen = {name: file.overrides_of(name) if scenarios else () for name in names}
    runs = variants(chosen, points, file.sets)
    seeds = tuple(replication_seed(as_it_is.seed, replication) for replication in range(replications))
    return Design(file, as_it_is.name, as_it_is.timezone, runs, _spans(file, runs), seeds, name)


def _points(file: ScenarioFile, sweep: Sweep) -> tuple[Point, ...]:
    if isinstance(sweep, str):
        return swept(sweep) if "=" in sweep else file.sweep(sweep)
    path, values = sweep
    return swept(f"{path}={values}") if isinstance(values, str) else swept_values(path, values)


def _chosen(file: ScenarioFile, scenarios: Sequence[str]) -> list[str]:
    if not scenarios:
        return [AS_IT_IS]
    names: list[str] = []
    for name in scenarios:
        if name == ALL:
            names += file.scenarios
            if not file.scenarios:
                raise ScenarioError(f"{file.source.name}: --scenario all: the file defines no scenarios")
        else:
            file.overrides_of(name)
            names.append(name)
    return list(dict.fromkeys(names))


def _baseline(names: Sequence[str], wanted: str | None) -> str:
    if wanted is None:
        return DEFAULT_BASELINE if DEFAULT_BASELINE in names else names[0]
    if wanted not in names:
        raise ScenarioError(f"--baseline: no scenario {shown(repr(wanted))} is run, {nearest(wanted, list(names))}")
    return wanted


def _spans(file: ScenarioFile, runs: Sequence[Variant]) -> tuple[tuple[int, int], ...]:
    """First and last second of each variant, which is put together for that. Raises ScenarioError."""
    trial = Trial()
    spans = []
    for variant in runs:
        told = ", ".join(f"{path}={value}" for path, value in variant.parameters.items())
        what = f"{variant.label}: {told}" if told else variant.label
        scenario = trial.tried(shown(what), partial(file.scenario, variant, trial=True))
        if scenario is not None:
            spans.append((scenario.start, scenario.end))
    trial.stop()
    return tuple(spans)
