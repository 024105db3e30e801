"""What a rollout leaves in a folder, and the options of the command line that have to do with it."""

import json

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import meter_sim
from meter_sim.cli import main
from meter_sim.results import tables
from meter_sim.results.area_day import ALL
from meter_sim.results.result import read_result
from tests.keep_summaries import SCENARIOS
from tests.rollout import DEPOT, DESK, town, write
from tests.test_rollout import MIXED, OWN

TWO_AREAS = {
    "areas": {"north": {"share": "40%", "help_desk": DESK}, "south": {"depot": DEPOT}},
    "programme.phases": {
        "north": {"start": "2024-09-15", "channel": "with_purchase"},
        "south": {"start": "2024-09-16", "channel": "crew"},
    },
    "end": "2024-10-15 00:00",
}


def cli(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return town(tmp_path_factory.mktemp("two"), TWO_AREAS)


def test_a_result_with_areas_is_read_as_it_was_written(result, tmp_path):
    result.write(tmp_path / "out")
    again = read_result(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "areas.parquet", "daily.parquet", "events.parquet", "meters.parquet", "programme.png", "readings.parquet",
        "scenario.yaml", "summary.json",
    ]  # fmt: skip
    assert again.areas_table.equals(result.areas_table)
    assert again.meters_table.equals(result.meters_table)
    assert again.summary == result.summary
    assert again.has_areas
    assert (tmp_path / "out" / "programme.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_of_areas_has_each_area_and_all(result):
    frame = result.areas
    assert list(frame.columns) == tables.AREAS.names
    assert list(frame.area.unique()) == ["north", "south", ALL]
    both = frame[frame.area != ALL].groupby("date")[["meters", "purchases", "used_ws", "CRCError"]].sum()
    whole = frame[frame.area == ALL].set_index("date")[["meters", "purchases", "used_ws", "CRCError"]]
    assert both.equals(whole)
    assert len(frame) == 3 * 44


def test_the_table_of_meters_adds_up_to_the_summary(result):
    frame = result.meters
    assert len(frame) == 30
    changed = result.summary["answers"]["rate_and_start"]["(all)"]["changed_at_end"]
    assert (frame["true"] == "new key").sum() == changed
    fates = frame[[name for name in frame.columns if name.startswith("tokens_") and name != "tokens_issued"]]
    assert (fates.sum(axis=1) == frame.tokens_issued).all()


def test_the_summary_is_the_run_s(result):
    summary = result.summary
    assert list(summary["areas"]) == ["north", "south", ALL]
    for name in ("purchases", "tokens_issued", "used_ws"):
        parts = [summary["areas"][area]["over_run"][name] for area in ("north", "south")]
        assert sum(parts) == summary["areas"][ALL]["over_run"][name]
    assert summary["measures"]["sales"] == summary["areas"][ALL]["over_run"]["purchases"]


def test_run_prints_the_areas_and_writes_the_pictures(tmp_path):
    outcome = cli("run", write(tmp_path, TWO_AREAS), "--out", tmp_path / "out")
    assert outcome.exit_code == 0
    lines = outcome.output.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["area", "north", "south", "(all)"]
    assert lines[5].startswith("without supply: ")
    (tmp_path / "out" / "programme.png").unlink()
    assert cli("plot", tmp_path / "out").output == f"written {tmp_path / 'out' / 'programme.png'}\n"
    assert (tmp_path / "out" / "programme.png").stat().st_size > 20_000


@pytest.mark.parametrize("events", ["all", "refusals", "none"])
def test_events_says_what_is_kept(tmp_path, events):
    out = tmp_path / events
    assert cli("run", write(tmp_path, TWO_AREAS), "--out", out, "--events", events, "--no-plot").exit_code == 0
    results = set(pq.read_table(out / "events.parquet").column("result").to_pylist())
    if events == "all":
        assert {"Accept", "CRCError", "Issued"} <= results
    elif events == "refusals":
        assert "CRCError" in results
        assert not {"Accept", "Issued", ""} & results
    else:
        assert results == set()
    summary = json.loads((out / "summary.json").read_text())
    assert summary["entries"]["Accept"] > 20


def test_a_behaviour_runs_only_where_code_is_allowed(tmp_path):
    (tmp_path / "own_habits.py").write_text(OWN)
    buyers = {"share": "80%", "behaviour": "own_habits:Sunday", "options": {"days": "7"}}
    file = write(tmp_path, {"customers.buyers": buyers, "end": "2024-10-01 00:00"})
    for command in (("validate", file), ("run", file, "--out", tmp_path / "out")):
        refused = cli(*command)
        assert refused.exit_code == 2
        assert refused.output.count("\n") == 1
        assert "customers.buyers.behaviour: this runs Python code" in refused.output
        assert "--allow-code" in refused.output
        assert not (tmp_path / "out").exists()
        assert cli(*command, "--allow-code").exit_code == 0


def test_a_behaviour_that_fails_leaves_nothing_behind(tmp_path):
    (tmp_path / "failing_habits.py").write_text(
        "from meter_sim.people.behaviour import Behaviour\n"
        "class Bad(Behaviour):\n    def next_purchase(self, seen):\n        return 1 / 0\n"
    )
    buyers = {"share": "80%", "behaviour": "failing_habits:Bad"}
    outcome = cli("run", write(tmp_path, {"customers.buyers": buyers}), "--out", tmp_path / "out", "--allow-code")
    assert outcome.exit_code == 2
    assert "ZeroDivisionError" in outcome.output
    assert outcome.output.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_listed_meter_in_an_area_has_its_diary(tmp_path):
    meter = {
        "name": "ours", "pan": "600727000000000009", "supply_group": "123457", "key_revision": "1",
        "credit": "20 kWh", "load": "township", "customer": "buyers", "area": "town",
    }  # fmt: skip
    expect = {"at": "2024-12-31 12:00", "observe": "the end", "meter": "ours", "expect": {"key_revision": "2"}}
    result = town(tmp_path, MIXED | {"meters": [meter], "timeline": [expect]})
    assert result.failures == ()
    assert set(result.daily.meter) == {"ours"}
    assert len(result.meters) == 31
    assert result.summary["meters"]["ours"]["key_revision"] == 2


def test_a_long_run_says_in_a_log_how_far_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("meter_sim.cli_progress.LINE_EVERY", 0.0)
    outcome = cli("run", write(tmp_path, TWO_AREAS), "--out", tmp_path / "out", "--no-plot")
    lines = outcome.stderr.splitlines()
    assert lines[0] == "A small town: 2024-09-02, 2 %"
    assert lines[-1] == "A small town: 2024-10-15, 100 %"
    assert len(lines) == 44
    assert not any(character in outcome.stderr for character in "\r\x1b")


def test_a_comparison_leaves_out_what_is_nothing(tmp_path):
    file = write(tmp_path, TWO_AREAS)
    outcome = cli("run", file, "--replications", "2", "--out", tmp_path / "out", "--no-plot")
    assert "meters_changed" in outcome.output
    assert "help_desk_requests" not in outcome.output or "office_requests" not in outcome.output
    assert "measures that are 0 in every run are left out" in outcome.output


def test_the_interface_runs_a_behaviour_only_where_code_is_allowed(tmp_path):
    (tmp_path / "interface_habits.py").write_text(OWN)
    buyers = {"share": "80%", "behaviour": "interface_habits:Sunday", "options": {"days": "7"}}
    file = write(tmp_path, {"customers.buyers": buyers, "end": "2024-09-20 00:00"})
    with pytest.raises(meter_sim.ScenarioError, match="--allow-code"):
        meter_sim.run(file)
    with pytest.raises(meter_sim.ScenarioError, match="--allow-code"):
        meter_sim.experiment(file)
    assert meter_sim.run(file, allow_code=True).summary["measures"]["sales"] > 0
    assert list(meter_sim.experiment(file, allow_code=True).runs.sales) > [0]


def test_a_large_run_keeps_refusals_unless_asked(tmp_path, monkeypatch):
    monkeypatch.setattr("meter_sim.detail.MOST_KEPT", 1000)
    file = write(tmp_path, TWO_AREAS)
    outcome = cli("run", file, "--out", tmp_path / "a", "--no-plot")
    assert outcome.stderr == "1,320 meter-days: of events only refusals are kept; --events all keeps every one\n"
    kept = set(pq.read_table(tmp_path / "a" / "events.parquet").column("result").to_pylist())
    assert "CRCError" in kept
    assert "Accept" not in kept
    outcome = cli("run", file, "--out", tmp_path / "b", "--no-plot", "--events", "all")
    assert outcome.stderr == ""
    assert "Accept" in set(pq.read_table(tmp_path / "b" / "events.parquet").column("result").to_pylist())


def test_a_result_keeps_the_list_of_its_meters(tmp_path):
    """The resolved scenario of a population from a file runs by itself, to the same bytes."""
    listed = SCENARIOS / "meter_list.yaml"
    assert cli("run", listed, "--out", tmp_path / "a", "--set", "end=2024-08-05 00:00").exit_code == 0
    assert (tmp_path / "a" / "population.csv").read_bytes() == (SCENARIOS / "meter_list.csv").read_bytes()
    assert cli("run", tmp_path / "a" / "scenario.yaml", "--out", tmp_path / "b").exit_code == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert read_result(tmp_path / "a").population_file == read_result(tmp_path / "b").population_file
