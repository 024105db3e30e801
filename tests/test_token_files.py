"""Files of tokens through the command line: the conformance figures both ways, bad rows, formats, atomic writing."""

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from meter_sim.bulk import token_file, work
from meter_sim.bulk.keys import VendingKeys
from meter_sim.bulk.verify import verify
from meter_sim.cli import main
from tests.kit import LONG
from tests.sts531 import ROWS

FORMATS = ["csv", "parquet", "json", "jsonl"]
ANSWERS = ("token", "tokens", "decoder_key", "new_decoder_key", "credited")


def cli(*arguments, env=None):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=env or {})


def asked(row):
    """A conformance row without what comes of it."""
    return {name: value for name, value in row.items() if name not in ANSWERS}


def flat(row):
    cells = {}
    for name, value in row.items():
        cells |= (
            {f"{name}.{inner}": deep for inner, deep in value.items()} if isinstance(value, dict) else {name: value}
        )
    return cells


def cell(value):
    return " ".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else value


def write(path: Path, rows):
    if path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.suffix == ".parquet":
        names = dict.fromkeys(name for row in rows for name in row)
        pq.write_table(pa.table({name: pa.array([row.get(name) for row in rows]) for name in names}), path)
    else:
        cells = [flat(row) for row in rows]
        names = list(dict.fromkeys(name for row in cells for name in row))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows({name: cell(value) for name, value in row.items()} for row in cells)
    return path


def read(path: Path):
    if path.suffix == ".json":
        return json.loads(path.read_text())
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def tokens_of(row):
    value = row.get("tokens")
    return value.split() if isinstance(value, str) else value


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_the_conformance_figures_are_issued(tmp_path, source, target):
    file = write(tmp_path / f"in.{source}", [asked(row) for row in ROWS])
    result = cli("token", "issue", "--from", file, "--out", tmp_path / f"out.{target}")
    assert (result.exit_code, result.stderr) == (0, "")
    out = read(tmp_path / f"out.{target}")
    assert [row.get("token") or None for row in out] == [row.get("token") for row in ROWS]
    assert [tokens_of(row) or None for row in out] == [row.get("tokens") for row in ROWS]
    assert not any(row.get("error") for row in out)
    assert [row["name"] for row in out] == [row["name"] for row in ROWS]


@pytest.mark.parametrize("source", FORMATS)
def test_the_conformance_figures_are_verified(tmp_path, source):
    file = write(tmp_path / f"in.{source}", ROWS)
    result = cli("token", "verify", "--from", file, "--out", tmp_path / "out.jsonl")
    assert (result.exit_code, result.stderr) == (0, "")
    out = read(tmp_path / "out.jsonl")
    assert [row["result"] for row in out] == ["Authentic"] * 72
    for row, said in zip(ROWS, out, strict=True):
        if "new" in row:
            assert said["kind"] == "key change"
            assert f"TI {row['new']['tariff_index']} KEN {row['key_expiry_number']}" in said["value"]
            continue
        shift = 60 if row["issued"].endswith("00:01:00") else 0
        assert said["tid_time"] == row["issued"].replace("00:01:00", "00:02:00") if shift else row["issued"]
        if "units" in row:
            assert float(said["value"]) >= float(row["units"])
            assert said["unit"] in ("kWh", "m3", "min")
        if "credited" in row:
            assert (said["value"], said["unit"]) == (row["credited"].rstrip("0").ljust(4, "0"), "currency")
        if "register" in row:
            assert (said["kind"], said["value"]) == ("ClearCredit", str(row["register"]))


@pytest.mark.parametrize("target", FORMATS)
def test_no_vending_key_comes_out(tmp_path, target):
    file = write(tmp_path / "in.json", ROWS)
    out = tmp_path / f"out.{target}"
    keys = {row["vending_key"] for row in ROWS} | {row["new"]["vending_key"] for row in ROWS if "new" in row}
    for command in ("issue", "verify", "feed"):
        result = cli("token", command, "--from", file, "--out", out)
        assert out.exists()
        text = json.dumps(read(out)) + result.output.replace(str(tmp_path), "")
        assert "vending_key" not in text
        assert not any(key in text for key in keys)


def test_json_repeats_its_rows_as_they_are(tmp_path):
    file = write(tmp_path / "in.json", [asked(row) for row in ROWS])
    assert cli("token", "issue", "--from", file, "--out", tmp_path / "out.json").exit_code == 0
    for row, out in zip(ROWS, read(tmp_path / "out.json"), strict=True):
        wanted = {name: value for name, value in row.items() if name not in (*ANSWERS[2:], "vending_key")}
        if "new" in wanted:
            wanted["new"] = {name: value for name, value in row["new"].items() if name != "vending_key"}
        assert out == wanted


GOOD = {
    "dkga": "04",
    "ea": "07",
    "meter_pan": "600727000000000009",
    "base_date": "2014",
    "key_revision_number": 1,
    "tariff_index": "01",
    "key_type": 2,
    "supply_group_code": "123457",
    "vending_key": "test:new",
    "token_class": 0,
    "subclass": 0,
    "issued": "2024-03-01 13:55:00",
    "rnd": 5,
    "units": 12.5,
}
BAD = [
    ({"meter_pan": "600727000000000008"}, "MeterPAN 600727000000000008 has the check digit 8, it should end in 9"),
    ({"meter_pan": "60072700000000000"}, "MeterPAN '60072700000000000' is not 18 decimal digits"),
    ({"meter_pan": "123456000000000009"}, "starts with neither 600727"),
    ({"meter_pan": None}, "meter_pan is missing"),
    ({"supply_group_code": "12345"}, "supply_group_code: supply group code '12345' is not 6 decimal digits"),
    ({"supply_group_code": None}, "supply_group_code is missing"),
    ({"tariff_index": "1"}, "tariff_index: tariff index '1' is not 2 decimal digits"),
    ({"key_revision_number": 0}, "key_revision_number: '0' is not a whole number from 1 to 9"),
    ({"key_type": 4}, "key_type: '4' is not a whole number from 0 to 3"),
    ({"dkga": "01"}, "dkga: DKGA01 is legacy"),
    ({"dkga": "03"}, "dkga: DKGA03 is withdrawn"),
    ({"dkga": "05"}, "dkga: DKGA '05' does not exist"),
    ({"ea": "09"}, "ea: EA09 (DES) is deprecated"),
    ({"ea": "12"}, "ea: EA '12' does not exist"),
    ({"ea": "11", "dkga": "02", "vending_key": "ab" * 8}, "DKGA02 makes 64-bit keys only"),
    ({"base_date": "2015"}, "base_date: '2015' is not a base date, allowed are 1993, 2014, 2035"),
    ({"vending_key": "0badc0ffee"}, "the vending key is neither"),
    ({"token_class": 3}, "token_class: '3' is not a whole number from 0 to 2"),
    ({"token_class": None}, "token_class is missing"),
    ({"subclass": 8}, "class 0 subclass 8 is no token that is issued"),
    ({"subclass": None}, "subclass is missing"),
    ({"token_class": 2, "subclass": 3}, "class 2 subclass 3 is no token that is issued"),
    ({"token_class": 2, "subclass": 0}, "watts is missing"),
    ({"token_class": 2, "subclass": 1}, "register is missing"),
    ({"token_class": 2, "subclass": 10, "index": 64, "value": 0}, "index: '64' is not a whole number from 0 to 63"),
    ({"token_class": 2, "subclass": 10, "index": 1}, "value is missing"),
    ({"token_class": 1, "test": 37}, "test: '37' is not a whole number from 0 to 36"),
    ({"token_class": 1, "test": 36, "manufacturer": 256}, "test 36 is outside 0 to 28"),
    ({"rnd": 16}, "rnd: '16' is not a whole number from 0 to 15"),
    ({"units": 0.05}, "units: '0.05' is not a whole number of tenths"),
    ({"units": -1}, "units: -10 is more than a token can carry, or below 0"),
    ({"units": 2_000_000}, "units: 20000000 is more than a token can carry"),
    ({"units": "ten"}, "units: 'ten' is not a number"),
    ({"units": None}, "units is missing"),
    ({"subclass": 4, "currency": 0.000001}, "is not a whole number of 0.00001"),
    ({"issued": "2013-12-31 23:59:00"}, "issued: has no TID under base date 2014"),
    ({"issued": "2045-11-24 20:16:00"}, "issued: has no TID under base date 2014"),
    ({"issued": "yesterday"}, "issued: 'yesterday' is no UTC instant"),
    ({"issued": "2024-03-01 13:55:00+02:00"}, "is no UTC instant"),
    ({"issued": None}, "issued is missing"),
    ({"reserved_minute": "maybe"}, "reserved_minute: 'maybe' is neither true nor false"),
    ({"new": {"ea": "11"}}, "new.ea: a key change leaves it as it is"),
    ({"new": {"meter_pan": "000001000000000082"}}, "new.meter_pan: a key change leaves it as it is"),
    ({"new": {"key_revision_number": 10}}, "new.key_revision_number: '10' is not a whole number"),
    ({"new": {"vending_key": "0badc0ffee"}}, "new: the vending key is neither"),
    ({"new": {"tariff_index": "02"}, "key_expiry_number": 256}, "key_expiry_number: '256' is not a whole number"),
    ({"new": "KRN 2"}, "new: is not an object with the fields of the new key"),
]


@pytest.mark.parametrize("form", FORMATS)
def test_bad_rows_are_told_by_number_and_the_others_go_on(tmp_path, form):
    changes = [
        change for change, _ in BAD if form != "parquet" or "new" not in change or isinstance(change["new"], dict)
    ]
    reasons = [reason for change, reason in BAD if change in changes]
    rows = [GOOD]
    for change in changes:
        rows += [{**GOOD, **change}, GOOD]
    if form == "parquet":  # a column has one type
        names = {name for row in rows for name in row}
        rows = [
            {n: row.get(n) if n == "new" else None if row.get(n) is None else str(row.get(n)) for n in names}
            for row in rows
        ]
        rows = [{**row, "new": row["new"] and {k: str(v) for k, v in row["new"].items()}} for row in rows]
    file = write(tmp_path / f"in.{form}", rows)
    result = cli("token", "issue", "--from", file, "--out", tmp_path / "out.jsonl")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == f"{tmp_path / 'out.jsonl'}: {len(rows)} rows, {len(changes)} bad"
    told = result.stderr.splitlines()
    out = read(tmp_path / "out.jsonl")
    assert len(out) == len(rows)
    for place, reason in enumerate(reasons):
        assert told[place].startswith(f"{file}: row {2 * place + 2}: ")
        assert reason in told[place]
        assert reason in out[2 * place + 1]["error"]
        assert "token" not in out[2 * place + 1]
    assert {row["token"] for row in out[::2]} == {out[0]["token"]}
    assert "c0ffee" not in result.output + json.dumps(out)


def test_strict_stops_at_the_first_bad_row_and_writes_nothing(tmp_path):
    file = write(tmp_path / "in.csv", [GOOD, {**GOOD, "rnd": 16}, {**GOOD, "rnd": 17}])
    (tmp_path / "out.csv").write_text("what was there")
    for command in ("issue", "verify", "feed"):
        result = cli("token", command, "--from", file, "--out", tmp_path / "out.csv", "--strict")
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
        assert f"{file}: row " in result.stderr
        assert (tmp_path / "out.csv").read_text() == "what was there"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_rows_that_cannot_be_read_are_told_too(tmp_path):
    file = tmp_path / "in.csv"
    write(file, [GOOD, GOOD, GOOD])
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], lines[1], "too,short", lines[2], lines[3] + ",too long"]) + "\n")
    result = cli("token", "issue", "--from", file, "--out", tmp_path / "out.csv")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{file}: row 2: has 2 fields, not 14",
        f"{file}: row 4: has 15 fields, not 14",
    ]
    assert len(read(tmp_path / "out.csv")) == 2
    assert "4 rows, 2 bad" in result.output
    (tmp_path / "in.jsonl").write_text('{"token_class": 3}\n[1]\n"x"\n')
    result = cli("token", "issue", "--from", tmp_path / "in.jsonl", "--out", tmp_path / "out.csv")
    assert [line.split(": ", 1)[1][:5] for line in result.stderr.splitlines()] == ["row 1", "row 2", "row 3"]


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("in.txt", "", "a file of rows ends in .csv, .parquet, .json or .jsonl"),
        ("in.csv", "", "a CSV begins with a line of field names"),
        ("in.csv", "a,b,a\n", "the field 'a' stands there twice"),
        ("in.csv", b"a\n\xff\xfe\n", "cannot be read"),
        ("in.csv", b"\xff\xfe\n", "cannot be read"),
        ("in.json", '{"rows": []}', "a JSON file of rows is an array of objects; one a line is .jsonl"),
        ("in.json", "[{]", "cannot be read"),
        ("in.jsonl", "{]", "cannot be read"),
        ("in.parquet", "no parquet", "cannot be read"),
        ("none.csv", None, "cannot be read: No such file or directory"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, line):
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    result = cli("token", "verify", "--from", tmp_path / name, "--out", tmp_path / "out.csv")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith(f"{tmp_path / name}: ")
    assert line in result.stderr
    assert not (tmp_path / "out.csv").exists()


def test_files_that_cannot_be_written(tmp_path):
    file = write(tmp_path / "in.csv", [GOOD])
    for out in (tmp_path / "out.txt", tmp_path / "no" / "out.csv"):
        result = cli("token", "issue", "--from", file, "--out", out)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert result.stderr.startswith(f"{out}: ")


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_without_rows(tmp_path, form):
    file = write(tmp_path / f"in.{form}", [GOOD])
    if form in ("json", "jsonl"):
        file.write_text("[]" if form == "json" else "")
    elif form == "csv":
        file.write_text(file.read_text().splitlines()[0] + "\n")
    else:
        pq.write_table(pq.read_table(file).slice(0, 0), file)
    for command in ("issue", "verify", "feed"):
        result = cli("token", command, "--from", file, "--out", tmp_path / "out.csv")
        assert (result.exit_code, result.stderr) == (0, "")
        assert read(tmp_path / "out.csv") == []


def test_a_key_change_as_json_in_one_column(tmp_path):
    row = next(row for row in ROWS if "new" in row)
    cells = {name: json.dumps(value) if name == "new" else value for name, value in asked(row).items()}
    with (tmp_path / "in.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(cells))
        writer.writeheader()
        writer.writerow({name: cell(value) for name, value in cells.items()})
        writer.writerow({name: cell(value) for name, value in (cells | {"new": "{'a': 1}"}).items()})
    result = cli("token", "issue", "--from", tmp_path / "in.csv", "--out", tmp_path / "out.csv")
    good, bad = read(tmp_path / "out.csv")
    assert good["tokens"].split() == row["tokens"]
    assert bad["error"] == "new: is not an object with the fields of the new key"
    assert result.exit_code == 1
    assert "vending_key" not in (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize(
    ("more", "options", "env"),
    [
        ({"vending_key": None}, ["--key", "test:old"], {}),
        ({"vending_key": None}, [], {"METER_SIM_KEY": "test:old"}),
        ({"vending_key": "test:old"}, ["--key", "test:new"], {}),
    ],
)
def test_rows_without_a_vending_key(tmp_path, more, options, env):
    write(tmp_path / "in.csv", [{**GOOD, **more}])
    assert (
        cli("token", "issue", "--from", tmp_path / "in.csv", "--out", tmp_path / "out.csv", *options, env=env).exit_code
        == 0
    )
    write(tmp_path / "named.csv", [{**GOOD, "vending_key": "test:old"}])
    cli("token", "issue", "--from", tmp_path / "named.csv", "--out", tmp_path / "named_out.csv")
    assert read(tmp_path / "out.csv")[0]["token"] == read(tmp_path / "named_out.csv")[0]["token"]


@pytest.mark.parametrize(
    ("own", "to_key", "wanted"),
    [(None, None, "test:new"), (None, "test:old", "test:old"), ("test:old", None, "test:old")],
)
def test_the_vending_key_after_a_change(tmp_path, own, to_key, wanted):
    new = {"tariff_index": "02", **({"vending_key": own} if own else {})}
    write(tmp_path / "in.json", [{**GOOD, "new": new}])
    options = ["--to-key", to_key] if to_key else []
    assert (
        cli("token", "issue", "--from", tmp_path / "in.json", "--out", tmp_path / "out.json", *options).exit_code == 0
    )
    write(tmp_path / "named.json", [{**GOOD, "new": {**new, "vending_key": wanted}}])
    cli("token", "issue", "--from", tmp_path / "named.json", "--out", tmp_path / "named_out.json")
    [out], [named] = read(tmp_path / "out.json"), read(tmp_path / "named_out.json")
    assert out["tokens"] == named["tokens"]
    check = {**GOOD, "new": {**new, "vending_key": wanted}, "tokens": out["tokens"]}
    other = {**check, "new": {**new, "tariff_index": "03", "vending_key": wanted}}
    write(tmp_path / "check.json", [check, other, {**check, "tokens": check["tokens"][:1]}, {**check, "tokens": []}])
    result = cli("token", "verify", "--from", tmp_path / "check.json", "--out", tmp_path / "verified.json")
    said = read(tmp_path / "verified.json")
    assert [row.get("result") for row in said] == ["Authentic", "Mismatch", None, None]
    assert [row.get("error") for row in said[2:]] == [
        "tokens: are no whole set of key change sections",
        "token is missing",
    ]
    assert result.exit_code == 1
    assert "2 bad, 1 not authentic" in result.output


def test_what_verify_says_of_every_kind(tmp_path):
    timed = {"token_class": 2, "units": None}
    rows = [
        {**GOOD, "subclass": 1},
        {**GOOD, "subclass": 7, "currency": -1.5},
        {**timed, "subclass": 0, "watts": 20_000},
        {**timed, "subclass": 6, "watts": 500},
        {**timed, "subclass": 1, "register": 65_535},
        {**timed, "subclass": 2, "data": 7},
        {**timed, "subclass": 5},
        {**timed, "subclass": 7, "data": 9},
        {**timed, "subclass": 10, "index": 63, "value": 1023},
        {**timed, "token_class": 1, "subclass": None, "test": 4},
        {**timed, "token_class": 1, "subclass": None, "manufacturer": 300},
        {"issued": "2024-03-01 00:01:00"},
        {"issued": "2024-03-01T00:01Z", "reserved_minute": True},
    ]
    write(tmp_path / "in.json", [{**GOOD, **row} for row in rows])
    assert cli("token", "issue", "--from", tmp_path / "in.json", "--out", tmp_path / "out.json").exit_code == 0
    issued = read(tmp_path / "out.json")
    assert len({row["token"] for row in issued}) == len(rows)
    write(tmp_path / "check.json", [{**row, "vending_key": "test:new"} for row in issued])
    assert cli("token", "verify", "--from", tmp_path / "check.json", "--out", tmp_path / "said.json").exit_code == 0
    said = read(tmp_path / "said.json")
    assert [(row["kind"], row.get("value"), row.get("unit")) for row in said] == [
        ("water", "12.5", "m3"),
        ("time in currency", "-1.49994", "currency"),
        ("SetMaximumPowerLimit", "20004", "W"),
        ("SetMaximumPhasePowerUnbalanceLimit", "500", "W"),
        ("ClearCredit", "65535", None),
        ("SetTariffRate", "7", None),
        ("ClearTamperCondition", "0", None),
        ("SetWaterMeterFactor", "9", None),
        ("extended function", "63 1023", None),
        ("meter test", "control 0x8 maker 0", None),
        ("meter test", "control 0xFFFFFFF maker 300", None),
        ("electricity", "12.5", "kWh"),
        ("electricity", "12.5", "kWh"),
    ]
    assert [row.get("tid_time") for row in said[8:]] == [
        "2024-03-01 13:55:00", None, None, "2024-03-01 00:02:00", "2024-03-01 00:01:00",
    ]  # fmt: skip


def test_what_verify_says_of_tokens_that_are_none(tmp_path):
    good = "23716100501183194197"  # of another key
    tokens = [good, "2371 6100 5011 8319 4197", "123", "9" * 20, "x" * 20, str(3 << 27).zfill(20), "１" * 20, ""]
    write(tmp_path / "in.csv", [{**GOOD, "token": token} for token in tokens])
    result = cli("token", "verify", "--from", tmp_path / "in.csv", "--out", tmp_path / "out.csv")
    assert [row["result"] for row in read(tmp_path / "out.csv")] == [
        "CRCError", "CRCError", "FormatError", "FormatError", "FormatError", "FunctionError", "FormatError", "",
    ]  # fmt: skip
    assert result.exit_code == 1
    assert result.stderr == f"{tmp_path / 'in.csv'}: row 8: token is missing\n"
    assert "8 rows, 1 bad, 7 not authentic" in result.output


@pytest.mark.parametrize("command", ["issue", "verify"])
def test_options_that_rows_say_for_themselves(tmp_path, command):
    file = write(tmp_path / "in.csv", [GOOD])
    result = cli("token", command, "--from", file, "--out", tmp_path / "out.csv", "--krn", "2")
    assert (result.exit_code, result.stderr) == (
        2, f"token {command}: --krn goes without --from; rows say it for themselves\n",
    )  # fmt: skip
    assert cli("token", command, "--from", file).stderr == f"token {command}: give the file to write, --out FILE\n"
    assert cli("token", command, "--out", file).stderr == f"token {command}: --out goes with --from\n"
    assert cli("token", command, "--strict").stderr == f"token {command}: --strict goes with --from\n"


def test_chunks_and_workers_change_nothing(tmp_path, monkeypatch):
    rows = [{**GOOD, "rnd": number % 17, "units": number / 10} for number in range(500)]
    write(tmp_path / "in.csv", rows)
    outputs = set()
    for chunk_rows in (7, 100, 65_536):
        for workers in (1, 2, 5):
            monkeypatch.setattr(token_file, "CHUNK_ROWS", chunk_rows)
            monkeypatch.setattr(work, "WORKERS", workers)
            result = cli("token", "issue", "--from", tmp_path / "in.csv", "--out", tmp_path / "out.csv")
            outputs.add((result.stderr, (tmp_path / "out.csv").read_bytes()))
    [(stderr, _)] = outputs
    assert [line.split("row ")[1].split(":")[0] for line in stderr.splitlines()] == [
        str(n + 1) for n in range(16, 500, 17)
    ]


def test_a_killed_run_leaves_the_earlier_file(tmp_path):
    write(tmp_path / "in.csv", [GOOD] * 3)
    out = tmp_path / "out.csv"
    out.write_text("what was there")
    code = (
        "import sys, time\n"
        "from meter_sim.bulk import token_file\n"
        "whole = token_file.RowSink.repeat\n"
        "def slow(self, chunk, added):\n"
        "    whole(self, chunk, added); print('under way', flush=True); time.sleep(60)\n"
        "token_file.RowSink.repeat = slow\n"
        "from meter_sim.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    arguments = ["token", "issue", "--from", str(tmp_path / "in.csv"), "--out", str(out)]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"under way\n"
    process.kill()
    process.wait()
    process.stdout.close()
    assert out.read_text() == "what was there"
    assert cli(*arguments).exit_code == 0
    assert len(read(out)) == 3


@pytest.mark.parametrize("command", ["issue", "verify", "feed", "keychange"])
def test_a_key_that_no_algorithm_takes_is_told_once(tmp_path, command):
    file = write(tmp_path / "in.csv", [{**GOOD, "token": "1" * 20}] * 2)
    start = ["keychange", "--to", "2", "--meters"] if command == "keychange" else ["token", command, "--from"]
    options = ["--key"] if command == "feed" else ["--key", "test:new", "--to-key"]
    result = cli(*start, file, "--out", tmp_path / "out.csv", *options, "c0ffee")
    assert (result.exit_code, result.stderr) == (
        2, f"{options[-1]}: the vending key is none of test:old, test:new, 16 hex digits and 40 hex digits\n",
    )  # fmt: skip
    assert not (tmp_path / "out.csv").exists()


def test_the_keys_do_not_show():
    assert "secret" not in repr(VendingKeys("secret", "secret"))
    chunk = token_file.Chunk(np.array([1]), {"token": pa.array(["1"])}, (), 1)
    assert verify(chunk, VendingKeys("test:new"))[1] == {0: "meter_pan is missing"}


PEAK = """
import pathlib, re, sys
from meter_sim.cli import main
try:
    main(sys.argv[1:], standalone_mode=False)
except SystemExit:
    pass
print(re.search("VmHWM:\\s*([0-9]+)", pathlib.Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a process's own peak of memory is read from Linux")
@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_memory_does_not_grow_with_the_file(tmp_path, form):
    """Once the reader has run ahead as far as it may, it stays, whatever the length."""
    rows = (40_000 if form == "jsonl" else 1_000_000) if LONG else (20_000 if form == "jsonl" else 250_000)
    [row] = read(write(tmp_path / "row.jsonl", [{**GOOD, "token": "23716100501183194197"}]))
    peaks = []
    for times in (1, 8 if LONG else 3):
        file = tmp_path / f"in.{form}"
        if form == "parquet":
            pq.write_table(pa.table({name: [str(value)] * rows * times for name, value in row.items()}), file)
        else:
            lines = write(tmp_path / f"one.{form}", [row]).read_text().splitlines(keepends=True)
            with file.open("w") as text:
                text.writelines(lines[:-1])
                for _ in range(times):
                    text.write(lines[-1] * rows)
        command = ["token", "verify", "--from", str(file), "--out", str(tmp_path / f"out.{form}")]
        done = subprocess.run([sys.executable, "-c", PEAK, *command], capture_output=True, text=True, check=True)
        assert f"{rows * times} rows" in done.stdout
        peaks.append(int(done.stdout.splitlines()[-1]))
    assert peaks[1] < 1.35 * peaks[0]


KEY = "0123456789abcdef0123456789abcdef01234567"


def run_rows(tmp_path, command, rows, *options, form="json", out="out.json"):
    file = write(tmp_path / f"in.{form}", rows)
    result = cli("token", command, "--from", file, "--out", tmp_path / out, *options)
    return result, read(tmp_path / out) if (tmp_path / out).exists() else []


@pytest.mark.parametrize("out", [f"out.{form}" for form in FORMATS])
@pytest.mark.parametrize(
    "more",
    [
        {"new": json.dumps({"tariff_index": "02", "vending_key": KEY})},
        {"new": f"not JSON {KEY}"},
        {"new": [{"vending_key": KEY}]},
        {"meter": {"old": {"vending_key": KEY}, "Vending-Key": 1}, "history": [{"vending_key": KEY}]},
        {"dkga": KEY},
        {"ea": KEY},
        {"tariff_index": KEY},
        {"supply_group_code": KEY + "0"},
        {"meter_pan": KEY},
        {"new": {"ea": KEY, "dkga": "04"}},
        {"token_class": KEY},
        {"units": KEY},
        {"issued": KEY},
    ],
    ids=str,
)
def test_a_vending_key_in_a_strange_place_is_not_told(tmp_path, more, out):
    """In a field of another name it is told by no error; under its own name it is not repeated either."""
    [field] = list(more)[:1]
    row = {**GOOD, "token": "23716100501183194197", **more}
    for command in ("issue", "verify", "feed"):
        result, said = run_rows(tmp_path, command, [row, GOOD], out=out)
        texts = [result.output, *(str(row.get("error")) for row in said)]
        if field in ("new", "meter", *token_file.KEY_FIELDS):
            texts.append((tmp_path / out).read_bytes().decode("latin-1") if said else "")
            texts.append(json.dumps(said))
        assert not any(KEY in text for text in texts), (command, result.output[-300:])


@pytest.mark.parametrize("name", ["VENDING_KEY", "Vending key", "new.vendingKey", "meter.vending_key"])
def test_a_field_that_means_a_vending_key_is_called_so(tmp_path, name):
    cells = {**flat(GOOD), name: KEY}
    lines = [",".join(cells), ",".join(map(str, cells.values()))]
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n")
    result = cli("token", "verify", "--from", tmp_path / "in.csv", "--out", tmp_path / "out.csv")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert f"the field '{name}' holds vending keys, call it vending_key" in result.stderr
    assert KEY not in result.output
    row = {**GOOD, **({"new": {"vendingKey": KEY}} if name.startswith("new") else {name.replace(".", "_"): KEY})}
    if name != "meter.vending_key":
        result, _ = run_rows(tmp_path, "verify", [row])
        assert result.exit_code == 2


def test_cells_of_several_lines(tmp_path):
    rows = [{**GOOD, "note": f'line {number}\nsecond, "{number}"'} for number in range(45_000)]
    result, out = run_rows(tmp_path, "issue", rows, form="csv", out="out.csv")
    assert (tmp_path / "in.csv").stat().st_size > 1 << 22  # more than the reader takes at a time
    assert (result.exit_code, result.stderr) == (0, "")
    assert [row["note"] for row in out] == [row["note"] for row in rows]


def test_what_is_empty_is_not_there(tmp_path):
    rows = [
        {**GOOD, "tokens": None, "new": None},
        {**GOOD, "tokens": [], "new": {}},
        {**GOOD, "tokens": ["1"], "new": {"ea": ""}, "key_revision_number": ""},
    ]
    result, out = run_rows(tmp_path, "issue", rows)
    assert (result.exit_code, len({row["token"] for row in out})) == (0, 1)
    assert not any("tokens" in row for row in out)  # what stood there is of another request
    rows = [{**row, "token": out[0]["token"], "tokens": None} for row in rows]
    for command in ("verify", "feed"):
        result, said = run_rows(tmp_path, command, rows[:1])
        assert result.exit_code == 0
        assert "tokens" not in said[0]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_fields_of_new_that_name_no_key(tmp_path, form):
    row = {**GOOD, "new": {"krn": 2}}
    if form == "csv":
        row["new"] = json.dumps(row["new"])
    result, [out] = run_rows(tmp_path, "issue", [row], form=form)
    assert result.exit_code == 1
    assert "token" not in out
    assert out["error"].startswith("new.krn is no field of a key" if form == "json" else "new: is not an object")


@pytest.mark.parametrize(
    "text", ["0.1000000000000000000000000000000001", "1e-99", "1_0", "٣", "1e999999", "NaN", "inf", "1e400", "0x10"]
)
def test_units_that_are_no_amount(tmp_path, text):
    result, [out] = run_rows(tmp_path, "issue", [{**GOOD, "units": text}])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "token" not in out


def test_numbers_of_json_as_they_come(tmp_path):
    (tmp_path / "in.json").write_text(
        json.dumps([{**GOOD, "units": 0}]).replace('"units": 0', '"units": 1E+1, "x": 1e400')
    )
    result = cli("token", "issue", "--from", tmp_path / "in.json", "--out", tmp_path / "out.csv")
    assert result.exit_code == 0
    (tmp_path / "in.json").write_text(
        json.dumps([{**GOOD, "token": 0}]).replace('"token": 0', '"token": 23716100501183194197')
    )
    result = cli("token", "verify", "--from", tmp_path / "in.json", "--out", tmp_path / "out.csv")
    assert read(tmp_path / "out.csv")[0]["result"] == "CRCError"


@pytest.mark.parametrize("target", FORMATS)
def test_columns_of_many_types(tmp_path, target):
    row = {name: str(value) for name, value in GOOD.items()}
    columns = {name: pa.array([value, value]) for name, value in row.items()}
    columns |= {
        "units": pa.array([12.5, 12.5]),
        "rnd": pa.array([5, 5], pa.int8()),
        "issued": pa.array([1709301300, 1709301300]).cast(pa.timestamp("s", tz="Africa/Windhoek")),
        "meter_pan": pa.array([row["meter_pan"]] * 2).dictionary_encode(),
        "supply_group_code": pa.array([row["supply_group_code"]] * 2, pa.large_string()),
        "reserved_minute": pa.array([False, None]),
        "lists": pa.array([[1, 2], None]),
        "deep": pa.array([[{"a": {"vending_key": KEY, "b": 1}}], None]),
        "binary": pa.array([b"\xff", None]),
        "double": pa.array([float("nan"), 1.5]),
        "odd": pa.array([1, 2]).cast(pa.duration("s")),
        "new": pa.array([None, json.dumps({"tariff_index": "02", "vending_key": "test:old"})], pa.large_string()),
    }
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    result = cli("token", "issue", "--from", tmp_path / "in.parquet", "--out", tmp_path / f"out.{target}")
    assert (result.exit_code, result.stderr) == (0, "")
    first, second = read(tmp_path / f"out.{target}")
    assert first["token"]
    assert len(tokens_of(second)) == 2
    assert KEY not in json.dumps([first, second], default=str)
    if target == "json":
        json.loads((tmp_path / "out.json").read_text(), parse_constant=lambda text: pytest.fail(text))


def test_names_within_names(tmp_path):
    result, [out] = run_rows(tmp_path, "issue", [{**GOOD, "x": 5, "x.y": 6}])
    assert result.exit_code == 0
    assert (out["x"], out["x.y"]) == (5, 6)
    pq.write_table(pa.table([pa.array(["a"]), pa.array(["b"])], names=["n", "n"]), tmp_path / "in.parquet")
    result = cli("token", "issue", "--from", tmp_path / "in.parquet", "--out", tmp_path / "out.json")
    assert (result.exit_code, "the field 'n' stands there twice" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("tokens", "verified"), [(["23716100501183194197", None], "CRCError"), ([1, 2], "FormatError")]
)
def test_lists_of_tokens_that_are_none(tmp_path, tokens, verified):
    columns = {name: pa.array([str(value)]) for name, value in GOOD.items()}
    pq.write_table(pa.table({**columns, "tokens": pa.array([tokens])}), tmp_path / "in.parquet")
    for command, answer in (("verify", verified), ("feed", "FormatError")):
        cli("token", command, "--from", tmp_path / "in.parquet", "--out", tmp_path / "out.json")
        [out] = read(tmp_path / "out.json")
        assert answer in (out.get("result") or out.get("answer"))


def test_groups_with_hyphens_in_tokens(tmp_path):
    row = {**GOOD, "new": {"tariff_index": "02"}}
    _, [out] = run_rows(tmp_path, "issue", [row])
    grouped = ["-".join(token[place : place + 4] for place in range(0, 20, 4)) for token in out["tokens"]]
    for command in ("verify", "feed"):
        result, _ = run_rows(tmp_path, command, [{**row, "tokens": grouped}])
        assert result.exit_code == 0


def test_the_new_file_goes_where_a_link_points(tmp_path):
    write(tmp_path / "in.csv", [GOOD])
    (tmp_path / "real.csv").write_text("what was there")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    assert cli("token", "issue", "--from", tmp_path / "in.csv", "--out", tmp_path / "link.csv").exit_code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert len(read(tmp_path / "real.csv")) == 1
    assert (tmp_path / "real.csv").stat().st_mode & 0o444 == 0o444
    if Path("/dev/full").exists():
        (tmp_path / "full.csv").symlink_to("/dev/full")
        result = cli("token", "issue", "--from", tmp_path / "in.csv", "--out", tmp_path / "full.csv")
        assert (result.exit_code, "it is no file" in result.stderr) == (2, True)


def test_a_byte_order_mark_and_blank_lines(tmp_path):
    file = write(tmp_path / "in.csv", [{**GOOD, "reserved_minute": "TRUE"}, GOOD])
    lines = file.read_text().splitlines()
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([*lines[:2], "", lines[2], "too,short", ""]).encode())
    result = cli("token", "issue", "--from", file, "--out", tmp_path / "out.csv")
    assert len(read(tmp_path / "out.csv")) == 2
    assert result.stderr == f"{file}: row 3: has 2 fields, not 15\n"
    (tmp_path / "in.jsonl").write_text("\n \n")
    assert cli("token", "issue", "--from", tmp_path / "in.jsonl", "--out", tmp_path / "out.csv").exit_code == 0


def test_two_algorithms_under_one_text_of_a_key(tmp_path):
    """test:old is another value for DKGA02 than for DKGA04."""
    rows = [{**GOOD, "vending_key": "test:old", "dkga": dkga} for dkga in ("02", "04", "02", "04")]
    _, out = run_rows(tmp_path, "issue", rows)
    assert out[0]["token"] == out[2]["token"] != out[1]["token"] == out[3]["token"]


def test_the_key_after_a_change_is_the_row_s_own_where_none_is_named(tmp_path):
    row = {**GOOD, "vending_key": "test:old", "new": {"tariff_index": "02"}}
    _, [out] = run_rows(tmp_path, "issue", [row])
    _, [named] = run_rows(tmp_path, "issue", [{**row, "new": {"tariff_index": "02", "vending_key": "test:old"}}])
    assert out["tokens"] == named["tokens"]


def test_every_section_and_every_name_of_a_change_counts(tmp_path):
    row = {**GOOD, "ea": "11", "new": {"supply_group_code": "654321", "tariff_index": "02"}}
    _, [out] = run_rows(tmp_path, "issue", [row])
    good = {**row, "tokens": out["tokens"]}
    first, second, third, fourth = out["tokens"]
    wrong = "23716100501183194197"
    rows = [
        good,
        {**good, "tokens": [wrong, second, third, fourth]},
        {**good, "tokens": [first, second, third, wrong]},
        {**good, "new": {**row["new"], "supply_group_code": "654322"}},
        {**good, "new": {**row["new"], "key_type": 1}},
        {**good, "tokens": [first, second, third, fourth, fourth]},
    ]
    _, said = run_rows(tmp_path, "verify", rows)
    assert [entry.get("result") for entry in said] == [
        "Authentic", "CRCError", "CRCError", "Mismatch", "Mismatch", None,
    ]  # fmt: skip
    three = {**GOOD, "three_kct": True, "new": {"supply_group_code": "654321"}}
    _, [out] = run_rows(tmp_path, "issue", [three])
    other = {**three, "tokens": out["tokens"], "new": {"supply_group_code": "654321"}}
    _, said = run_rows(tmp_path, "verify", [other, {**other, "tokens": out["tokens"][:2]}])
    assert said[0]["result"] == "Authentic"
    assert "SGC 654321" in said[0]["value"]


def test_a_long_error_is_cut(tmp_path):
    result, _ = run_rows(tmp_path, "issue", [{**GOOD, "tariff_index": "x" * 300_000}])
    assert result.exit_code == 1
    assert len(result.stderr) < 700


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process at once")
def test_a_terminated_command_leaves_no_draft_and_no_workers(tmp_path):
    write(tmp_path / "in.csv", [GOOD] * 20_000)
    command = ["keychange", "--meters", "in.csv", "--to", "2", "--out", "out.csv", "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "meter_sim", *command], cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True
    )
    for _ in range(200):
        if any(path.name.startswith(".out.csv") for path in tmp_path.iterdir()):
            break
        time.sleep(0.05)
    time.sleep(1)
    process.terminate()
    process.wait(180)  # a piece of work that a worker has begun is done first; on a busy machine that takes its time
    assert process.stderr is not None
    process.stderr.read()  # ends when the last worker has gone
    process.stderr.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]
