"""meter-sim calibrate and forecast: what they write, what they say, and what they refuse."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from meter_sim.calibration.calibration import Choices, calibrate
from meter_sim.calibration.curve import Count
from meter_sim.calibration.prepare import prepared
from meter_sim.cli import main

TOWN = str(Path(__file__).parent.parent / "scenarios" / "rollover_self_entry.yaml")
SMALL = {"start": "2024-06-25 00:00", "end": "2024-08-01 00:00", "population.count": "12"}
SETS = [part for path, value in SMALL.items() for part in ("--set", f"{path}={value}")]
FIT = "customers.vacant.share=1%..20%"
FEW = [*SETS, "--evaluations", "3", "--seeds", "1", "--replications", "2", "--engine", "reference"]
COUNTS = "date,percent\n2024-07-10,30\n2024-07-20,55\n2024-07-30,65\n"
LATER = "2024-07-25"


@pytest.fixture
def counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "counts.csv"
    path.write_text(COUNTS)
    return str(path)


def invoke(*arguments):
    return CliRunner().invoke(main, list(arguments))


def files(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_calibrate_writes_a_folder_at_once(counts):
    result = invoke("calibrate", TOWN, "--observed", counts, "--fit", FIT, *FEW)
    assert result.exit_code == 0, result.output
    folder = Path("results/rollover_self_entry_fit")
    assert set(files(folder)) == {"fit.json", "curve.csv", "curve.parquet", "residuals.csv", "fit.png"}
    told = json.loads((folder / "fit.json").read_text())
    assert told["parameters"][0]["path"] == "customers.vacant.share"
    assert told["set"] == [f"customers.vacant.share={told['parameters'][0]['value']}"]
    assert told["fitted"]["counts"] == 3
    rows = list(csv.DictReader((folder / "residuals.csv").read_text().splitlines()))
    assert [row["date"] for row in rows] == ["2024-07-10", "2024-07-20", "2024-07-30"]
    for row in rows:
        assert float(row["residual"]) == pytest.approx(float(row["curve"]) - float(row["observed"]), abs=1e-3)
        assert float(row["low_95"]) <= float(row["low_50"]) <= float(row["high_50"]) <= float(row["high_95"])
    curve = list(csv.DictReader((folder / "curve.csv").read_text().splitlines()))
    assert (curve[0]["date"], curve[-1]["date"]) == ("2024-06-25", "2024-07-31")
    assert {row["date"]: row["percent"] for row in curve}["2024-07-20"] == rows[1]["curve"]
    assert "written to results/rollover_self_entry_fit" in result.stdout
    assert "root mean square error" in result.stdout


def test_forecast_holds_later_counts_back(counts):
    day = ["--until", LATER, "--deadline", "2024-07-31"]
    result = invoke("forecast", TOWN, "--observed", counts, "--fit", FIT, *day, "--no-plot", "--out", "ahead", *FEW)
    assert result.exit_code == 0, result.output
    assert set(files("ahead")) == {"fit.json", "curve.csv", "curve.parquet", "residuals.csv", "outcomes.csv"}
    told = json.loads(Path("ahead/fit.json").read_text())
    assert (told["fitted"]["counts"], told["held_back"]["counts"], told["fitted_until"]) == (2, 1, LATER)
    assert told["forecast"]["date"] == "2024-07-31"
    outcomes = list(csv.DictReader(Path("ahead/outcomes.csv").read_text().splitlines()))
    assert len(outcomes) == 2
    assert len({row["seed"] for row in outcomes}) == 2
    assert "on 2024-07-31: " in result.stdout
    assert "of 1 counts that were held back: " in result.stdout


def test_the_files_depend_on_neither_workers_nor_engine_options(counts):
    for workers, out in (("1", "one"), ("2", "two"), ("1", "one")):  # the third replaces the first
        result = invoke("calibrate", TOWN, "--observed", counts, "--fit", FIT, "--out", out, "--workers", workers, *FEW)
        assert result.exit_code == 0, result.output
    assert files("one") == files("two")


@pytest.mark.parametrize("option", [("--count", "true"), ("--seed", "5"), ("--seeds", "2"), ("--evaluations", "12")])
def test_every_option_has_an_effect(counts, option):
    curves = set()
    for number, more in enumerate(((), option)):
        result = invoke(
            "calibrate", TOWN, "--observed", counts, "--fit", FIT, "--no-plot", "--out", str(number), *FEW, *more
        )
        assert result.exit_code == 0, result.output
        curves.add(files(str(number))["fit.json"])
    assert len(curves) == 2


def test_the_fitted_values_run_to_the_curve(counts):
    """What is written as `set` gives the curve that is told, run by run."""
    choices = Choices(3, 1, 2)
    subject, points = prepared(TOWN, counts, [FIT], choices, set=SMALL, count=Count.REGISTER, engine="reference")
    done = calibrate(subject, points, choices)
    sets = SMALL | {each.parameter.path: each.text for each in done.estimates}
    again, _ = prepared(TOWN, counts, ["customers.often.share=38%..38.5%"], choices, set=sets, engine="reference")
    from meter_sim.calibration.runs import curve_of

    curves = [curve_of(again, ("38%",), seed) for seed in again.seeds(2)]
    assert sum(curves) / 2 == pytest.approx(done.curve)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--fit", "customers.vacant.share=1%"], "--fit customers.vacant.share: write PATH=LOW..HIGH"),
        (["--fit", FIT, "--set", "population"], "--set: write PATH=VALUE"),
        (["--fit", FIT, "--observed", "none.csv"], "none.csv: cannot be read: No such file or directory"),
        (["--fit", FIT, "--out", "held"], "held: holds thing.txt, which is no calibration"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(counts, arguments, told):
    Path("held").mkdir()
    Path("held/thing.txt").touch()
    before = sorted(path for path in Path().rglob("*"))
    observed = [] if "--observed" in arguments else ["--observed", counts]
    result = invoke("calibrate", TOWN, *observed, *FEW, *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert sorted(path for path in Path().rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--until", "soon"], "--until: 'soon' is no date, write 2024-11-24, 2024-11 or 2024"),
        (["--until", LATER, "--deadline", "2030"], "--deadline: 2030-12-31 is not within the scenario's run of"),
        (["--until", "2024-07-01"], "--until: the first count is of 2024-07-10, so none is left to fit"),
    ],
)
def test_a_wrong_day_is_one_line(counts, arguments, told):
    result = invoke("forecast", TOWN, "--observed", counts, "--fit", FIT, *FEW, *arguments)
    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_scenario_without_programme_is_refused(counts):
    home = str(Path(TOWN).with_name("household_rollover.yaml"))
    result = invoke("calibrate", home, "--observed", counts, "--fit", "meters.0.credit=5 kWh..9 kWh")
    assert result.exit_code == 2
    assert "no programme in areas, so nothing migrates; add programme and areas" in result.stderr


def test_the_fleet_engine_is_refused_where_it_cannot(counts, tmp_path):
    home = '{name: home, pan: "600727000000000009", supply_group: "123457", key_revision: 1, area: town, credit: 5 kWh}'
    look = "{at: 2024-07-02 00:00, observe: a look, meter: home}"
    text = f"{Path(TOWN).read_text()}\nmeters: [{home}]\ntimeline: [{look}]\n"
    (tmp_path / "listed.yaml").write_text(text)
    result = invoke("calibrate", "listed.yaml", "--observed", counts, "--fit", FIT, *SETS, "--engine", "fleet")
    assert result.exit_code == 2
    assert "--engine fleet: the scenario has a timeline; take --engine reference" in result.stderr
