"""meter_sim: rehearse STS prepayment, from a token's bits to a household's year.

For rehearsal and tests with test keys; a software module must not serve a live system.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version as _version
from pathlib import Path
from typing import TYPE_CHECKING

from meter_sim.calibration.error import CalibrationError
from meter_sim.scenario.error import ScenarioError
from meter_sim.vending.decoder_key import decoder_key

if TYPE_CHECKING:
    from meter_sim.calibration.calibration import Calibration
    from meter_sim.calibration.forecast import Forecast
    from meter_sim.experiments.experiment import Experiment
    from meter_sim.results.result import Result

__all__ = [
    "CalibrationError",
    "ScenarioError",
    "__version__",
    "calibrate",
    "decoder_key",
    "experiment",
    "forecast",
    "read_result",
    "run",
]

__version__ = _version("meter_sim")


def run(
    path: str | Path,
    *,
    scenario: str | None = None,
    set: Mapping[str, str] | None = None,
    seed: int | None = None,
    engine: str = "auto",
    workers: int = 1,
    events: str | None = None,
    allow_code: bool = False,
) -> "Result":
    """Run a scenario file and return its result.

    `scenario` is one of those that the file names, None the file as it is. `set` overrides single values by path
    (`{"meters.0.credit": "5 kWh"}`), `seed` the scenario's seed. Expectations that were not met are in
    `Result.failures`. Behaviours in Python that the file names are run only with `allow_code`.

    `engine` is `fleet`, `reference`, or `auto`: the fleet engine for a run of at least 1,000,000 meter-days without
    timeline and without Python, else the reference engine. `workers` are processes side by side; a script that takes
    more than one needs `if __name__ == "__main__":` around the call. Of meters that are not listed by themselves
    `events` keeps `all`, `refusals`, `none`, or all of a share of them (`sample:1%`); None keeps all of a run of at
    most 1,000,000 meter-days, and of a larger one the refusals.

    Raises ScenarioError with a line for each fault of the file, and for an engine that cannot run it.
    """
    from meter_sim.sharded.in_memory import run_file

    return run_file(
        path,
        _overrides(set, seed),
        scenario=scenario,
        engine=engine,
        workers=workers,
        events=events,
        allow_code=allow_code,
    )


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


def calibrate(
    scenario: str | Path,
    observed: str | Path,
    fit: Mapping[str, str] | Sequence[str],
    *,
    count: str = "register",
    evaluations: int = 60,
    seeds: int = 2,
    replications: int = 20,
    engine: str = "auto",
    workers: int = 1,
    set: Mapping[str, str] | None = None,
    seed: int | None = None,
) -> "Calibration":
    """Fit values of a scenario file to the dated counts of a CSV file, as `meter-sim calibrate` does.

    `fit` are bounds by path (`{"customers.zero.share": "10%..35%"}`), or paths alone. `count` says what counts as
    migrated: `register`, `confirmed` or `true`. At most so many `evaluations` (sets of values, at least 3) are tried,
    each with so many `seeds`; the bands come of so many `replications` (at least 2). The result does not depend on
    `workers`.

    Raises CalibrationError for counts and bounds, ScenarioError for the scenario, before anything is run.
    """
    from meter_sim.calibration.calibration import Choices
    from meter_sim.calibration.prepare import calibrated

    choices = Choices(evaluations, seeds, replications)
    overrides = _overrides(set, seed)
    return calibrated(scenario, observed, fit, choices, set=overrides, count=count, engine=engine, workers=workers)


def forecast(
    scenario: str | Path,
    observed: str | Path,
    fit: Mapping[str, str] | Sequence[str],
    *,
    until: str,
    deadline: str | None = None,
    count: str = "register",
    evaluations: int = 60,
    seeds: int = 2,
    replications: int = 20,
    engine: str = "auto",
    workers: int = 1,
    set: Mapping[str, str] | None = None,
    seed: int | None = None,
) -> "Forecast":
    """Fit to the counts up to the day `until` and run on, as `meter-sim forecast` does; the later counts are held back.

    Days are texts such as `2024-06-30`; `deadline` is the day that is foretold, by default the last of credit under
    the old key. All else is as with `calibrate`.
    """
    from meter_sim.calibration.calibration import Choices
    from meter_sim.calibration.prepare import foretold

    return foretold(
        scenario,
        observed,
        fit,
        Choices(evaluations, seeds, replications),
        until=until,
        deadline=deadline,
        set=_overrides(set, seed),
        count=count,
        engine=engine,
        workers=workers,
    )


def _overrides(values: Mapping[str, str] | None, seed: int | None) -> dict[str, str]:
    return dict(values or {}) | ({} if seed is None else {"seed": str(seed)})


def read_result(folder: str | Path) -> "Result":
    """The result in a folder that `meter-sim run` wrote. Raises ResultError."""
    from meter_sim.results.result import read_result as read

    return read(folder)
