"""What is to be fitted to what: a scenario file, its parameters and the counts, all checked before anything is run.

A calibration and a forecast from files, in one call each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from meter_sim.calibration.calibration import Calibration, Choices, calibrate
from meter_sim.calibration.curve import Count
from meter_sim.calibration.error import CalibrationError
from meter_sim.calibration.forecast import Forecast, check_deadline, forecast
from meter_sim.calibration.observed import Point, check_in_run, days_of, read_observed
from meter_sim.calibration.parameter import check_bounds, parameters_of
from meter_sim.calibration.runs import Subject, subject_of
from meter_sim.scenario.reader import read_scenario_file
from meter_sim.sharded.engines import AUTO, ENGINES


def prepared(
    scenario: str | Path,
    observed: str | Path,
    fit: Sequence[str],
    choices: Choices,
    *,
    set: Mapping[str, str] | None = None,
    count: Count = Count.REGISTER,
    engine: str = AUTO,
) -> tuple[Subject, tuple[Point, ...]]:
    """The subject and the counts of files.

    `fit` are parameters as `PATH=LOW..HIGH`, `set` single values by path that take the place of the file's. Raises
    CalibrationError, or ScenarioError with a line for each fault.
    """
    points = read_observed(Path(observed))
    file, _ = read_scenario_file(scenario, set, drawn=False)
    parameters = parameters_of(fit, file)
    check_bounds(parameters, file)
    subject = subject_of(file, parameters, count, engine, choices.runs)
    check_in_run(points, subject.first_day, subject.last_day)
    return subject, points


def calibrated(
    scenario: str | Path,
    observed: str | Path,
    fit: Sequence[str] | Mapping[str, str],
    choices: Choices,
    *,
    set: Mapping[str, str],
    count: str,
    engine: str,
    workers: int,
    deadline: int | None = None,
) -> Calibration:
    """A scenario file fitted to the counts of another, all of it checked first, also the day of a forecast.

    `fit` are bounds by path, or texts as `prepared` takes them. Raises CalibrationError, ScenarioError.
    """
    kinds = [kind.value for kind in Count]
    for name, wanted, allowed in (("count", count, kinds), ("engine", engine, [AUTO, *ENGINES])):
        if wanted not in allowed:
            raise CalibrationError(f"{name}: {wanted!r} is not known, allowed are {', '.join(allowed)}")
    least = {"evaluations": 3, "seeds": 1, "replications": 2}
    numbers = {name: (getattr(choices, name), fewest) for name, fewest in least.items()} | {"workers": (workers, 1)}
    for name, (number, fewest) in numbers.items():
        if number < fewest:
            raise CalibrationError(f"{name}: {number} is below {fewest}")
    texts = [f"{path}={bounds}" for path, bounds in fit.items()] if isinstance(fit, Mapping) else fit
    subject, points = prepared(scenario, observed, texts, choices, set=set, count=Count(count), engine=engine)
    if deadline is not None:
        check_deadline(deadline, subject.first_day, subject.last_day)
    return calibrate(subject, points, choices, workers=workers)


def foretold(
    scenario: str | Path,
    observed: str | Path,
    fit: Sequence[str] | Mapping[str, str],
    choices: Choices,
    *,
    until: str,
    deadline: str | None,
    set: Mapping[str, str],
    count: str,
    engine: str,
    workers: int,
) -> Forecast:
    """The same with the counts up to a day, and the outcomes on another. Raises CalibrationError, ScenarioError."""
    day = None if deadline is None else days_of(deadline, "deadline")[1]
    early = replace(choices, until=days_of(until, "until")[1])
    calibration = calibrated(
        scenario, observed, fit, early, set=set, count=count, engine=engine, workers=workers, deadline=day
    )
    return forecast(calibration, day)
