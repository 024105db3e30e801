"""`token feed`: tokens of any system at simulated meters, each meter's in the order of the rows."""

import pytest

from meter_sim.sts.token import Management
from tests import kit
from tests.test_token_files import GOOD, cli, read, write

NAMES = ["answer", "display", "registers", "krn_kt", "pending"]


def fed(tmp_path, rows, *options, form="json"):
    write(tmp_path / f"in.{form}", [{**GOOD, "vending_key": "test:new", **row} for row in rows])
    result = cli("token", "feed", "--from", tmp_path / f"in.{form}", "--out", tmp_path / "out.json", *options)
    return result, read(tmp_path / "out.json") if (tmp_path / "out.json").exists() else []


def issued(tmp_path, rows):
    """Rows with what the secure module issues for them."""
    write(tmp_path / "asked.json", [{**GOOD, **row} for row in rows])
    assert cli("token", "issue", "--from", tmp_path / "asked.json", "--out", tmp_path / "issued.json").exit_code == 0
    return [{**row, **answer} for row, answer in zip(rows, read(tmp_path / "issued.json"), strict=True)]


ROLLOVER = {
    "dkga": "02", "base_date": "1993", "vending_key": "test:old", "issued": "2024-11-01 08:00:00",
}  # fmt: skip
CHANGE = {"new": {"dkga": "04", "base_date": "2014", "key_revision_number": 2, "vending_key": "test:new"}}


def test_a_household_across_the_rollover(tmp_path):
    after = {**GOOD, "key_revision_number": 2, "issued": "2024-11-25 08:00:00", "units": 30}
    rows = issued(
        tmp_path,
        [
            {**ROLLOVER, "units": 20},
            {**ROLLOVER, "issued": "2024-11-01 09:00:00", "units": 10},
            {**ROLLOVER, **CHANGE},
            after,
        ],
    )
    first, drawer, change, later = rows
    result, said = fed(tmp_path, [first, first, later, change, later, drawer, change, {**later, "units": 1}])
    assert [[row[name] for name in NAMES] for row in said] == [
        ["Accept", "Accept", "20.0 kWh", "1.2", "0"],
        ["UsedError", "USEd", "20.0 kWh", "1.2", "0"],
        ["CRCError", "rEJEct", "20.0 kWh", "1.2", "0"],
        ["1stKCT | Accept", "1St | Accept", "20.0 kWh", "2.2", "0"],
        ["Accept", "Accept", "50.0 kWh", "2.2", "0"],
        ["CRCError", "rEJEct", "50.0 kWh", "2.2", "0"],
        ["CRCError | CRCError", "rEJEct | rEJEct", "50.0 kWh", "2.2", "0"],
        ["UsedError", "USEd", "50.0 kWh", "2.2", "0"],
    ]
    assert [row["status"] for row in said] == ["1", "10", "13", "2 | 1", "1", "13", "13 | 13", "10"]
    assert said[1]["reason"].endswith("is in the store")
    assert result.exit_code == 1
    assert "8 rows, 0 bad, 5 not accepted" in result.output


def test_each_meter_goes_its_own_way_in_its_own_order(tmp_path):
    pans = ["600727000000000009", "000001000000000082"]
    asked = [{"meter_pan": pans[number % 2], "issued": f"2024-03-01 1{number}:00:00"} for number in range(6)]
    rows = issued(tmp_path, asked)
    _, said = fed(tmp_path, [*rows, *reversed(rows)])
    assert [row["answer"] for row in said] == ["Accept"] * 6 + ["UsedError"] * 6
    assert [row["registers"] for row in said[:6]] == [
        "12.5 kWh",
        "12.5 kWh",
        "25.0 kWh",
        "25.0 kWh",
        "37.5 kWh",
        "37.5 kWh",
    ]


def test_what_later_rows_say_of_a_meter_s_key_does_not_count(tmp_path):
    first, second = issued(tmp_path, [{}, {"issued": "2024-03-02 10:00:00"}])
    _, said = fed(tmp_path, [first, {**second, "key_revision_number": 9, "vending_key": "nonsense"}])
    assert [row["answer"] for row in said] == ["Accept", "Accept"]
    assert said[1]["krn_kt"] == "1.2"


def test_a_meter_begins_with_its_first_good_row(tmp_path):
    [row] = issued(tmp_path, [{}])
    result, said = fed(tmp_path, [{**row, "vending_key": "nonsense"}, {**row, "token": None}, row, row])
    assert ["error" in answer for answer in said] == [True, True, False, False]
    assert [answer.get("answer") for answer in said] == [None, None, "Accept", "UsedError"]
    assert "2 bad" in result.output
    assert "nonsense" not in result.output


@pytest.mark.parametrize(
    ("more", "options", "answers"),
    [
        ({}, [], ["CRCError"] * 3 + ["Accept"]),  # the lock-out is waited for
        ({"entered": "2024-03-01 10:00:00"}, [], ["CRCError"] * 3 + ["LockedOut"]),
        ({"entered": "2024-03-01 10:00:00", "model": "no_lockout"}, [], ["CRCError"] * 3 + ["Accept"]),
        ({"entered": "2024-03-01 10:00:00"}, ["--model", "no_lockout"], ["CRCError"] * 3 + ["Accept"]),
    ],
)
def test_when_rows_are_keyed_in(tmp_path, more, options, answers):
    [row] = issued(tmp_path, [{}])
    wrong = {**row, "token": "23716100501183194197", **more}
    _, said = fed(tmp_path, [wrong, wrong, wrong, {**row, **more}], *options)
    assert [answer["answer"] for answer in said] == answers


@pytest.mark.parametrize(
    ("options", "last"), [(["--between", "599"], "Accept"), (["--between", "600"], "2ndKCT"), ([], "Accept")]
)
def test_the_time_between_sections(tmp_path, options, last):
    [row] = issued(tmp_path, [{"new": {"tariff_index": "02"}}])
    _, [said] = fed(tmp_path, [row], *options)
    assert said["answer"] == f"1stKCT | {last}"
    assert said["pending"] == ("0" if last == "Accept" else "1")
    assert said["ti"] == ("02" if last == "Accept" else "01")


@pytest.mark.parametrize(("options", "last"), [(["--pause", "599"], "Accept"), (["--pause", "600"], "2ndKCT")])
def test_the_time_between_rows(tmp_path, options, last):
    [row] = issued(tmp_path, [{"new": {"tariff_index": "02"}}])
    singles = [
        {**{name: value for name, value in row.items() if name != "tokens"}, "token": token} for token in row["tokens"]
    ]
    _, said = fed(tmp_path, singles, *options)
    assert [answer["answer"] for answer in said] == ["1stKCT", last]


def test_the_state_that_a_meter_begins_with(tmp_path):
    early, late = issued(tmp_path, [{"issued": "2019-12-31 23:00:00"}, {"issued": "2020-01-02 10:00:00"}])
    begin = {"manufactured": "2020-01-01 00:00:00", "key_expiry_number": 40, "model": "key_expiry"}
    _, said = fed(tmp_path, [{**early, **begin}, late])
    assert [answer["answer"] for answer in said] == ["OldError", "KeyExpiredError"]
    assert said[0]["ken"] == "40"
    assert said[0]["smallest_tid"] == str(6 * 365 * 1440 + 1440)
    _, said = fed(tmp_path, [early])
    assert said[0]["answer"] == "Accept"
    assert said[0]["smallest_tid"] == "0"


def test_other_kinds_of_meters(tmp_path):
    tap = {"meter_pan": "000001000000000082"}
    rows = issued(
        tmp_path,
        [
            {"ea": "11", "meter_pan": "600727000000000009"},
            {"ea": "11", "meter_pan": "600727000000000009", "new": {"supply_group_code": "654321"}},
            {**tap, "subclass": 4, "currency": 5},
            {**tap, "issued": "2024-03-01 14:00:00", "token_class": 2, "subclass": 1, "register": 4},
        ],
    )
    for row in rows[2:]:
        row["model"] = "currency"
    result, said = fed(tmp_path, rows)
    assert [answer["answer"] for answer in said] == ["Accept", "1stKCT | 2ndKCT | 3rdKCT | Accept", "Accept", "Accept"]
    assert [answer["sgc"] for answer in said] == ["123457", "654321", "123457", "123457"]
    assert [answer["registers"] for answer in said] == [
        "12.5 kWh", "12.5 kWh", "5.00024 electricity in currency", "0.00 electricity in currency",
    ]  # fmt: skip
    assert [answer["switch"] for answer in said] == ["closed", "closed", "closed", "closed"]
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"model": "steam"}, "model: no meter model is called 'steam'"),
        ({"model": "keypad_ea11"}, "model: keypad_ea11 is EA11"),
        ({"manufactured": "1990-01-01"}, "manufactured: TID"),
        ({"manufactured": "soon"}, "manufactured: 'soon' is no UTC instant"),
        ({"entered": "soon"}, "entered: 'soon' is no UTC instant"),
        ({"key_expiry_number": 256}, "key_expiry_number: '256' is not"),
        ({"token": None}, "token is missing"),
        ({"meter_pan": "600727000000000008"}, "meter_pan: MeterPAN"),
    ],
)
def test_bad_rows(tmp_path, more, line):
    result, [said] = fed(tmp_path, [{"token": "1" * 20, **more}])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith(f"{tmp_path / 'in.json'}: row 1: {line}")
    assert said["error"].startswith(line)
    assert "answer" not in said


def test_the_same_meter_in_many_chunks(tmp_path, monkeypatch):
    from meter_sim.bulk import token_file

    monkeypatch.setattr(token_file, "CHUNK_ROWS", 3)
    times = [f"2024-03-01 {hour:02d}:{minute:02d}:00" for hour in range(1, 3) for minute in range(2, 12)]
    rows = issued(tmp_path, [{"issued": time, "units": 0.1} for time in times])
    _, said = fed(tmp_path, rows, form="csv")
    assert [row["registers"] for row in said] == [f"{n // 10}.{n % 10} kWh" for n in range(1, 21)]


def test_limits_and_tests_at_a_meter(tmp_path):
    command = Management.SET_MAXIMUM_PHASE_POWER_UNBALANCE_LIMIT
    rows = issued(
        tmp_path,
        [
            {"token_class": 2, "subclass": command.value, "watts": 500},
            {"token_class": 1, "test": 16},
            {"token_class": 1, "test": 16, "manufacturer": 3},
        ],
    )
    _, said = fed(tmp_path, rows)
    assert [row["answer"] for row in said] == ["FunctionError", "Accept", "MfrCodeError"]
    assert said[1]["display"] == f"SGC {kit.SGC}"


def test_time_does_not_go_backwards(tmp_path):
    first, second = issued(tmp_path, [{}, {"issued": "2024-03-02 10:00:00"}])
    times = [{"entered": "2024-03-02 12:00:00"}, {"entered": "2024-03-02 11:59:59"}]
    _, said = fed(tmp_path, [{**first, **times[0]}, {**second, **times[1]}, {**second, **times[0]}])
    assert [row.get("answer") for row in said] == ["Accept", None, "Accept"]
    assert said[1]["error"] == "entered: is before the meter's entry before it"


def test_a_lock_out_is_waited_for_to_its_end(tmp_path):
    """After the fifth wrong entry the keypad is locked for 40 s, with a pause of 1 s the sixth waits for it."""
    [row] = issued(tmp_path, [{}])
    wrong = {**row, "token": "23716100501183194197"}
    _, said = fed(tmp_path, [wrong] * 6 + [row], "--pause", "1")
    assert [answer["answer"] for answer in said] == ["CRCError"] * 6 + ["Accept"]


def test_reasons_of_several_tokens(tmp_path):
    [row] = issued(tmp_path, [{"new": {"tariff_index": "02"}}])
    _, said = fed(tmp_path, [row, row])
    assert said[0].get("reason", "") == ""
    assert said[1]["reason"].count("does not decipher") == 2


def test_groups(tmp_path):
    [row] = issued(tmp_path, [{}])
    token = row["token"]
    _, said = fed(tmp_path, [{**row, "token": "-".join(token[place : place + 4] for place in range(0, 20, 4))}])
    assert said[0]["answer"] == "Accept"
