"""The four rollouts of 2023-2024 that ship: their counts have sources, and the scenarios come close to them.

Here with few meters and few runs; with METER_SIM_LONG=1 in full size, held to the table in the README.
"""

import csv
import re
from pathlib import Path

import pytest

from benchmarks.calibration import CASES, METERS, Choices, fitted, sized
from meter_sim.calibration.calibration import Errors
from meter_sim.calibration.observed import days_of, read_observed
from meter_sim.scenario.reader import read_scenario
from tests.kit import LONG

ROOT = Path(__file__).parent.parent
SCENARIOS = ROOT / "scenarios"
NAMES = [case.name for case in CASES]
FEW = Choices(evaluations=8, seeds=1, replications=2)
FULL = Choices(evaluations=30, seeds=1, replications=10)
BY_NAME = {case.name: case for case in CASES}


def test_every_case_ships_with_its_counts():
    assert sorted(path.stem for path in (SCENARIOS / "calibrated").glob("*.yaml")) == sorted(NAMES)
    assert sorted(path.stem for path in (SCENARIOS / "observed").glob("*.csv")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_count_has_its_source(name):
    path = SCENARIOS / "observed" / f"{name}.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == len(read_observed(path))
    for row in rows:
        assert re.fullmatch(r"https?://\S+", row["source_url"])
        assert row["note"]


@pytest.mark.parametrize("name", NAMES)
def test_a_case_has_the_meters_that_its_bounds_are_for(name):
    scenario = read_scenario(SCENARIOS / "calibrated" / f"{name}.yaml", drawn=False)
    assert scenario.meter_count == METERS


def test_bounds_of_visits_go_with_the_number_of_meters():
    assert sized("areas.a.depot.visits_per_day=10..40", 1000) == "areas.a.depot.visits_per_day=2..8"
    assert sized("areas.a.share=10%..40%", 1000) == "areas.a.share=10%..40%"


def row_of(name):
    """The cells of a rollout's row in the README's table."""
    [row] = re.findall(rf"^\| {name} \|(.*)\|$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return [cell.strip() for cell in row.split("|")]


@pytest.mark.parametrize("name", NAMES)
def test_the_table_is_of_these_cases(name):
    counts, _, _, until, held_back, *_ = row_of(name)
    points = read_observed(SCENARIOS / "observed" / f"{name}.csv")
    assert until == BY_NAME[name].until
    assert int(counts) == len(points)
    assert int(held_back) == sum(point.last > days_of(until, "")[1] for point in points)


@pytest.mark.parametrize(("name", "most"), [("eskom", 8), ("malawi", 12), ("namibia", 8), ("municipalities", 8)])
def test_a_fit_comes_near(name, most):
    """Root mean square error, percentage points; a town of 600 is a rough picture of a country."""
    if LONG:
        in_full_size(name)
        return
    errors = Errors.of(fitted(BY_NAME[name], FEW, early=False, meters=600, engine="fleet").fitted)
    assert errors.root_mean_square < most


def in_full_size(name):
    """The fits are as the table says."""
    _, rms, greatest, _, _, rms_ahead, greatest_ahead, inside = row_of(name)
    whole, early = (fitted(BY_NAME[name], FULL, early=ahead, workers=2) for ahead in (False, True))
    for several, mean_told, most_told in ((whole.fitted, rms, greatest), (early.held_back, rms_ahead, greatest_ahead)):
        errors = Errors.of(several)
        assert errors.root_mean_square == pytest.approx(float(mean_told), abs=0.5)
        assert errors.greatest == pytest.approx(float(most_told), abs=1)
    assert abs(sum(each.is_inside(0.95) for each in early.held_back) - int(inside)) <= 1
