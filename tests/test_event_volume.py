"""Which events are kept: of a share of the meters, of meters that are named, and of the others."""

from decimal import Decimal

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from meter_sim.cli import main
from meter_sim.detail import MOST_KEPT, Detail, Keep, fitting
from meter_sim.distribution import chance
from meter_sim.draws import Purpose, draw
from meter_sim.engine.event_levels import levels, sample_draws
from meter_sim.scenario.reader import read_scenario
from tests.rollout import town, write

CHANGES = {"population.count": "40", "end": "2024-09-20 00:00"}
ALL, REFUSALS, NONE = Keep(Detail.ALL), Keep(Detail.REFUSALS), Keep(Detail.NONE)


def cli(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def kept(folder):
    return pq.read_table(folder / "events.parquet")


def test_a_sample_has_every_event_of_its_meters_and_none_of_the_rest(tmp_path):
    full = town(tmp_path, CHANGES)
    share = chance(Decimal("0.25"))
    sample = town(tmp_path, CHANGES, detail=Keep(Detail.NONE, share))
    wanted = [row for row in full.record.events if draw(5, Purpose.SAMPLE, row.connection, 0) < share]
    assert list(sample.record.events) == wanted
    assert 0 < len({row.meter for row in wanted}) < 20
    assert sample.areas_table.equals(full.areas_table)
    assert sample.meters_table.equals(full.meters_table)
    assert sample.summary == full.summary


def test_with_a_sample_of_all_refusals_are_no_less(tmp_path):
    full = town(tmp_path, CHANGES)
    assert town(tmp_path, CHANGES, detail=Keep(Detail.REFUSALS, 1 << 32)).events_table.equals(full.events_table)


def test_a_meter_that_is_named_keeps_its_events(tmp_path):
    full = town(tmp_path, CHANGES)
    name = full.record.outcome.meters[7].meter
    one = town(tmp_path, CHANGES, detail=Keep(Detail.NONE, traced=frozenset({name})))
    assert list(one.record.events) == [row for row in full.record.events if row.meter == name]


@given(
    st.integers(0, (1 << 64) - 1),
    st.lists(st.integers(0, 0xFFFFFFFF), max_size=20),
    st.integers(0, 1 << 32),
    st.sampled_from(Detail),
    st.data(),
)
def test_columns_have_the_levels_of_each(seed, connections, share, level, data):
    numbers = np.array(connections, dtype=np.int64)
    assert sample_draws(seed, numbers).tolist() == [draw(seed, Purpose.SAMPLE, number, 0) for number in connections]
    traced = data.draw(st.sets(st.sampled_from(connections))) if connections else set()
    keep = Keep(level, share, frozenset(f"m{number}" for number in traced))
    wanted = [keep.level_of(number, f"m{number}", seed) for number in connections]
    assert levels(keep, seed, numbers, traced=traced).tolist() == wanted
    assert levels(keep, seed, numbers, np.ones(len(numbers), dtype=np.bool_)).tolist() == [2] * len(numbers)


def test_what_fits():
    assert fitting(None, MOST_KEPT) == ALL
    assert fitting(None, MOST_KEPT + 1) == REFUSALS
    assert fitting(NONE, 1) == NONE


def test_the_command_line_takes_a_sample_and_several_traces(tmp_path):
    file = write(tmp_path, CHANGES)
    names = [meter.name for meter in read_scenario(file).meters]
    outcome = cli("run", file, "--out", tmp_path / "a", "--no-plot", "--events", "sample:30%")
    assert outcome.exit_code == 0, outcome.output
    sampled = set(kept(tmp_path / "a").column("meter").to_pylist())
    assert 0 < len(sampled) < 30
    other = next(name for name in names if name not in sampled)
    words = ("--events", "sample:30%", "--trace", other, "--trace", names[0])
    outcome = cli("run", file, "--out", tmp_path / "b", "--no-plot", *words)
    assert outcome.exit_code == 0, outcome.output
    assert set(kept(tmp_path / "b").column("meter").to_pylist()) >= sampled | {other}
    lines = outcome.stdout.splitlines()
    assert lines[0] == f"{other}:"
    assert f"{names[0]}:" in lines
    assert " entry " in outcome.stdout
    assert cli("run", file, "--out", tmp_path / "c", "--no-plot", "--events", "none").exit_code == 0
    assert kept(tmp_path / "c").num_rows == 0
    for name in ("areas.parquet", "meters.parquet", "summary.json"):
        assert len({(tmp_path / folder / name).read_bytes() for folder in "abc"}) == 1


def test_a_plan_keeps_a_sample_too(tmp_path):
    file = write(tmp_path, CHANGES)
    outcome = cli("run", file, "--replications", "2", "--out", tmp_path / "a", "--no-plot", "--events", "sample:30%")
    assert outcome.exit_code == 0, outcome.output
    meters = set(kept(next((tmp_path / "a").glob("*/events.parquet")).parent).column("meter").to_pylist())
    assert 0 < len(meters) < 30


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("some", "--events: 'some' is not known, allowed are none, refusals, all, and sample:1%"),
        ("sample", "--events: 'sample' is not known, allowed are none, refusals, all, and sample:1%"),
        ("sample:5", "--events: sample: '5' is not a percentage, write a number and %, such as 3.5%"),
        ("sample:0%", "--events: sample: 0% is not above 0% and at most 100%"),
        ("sample:101%", "--events: sample: 101% is not above 0% and at most 100%"),
    ],
)
def test_a_fault_is_one_line(tmp_path, words, line):
    outcome = cli("run", write(tmp_path, CHANGES), "--events", words, "--out", tmp_path / "out")
    assert (outcome.exit_code, outcome.stderr) == (2, line + "\n")
    assert not (tmp_path / "out").exists()


def test_a_trace_of_nobody_in_a_large_town(tmp_path):
    outcome = cli("run", write(tmp_path, CHANGES), "--trace", "nobody", "--out", tmp_path / "out")
    assert outcome.exit_code == 2
    assert outcome.stderr.endswith(" and 20 more\n")
    assert outcome.stderr.count("\n") == 1
