"""The command line as a user has it: outputs, exit statuses, what is written and what is not."""

import json
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
from meter_sim.results.result import FILES, NEEDED, PICTURE, ResultError, read_result
from meter_sim.scenario.json_schema import json_schema_text
from meter_sim.scenario.reference import reference_text
from tests.kit import examples
from tests.sts531 import ROWS

SCENARIOS = Path(__file__).parent.parent / "scenarios"
HOUSEHOLD = str(SCENARIOS / "household_rollover.yaml")


def cli(*arguments, env=None):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


# -- run


def test_run_writes_all_files(tmp_path):
    result = cli("run", HOUSEHOLD, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "expectations: 8 met, 0 not met" in result.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted((*NEEDED, PICTURE))
    assert (tmp_path / "out" / "timeline.png").read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["meters"]["home"]["key_revision"] == 2


def test_a_written_result_reads_back(tmp_path):
    result = meter_sim.run(HOUSEHOLD)
    result.write(tmp_path / "out", plot=False)
    again = meter_sim.read_result(tmp_path / "out")
    assert again.summary == result.summary
    assert again.events.equals(result.events)
    assert again.daily.equals(result.daily)
    assert again.readings.equals(result.readings)
    assert len(result.events) == len(result.record.events)
    assert list(result.daily.columns[-18:])[:2] == ["Accept", "1stKCT"]
    assert result.daily["Accept"].sum() == result.summary["entries"]["Accept"]
    assert str(result.events["time"].dt.tz) == "UTC"


def test_run_without_a_picture_and_into_an_earlier_result(tmp_path):
    out = tmp_path / "out"
    assert cli("run", HOUSEHOLD, "--out", out).exit_code == 0
    assert cli("run", HOUSEHOLD, "--out", out, "--no-plot", "--seed", "8").exit_code == 0
    assert not (out / "timeline.png").exists()
    assert json.loads((out / "summary.json").read_text())["seed"] == 8
    assert cli("plot", out).exit_code == 0
    assert (out / "timeline.png").stat().st_size > 10_000


def test_several_files_get_a_folder_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    two = (SCENARIOS / "two_vendors.yaml", SCENARIOS / "wrapped_tid.yaml")
    assert cli("run", *two, "--no-plot").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["two_vendors", "wrapped_tid"]
    assert cli("run", *two, "--no-plot", "--out", "there").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == ["two_vendors", "wrapped_tid"]
    result = cli("run", two[0], two[0])
    assert result.exit_code == 2
    assert "two files would write" in result.stderr


def test_the_resolved_scenario_runs_to_the_same_bytes(tmp_path):
    cli("run", HOUSEHOLD, "--out", tmp_path / "a")
    cli("run", tmp_path / "a" / "scenario.yaml", "--out", tmp_path / "b")
    for file in (*NEEDED, PICTURE):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_set_and_seed(tmp_path):
    result = cli(
        "run",
        HOUSEHOLD,
        "--set",
        "meters.0.credit=99 kWh",
        "--set",
        "name=other",
        "--seed",
        "3",
        "--out",
        tmp_path / "o",
        "--no-plot",
    )
    assert result.exit_code == 0
    summary = json.loads((tmp_path / "o" / "summary.json").read_text())
    assert (summary["scenario"], summary["seed"]) == ("other", 3)
    assert summary["meters"]["home"]["initial_ws"] == 99 * 3_600_000
    assert meter_sim.run(HOUSEHOLD, set={"name": "other"}, seed=3).summary["seed"] == 3


def test_an_expectation_that_fails_is_exit_status_1(tmp_path):
    text = (
        Path(HOUSEHOLD)
        .read_text()
        .replace("enter: first, meter: home, expect: CRCError", "enter: first, meter: home, expect: Accept")
    )
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    result = cli("run", file, "--out", tmp_path / "out", "--no-plot")
    assert result.exit_code == 1
    assert result.stderr == f"{file}:32: timeline[4].expect: result: expected Accept, got CRCError\n"
    assert (tmp_path / "out" / "summary.json").exists()


def test_the_trace_says_why(tmp_path):
    result = cli("run", HOUSEHOLD, "--trace", "home", "--out", tmp_path / "out", "--no-plot")
    lines = result.stdout.splitlines()
    refused = next(line for line in lines if "CRCError" in line)
    assert refused.startswith("2024-11-20 09:07:00")
    assert "it was made under key revision 1, the meter holds 2" in refused
    assert any("1stKCT [1St]" in line for line in lines)
    old = cli(
        "run", SCENARIOS / "tokens_in_the_drawer.yaml", "--trace", "home", "--out", tmp_path / "out", "--no-plot"
    ).stdout
    assert "OldError [OLd]: TID" in old
    assert "is below the smallest in the store" in old


def test_a_trace_of_nobody(tmp_path):
    result = cli("run", HOUSEHOLD, "--trace", "hoem", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr == f"--trace: {HOUSEHOLD} has no meter 'hoem', allowed are home\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--set", "0123456789abcdef"], "--set: write PATH=VALUE"),
        (["--set", "=5"], "--set: write PATH=VALUE"),
        (["--seed", "-1"], "--set seed: seed: '-1' is not a whole number from 0"),
        (["--set", "meters[0].credit=5 kwh"], "--set meters[0].credit: meters[0].credit: '5 kwh' is not an energy"),
        (["--set", "seed=x"], "--set seed: seed: 'x' is not a whole number"),
        (
            ["--set", "supply_groups.123457.vending_keys.0.key=0123456789abcde"],
            "--set supply_groups.123457.vending_keys.0.key: ",
        ),
    ],
)
def test_wrong_options(tmp_path, arguments, line):
    result = cli("run", HOUSEHOLD, *arguments, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert "0123456789abcde" not in result.stderr


def test_a_typo_in_a_scenario(tmp_path):
    file = tmp_path / "typo.yaml"
    file.write_text(Path(HOUSEHOLD).read_text().replace("load: township", "lod: township"))
    for command in (["run", file, "--out", tmp_path / "out"], ["validate", file]):
        result = cli(*command)
        assert result.exit_code == 2
        assert result.stderr.startswith(
            f"{file}:24: meters[0].lod: unknown key, did you mean load? allowed are name, pan"
        )
        assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == [file]


def test_one_wrong_file_among_several_and_nothing_is_run(tmp_path):
    result = cli("run", HOUSEHOLD, tmp_path / "none.yaml", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_something_else_is_left_alone(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("x")
    result = cli("run", HOUSEHOLD, "--out", tmp_path / "letters")
    assert result.exit_code == 2
    assert "holds love.txt, which is no result" in result.stderr
    (tmp_path / "file").write_text("x")
    assert "is a file, name a folder" in cli("run", HOUSEHOLD, "--out", tmp_path / "file").stderr
    assert "cannot be written" in cli("run", HOUSEHOLD, "--out", tmp_path / "file" / "below").stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "letters"]


def test_the_current_folder_and_a_symbolic_link(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for out in (".", "..", ""):
        result = cli("run", HOUSEHOLD, "--out", out, "--no-plot")
        assert result.exit_code == 2
        assert "is the folder you are in, or above it" in result.stderr
    assert list(tmp_path.rglob("*")) == [tmp_path / "here"]
    (tmp_path / "real").mkdir()
    try:
        (tmp_path / "link").symlink_to("real", target_is_directory=True)
    except OSError:
        return  # no symbolic links here
    assert cli("run", HOUSEHOLD, "--out", tmp_path / "link", "--no-plot").exit_code == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "summary.json").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "link", "real"]


def test_a_failure_while_writing_leaves_the_earlier_result(tmp_path, monkeypatch):
    out = tmp_path / "out"
    result = meter_sim.run(HOUSEHOLD)
    result.write(out, plot=False)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("meter_sim.results.result.write_rows", full)
    with pytest.raises(ResultError, match="No space left on device"):
        result.write(out, plot=False)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert list(tmp_path.iterdir()) == [out]


def test_a_run_that_is_killed_leaves_no_half_written_result(tmp_path):
    """Killed at many moments: the folder is not there, or complete."""
    out = tmp_path / "out"
    seen = set()
    for wait in range(examples(12)):
        process = subprocess.Popen(
            [sys.executable, "-m", "meter_sim", "run", HOUSEHOLD, "--out", str(out)], stdout=subprocess.DEVNULL
        )
        time.sleep(0.15 * (wait % 12) + 0.02 * (wait % 7))
        process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        process.wait()
        complete = out.exists()
        seen.add(complete)
        if complete:
            assert sorted(path.name for path in out.iterdir()) == sorted((*NEEDED, PICTURE))
            pq.read_table(out / "events.parquet")
            read_result(out)
            assert (out / "timeline.png").read_bytes().endswith(b"IEND\xaeB`\x82")
    assert False in seen


# -- the other commands


def test_validate():
    result = cli("validate", *sorted(SCENARIOS.glob("*.yaml")))
    assert result.exit_code == 0
    assert result.stdout.count(": good, ") == len(list(SCENARIOS.glob("*.yaml")))
    assert "household_rollover.yaml: good, 1 meters, 8 actions" in result.stdout
    assert cli("validate", HOUSEHOLD, "--set", "seed=x").exit_code == 2


def test_the_published_schema_is_the_one_that_is_printed():
    published = Path(meter_sim.__file__).parent / "scenario.schema.json"
    assert cli("schema").stdout == json_schema_text() == published.read_text(encoding="utf-8")
    schema = json.loads(published.read_text(encoding="utf-8"))
    assert schema["additionalProperties"] is False
    assert "timeline" in schema["properties"]


def test_the_published_reference_is_the_one_that_is_printed():
    published = Path(__file__).parent.parent / "docs" / "reference.md"
    assert cli("schema", "--as", "reference").stdout == reference_text() == published.read_text(encoding="utf-8")


def test_new_writes_a_starter_that_runs(tmp_path):
    result = cli("new", tmp_path / "mine")
    assert result.exit_code == 0
    assert cli("run", tmp_path / "mine.yaml", "--out", tmp_path / "out", "--no-plot").exit_code == 0
    again = cli("new", tmp_path / "mine")
    assert (again.exit_code, again.stderr) == (2, f"{tmp_path / 'mine.yaml'}: is there already, choose another name\n")
    assert "cannot be written" in cli("new", tmp_path / "none" / "mine").stderr


def test_plot_of_what_is_no_result(tmp_path):
    result = cli("plot", tmp_path)
    assert result.exit_code == 2
    assert result.stderr == f"{tmp_path}: not a result, summary.json is missing; name a folder that run wrote\n"
    for file in FILES:
        (tmp_path / file).write_text("x")
    with pytest.raises(ResultError, match="cannot be read as a result"):
        read_result(tmp_path)
    assert cli("plot", tmp_path).exit_code == 2


def test_the_public_names():
    assert set(meter_sim.__all__) == {
        "CalibrationError", "ScenarioError", "__version__", "calibrate", "decoder_key", "experiment", "forecast", "read_result", "run",
    }  # fmt: skip
    with pytest.raises(meter_sim.ScenarioError, match="seed"):
        meter_sim.run(HOUSEHOLD, set={"seed": "x"})
    assert meter_sim.run(HOUSEHOLD).plot().get_suptitle() == "One household across the rollover"


# -- token

METER = ["--pan", "600727000000000009", "--sgc", "123456", "--base", "1993", "--dkga", "02", "--key", "test:old"]
CLASS_0 = "23716100501183194197"


@pytest.mark.parametrize(
    ("options", "digits"),
    [
        (["--at", "2004-03-01T13:55Z", "--rnd", "5", "--units", "0.1"], [CLASS_0]),
        (["--at", "2004-03-01T14:05Z", "--rnd", "5", "--units", "0.1", "--service", "water"], ["42502136492215507402"]),
        (["--at", "2004-03-28T09:01Z", "--rnd", "5", "--power-limit", "1000"], ["50901894209860263092"]),
        (["--at", "2004-03-28T10:20Z", "--rnd", "5", "--unbalance-limit", "10"], ["30220533115430798647"]),
        (["--at", "2004-03-28T09:15Z", "--rnd", "5", "--clear-credit", "65535"], ["29511990995826640868"]),
        (["--at", "2004-03-28T10:00Z", "--rnd", "5", "--clear-tamper"], ["37037300014464855694"]),
        (["--at", "2004-03-29T00:01Z", "--rnd", "5", "--clear-credit", "65535"], ["20388873191656671689"]),
        (["--test", "4"], ["18446744073843772416"]),
        (["--test", "0", "--maker", "0"], ["56493153725450313471"]),
        (["--test", "0"], ["56493153725450313471"]),
        (["--to-krn", "1", "--to-ti", "02"], ["51638423060042734509", "15361891762113502242"]),
        (["--ti", "02", "--to-krn", "1", "--ken", "85"], ["31337250623187821174", "25365690080149305690"]),
    ],
)
def test_token_issue(options, digits):
    result = cli("token", "issue", *METER, *options)
    assert result.exit_code == 0, result.stderr
    assert [line.replace(" ", "") for line in result.stdout.splitlines()] == digits


CTSA05_EA11 = next(row for row in ROWS if row["name"] == "CTSA05/EA11 1")
POS_THREE = next(row for row in ROWS if row["name"] == "POS key change TI, three sections")
POS_MONEY = next(row for row in ROWS if row["name"] == "POS currency -1")


def key_options(row, prefix=""):
    names = {"sgc": "supply_group_code", "krn": "key_revision_number", "ti": "tariff_index", "base": "base_date"}
    options = [text for name, field in names.items() for text in (f"--{prefix}{name}", row[field])]
    options += [f"--{prefix}dkga", row["dkga"], f"--{prefix}key", row["vending_key"]]
    return options if prefix else [*options, "--pan", row["meter_pan"], "--ea", row["ea"]]


@pytest.mark.parametrize("row", [CTSA05_EA11, POS_THREE], ids=lambda row: row["name"])
def test_token_issue_of_three_and_four_sections(row):
    options = [*key_options(row), *key_options(row["new"], "to-"), "--ken", row["key_expiry_number"], "--no-rollover"]
    three = ["--three-sections"] if row.get("three_kct") else []
    result = cli("token", "issue", *options, *three)
    assert [line.replace(" ", "") for line in result.stdout.splitlines()] == row["tokens"]


def test_token_issue_in_currency_and_back():
    options = key_options(POS_MONEY)
    at = POS_MONEY["issued"].replace(" ", "T") + "Z"
    result = cli("token", "issue", *options, "--currency", "-1", "--at", at)
    assert result.stdout.replace(" ", "").strip() == POS_MONEY["token"]
    shown = cli("token", "decode", POS_MONEY["token"], *options).stdout
    assert "-0.99994 currency" in shown
    assert "transfer credit, electricity in currency" in shown
    water = cli("token", "issue", *options, "--currency", "-1", "--at", at, "--service", "water")
    assert "water in currency" in cli("token", "decode", water.stdout.strip(), *options).stdout


def test_token_issue_of_an_extended_function():
    options = key_options(POS_MONEY)
    token = cli("token", "issue", *options, "--extended", "3", "1000", "--at", "2025-05-21").stdout
    shown = cli("token", "decode", token, *options).stdout
    assert "index              3, the extended function" in shown
    assert "value              1000" in shown


def test_a_maker_above_255_takes_the_other_form():
    token = cli("token", "issue", "--test", "16", "--maker", "300", *METER).stdout
    shown = cli("token", "decode", token).stdout
    assert "subclass           1, initiate meter test or display" in shown
    assert "manufacturer code  300" in shown
    assert "test 29 is outside 0 to 28" in cli("token", "issue", "--test", "29", "--maker", "300", *METER).stderr


def test_an_id_record_names_the_meter():
    card = "600727000000000009" + "0000" + "02" + "07" + "123456" + "01" + "1"
    rest = ["--base", "1993", "--dkga", "02", "--key", "test:old"]
    order = ["--at", "2004-03-01T13:55Z", "--rnd", "5", "--units", "0.1"]
    assert cli("token", "issue", "--id-record", card, *rest, *order).stdout.replace(" ", "").strip() == CLASS_0
    assert cli("token", "verify", CLASS_0, "--id-record", card, *rest).exit_code == 0
    assert cli("token", "decode", CLASS_0, "--id-record", card, *rest).exit_code == 0
    wrong = cli("token", "verify", CLASS_0, "--id-record", card[:-1], *rest)
    assert wrong.stderr == f"token verify: IDRecord {card[:-1]!r} is not 35 decimal digits\n"


def test_decode_under_a_long_key():
    row = next(row for row in ROWS if row["ea"] == "11" and "token" in row)
    shown = cli("token", "verify", row["token"], "--decoder-key", row["decoder_key"])
    assert shown.exit_code == 0
    assert shown.stdout.startswith("Authentic: 0.1 kWh")


def test_every_section_says_its_fields():
    long, three = CTSA05_EA11, POS_THREE
    third, fourth = (cli("token", "decode", token, *key_options(long)).stdout for token in long["tokens"][2:])
    assert "Set3rdSectionDecoderKey" in third
    assert "SGC low" in third
    assert "Set4thSectionDecoderKey" in fourth
    assert "SGC high" in fourth
    shown = cli("token", "decode", three["tokens"][2], *key_options(three)).stdout
    assert f"SGC                {three['supply_group_code']}, the new supply group code" in shown
    assert (
        "3KCT               1, a set of three sections"
        in cli("token", "decode", three["tokens"][0], *key_options(three)).stdout
    )


def test_token_issue_of_a_rollover():
    meter = ["--pan", "600727000000000009", "--sgc", "123457", "--krn", "4"]
    key = "abababababababab949494949494949401234567"
    result = cli("token", "issue", *meter, "--to-krn", "5", "--to-base", "2035", env={"METER_SIM_KEY": key})
    assert result.stdout.replace(" ", "").split() == ["44163577485799480640", "26556810679164981397"]
    without = cli(
        "token", "issue", *meter, "--to-krn", "5", "--to-base", "2035", "--no-rollover", env={"METER_SIM_KEY": key}
    )
    assert without.stdout.splitlines()[1] == result.stdout.splitlines()[1]
    assert without.stdout.splitlines()[0] != result.stdout.splitlines()[0]


def test_the_other_new_values_of_a_key_change():
    def change(*options):
        result = cli("token", "issue", *METER, "--to-krn", "2", *options, env={"METER_SIM_TO_KEY": ""})
        assert result.exit_code == 0, result.stderr
        return result.stdout

    plain = change()
    for options in (["--to-sgc", "123457"], ["--to-kt", "DDTK"], ["--to-dkga", "04"], ["--to-key", "test:new"]):
        assert change(*options) != plain


def test_a_test_token_for_a_maker():
    digits = cli("token", "issue", *METER, "--test", "18", "--maker", "7").stdout
    assert "manufacturer code  7" in cli("token", "decode", digits).stdout


def test_reserved_minute():
    at = ["--at", "2004-03-29T00:01Z", "--rnd", "5", "--clear-credit", "65535"]
    kept = cli("token", "issue", *METER, *at, "--reserved-minute").stdout
    assert kept != cli("token", "issue", *METER, *at).stdout
    decoded = cli("token", "decode", *METER, kept.strip()).stdout
    assert "2004-03-29 00:01 UTC" in decoded


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([], "token issue: give one of --units"),
        (["--units", "5", "--test", "1"], "token issue: give one of --units"),
        (["--units", "5"], "token issue: give the time of issue"),
        (["--units", "5", "--at", "yesterday"], "token issue: --at: 'yesterday' is not an instant"),
        (["--units", "5.05", "--at", "2004-03-01"], "token issue: --units: 5.05 is not a whole number of tenths"),
        (["--units", "many", "--at", "2004-03-01"], "token issue: --units: 'many' is not a number"),
        (["--units", "9999999", "--at", "2004-03-01"], "token issue: amount 99999990 is outside"),
        (["--units", "5", "--at", "1992-03-01"], "token issue: --at: '1992-03-01' is outside the years"),
        (["--units", "5", "--at", "2004-03-01", "--base", "2014"], "token issue: TID -"),
        (["--units", "5", "--at", "2024-11-24T20:16Z"], "token issue: TID 16777216 is outside 1 to 16777215"),
        (["--units", "5", "--at", "2004-03-01", "--to-ti", "02"], "token issue: --to-ti goes with --to-krn"),
        (
            ["--units", "5", "--at", "2004-03-01", "--pan", "600727000000000008"],
            "token issue: MeterPAN 600727000000000008 has",
        ),
        (["--units", "5", "--at", "2004-03-01", "--sgc", "12345"], "token issue: supply group code '12345' is not 6"),
        (["--units", "5", "--at", "2004-03-01", "--ea", "09"], "token issue: EA09 (DES) is deprecated; use 07 or 11"),
        (["--units", "5", "--at", "2004-03-01", "--ea", "12"], "token issue: EA '12' does not exist; use 07 or 11"),
        (["--currency", "1.234567", "--at", "2014-03-01"], "token issue: --currency: 1.234567 is not a whole number"),
        (["--units", "-5", "--at", "2014-03-01"], "token issue: --units: '-5' is not a number"),
        (["--to-krn", "2", "--ea", "11", "--three-sections"], "token issue: --three-sections is for EA07"),
        (["--test", "4", "--id-record", "1" * 35], "token issue: --pan stands in --id-record, leave it out"),
        (["--units", "5", "--at", "2004-03-01", "--dkga", "03"], "token issue: DKGA03 is withdrawn"),
        (["--units", "5", "--at", "2004-03-01", "--key", "0123456789abcde"], "token issue: the vending key is neither"),
        (["--units", "5", "--maker", "7"], "token issue: --maker goes with --test"),
        (["--to-krn", "10"], "token issue: key revision number 10 is outside 1 to 9"),
        (["--to-krn", "2", "--ken", "256"], "token issue: key expiry number 256 is outside"),
    ],
)
def test_wrong_token_issue(options, line):
    result = cli("token", "issue", *METER, *options)
    assert result.exit_code == 2
    assert result.stderr.startswith(line), result.stderr
    assert result.stderr.count("\n") == 1
    assert "0123456789abcde" not in result.output


def test_token_decode_says_every_field():
    result = cli("token", "decode", *METER, *[CLASS_0[place : place + 4] for place in range(0, 20, 4)])
    assert result.exit_code == 0
    rows = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert rows == {
        "token": "2371 6100 5011 8319 4197",
        "class": "0",
        "subclass": "0, transfer credit, electricity",
        "RND": "5",
        "TID": "5871715 (2004-03-01 13:55 UTC, base 1993)",
        "amount": "0.1 kWh (coded 0x0001)",
        "result": "authentic, the checksum is right",
    }


@pytest.mark.parametrize(
    ("digits", "says"),
    [
        ("50901894209860263092", "limit              1000 W"),
        ("29511990995826640868", "register           all registers"),
        ("37037300014464855694", "pad                0x0000"),
        ("51638423060042734509", "KRN                1, the new key revision number"),
        ("51638423060042734509", "RO                 0, the TID store is kept"),
        ("15361891762113502242", "TI                 02, the new tariff index"),
        ("18446744073843772416", "asks for key revision and key type"),
        ("56493153725450313471", "asks for everything"),
    ],
)
def test_token_decode_of_other_kinds(digits, says):
    assert says in cli("token", "decode", *METER, digits).stdout


@pytest.mark.parametrize(
    ("digits", "says"),
    [
        ("1", "FormatError: not 20 decimal digits below 2^66"),
        ("99999999999999999999", "FormatError: not 20"),
        ("2371610050118319419x", "FormatError: not 20"),
        (str(3 << 27).zfill(20), "FunctionError: class 3 is reserved"),
        ("23716100501183194198", "CRCError: does not decipher under this key"),
    ],
)
def test_tokens_that_do_not_verify(digits, says):
    for command in ("verify", "decode"):
        result = cli("token", command, *METER, digits)
        assert result.exit_code == 1
        assert says in result.stdout


def test_token_verify():
    assert cli("token", "verify", *METER, CLASS_0).stdout.startswith("Authentic: 0.1 kWh, TID 5871715 (2004-03-01")
    key = "e653341f9d5bf36f"  # most significant byte first
    assert cli("token", "verify", "--decoder-key", key, CLASS_0).stdout == "Authentic: 0.1 kWh, TID 5871715\n"
    assert cli("token", "verify", "18446744073843772416").stdout == "Authentic: meter test: key revision and key type\n"
    assert cli("token", "verify", CLASS_0).stderr == (
        "token verify: give --pan, --sgc and what else names the key, --id-record or --decoder-key\n"
    )
    wrong = cli("token", "verify", "--decoder-key", "e653341f9d5bf3", CLASS_0)
    assert (wrong.exit_code, wrong.stderr) == (
        2,
        "token verify: --decoder-key is neither 16 hex digits (EA07) nor 32 (EA11)\n",
    )


# -- vending keys never show


def test_a_key_in_hex_is_in_no_output_and_no_file(tmp_path):
    secret = "0f1e2d3c4b5a6978"
    file = tmp_path / "secret.yaml"
    file.write_text(Path(HOUSEHOLD).read_text().replace("test:old", f'"{secret}"'))
    result = cli("run", file, "--trace", "home", "--out", tmp_path / "out")
    assert result.exit_code == 0
    traces = [result.output.lower().encode(), *[path.read_bytes().lower() for path in (tmp_path / "out").iterdir()]]
    for trace in traces:
        assert secret.encode() not in trace
        assert bytes.fromhex(secret) not in trace
    assert "test:new" in (tmp_path / "out" / "scenario.yaml").read_text()
