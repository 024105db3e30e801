"""The bench sheet: what it says holds at a fresh meter, and a page holds what the steps say."""

import csv
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from meter_sim.bulk.bench_sheet import HIGH_LIMIT, STEP_SECONDS
from meter_sim.bulk.bench_sheet_page import COLUMNS, FOOTER, SheetError, write
from meter_sim.cli_bench import benchsheet
from meter_sim.meter.key_register import KeyRegister
from meter_sim.meter.meter import Meter
from meter_sim.meter.models import BUILT_IN
from meter_sim.sts.dkga import Dkga, derive
from meter_sim.sts.identity import KeyIdentity, KeyType
from meter_sim.sts.tid import BaseDate, instant_of, minute_of, tid_at
from meter_sim.vending.vending_key import vending_key_value
from tests.kit import PAN, SGC, at

AT = "2024-11-20T09:00Z"
METER = ("--pan", PAN.digits, "--sgc", SGC, "--at", AT)
CHANGE = ("--to-krn", "2")
SECRET, TO_SECRET = "5ec2e7" * 6 + "5ec2", "0ddba11c" * 5


def cli(*arguments, env=None):
    result = CliRunner().invoke(benchsheet, [str(argument) for argument in arguments], env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def written(path, *arguments, env=None):
    result = cli(*arguments, "--out", path, env=env)
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 1
    assert str(path) in result.stdout
    return path.read_text(encoding="utf-8")


def sheet(tmp_path, *arguments, env=None):
    """The rows of a CSV sheet."""
    written(tmp_path / "sheet.csv", *arguments, env=env)
    with (tmp_path / "sheet.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def results(rows):
    return [row["result"] for row in rows]


def found(rows, text):
    return [row for row in rows if text in row["purpose"]]


def meter(model="keypad", *, base=2014, made="2020-01-01", key="test:new", dkga="04", key_type=KeyType.DUTK):
    chosen, base_date, algorithm = BUILT_IN[model], BaseDate(base), Dkga(dkga)
    identity = KeyIdentity(PAN, SGC, "01", 1, key_type, chosen.encryption, base_date)
    held = derive(identity, algorithm, vending_key_value(key, algorithm))
    return Meter(
        PAN,
        KeyRegister(held, key_type, SGC, 1, "01", 255),
        model=chosen,
        manufacture_tid=tid_at(base_date, minute_of(at(made))),
    )


def check(rows, meter):
    """Enter every row as a technician does, a minute each; what shows is what the sheet says."""
    now = at("2026-01-01")
    for number, row in enumerate(rows, 1):
        assert row["step"] == str(number)
        groups = row["digits"].split(" ")
        assert [len(group) for group in groups] == [4] * 5
        assert row["tick"] == row["note"] == ""
        now = max(now + STEP_SECONDS, meter.lockout.until)
        answer = meter.enter("".join(groups), now)
        assert (" / ".join(answer.display), answer.name) == (row["must_show"], row["result"]), row
        assert answer.name != "LockedOut"


@pytest.mark.parametrize("extra", [(), ("--with-old", "--with-clear-credit")], ids=["plain", "all"])
@pytest.mark.parametrize("change", [(), CHANGE], ids=["no change", "change"])
@pytest.mark.parametrize("model", BUILT_IN)
def test_the_steps_hold_at_a_fresh_meter(tmp_path, model, change, extra):
    ea = BUILT_IN[model].encryption
    rows = sheet(tmp_path, *METER, "--ea", ea, "--model", model, *change, *extra)
    fresh = meter(model)
    check(rows, fresh)
    assert fresh.keys.key_revision == (2 if change else 1)
    assert fresh.power_limit == (None if model in ("water", "gas", "time") else HIGH_LIMIT)
    balance = fresh.registers[BUILT_IN[model].services[0]].balance
    assert balance > 0
    [foreign], [lacking] = found(rows, "another key"), found(rows, "not this meter's")
    assert (foreign["must_show"], foreign["result"]) == ("rEJEct", "CRCError")
    assert (lacking["must_show"], lacking["result"]) == ("rEJEct", "FunctionError")
    [unbalance] = found(rows, "Unbalance")
    assert unbalance["result"] == ("Accept" if BUILT_IN[model].phases == 3 else "FunctionError")
    assert results(found(rows, "TID older")) == (["OldError"] if extra else [])
    assert results(found(rows, "ClearCredit")) == (["Accept"] if extra else [])
    assert "UsedError" in results(rows)


@pytest.mark.parametrize(
    ("ea", "model", "extra", "taken"),
    [
        ("07", "keypad", (), ["1stKCT", "Accept"]),
        ("07", "keypad", ("--three-sections",), ["1stKCT", "Accept", "CRCError"]),
        ("07", "keypad_3kct", (), ["1stKCT", "Accept"]),
        ("07", "keypad_3kct", ("--three-sections",), ["1stKCT", "2ndKCT", "Accept"]),
        ("11", "keypad_ea11", (), ["1stKCT", "2ndKCT", "3rdKCT", "Accept"]),
    ],
)
def test_key_changes(tmp_path, ea, model, extra, taken):
    rows = sheet(tmp_path, *METER, "--ea", ea, "--model", model, *CHANGE, *extra)
    check(rows, meter(model))
    assert results(found(rows, "Key change to 2.2")) == taken
    assert set(results(found(rows, "of 2 again" if len(taken) == 2 else f"of {len(taken)} again"))) == {"CRCError"}
    assert rows[[row["purpose"] for row in rows].index(found(rows, "Key change")[-1]["purpose"]) + 1]["must_show"] == (
        "KRN 2.2"
    )
    assert results(found(rows, "of the old key")) == ["CRCError"]
    assert set(results(found(rows, "of the new key"))) == {"Accept"}
    assert rows[-1]["result"] == "Accept"


def test_never_three_wrong_entries_in_a_row(tmp_path):
    rows = sheet(tmp_path, *METER, "--ea", "11", *CHANGE, "--with-old")
    wrong = "".join("." if row["result"] in ("Accept", "1stKCT", "2ndKCT", "3rdKCT") else "x" for row in rows)
    assert "xx" in wrong
    assert "xxx" not in wrong


def test_the_rollover(tmp_path):
    change = ("--to-krn", "2", "--to-base", "2014", "--to-dkga", "04", "--to-key", "test:new")
    rows = sheet(tmp_path, *METER, "--base", "1993", "--dkga", "02", "--key", "test:old", *change, "--with-old")
    rolled = meter(base=1993, dkga="02", key="test:old")
    check(rows, rolled)
    assert rolled.tids.smallest == 0
    assert rows[-1]["result"] == "Accept"


def test_no_token_takes_the_reserved_minute(tmp_path):
    names = "--pan", PAN.digits, "--sgc", SGC, "--at", "2024-11-20T00:00Z"
    sheet(tmp_path, *names)
    fresh = meter()
    check(sheet(tmp_path, *names), fresh)
    taken = [tid % 1440 for tid in fresh.tids.tids if tid != fresh.tids.smallest]
    assert taken[:2] == [0, 2]
    assert 1 not in taken


def test_the_last_minute_is_said(tmp_path):
    result = cli(*METER, "--model", "three_phase", "--out", tmp_path / "sheet.csv")
    fresh = meter("three_phase")
    check(sheet(tmp_path, *METER, "--model", "three_phase"), fresh)
    last = datetime.fromtimestamp(instant_of(BaseDate.Y2014, fresh.tids.tids[-1]), UTC)
    assert f"with TIDs up to {last:%Y-%m-%d %H:%M} UTC written" in result.stdout
    page = written(tmp_path / "sheet.html", *METER, "--model", "three_phase")
    assert f"no token with a TID up to {last:%Y-%m-%d %H:%M} UTC may be sold" in page


def test_default_keys_take_no_credit(tmp_path):
    rows = sheet(tmp_path, *METER, "--kt", "DDTK")
    check(rows, meter(key_type=KeyType.DDTK))
    assert results(found(rows, "Credit of 1.0 kWh")) == ["DDTKError"]
    rows = sheet(tmp_path, *METER, *CHANGE, "--to-kt", "DDTK")
    check(rows, meter())
    assert found(rows, "key revision")[-1]["must_show"] == "KRN 2.1"
    assert rows[-1]["result"] == "DDTKError"


def test_a_forbidden_key_type_and_a_change_of_ken_alone(tmp_path):
    rows = sheet(tmp_path, *METER, *CHANGE, "--to-kt", "DCTK")
    check(rows, meter())
    assert "KeyTypeError" in results(rows)
    rows = sheet(tmp_path, *METER, "--to-krn", "1", "--ken", "200")
    check(rows, meter())
    assert found(rows, "key expiry")[-1]["must_show"] == "KEN 200"
    assert results(found(rows, "again (step")) == ["1stKCT", "Accept"]


BASE = (*METER, *CHANGE)


@pytest.mark.parametrize(
    "option",
    [
        ("--model", "water"),
        ("--with-old",),
        ("--with-clear-credit",),
        ("--to-sgc", "123458"),
        ("--to-ti", "02"),
        ("--to-kt", "DDTK"),
        ("--to-base", "1993"),
        ("--to-dkga", "02"),
        ("--to-key", "test:old"),
        ("--ken", "250"),
        ("--three-sections",),
        ("--krn", "3"),
        ("--ti", "02"),
        ("--kt", "DDTK"),
        ("--ea", "11"),
        ("--dkga", "02"),
        ("--base", "1993"),
        ("--key", "test:old"),
    ],
    ids=" ".join,
)
def test_every_option_has_an_effect(tmp_path, option):
    assert sheet(tmp_path, *BASE, *option) != sheet(tmp_path, *BASE)


def test_the_other_options(tmp_path):
    plain = sheet(tmp_path, *METER)
    assert sheet(tmp_path, *METER[:-1], "2024-11-21T09:00Z") != plain
    card = PAN.digits + "0000" + "02" + "07" + SGC + "01" + "1"
    assert sheet(tmp_path, "--id-record", card, "--at", AT) == plain
    assert sheet(tmp_path, *BASE, env={"METER_SIM_TO_KEY": "test:old"}) == sheet(
        tmp_path, *BASE, "--to-key", "test:old"
    )
    assert sheet(tmp_path, *METER, env={"METER_SIM_TO_KEY": "test:old"}) == plain
    assert "<h1>Depot &lt;3&gt; &amp; bench</h1>" in written(
        tmp_path / "sheet.html", *METER, "--title", "Depot <3> & bench"
    )


# -- the page


class Page(HTMLParser):
    """Checks that tags nest, and keeps the cells of the table's body."""

    VOID = ("meta", "br", "wbr")

    def __init__(self):
        super().__init__()
        self.open, self.rows, self.names, self.texts = [], [], set(), []

    def handle_starttag(self, tag, attrs):
        self.names |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)
        if "tbody" in self.open and tag == "tr":
            self.rows.append([])
        if "tbody" in self.open and tag == "td":
            self.rows[-1].append("")
        if tag == "br":
            self.rows[-1][-1] += " / "

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if "tbody" in self.open and "td" in self.open and "small" not in self.open:
            self.rows[-1][-1] += data


@pytest.mark.parametrize(("ea", "model"), [("07", "keypad"), ("11", "three_phase_ea11"), ("07", "currency")])
def test_the_page_says_what_the_rows_say(tmp_path, ea, model):
    arguments = (*BASE, "--ea", ea, "--model", model, "--with-old")
    text = written(tmp_path / "sheet.html", *arguments)
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    rows = [[row[name] for name in COLUMNS[:4]] for row in sheet(tmp_path, *arguments)]
    assert [row[:4] for row in page.rows] == rows
    assert all(row[4:] == ["", ""] for row in page.rows)
    numbers = Counter(row[0] for row in page.rows)
    assert set(numbers.values()) == {1}
    assert not page.names & {"src", "href", "xmlns"}
    for outside in ("http", "src=", "url(", "@import", "<script", "//"):
        assert outside not in text
    words = " ".join(page.texts)
    for fact in (PAN.digits, PAN.drn, SGC, ea, "DUTK", model, "2024-11-20 09:00 UTC", FOOTER, "KRN 2, DUTK"):
        assert fact in words
    assert "break-inside: avoid" in text


def test_without_a_key_change_the_page_speaks_of_none(tmp_path):
    text = written(tmp_path / "sheet.html", *METER)
    assert "Key change" not in text
    assert "sections" not in text
    assert "OLd" not in text
    assert "<title>Bench sheet</title>" in text


@pytest.mark.parametrize("ending", ["csv", "html"])
def test_no_vending_key_in_any_output(tmp_path, ending):
    env = {"METER_SIM_KEY": SECRET, "METER_SIM_TO_KEY": TO_SECRET}
    path = tmp_path / f"sheet.{ending}"
    result = cli(*BASE, "--out", path, env=env)
    assert result.exit_code == 0
    wrong = cli(*BASE, "--out", path, env={**env, "METER_SIM_TO_KEY": TO_SECRET[:-2]})
    assert wrong.exit_code == 2
    for text in (path.read_text(encoding="utf-8"), result.output, wrong.output):
        for secret in (SECRET, TO_SECRET, TO_SECRET[:-2]):
            assert secret not in text
            assert secret.upper() not in text


# -- errors


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((*METER, "--out", "sheet.pdf"), "--out: sheet.pdf, it ends in .csv or .html"),
        ((*METER, "--out", "sheet"), "--out: sheet, it ends in .csv or .html"),
        (METER, "--out: give the sheet a name, it ends in .csv or .html"),
        ((*METER[:-2], "--out", "sheet.csv"), "give the first minute of the tokens, such as --at 2024-11-20T09:00Z"),
        ((*METER[:-1], "noon", "--out", "sheet.csv"), "--at: 'noon' is not"),
        ((*METER, "--out", "no/sheet.html"), "no/sheet.html: cannot be written: No such file or directory"),
        ((*METER, "--out", "folder.html"), "folder.html: cannot be written: Is a directory"),
        (("--pan", "600727000000000008", *METER[2:], "--out", "sheet.csv"), "MeterPAN 600727000000000008 has the"),
        ((*METER[2:], "--out", "sheet.csv"), "give --pan, --sgc and what else names the key"),
        ((*METER, "--ea", "09", "--out", "sheet.csv"), "EA09 (DES) is deprecated; use 07 or 11"),
        ((*METER, "--model", "keypad_ea11", "--out", "sheet.csv"), "--model keypad_ea11 has EA11, give it --ea 11"),
        ((*METER, "--to-sgc", "123458", "--out", "sheet.csv"), "--to-sgc goes with --to-krn"),
        ((*METER, "--to-key", "test:old", "--out", "sheet.csv"), "--to-key goes with --to-krn"),
        ((*METER, "--ken", "5", "--out", "sheet.csv"), "--ken goes with --to-krn"),
        ((*METER, "--three-sections", "--out", "sheet.csv"), "--three-sections goes with --to-krn"),
        ((*BASE, "--ea", "11", "--three-sections", "--out", "sheet.csv"), "--three-sections is for EA07"),
        ((*BASE, "--ken", "256", "--out", "sheet.csv"), "key expiry number 256 is outside 0 to 255"),
        ((*METER, "--to-krn", "10", "--out", "sheet.csv"), "key revision number 10 is outside 1 to 9"),
        ((*BASE, "--to-base", "2035", "--out", "sheet.csv"), "TID -"),
        ((*METER, "--title", "x", "--out", "sheet.csv"), "--title goes with an .html sheet"),
        ((*METER, "--title", "\udcff", "--out", "sheet.html"), "sheet.html: cannot be written: the title is not text"),
        ((*METER[:-1], "2024-11-24T20:10Z", "--base", "1993", "--out", "sheet.csv"), "TID 16777216 is outside"),
        (
            (*METER[:-1], "2014-01-01T00:02Z", "--with-old", "--out", "sheet.csv"),
            "no TID is older than the meter's store",
        ),
    ],
)
def test_a_mistake_is_one_line(tmp_path, monkeypatch, arguments, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    result = cli(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"benchsheet: {line}")
    assert result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["folder.html"]


def test_a_failed_write_leaves_the_earlier_sheet(tmp_path):
    path = tmp_path / "sheet.html"
    path.write_text("earlier", encoding="utf-8")
    with pytest.raises(SheetError, match="the title is not text"):
        write(path, "half \udcff")
    assert path.read_text(encoding="utf-8") == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_sheet_is_written_through_a_symbolic_link(tmp_path):
    (tmp_path / "there").mkdir()
    link = tmp_path / "sheet.csv"
    link.symlink_to(tmp_path / "there" / "real.csv")
    write(link, "text")
    assert link.is_symlink()
    assert (tmp_path / "there" / "real.csv").read_text(encoding="utf-8") == "text"
