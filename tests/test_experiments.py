"""Many runs of one file: overrides, named scenarios, sweeps, replications; and the folder that they leave."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import meter_sim
from meter_sim.cli import main
from meter_sim.draws import Purpose, philox4x32
from meter_sim.experiments.seeds import REPLICATION_SEED, replication_seed
from meter_sim.results.experiment_folder import FILES
from meter_sim.results.result import NEEDED, PICTURE
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.experiment import combined, swept, variants
from meter_sim.scenario.paths import Override
from meter_sim.scenario.quantities import QuantityError
from meter_sim.scenario.ranges import range_values
from meter_sim.scenario.reader import read_scenario, read_scenario_file

TOWN = """\
name: a town
start: 2024-11-01 00:00
end: 2024-11-21 00:00
timezone: Africa/Windhoek
seed: 7
supply_groups:
  "123457":
    vending_keys:
      - {key_revision: 1, base_date: 1993, dkga: "02", key: test:old}
customers:
  weekly:
    buy: {when_below: 5 kWh}
    amount: {lognormal: {median: 20 kWh, sigma: 0.5}}
    enter_after: {lognormal: {median: 25 min, sigma: 1.0}}
meters:
  - {name: home, pan: "600727000000000009", supply_group: "123457", key_revision: 1, credit: 12 kWh,
     load: township, customer: weekly}
overrides:
  rural: {meters.0.load: rural}
  flat: {"meters[0].load": flat}
  early: {customers.weekly.buy: {when_below: 15 kWh}, customers.weekly.retry_after: 2 h}
scenarios:
  base: []
  both: [rural, early]
  last: [rural, flat]
sweeps:
  level: {grid: {customers.weekly.buy.when_below: {from: 4 kWh, to: 12 kWh, step: 4 kWh}, meters.0.load: [flat, rural]}}
  homes: {pairs: {meters.0.credit: [2 kWh, 9 kWh], "meters[0].load": [rural, flat]}}
"""


@pytest.fixture
def town(tmp_path):
    file = tmp_path / "town.yaml"
    file.write_text(TOWN, encoding="utf-8")
    return file


def cli(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def files_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# -- what the file says


def test_overrides_are_put_on_in_their_order(town):
    file, as_it_is = read_scenario_file(town)
    mean = {name: read_scenario(town, scenario=name).meters[0].load.low[0][0] for name in file.scenarios}
    assert mean["base"] == as_it_is.meters[0].load.low[0][0]
    assert mean["last"] == read_scenario(town, {"meters.0.load": "flat"}).meters[0].load.low[0][0]
    assert len(set(mean.values())) == 3
    both = read_scenario(town, scenario="both").meters[0].customer
    assert (both.when_below, both.retry_after) == (15 * 3_600_000, 7200)
    town.write_text(TOWN.replace("[rural, flat]", "[flat, rural]", 1))
    assert read_scenario(town, scenario="last").meters[0].load.low[0][0] == mean["both"]


def test_what_is_set_comes_after_the_overrides(town):
    assert read_scenario(town, {"customers.weekly.retry_after": "5 h"}, scenario="both").meters[
        0
    ].customer.retry_after == (5 * 3600)
    mine = {"scenarios.mine": "[early]", "overrides.early": "{meters.0.credit: 3 kWh}"}
    assert read_scenario(town, mine, scenario="mine").meters[0].credit == 3 * 3_600_000


def test_the_resolved_scenario_has_its_overrides_and_runs_to_the_same_bytes(town, tmp_path):
    first = meter_sim.run(town, scenario="both")
    assert not {"overrides:", "scenarios:", "sweeps:"} & set(first.scenario_text.splitlines())
    (tmp_path / "again.yaml").write_text(first.scenario_text)
    again = meter_sim.run(tmp_path / "again.yaml")
    assert again.summary == first.summary
    assert again.scenario_text == first.scenario_text
    assert again.events_table.equals(first.events_table)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "{meters.0.load: rural}",
            "{meters.0.lod: rural}",
            ":19: overrides.rural.meters.0.lod: there is no such path, did you mean meters.0.load? "
            "(in scenario both, scenario last)",
        ),
        (
            "customers.weekly.retry_after",
            "customers.wekly.retry_after",
            ":21: overrides.early.customers.wekly.retry_after: there is no such path, "
            "did you mean customers.weekly.retry_after? (in scenario both)",
        ),
        (
            "customers.weekly.retry_after",
            "weekly.retry_after",
            ":21: overrides.early.weekly.retry_after: there is no such path, did you mean customers.weekly.retry_after?",
        ),
        ("{meters.0.load", "{meters.1.load", ":19: overrides.rural.meters.1.load: '1' is no place in the list, allowed"),
        ("{meters.0.load", "{meters..load", ":19: overrides.rural.meters..load: write a path such as meters.0.credit"),
        (
            "{meters.0.load: rural}",
            "{meters.0.load: rual}",
            ":19: overrides.rural.meters.0.load: meters[0].load: no load is called 'rual', did you mean rural?",
        ),
        (
            "2 h}",
            "2 hours}",
            ":21: overrides.early.customers.weekly.retry_after: customers.weekly.retry_after: '2 hours' is not a",
        ),
        ("{meters.0.load: rural}", "{seed: 5}", ":19: overrides.rural.seed: the seed is the same in all scenarios"),
        ("{meters.0.load: rural}", "{sweeps: {}}", ":19: overrides.rural.sweeps: an override or a sweep sets values"),
        ("[rural, early]", "[rurl, early]", ":24: scenarios.both[0]: no override is called 'rurl', did you mean rural?"),
        ("both: [", "all: [", ":24: scenarios.all: the name all stands for all scenarios, choose another"),
        ("both: [", "Base: [", ":24: scenarios.Base: differs from base in capital letters only"),
        ("[flat, rural]", "[]", ":27: sweeps.level.grid.meters.0.load.values: the list has 0 entries"),
        ("sweeps:\n", "sweeps:\n  more: {grid: {}}\n", ":27: sweeps.more.grid: give at least one path"),
        ("[flat, rural]", "[flat, rual]", ":27: sweeps.level.grid.meters.0.load: meters[0].load: no load is called 'rual'"),
        ("[flat, rural]", "{from: 1, to: 2}", ":27: sweeps.level.grid.meters.0.load: a range has from, to and step"),
        ("[flat, rural]", "flat", ":27: sweeps.level.grid.meters.0.load: a list of values is needed, or a range"),
        ("step: 4", "step: 3", ":27: sweeps.level.grid.customers.weekly.buy.when_below: steps of '3 kWh' lead from"),
        (
            "buy.when_below: {",
            "buy.when_blow: {",
            ":27: sweeps.level.grid.customers.weekly.buy.when_blow: there is no such path, "
            "did you mean customers.weekly.buy.when_below? (in sweep level)",
        ),
        ("grid: {", "gird: {", ":27: sweeps.level.gird: unknown key, did you mean grid? allowed are grid, pairs"),
        ("[2 kWh, 9 kWh]", "[2 kWh]", ":28: sweeps.homes.pairs: the lists of pairs are equally long, here meters.0.credit has 1"),
        ("[2 kWh, 9 kWh]", "[2 kWh, 9 kwh]", ":28: sweeps.homes.pairs.meters.0.credit: meters[0].credit: '9 kwh' is not"),
        ('"meters[0].load": [', '"meters[0].credit": [', ":28: sweeps.homes.pairs.meters[0].credit: meters.0.credit is swept"),
        ("meters.0.credit: [2 kWh, 9 kWh]", "seed: [1, 2]", ":28: sweeps.homes.pairs.seed: the seed is the same"),
        (
            "meters.0.credit: [2 kWh, 9 kWh]",
            "supply_groups.123457.vending_keys.0.key: [test:old, 0123456789abcdef]",
            ":28: sweeps.homes.pairs.supply_groups.123457.vending_keys.0.key: results repeat what is swept",
        ),
        ("[rural, flat]}}", "[rural, 0123456789abcdef]}}", ":28: sweeps.homes.pairs.meters[0].load: '(hidden)' cannot be"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_though_it_is_not_run(town, old, new, line):
    assert old in TOWN
    town.write_text(TOWN.replace(old, new, 1))
    with pytest.raises(ScenarioError) as error:
        read_scenario(town)
    assert error.value.faults[0].startswith(f"{town}{line}"), error.value.faults
    assert "0123456789abcdef" not in str(error.value)
    assert cli("run", town, "--out", town.parent / "out").exit_code == 2
    assert cli("validate", town).exit_code == 2


def test_an_override_that_no_scenario_uses_is_checked_too(town):
    town.write_text(TOWN.replace("last: [rural, flat]", "last: [rural]").replace('load": flat', 'load": flt'))
    with pytest.raises(
        ScenarioError, match=r"overrides\.flat\.meters\[0\]\.load.*no load is called 'flt'.*override flat"
    ):
        read_scenario(town)


def test_validate_says_how_many(town):
    assert cli("validate", town).stdout == f"{town}: good, 1 meters, 0 actions, 3 scenarios, 2 sweeps\n"


def test_a_path_that_is_set_through_an_entry_that_is_not_there(town):
    for path in ("customers.wekly.retry_after", "customers.wekly.buy.when_below"):
        with pytest.raises(ScenarioError, match=f"--set {path}: there is no such path, did you mean customers.weekly"):
            read_scenario(town, {path: "5 h"})
    new = {
        "customers.new.buy": "{when_below: 1 kWh}",
        "customers.new.amount": "5 kWh",
        "customers.new.enter_after": "1 h",
    }
    assert read_scenario(town, {**new, "meters.0.customer": "new"}).meters[0].customer.name == "new"
    assert read_scenario(town, {"points_of_sale.main.clock_offset": "5 min"}).points_of_sale[0].clock_offset == 300


def test_a_vending_key_of_an_override_is_in_no_output(town, tmp_path):
    secret = "0f1e2d3c4b5a6978"
    override = f'early: {{supply_groups.123457.vending_keys.0.key: "{secret}", '
    town.write_text(TOWN.replace("early: {", override))
    result = cli("run", town, "--scenario", "all", "--out", tmp_path / "out", "--no-plot")
    assert result.exit_code == 0
    outputs = [result.output.encode(), *files_below(tmp_path / "out").values()]
    for output in outputs:
        assert secret.encode() not in output.lower()
        assert bytes.fromhex(secret) not in output
    assert "hidden: given in hex" in (tmp_path / "out" / "both" / "scenario.yaml").read_text()


# -- ranges, sweeps and the runs that come of them


@pytest.mark.parametrize(
    ("ends", "texts"),
    [
        (("4", "12", "4"), ("4", "8", "12")),
        (("10%", "40%", "10%"), ("10%", "20%", "30%", "40%")),
        (("5 kWh", "20 kWh", "7.5 kWh"), ("5 kWh", "12.5 kWh", "20 kWh")),
        (("0.1", "0.4", "0.1"), ("0.1", "0.2", "0.3", "0.4")),
        (("-2 h", "2h", "2 h"), ("-2 h", "0 h", "2 h")),
        (("1 day", "3 days", "1 day"), ("1 days", "2 days", "3 days")),
        (("5 m3", "5 m3", "1 m3"), ("5 m3",)),
    ],
)
def test_ranges(ends, texts):
    assert range_values(*ends) == texts


@pytest.mark.parametrize(
    ("ends", "line"),
    [
        (("4", "12", "5"), "steps of '5' lead from '4' past '12', the end must be one of the values"),
        (("4", "12", "0"), "the step '0' is not above 0"),
        (("12", "4", "2"), "the end '4' is below the start '12'"),
        (("1 h", "90 min", "10 min"), "write all three with the same unit"),
        (("1", "2000", "1"), "are 2000 values, at most 1000 are allowed"),
        (("a", "2", "1"), "'a' is not a number or a quantity"),
        (("4 ", "8 ", "4 "), "'4 ' is not a number or a quantity"),
    ],
)
def test_wrong_ranges(ends, line):
    with pytest.raises(QuantityError) as error:
        range_values(*ends)
    assert line in str(error.value)


def texts_of(points):
    return [[override.value for override in point] for point in points]


def test_points_of_a_grid_and_of_pairs(town):
    file, _ = read_scenario_file(town)
    assert texts_of(file.sweeps["level"]) == [
        [level, load] for level in ("4 kWh", "8 kWh", "12 kWh") for load in ("flat", "rural")
    ]
    assert texts_of(file.sweeps["homes"]) == [["2 kWh", "rural"], ["9 kWh", "flat"]]


def test_sweeps_of_the_command_line():
    assert texts_of(swept("a.b=1,2 kWh, 3")) == [["1"], ["2 kWh"], ["3"]]
    assert texts_of(swept("a=10%..30%..10%")) == [["10%"], ["20%"], ["30%"]]
    assert texts_of(swept("a={x: 1, y: 2},[1,2]")) == [[{"x": "1", "y": "2"}], [["1", "2"]]]
    one, two = swept("a=1,2"), swept("b=3,4")
    assert texts_of(combined([one, two], pairs=False)) == [["1", "3"], ["1", "4"], ["2", "3"], ["2", "4"]]
    assert texts_of(combined([one, two], pairs=True)) == [["1", "3"], ["2", "4"]]
    assert combined([], pairs=False) == ((),)


def test_every_scenario_at_every_point():
    low, high = swept("meters[0].credit=1 kWh,2 kWh")
    plan = Override("meters.0.load", "flat", "x")
    wanted = Override("name", "n", "--set name")
    runs = variants({"base": (), "flat": (plan,)}, (low, high), (wanted,))
    assert [(run.label, dict(run.parameters)) for run in runs] == [
        ("base.0", {"meters.0.credit": "1 kWh"}),
        ("base.1", {"meters.0.credit": "2 kWh"}),
        ("flat.0", {"meters.0.credit": "1 kWh"}),
        ("flat.1", {"meters.0.credit": "2 kWh"}),
    ]
    assert runs[2].overrides == (plan, wanted, *low)
    assert [run.label for run in variants({"base": ()}, ((),), ())] == ["base"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--scenario", "bth"], "{file}: no scenario is called 'bth', did you mean both? allowed are base, both, last"),
        (["--scenario", "both", "--baseline", "base"], "--baseline: no scenario 'base' is run, allowed are both"),
        (["--sweep", "levl"], "{file}: no sweep is called 'levl', did you mean level? allowed are level, homes"),
        (["--sweep", "meters.0.crdit=1 kWh"], "--sweep meters.0.crdit: there is no such path, did you mean meters.0.credit? (in base.0: meters.0.crdit=1 kWh)"),
        (["--sweep", "meters.0.credit=1 kWh,2 kwh"], "--sweep meters.0.credit: meters[0].credit: '2 kwh' is not an energy"),
        (["--sweep", "meters.0.credit=1 kWh..4 kWh..2 kWh"], "--sweep meters.0.credit: steps of '2 kWh' lead"),
        (["--sweep", "meters.0.credit=1 kWh,,2 kWh"], "--sweep meters.0.credit: write PATH=V1,V2,..."),
        (["--sweep", "seed=1,2"], "--sweep seed: the seed is the same in all scenarios"),
        (["--sweep", "supply_groups={}"], "--sweep supply_groups: results repeat what is swept"),
        (["--sweep", "name=0123456789abcdef"], "--sweep name: '(hidden)' cannot be repeated in results"),
        (["--sweep", "name=a", "--sweep", "name=b"], "--sweep name: name is swept too, leave one out"),
        (["--sweep", "name=a", "--set", "name=b"], "--set name: the sweep over name sets it too, leave one out"),
        (["--sweep", "name=a", "--pairs"], "--pairs: goes with two or more --sweep"),
        (["--sweep", "name=a,b", "--sweep", "meters.0.credit=1 kWh", "--pairs"], "--pairs: the sweeps are equally long, here they have 2, 1"),
        (["--sweep", "customers.weekly.buy.every=2 days"], "{file}:12: customers.weekly.buy: give one of when_below, every and paydays; only paydays and when_below go together (in base.0:"),
        (["--replications", "2", "--trace", "home"], "--trace: a diary is that of a single run"),
    ],
)  # fmt: skip
def test_wrong_options(town, tmp_path, arguments, line):
    result = cli("run", town, *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr.startswith(line.replace("{file}", str(town))), result.stderr
    assert result.stderr.count("\n") == 1
    assert "0123456789abcdef" not in result.output
    assert list(tmp_path.iterdir()) == [town]


def test_all_scenarios_of_a_file_that_has_none(tmp_path, town):
    town.write_text(TOWN[: TOWN.index("overrides:")])
    result = cli("run", town, "--scenario", "all", "--out", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (2, f"{town}: --scenario all: the file defines no scenarios\n")
    assert "the file defines none" in cli("run", town, "--scenario", "x", "--out", tmp_path / "out").stderr


# -- seeds


def test_seeds_of_replications():
    seed = 7 + (9 << 32)
    low, high, _, _ = philox4x32((3, 0, 0xFFFF0001, 0), (7, 9))
    assert replication_seed(seed, 3) == low | high << 32
    assert replication_seed(seed, 0) == seed
    assert len({replication_seed(1, replication) for replication in range(1000)}) == 1000
    assert REPLICATION_SEED not in set(Purpose)


def test_all_plans_meet_the_same_chance(town):
    experiment = meter_sim.experiment(town, scenarios=["all"], replications=3, sweep="homes")
    runs = experiment.runs
    assert len(runs) == 3 * 2 * 3
    assert set(runs.groupby("replication")["seed"].nunique()) == {1}
    assert list(runs["seed"][:3]) == [replication_seed(7, replication) for replication in range(3)]
    assert list(runs["scenario"].unique()) == ["base", "both", "last"]
    assert list(runs.columns[:6]) == ["scenario", "point", "replication", "seed", "meters.0.credit", "meters.0.load"]
    again = meter_sim.experiment(town, replications=2, seed=8).runs
    assert list(again["seed"]) == [8, replication_seed(8, 1)]


def test_the_python_functions(town):
    experiment = meter_sim.experiment(
        town, scenarios=["base", "both"], sweep={"meters.0.credit": "1 kWh..3 kWh..2 kWh"}, replications=2
    )
    assert experiment.failures == ()
    assert experiment.baseline == "base"
    frame = experiment.comparison(baseline="both", level=0.9)
    assert set(frame["scenario"]) == {"base", "both"}
    row = frame[(frame["measure"] == "used_kwh") & (frame["scenario"] == "base") & (frame["point"] == 1)].iloc[0]
    assert (row["baseline"], row["pairs"], row["meters.0.credit"]) == ("both.1", 2, "3 kWh")
    lists = meter_sim.experiment(town, sweep={"meters.0.credit": ["1 kWh", "2 kWh"], "name": ["a,b", "c"]}, pairs=True)
    assert list(lists.runs["name"]) == ["a,b", "c"]
    with pytest.raises(ScenarioError, match="give at least one value"):
        meter_sim.experiment(town, sweep={"name": []})


# -- the folder


def test_an_experiment_and_its_folder(town, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = cli("run", town, "--scenario", "all", "--replications", 3)
    assert result.exit_code == 0
    folder = tmp_path / "results" / "town"
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, "base", "both", "last"])
    assert list((tmp_path / "results").iterdir()) == [folder]
    for name in ("base", "both", "last"):
        assert sorted(path.name for path in (folder / name).iterdir()) == sorted((*NEEDED, PICTURE))
    told = json.loads((folder / "experiment.json").read_text())
    assert told["scenarios"] == {"base": [], "both": ["rural", "early"], "last": ["rural", "flat"]}
    assert (told["baseline"], told["replications"], told["seeds"][0]) == ("base", 3, 7)
    runs = pq.read_table(folder / "runs.parquet")
    assert runs.num_rows == 9
    assert [str(runs.schema.field(name).type) for name in ("seed", "purchases", "used_kwh")] == [
        "uint64",
        "int64",
        "double",
    ]
    assert "expectations: all met" in result.stdout
    assert result.stdout.endswith(f"written to {Path('results') / 'town'}\n")


def test_lines_of_progress_where_there_is_no_terminal(town, tmp_path):
    result = cli(
        "run",
        town,
        "--scenario",
        "base",
        "--scenario",
        "both",
        "--replications",
        2,
        "--out",
        tmp_path / "out",
        "--no-plot",
    )
    assert result.stderr.splitlines() == [
        f"{name}, replication {number} of 2: done" for name in ("base", "both") for number in (1, 2)
    ]
    assert result.output.replace("\n", "").isprintable()
    assert not (tmp_path / "out" / "comparison.png").exists()


def test_replication_0_is_the_plain_run(town, tmp_path):
    cli("run", town, "--out", tmp_path / "plain")
    cli("run", town, "--scenario", "all", "--replications", 2, "--out", tmp_path / "out")
    assert files_below(tmp_path / "out" / "base") == files_below(tmp_path / "plain")
    meter_sim.run(town, scenario="both").write(tmp_path / "both")
    assert files_below(tmp_path / "out" / "both") == files_below(tmp_path / "both")
    assert meter_sim.read_result(tmp_path / "out" / "both").summary["seed"] == 7


def test_the_files_do_not_depend_on_the_number_of_workers(town, tmp_path):
    for workers in (1, 2, 5):
        arguments = ("--scenario", "all", "--sweep", "homes", "--replications", 2, "--workers", workers)
        result = cli("run", town, *arguments, "--out", tmp_path / f"with_{workers}")
        assert result.exit_code == 0
        assert sorted(result.stderr.splitlines()) == sorted(
            f"{name}.{point}, replication {number} of 2: done"
            for name in ("base", "both", "last")
            for point in (0, 1)
            for number in (1, 2)
        )
    assert files_below(tmp_path / "with_1") == files_below(tmp_path / "with_2") == files_below(tmp_path / "with_5")
    assert "both.1/summary.json" in {name.replace(os.sep, "/") for name in files_below(tmp_path / "with_1")}


def test_an_earlier_experiment_is_replaced_and_nothing_else(town, tmp_path):
    out = tmp_path / "out"
    short = ("run", town, "--no-plot", "--out", out)
    assert cli(*short, "--scenario", "all").exit_code == 0
    assert cli(*short, "--scenario", "both").exit_code == 0
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == ["both"]
    assert "holds both, which is no result" in cli(*short).stderr
    (out / "both" / "notes.txt").write_text("x")
    refused = cli(*short, "--replications", 2)
    assert (refused.exit_code, refused.stderr) == (
        2, f"{out}: holds both, which is no experiment; name a new folder or an earlier experiment\n",
    )  # fmt: skip
    (out / "both" / "notes.txt").unlink()
    (out / "both").rename(out / "notes.txt")
    assert cli(*short, "--replications", 2).exit_code == 0  # a result under another name is still one
    plain = tmp_path / "plain"
    assert cli("run", town, "--no-plot", "--out", plain).exit_code == 0
    assert "which is no experiment" in cli("run", town, "--replications", 2, "--out", plain).stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "plain", "town.yaml"]


def test_a_failure_while_writing_leaves_the_earlier_experiment(town, tmp_path, monkeypatch):
    out = tmp_path / "out"
    assert cli("run", town, "--scenario", "base", "--no-plot", "--out", out).exit_code == 0
    before = files_below(out)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    result = cli("run", town, "--scenario", "both", "--no-plot", "--out", out)
    assert result.exit_code == 2
    assert result.stderr.endswith("No space left on device\n")
    assert files_below(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "town.yaml"]


def test_expectations_that_are_not_met_are_told_once(town, tmp_path):
    town.write_text(TOWN + "timeline:\n  - {at: 2024-11-20 09:00, observe: x, meter: home, expect: {credit: 1 kWh}}\n")
    result = cli("run", town, "--scenario", "all", "--replications", 3, "--out", tmp_path / "out", "--no-plot")
    assert result.exit_code == 1
    [line] = [line for line in result.stderr.splitlines() if not line.endswith("done")]
    assert line.startswith(f"{town}:30: timeline[0].expect: credit: expected 1.0 kWh, got ")
    assert line.endswith("(base, replication 0; in 9 of 9 runs)")
    assert "expectations: 1 not met" in result.stdout
    assert (tmp_path / "out" / "experiment.json").exists()


def test_several_files_get_an_experiment_each(town, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(TOWN)
    assert cli("run", town, other, "--scenario", "base", "--no-plot", "--out", tmp_path / "out").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["other", "town"]


def children(process):
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def command_line(process):
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds its children in /proc")
def test_a_worker_that_is_killed_ends_it_with_one_line(town, tmp_path):
    command = [sys.executable, "-m", "meter_sim", "run", str(town), "--replications", "5000", "--workers", "2"]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "out")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    deadline = time.monotonic() + 20
    workers = []
    while not workers and time.monotonic() < deadline:
        workers = [child for child in children(process) if b"spawn_main" in command_line(child)]
    os.kill(workers[0], signal.SIGKILL)
    lines = [first, *process.communicate()[1].splitlines(keepends=True)]
    assert process.returncode == 2
    assert [line for line in lines if not line.endswith(": done\n")] == [
        "a worker process was ended from outside, nothing is written; if memory ran out, take fewer than 2\n"
    ]
    assert list(tmp_path.iterdir()) == [town]


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM cannot be caught there")
def test_an_experiment_that_is_terminated_leaves_nothing(town, tmp_path):
    command = [
        sys.executable,
        "-m",
        "meter_sim",
        "run",
        str(town),
        "--replications",
        "5000",
        "--out",
        str(tmp_path / "out"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    process.stderr.readline()
    process.terminate()
    process.communicate()
    assert list(tmp_path.iterdir()) == [town]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("programme.phases.town.start", None),
        ("programme.phases.town.strt", "there is no such path, did you mean programme.phases.town.start?"),
        ("programme.phases.town.0.start", "unknown key, allowed are start, channel"),
    ],
)
def test_the_only_phase_of_an_area_is_swept_without_a_place(path, told):
    file = Path(__file__).parent.parent / "scenarios" / "rollover_self_entry.yaml"
    sweep = {path: ["2024-07-02", "2024-07-03"]}
    small = {"population.count": "3", "end": "2024-07-05 00:00"}
    if told:
        with pytest.raises(ScenarioError, match=re.escape(told)):
            meter_sim.experiment(file, sweep=sweep, set=small)
    else:
        assert list(meter_sim.experiment(file, sweep=sweep, set=small).runs[path]) == sweep[path]
