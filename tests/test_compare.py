"""Means, intervals and paired differences, by hand and by the command compare; their table and their picture."""

import csv
import json
import random

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from scipy import stats

import meter_sim
from meter_sim.cli import main
from meter_sim.results.compare import CompareError, Interval, Plan, baseline_name, compared, interval, paired, quantile
from meter_sim.results.comparison import comparison_table, write_comparison
from meter_sim.results.comparison_plot import MOST_PANELS, clearest, comparison_figure
from meter_sim.results.comparison_text import comparison_lines, interval_text
from meter_sim.results.experiment_folder import Compared, named_apart, warnings_of
from meter_sim.results.measures import measures
from tests.test_experiments import TOWN


def cli(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


# -- numbers


@pytest.mark.parametrize(
    ("n", "level", "t"),
    [  # a printed table of Student's t, two-sided
        (2, 0.95, 12.706),
        (3, 0.95, 4.303),
        (5, 0.95, 2.776),
        (10, 0.95, 2.262),
        (20, 0.95, 2.093),
        (121, 0.95, 1.980),
        (5, 0.90, 2.132),
        (5, 0.99, 4.604),
    ],
)
def test_quantiles(n, level, t):
    assert quantile(n, level) == pytest.approx(t, abs=5e-4)
    assert quantile(n, level) == pytest.approx(stats.t.ppf((1 + level) / 2, n - 1), rel=1e-12)


@pytest.mark.parametrize(
    ("values", "mean", "half_width"),
    [
        ([1, 2, 3, 4, 5], 3.0, 2.776445 * 1.5811388 / 5**0.5),  # variance 10/4
        ([10, 12], 11.0, 12.706205 * 1.4142136 / 2**0.5),  # variance 2
        ([2.5, 2.5, 4.0], 3.0, 4.302653 * 0.8660254 / 3**0.5),  # variance 1.5/2
        ([7, 7, 7], 7.0, 0.0),
    ],
)
def test_intervals_by_hand(values, mean, half_width):
    found = interval(values)
    assert (found.n, found.mean) == (len(values), mean)
    assert found.half_width == pytest.approx(half_width, rel=1e-6)
    assert found.low == pytest.approx(mean - half_width)
    assert found.high == pytest.approx(mean + half_width)


def test_too_few_for_an_interval():
    assert interval([]) == Interval(0, None, None)
    assert interval([5]) == Interval(1, 5.0, None)
    assert (interval([5]).low, interval([5]).high, interval([5]).excludes_zero) == (None, None, False)


def test_differences_by_hand():
    plan, base = {1: 12.0, 2: 15.0, 3: 11.0, 9: 99.0}, {3: 10.0, 1: 10.0, 2: 12.0, 8: 0.0}
    found = paired(plan, base)  # differences 2, 3, 1: variance 1
    assert (found.n, found.mean) == (3, 2.0)
    assert found.half_width == pytest.approx(4.302653 / 3**0.5, rel=1e-6)
    assert not found.excludes_zero
    assert paired({1: 3, 2: 4}, {1: 1, 2: 2}).excludes_zero  # both by exactly 2
    assert paired({1: 3}, {2: 4}) == Interval(0, None, None)


def test_pairs_say_more_than_means_where_plans_meet_the_same_chance():
    source = random.Random(5)
    chance = {seed: source.gauss(100, 20) for seed in range(30)}
    base = {seed: value + source.gauss(0, 1) for seed, value in chance.items()}
    plan = {seed: value + 3 + source.gauss(0, 1) for seed, value in chance.items()}
    difference = paired(plan, base)
    assert difference.excludes_zero
    assert difference.half_width < 0.1 * interval(list(base.values())).half_width
    assert difference.mean == pytest.approx(3, abs=1)


def plan(name, values, point=0, **parameters):
    return Plan(name, point, parameters, {"m": dict(enumerate(values))})


def partners(plans, baseline=None):
    return [(row.plan.label, row.baseline.label if row.baseline else None) for row in compared(plans, baseline)]


def test_who_is_compared_with_whom():
    a, base, c = plan("a", [1, 2]), plan("base", [2, 3]), plan("c", [3, 4])
    assert partners([a, base, c]) == [("a", "base"), ("base", None), ("c", "base")]
    assert partners([a, c]) == [("a", None), ("c", "a")]
    assert partners([a, base, c], "c") == [("a", "c"), ("base", "c"), ("c", None)]
    with pytest.raises(CompareError, match="--baseline: nothing is called 'x', allowed are a, base, c"):
        baseline_name([a, base, c], "x")
    points = [plan(name, [1, 2], number, p=str(number)) for name in ("a", "base") for number in (0, 1)]
    assert partners(points) == [("a.0", "base.0"), ("a.1", "base.1"), ("base.0", None), ("base.1", None)]
    assert partners(points[2:]) == [("base.0", None), ("base.1", "base.0")]
    assert partners([*points, c])[-1] == ("c", None)  # none of the base's points is like it
    assert partners([base, plan("a", [1], 0, p="1")]) == [("base", None), ("a.0", "base")]


# -- measures


def test_measures_are_totals_over_the_meters(tmp_path):
    (tmp_path / "town.yaml").write_text(TOWN)
    result = meter_sim.run(tmp_path / "town.yaml")
    [home] = result.summary["meters"].values()
    found = measures(result.summary)
    assert found["purchases"] == home["purchases"] == (result.events["event"] == "purchase").sum()
    assert found["entries_accepted"] == home["entries"]["Accept"]
    assert found["used_kwh"] == pytest.approx(result.daily["used_ws"].sum() / 3_600_000)
    assert found["unserved_kwh"] == pytest.approx(result.daily["unserved_ws"].sum() / 3_600_000)
    assert found["hours_without_supply"] == sum(home["seconds_without_supply"].values()) / 3600


def test_measures_that_a_summary_lists():
    meter = {
        "purchases": 2,
        "entries": {"Accept": 3, "1stKCT": 1, "CRCError": 2, "OldError": 1},
        "credited_ws": 3_600_000,
        "used_ws": 1_800_000,
        "unserved_ws": 0,
        "seconds_without_supply": {"credit": 1800, "power": 1800},
        "tokens_not_entered": ["a", "b"],
    }
    assert measures(
        {"meters": {"one": meter, "two": meter}, "measures": {"visits": 7, "purchases": 9, "note": "x"}}
    ) == {
        "entries_accepted": 8,
        "entries_refused": 6,
        "credited_kwh": 2.0,
        "used_kwh": 1.0,
        "unserved_kwh": 0.0,
        "hours_without_supply": 2.0,
        "tokens_not_entered": 4,
        "visits": 7,
        "purchases": 9,
    }
    assert measures({"measures": {"visits": 7.5}}) == {"visits": 7.5}


# -- table and picture


ROWS = compared([plan("base", [10, 12, 11, 13]), plan("busy", [14, 16, 16, 17]), plan("same", [11, 11, 12, 12])])


def test_the_table_as_text():
    assert list(comparison_lines(ROWS, 0.95)) == [
        "measure  scenario  runs          mean  difference to",
        "m        base         4  11.50 ± 2.05",
        "         busy         4  15.75 ± 2.00  base           +4.25 ± 0.80 *",
        "         same         4  11.50 ± 0.92  base           0.00 ± 1.84",
        "mean ± half the width of the 95 % interval; * the interval of the difference excludes 0",
    ]


def test_one_run_each_has_means_only():
    lines = list(
        comparison_lines(compared([plan("base", [10]), plan("busy", [14]), Plan("none", 0, {}, {"m": {5: 1}})]), 0.95)
    )
    assert lines[2].split() == ["busy", "1", "14", "±", "-", "base", "+4", "±", "-"]
    assert lines[3].split() == ["none", "1", "1", "±", "-", "base", "-"]
    assert lines[-1].startswith("means only: an interval needs two runs of a plan")


def test_numbers_as_text():
    assert interval_text(Interval(3, -0.001, 0.2), 1) == "0.0 ± 0.2"
    assert interval_text(Interval(3, -12.34, 0.0), 2) == "-12.34 ± 0.00"
    assert interval_text(Interval(0, None, None), 2) == "-"


def test_the_table_of_a_comparison(tmp_path):
    points = [plan(name, [1, 2], number, **{"a.b": str(number)}) for name in ("a", "base") for number in (0, 1)]
    table = comparison_table(compared(points))
    assert table.column_names == [
        "measure", "scenario", "point", "a.b", "n", "mean", "half_width", "low", "high",
        "baseline", "pairs", "difference", "difference_half_width", "difference_low", "difference_high",
    ]  # fmt: skip
    assert table.column("baseline").to_pylist() == ["base.0", "base.1", None, None]
    assert table.column("pairs").to_pylist() == [2, 2, None, None]
    write_comparison(compared(points), tmp_path)
    rows = list(csv.DictReader((tmp_path / "comparison.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["a.b"] for row in rows] == ["0", "1", "0", "1"]
    assert rows[2]["difference"] == ""
    assert pq.read_table(tmp_path / "comparison.parquet").equals(table)


def test_the_picture_is_the_same_bytes_and_has_twelve_panels_at_most(tmp_path):
    source = random.Random(1)
    plans = [
        Plan(
            name,
            0,
            {},
            {f"m{number}": {seed: source.gauss(shift * number, 1) for seed in range(5)} for number in range(20)},
        )
        for name, shift in (("base", 0), ("far", 5))
    ]
    rows = compared(plans)
    chosen = clearest(rows)
    assert len(chosen) == MOST_PANELS
    assert "m19" in chosen
    assert chosen == sorted(chosen, key=lambda name: int(name[1:]))
    figure = comparison_figure(rows)
    assert [axis.get_title() for axis in figure.axes if axis.get_visible()] == chosen
    assert [axis.get_title() for axis in comparison_figure(rows, ["m3"]).axes] == ["m3"]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_comparison(rows, tmp_path / name)
    assert (tmp_path / "one" / "comparison.png").read_bytes() == (tmp_path / "two" / "comparison.png").read_bytes()


# -- the command


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Experiments a (3 seeds), b (2 of the same seeds, other span) and c (another seed); results one and two."""
    place = tmp_path_factory.mktemp("compare")
    file = place / "town.yaml"
    file.write_text(TOWN)
    for name, arguments in {
        "a": ["--scenario", "all", "--replications", "3"],
        "b": ["--scenario", "base", "--replications", "2", "--set", "end=2024-11-15 00:00", "--set", "name=other"],
        "c": ["--scenario", "both", "--replications", "2", "--seed", "99"],
        "one": [],
        "two": ["--seed", "8"],
    }.items():
        assert cli("run", file, "--no-plot", "--out", place / name, *arguments).exit_code == 0
    return place


def test_one_experiment(folders):
    result = cli("compare", folders / "a", "--measure", "used_kwh", "--measure", "purchases")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == ["purchases", "both", "last", "used_kwh", "both", "last"]
    frame = pq.read_table(folders / "a" / "comparison.parquet").to_pandas().set_index(["measure", "scenario"])
    row = frame.loc["used_kwh", "both"]
    runs = (
        pq.read_table(folders / "a" / "runs.parquet")
        .to_pandas()
        .pivot_table(index="seed", columns="scenario", values="used_kwh")
    )
    assert row["difference"] == pytest.approx((runs["both"] - runs["base"]).mean())
    assert row["difference_half_width"] == pytest.approx(4.302653 * (runs["both"] - runs["base"]).std() / 3**0.5)


def test_two_experiments_with_other_spans_and_fewer_runs(folders):
    a, b = folders / "a", folders / "b"
    result = cli("compare", a, b, "--measure", "purchases", "--level", "90%")
    assert result.stderr.splitlines() == [
        "not the same span: a: 2024-10-31 22:00:00Z to 2024-11-20 22:00:00Z; "
        "b: 2024-10-31 22:00:00Z to 2024-11-14 22:00:00Z",
        "not the same scenario: a: a town; b: other",
        "not the same seeds: 2 are in all plans, runs without a partner are in no difference",
    ]
    assert [line.split()[1 if place == 0 else 0] for place, line in enumerate(result.stdout.splitlines()[1:5])] == [
        "a/base", "both", "last", "b/base",
    ]  # fmt: skip
    assert "90 % interval" in result.stdout
    other = cli("compare", a, b, "--measure", "purchases", "--baseline", "last").stdout.splitlines()
    told = [line.split("±")[1].split()[1:2] for line in other[1:5]]
    assert told == [["last"], ["last"], [], ["last"]]  # last itself has no difference


def test_no_common_seed(folders):
    result = cli("compare", folders / "a" / "base", folders / "c", "--measure", "purchases")
    assert "not the same seeds: 0 are in all plans" in result.stderr
    lines = result.stdout.splitlines()
    assert lines[1].split()[:3] == ["purchases", "base", "1"]
    assert lines[2].split()[-2:] == ["base", "-"]


def test_two_single_results(folders, tmp_path):
    result = cli("compare", folders / "one", folders / "two", "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "means only" in result.stdout
    assert "not the same seeds" in result.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "comparison.csv", "comparison.parquet", "comparison.png",
    ]  # fmt: skip
    assert cli("compare", folders / "one", folders / "two", "--out", tmp_path / "out").exit_code == 0
    (tmp_path / "out" / "x").write_text("x")
    refused = cli("compare", folders / "one", folders / "two", "--out", tmp_path / "out")
    assert (refused.exit_code, refused.stderr) == (
        2, f"{tmp_path / 'out'}: holds x, which is no comparison; name a new folder or an earlier comparison\n",
    )  # fmt: skip
    rows = csv.DictReader((tmp_path / "out" / "comparison.csv").read_text().splitlines())
    [row] = [row for row in rows if (row["measure"], row["scenario"]) == ("purchases", "one")]
    summary = json.loads((folders / "one" / "summary.json").read_text())
    assert float(row["mean"]) == summary["meters"]["home"]["purchases"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["a", "--baseline", "bse"], "--baseline: nothing is called 'bse', allowed are base, both, last"),
        (
            ["a", "--measure", "purchase"],
            "--measure: 'purchase' is no measure here, did you mean purchases? allowed are",
        ),
        (["a", "--level", "95"], "--level: '95' is not a percentage, write a number and %"),
        (["a", "--level", "100%"], "--level: 100% is not from 50% to below 100%"),
        (["a", "."], "{place}: neither an experiment nor a result; name a folder that run wrote"),
        (["a", "none"], "{place}/none: neither an experiment nor a result"),
    ],
)
def test_wrong_comparisons(folders, arguments, line):
    paths = [folders / word if word in ("a", ".", "none") else word for word in arguments]
    result = cli("compare", *paths)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(line.format(place=folders))
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("broken", ["experiment.json", "runs.parquet"])
@pytest.mark.parametrize("content", ["", "{}", "[]", '{"scenario": 1, "runs": [3]}'])
def test_a_folder_that_is_broken(folders, tmp_path, broken, content):
    for name in ("experiment.json", "runs.parquet"):
        (tmp_path / name).write_bytes((folders / "a" / name).read_bytes())
    (tmp_path / broken).write_text(content)
    result = cli("compare", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{tmp_path}: cannot be read as an experiment or a result: ")
    assert result.stderr.count("\n") == 1


def test_names_that_several_folders_have():
    one, two = plan("base", [1]), plan("x", [1])
    single = plan("x", [2])
    several = [
        Compared("p/a", "t", "s", (one, two)),
        Compared("q/a", "t", "s", (one,)),
        Compared("r/x", "t", "s", (single,)),
    ]
    assert [each.name for each in named_apart(several)] == ["p/a/base", "p/a/x", "q/a/base", "x"]
    assert warnings_of(several[:2], [one, one]) == []
