"""meter_sim: rehearse STS prepayment, from a token's bits to a household's year.

For rehearsal and tests with test keys; a software module must not serve a live system.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version as _version
from pathlib import Path
from typing import TYPE_CHECKING

from meter_sim.scenario.error import ScenarioError

if TYPE_CHECKING:
    from meter_sim.experiments.experiment import Experiment
    from meter_sim.results.result import Result

__all__ = ["ScenarioError", "__version__", "experiment", "read_result", "run"]

__version__ = _version("meter_sim")


def run(
    path: str | Path,
    *,
    scenario: str | None = None,
    set: Mapping[str, str] | None = None,
    seed: int | None = None,
    allow_code: bool = False,
) -> "Result":
    """Run a scenario file and return its result.

    `scenario` is one of those that the file names, None the file as it is. `set` overrides single values by path
    (`{"meters.0.credit": "5 kWh"}`), `seed` the scenario's seed. Expectations that were not met are in
    `Result.failures`. Behaviours in Python that the file names are run only with `allow_code`. Raises ScenarioError
    with a line for each fault of the file.
    """
    from meter_sim.engine.reference import run as run_reference
    from meter_sim.results.result import result_of
    from meter_sim.scenario.reader import read_scenario

    read = read_scenario(path, _overrides(set, seed), scenario=scenario, allow_code=allow_code)
    return result_of(read, run_reference(read))


def experiment(
    path: str | Path,
    *,
    scenarios: Sequence[str] = (),
    replications: int = 1,
    sweep: str | Mapping[str, str | Sequence[str]] | None = None,
    pairs: bool = False,
    baseline: str | None = None,
    workers: int = 1,
    set: Mapping[str, str] | None = None,
    seed: int | None = None,
    allow_code: bool = False,
) -> "Experiment":
    """Run the named scenarios of a file (`["all"]`: every one; none: the file as it is) with several seeds each.

    `sweep` is the name of one in the file, or values by path (`{"meters.0.credit": ["5 kWh", "9 kWh"]}`, or a range as
    text, `"5 kWh..9 kWh..2 kWh"`), each with each or with `pairs` side by side. Replication r has the same seed in
    every scenario. With more than one of `workers` a script needs `if __name__ == "__main__":` around the call.
    Behaviours in Python are run only with `allow_code`. Raises ScenarioError with a line for each fault of what is
    asked for.
    """
    from meter_sim.experiments.design import design
    from meter_sim.experiments.experiment import carry_out
    from meter_sim.scenario.reader import read_scenario_file

    sweeps = () if sweep is None else (sweep,) if isinstance(sweep, str) else tuple(sweep.items())
    designed = design(
        *read_scenario_file(path, _overrides(set, seed), allow_code=allow_code),
        scenarios=scenarios,
        sweeps=sweeps,
        pairs=pairs,
        replications=replications,
        baseline=baseline,
    )
    return carry_out(designed, workers=workers)


def _overrides(values: Mapping[str, str] | None, seed: int | None) -> dict[str, str]:
    return dict(values or {}) | ({} if seed is None else {"seed": str(seed)})


def read_result(folder: str | Path) -> "Result":
    """The result in a folder that `meter-sim run` wrote. Raises ResultError."""
    from meter_sim.results.result import read_result as read

    return read(folder)
