"""`keychange`: sets for a population, each proved on a simulated meter before it is written."""

import numpy as np
import pyarrow as pa
import pytest

from meter_sim import cli_bulk
from meter_sim.bulk import key_change_sets
from meter_sim.bulk.key_change_sets import KeyChangeSets, Target
from meter_sim.bulk.keys import VendingKeys
from meter_sim.bulk.token_file import Chunk
from meter_sim.sts.identity import MeterPan, luhn
from tests.test_token_files import cli, read, tokens_of, write

METER = {
    "meter_pan": "600727000000000009",
    "supply_group_code": "123457",
    "key_revision_number": 1,
    "tariff_index": "01",
    "ea": "07",
    "base_date": "1993",
    "dkga": "04",
}


def pan(serial):
    body = f"01{serial:08d}"
    return MeterPan.of("600727", body + luhn(body)).digits


def made(tmp_path, rows, *options, form="csv", to=2):
    file = write(tmp_path / f"meters.{form}", rows)
    out = tmp_path / "kct.csv"
    result = cli("keychange", "--meters", file, "--to", to, "--out", out, *options)
    return result, read(out) if out.exists() else []


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_population(tmp_path, form):
    kinds = [{}, {"ea": "11"}, {"ea": "07", "three_kct": "true"}, {"tariff_index": "07"}]
    rows = [{**METER, "three_kct": None, "meter_pan": pan(number), **kinds[number % 4]} for number in range(40)]
    options = ["--key", "test:old", "--to-base", "2014", "--to-key", "test:new"]
    result, out = made(tmp_path, rows, *options, form=form)
    assert (result.exit_code, result.stderr) == (0, "")
    assert [len(tokens_of(row)) for row in out] == [2, 4, 3, 2] * 10
    assert [row["meter_pan"] for row in out] == [row["meter_pan"] for row in rows]
    assert {row["new.base_date"] for row in out} == {"2014"}
    assert {row["new.key_revision_number"] for row in out} == {"2"}
    for command in ("verify", "feed"):
        options = ["--key", "test:old", *(["--to-key", "test:new"] if command == "verify" else [])]
        file = tmp_path / "kct.csv"
        if command == "feed":  # a meter that takes three sections
            file = write(
                tmp_path / "fed.csv", [{**row, "model": "keypad_3kct" if row["three_kct"] else ""} for row in out]
            )
        result = cli("token", command, "--from", file, "--out", tmp_path / "said.csv", *options)
        assert (result.exit_code, result.stderr) == (0, "")
    assert {row["krn_kt"] for row in read(tmp_path / "said.csv")} == {"2.2"}


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (["--to-base", "2014"], "new.base_date", "2014"),
        (["--to-dkga", "04"], "new.dkga", "04"),
        (["--to-sgc", "654321"], "new.supply_group_code", "654321"),
        (["--to-ti", "99"], "new.tariff_index", "99"),
        (["--to-kt", "DDTK"], "new.key_type", "1"),
        (["--ken", "85"], "key_expiry_number", "85"),
        (["--rollover"], "rollover", "true"),
        (["--no-rollover"], "rollover", "false"),
        (["--three-sections"], "three_kct", "true"),
    ],
)
def test_every_option_is_said_and_changes_the_set(tmp_path, options, field, value):
    key = ["--key", "test:old", "--to-base", "2014"] if field == "rollover" else ["--key", "test:old"]
    base = {**METER, "dkga": "04"}
    _, [plain] = made(tmp_path, [base], *key)
    result, [changed] = made(tmp_path, [base], *key, *options)
    assert result.exit_code == 0
    assert changed[field] == value
    assert (changed["tokens"] == plain["tokens"]) == (options in (["--to-dkga", "04"], ["--rollover"]))


def test_workers_change_nothing(tmp_path, monkeypatch):
    rows = [{**METER, "meter_pan": pan(number), "tariff_index": f"{number % 101:02d}"} for number in range(300)]
    monkeypatch.setattr(cli_bulk, "_SCALAR_ROWS", 50)
    outputs = set()
    for workers in (1, 3):
        result, _ = made(tmp_path, rows, "--key", "test:old", "--workers", workers)
        outputs.add((result.stderr, (tmp_path / "kct.csv").read_bytes()))
    [(stderr, _)] = outputs
    assert [line.split(": ")[1] for line in stderr.splitlines()] == ["row 101", "row 202"]


def test_a_row_keeps_what_it_says_itself(tmp_path):
    rows = [{**METER, "new.tariff_index": "05"}, {**METER, "new.tariff_index": None}]
    _, out = made(tmp_path, rows, "--key", "test:old", "--to-ti", "06")
    assert [row["new.tariff_index"] for row in out] == ["05", "06"]
    assert out[0]["tokens"] != out[1]["tokens"]


def test_bad_rows_and_strict(tmp_path):
    rows = [METER, {**METER, "meter_pan": "600727000000000008"}, {**METER, "supply_group_code": None}, METER]
    result, out = made(tmp_path, rows, "--key", "test:old")
    assert result.exit_code == 1
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["row 2", "row 3"]
    assert [bool(row["tokens"]) for row in out] == [True, False, False, True]
    (tmp_path / "kct.csv").unlink()
    result, out = made(tmp_path, rows, "--key", "test:old", "--strict")
    assert (result.exit_code, out) == (2, [])


@pytest.mark.parametrize(
    ("more", "options", "reason"),
    [
        ({}, ["--to-kt", "DITK"], "the meter answers 1stKCT, KeyTypeError (a DUTK may not be followed by a DITK)"),
        ({"model": "keypad_ea11"}, [], "the model keypad_ea11 is EA11"),
        ({"model": "steam"}, [], "no meter model is called 'steam'"),
        ({"model": "keypad"}, ["--three-sections"], "the meter answers 1stKCT, Accept, CRCError"),
        ({}, ["--model", "keypad", "--three-sections"], "the meter answers 1stKCT, Accept, CRCError"),
    ],
)
def test_a_set_that_is_not_proved_is_not_written(tmp_path, more, options, reason):
    result, [out] = made(tmp_path, [{**METER, **more}], "--key", "test:old", "--to-key", "test:new", *options)
    assert result.exit_code == 1
    assert out["tokens"] == ""
    assert out["error"].startswith(f"not proved: {reason}")


def chunk():
    return Chunk(np.array([1]), {name: pa.array([str(value)]) for name, value in METER.items()}, (), 1)


@pytest.mark.parametrize("wrong", range(4))
def test_the_proof_finds_wrong_sections(monkeypatch, wrong):
    """Sections of the compiled code that are wrong in one way or another do not pass the scalar meter."""
    keys = VendingKeys("test:old", "test:new")
    sets = KeyChangeSets(keys, Target(2, base_date="2014"))
    whole = key_change_sets.issue

    def spoilt(wanted, vending):
        added, faults, refused = whole(wanted, vending)
        [good] = added["tokens"].to_pylist()
        other = KeyChangeSets(keys, Target(2, base_date="2014", tariff_index="02"))
        more_sets = {
            0: [good[0], good[0]],
            1: [good[0], str(int(good[1]) ^ 1).zfill(20)],
            2: whole(key_change_sets._with(chunk(), other.target.fields()), vending)[0]["tokens"].to_pylist()[0],
            3: whole(key_change_sets._with(chunk(), {**sets.target.fields(), "rollover": "false"}), vending)[0][
                "tokens"
            ].to_pylist()[0],
        }
        return {**added, "tokens": pa.array([more_sets[wrong]], pa.list_(pa.string()))}, faults, refused

    added, faults, _ = sets.make(chunk())
    assert faults == {}
    assert added["tokens"].to_pylist()[0] is not None
    monkeypatch.setattr(key_change_sets, "issue", spoilt)
    added, faults, _ = sets.make(chunk())
    assert added["tokens"].to_pylist() == [None]
    assert faults[0].startswith("not proved: ")


def test_a_credit_meter_of_every_kind_proves_its_set(tmp_path):
    for model in ("water", "gas", "time", "currency", "two_services", "keypad_20", "three_phase"):
        result, [out] = made(tmp_path, [{**METER, "model": model}], "--key", "test:old", "--to-key", "test:new")
        assert (result.exit_code, out["error"]) == (0, "")


def test_sections_are_those_of_the_scalar_code(tmp_path):
    rows = [{**METER, "meter_pan": pan(number), "ea": "11" if number % 2 else "07"} for number in range(20)]
    _, out = made(tmp_path, rows, "--key", "test:old", "--to-key", "test:new", "--to-base", "2014")
    for row, said in zip(rows, out, strict=True):
        options = ["--pan", row["meter_pan"], "--sgc", "123457", "--krn", 1, "--dkga", "04", "--base", 1993]
        options += ["--key", "test:old", "--to-krn", 2, "--to-base", 2014, "--to-key", "test:new", "--ea", row["ea"]]
        single = cli("token", "issue", *options)
        assert [line.replace(" ", "") for line in single.output.splitlines()] == said["tokens"].split()


def test_a_long_meter_beside_sets_of_three(tmp_path):
    rows = [{**METER, "ea": "11"}, METER]
    result, out = made(tmp_path, rows, "--key", "test:old", "--to-key", "test:new", "--three-sections")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [len(tokens_of(row)) for row in out] == [4, 3]


def spoilt_sections(monkeypatch, change):
    """The sets of METER where the sections are those of a slightly other change than the rows ask for."""
    keys, target = VendingKeys("test:old", "test:new"), Target(2, base_date="2014")
    sets, whole = KeyChangeSets(keys, target), key_change_sets.issue
    other = key_change_sets._with(chunk(), {**target.fields(), **change})
    monkeypatch.setattr(key_change_sets, "issue", lambda wanted, vending: whole(other, vending))
    return sets.make(chunk())


@pytest.mark.parametrize(
    "change",
    [
        {"key_expiry_number": "254"},
        {"rollover": "false"},
        {"new.key_revision_number": "3"},
        {"new.tariff_index": "02"},
        {"new.key_type": "1"},
        {"new.base_date": "2035"},
    ],
)
def test_every_part_of_the_key_register_is_proved(monkeypatch, change):
    added, faults, _ = spoilt_sections(monkeypatch, change)
    assert added["tokens"].to_pylist() == [None]
    assert faults[0].startswith("not proved: ")


def test_the_last_section_must_answer_accept(monkeypatch):
    keys = VendingKeys("test:old", "test:new")
    sets, whole = KeyChangeSets(keys, Target(2, base_date="2014")), key_change_sets.issue

    def first_only(wanted, vending):
        added, faults, refused = whole(wanted, vending)
        return {**added, "tokens": pa.array([added["tokens"].to_pylist()[0][:1]])}, faults, refused

    monkeypatch.setattr(key_change_sets, "issue", first_only)
    _, faults, _ = sets.make(chunk())
    assert faults[0] == "not proved: the meter answers 1stKCT"


def test_credit_under_the_new_key_is_part_of_the_proof(monkeypatch):
    keys = VendingKeys("test:old", "test:new")
    sets = KeyChangeSets(keys, Target(2, base_date="2014"))
    monkeypatch.setattr(key_change_sets.cipher, "encipher", lambda token, key: "0" * 20)
    _, faults, _ = sets.make(chunk())
    assert faults[0] == "not proved: credit for electricity under the new key is not accepted"


def test_a_row_s_model_counts_before_the_option(tmp_path):
    rows = [{**METER, "model": "keypad_3kct"}, {**METER, "model": ""}]
    options = ["--key", "test:old", "--three-sections", "--model", "keypad"]
    _, out = made(tmp_path, rows, *options)
    assert [bool(row["tokens"]) for row in out] == [True, False]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--to-dkga", "03"], "keychange: --to-dkga: DKGA03 is withdrawn; use 02 or 04"),
        (["--to-sgc", "1"], "keychange: --to-sgc: supply group code '1' is not 6 decimal digits"),
        (["--to-ti", "1"], "keychange: --to-ti: tariff index '1' is not 2 decimal digits"),
    ],
)
def test_a_mistake_in_the_command_is_told_once(tmp_path, options, line):
    result, out = made(tmp_path, [METER, METER], *options)
    assert (result.exit_code, result.stderr, out) == (2, line + "\n", [])
