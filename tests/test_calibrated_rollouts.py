"""The four rollouts of 2023-2024 that ship: their counts have sources, and the scenarios come close to them.

Here with few meters and few runs; with METER_SIM_LONG=1 in full size.
"""

import csv
import re
from pathlib import Path

import pytest

from benchmarks.calibration import CASES, METERS, Choices, fitted, sized
from meter_sim.calibration.calibration import Errors
from meter_sim.calibration.observed import read_observed
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


@pytest.mark.parametrize(("name", "most"), [("eskom", 8), ("malawi", 12), ("namibia", 8), ("municipalities", 8)])
def test_a_fit_comes_near(name, most):
    """Root mean square error, percentage points; a town of 600 is a rough picture of a country."""
    choices, meters = (FULL, METERS) if LONG else (FEW, 600)
    done = fitted(BY_NAME[name], choices, early=False, meters=meters, engine="fleet")
    assert Errors.of(done.fitted).root_mean_square < most
