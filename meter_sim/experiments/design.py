"""What an experiment runs: scenarios, points of sweeps and seeds, all put together once before anything is run."""

from collections.abc import Sequence
from dataclasses import dataclass

from meter_sim.experiments.seeds import replication_seed
from meter_sim.results.compare import DEFAULT_BASELINE
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.experiment import Variant, combined, swept, variants
from meter_sim.scenario.fields import nearest
from meter_sim.scenario.paths import shown
from meter_sim.scenario.scenario import Scenario
from meter_sim.scenario.scenario_file import AS_IT_IS, ScenarioFile
from meter_sim.scenario.schema_experiment import ALL


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
    sweeps: Sequence[str] = (),
    pairs: bool = False,
    replications: int = 1,
    baseline: str | None = None,
) -> Design:
    """The runs of the chosen scenarios (`all`: every one; none: the file as it is) at the points of the sweeps.

    A sweep is the name of one in the file, or `PATH=VALUES`; several are every combination of their points, or with
    `pairs` go side by side. Each variant is put together once. Raises ScenarioError with a line for each fault.
    """
    names = _chosen(file, scenarios)
    name = _baseline(names, baseline)
    points = combined([swept(text) if "=" in text else file.sweep(text) for text in sweeps], pairs=pairs)
    chosen = {name: file.overrides_of(name) if scenarios else () for name in names}
    runs = variants(chosen, points, file.sets)
    seeds = tuple(replication_seed(as_it_is.seed, replication) for replication in range(replications))
    return Design(file, as_it_is.name, as_it_is.timezone, runs, _spans(file, runs), seeds, name)


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
    """The span of each variant, which is put together for that; what is wrong with several is told once."""
    spans = []
    faults: list[str] = []
    for variant in runs:
        try:
            scenario = file.scenario(variant)
        except ScenarioError as error:
            faults += error.faults
        else:
            spans.append((scenario.start, scenario.end))
    if faults:
        raise ScenarioError(*dict.fromkeys(faults))
    return tuple(spans)
