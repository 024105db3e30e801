"""What is to be fitted to what: a scenario file, its parameters and the counts, all checked before anything is run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from meter_sim.calibration.calibration import Choices
from meter_sim.calibration.curve import Count
from meter_sim.calibration.observed import Point, check_in_run, read_observed
from meter_sim.calibration.parameter import check_bounds, parameters_of
from meter_sim.calibration.runs import Subject, subject_of
from meter_sim.scenario.reader import read_scenario_file
from meter_sim.sharded.engines import AUTO


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
