"""A session of practice: what the engine answers, time-outs, lock-out, and the same commands again."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_sim.practice import commands as of
from meter_sim.practice.clock import advanced
from meter_sim.practice.error import NotHereError, PracticeError
from meter_sim.practice.happening import Kind
from meter_sim.practice.put_up import practised
from meter_sim.practice.saved import loaded, read, saved
from meter_sim.practice.session import Session
from meter_sim.practice.shelf import PRACTICE, shelf
from meter_sim.scenario.reader import read_scenario
from meter_sim.vending.vending_key import _TEST_KEYS

SHELF = shelf()
HOME = "600727000000000009"


def begun(name=PRACTICE):
    return Session(SHELF.scenarios[name])


def later(session, seconds):
    return session.now + seconds


def buy(session, amount=200, meter="home", after=60):
    [happened] = session.do(of.Buy(at=later(session, after), meter=meter, amount=amount))
    return happened


def change(session, after=60, **more):
    [happened] = session.do(of.ChangeKey(at=later(session, after), meter="home", to=2, **more))
    return happened


def typed(session, digits, every=1, meter="home"):
    happened = ()
    for key in digits:
        happened += session.do(of.Press(at=later(session, every), meter=meter, keys=key))
    return happened


def results(happened):
    return [one.result for one in happened]


def digits_of(happened):
    return [token.digits for _, token in happened.slip.tokens]


# -- entries ---------------------------------------------------------------------------------------------------


def test_twenty_keys_are_an_entry_and_the_answer_is_the_decoders():
    session = begun()
    [token] = digits_of(buy(session))
    before = session.connection("home").meter.register.credited
    [first] = typed(session, token)
    assert (first.result, first.entry.shown, first.entry.label) == ("Accept", ("Accept",), "1")
    assert session.connection(HOME).meter.register.credited - before == 20 * 3_600_000
    [second] = typed(session, token)
    assert (second.result, second.entry.shown) == ("UsedError", ("USEd",))


def test_a_pause_forgets_the_digits():
    session = begun()
    [token] = digits_of(buy(session))
    assert typed(session, token[:10]) == ()
    assert session.connection("home").keypad.standing(session.now) == token[:10]
    session.do(of.Wait(at=later(session, 31)))
    assert session.connection("home").keypad.standing(session.now) == ""
    assert typed(session, token[10:]) == ()
    assert results(typed(session, "<" * 10 + token)) == ["Accept"]


def test_the_key_change_in_both_orders():
    for order in ((0, 1), (1, 0)):
        session = begun()
        change(session, with_purchase=True)
        tokens = digits_of(buy(session, 250))
        assert results(typed(session, tokens[2])) == ["CRCError"]
        assert results(typed(session, tokens[order[0]])) == ["1stKCT" if order[0] == 0 else "2ndKCT"]
        assert session.connection("home").meter.keys.shown == "1.2"
        assert results(typed(session, tokens[order[1]])) == ["Accept"]
        assert session.connection("home").meter.keys.shown == "2.2"
        assert results(typed(session, tokens[2])) == ["Accept"]


def test_pending_sections_are_lost_with_time_and_power():
    session = begun()
    first, second = digits_of(change(session))
    typed(session, first)
    session.do(of.Wait(at=later(session, 601)))
    assert results(typed(session, second)) == ["2ndKCT"]
    session.do(of.Power(at=later(session, 5), meter="home", on=False))
    assert typed(session, first) == ()  # the keys are dead
    session.do(of.Power(at=later(session, 5), meter="home", on=True))
    assert results(typed(session, first)) == ["1stKCT"]
    assert results(typed(session, second)) == ["Accept"]


def test_the_lock_out_doubles_and_an_accepted_token_clears_it():
    session = begun()
    [token] = digits_of(buy(session))
    wrong = "0" * 20
    assert results(typed(session, wrong * 3, every=0)) == ["CRCError"] * 3
    assert session.connection("home").meter.lockout.until == session.now + 10
    assert results(typed(session, token, every=0)) == ["LockedOut"]
    session.do(of.Wait(at=later(session, 10)))
    assert results(typed(session, wrong, every=0)) == ["CRCError"]
    assert session.connection("home").meter.lockout.until == session.now + 20
    session.do(of.Wait(at=later(session, 20)))
    assert results(typed(session, token, every=0)) == ["Accept"]
    assert not session.connection("home").meter.lockout.holds(session.now)


def test_the_display_key_ends_a_short_entry_or_shows_the_next_page():
    session = begun()
    assert results(typed(session, "123=")) == ["FormatError"]
    session.do(of.Press(at=later(session, 60), meter="home", keys="="))
    assert session.shown["home"].page == 1
    session.do(of.Press(at=later(session, 1), meter="home", keys="======"))
    assert session.shown["home"].page == 0


def test_credit_runs_out_and_a_token_brings_the_supply_back():
    session = begun()
    session.do(of.Wait(at=later(session, 30 * 86_400)))
    assert not session.connection("home").meter.switch_closed
    change(session, with_purchase=True)
    first, second, token = digits_of(buy(session))
    typed(session, first + second)
    [entered] = typed(session, token)
    assert entered.entry.shown == ("Accept", "connct")
    assert session.connection("home").meter.switch_closed


def test_the_old_key_sells_no_more_after_the_rollover():
    session = begun()
    session.do(of.Wait(at=later(session, 10 * 86_400)))
    happened = buy(session)
    assert (happened.kind, happened.result, happened.slip) == (Kind.BOUGHT, "IssueUntilPassed", None)


def test_orders():
    session = begun()
    session.do(of.Tamper(at=later(session, 1), meter="home"))
    assert not session.connection("home").meter.switch_closed
    [happened] = session.do(of.Order(at=later(session, 1), meter="home", order="clear_tamper"))
    assert results(typed(session, *digits_of(happened))) == ["Accept"]
    assert session.connection("home").meter.switch_closed
    [happened] = session.do(of.Order(at=later(session, 1), meter="home", order="test", value=4))
    [entered] = typed(session, *digits_of(happened))
    assert entered.entry.shown == ("KRN 1.2",)
    [happened] = session.do(of.Order(at=later(session, 1), meter="home", order="power_limit", value=500))
    typed(session, *digits_of(happened))
    assert session.connection("home").meter.power_limit == 500
    for order, value in (("test", 99), ("clear_credit", 70_000)):
        with pytest.raises(PracticeError, match="orders"):
            session.do(of.Order(at=later(session, 1), meter="home", order=order, value=value))


# -- why -------------------------------------------------------------------------------------------------------


def test_why_a_token_under_another_key_is_refused():
    session = begun()
    change(session, with_purchase=True)
    token = digits_of(buy(session))[2]
    [happened] = typed(session, token)
    why = happened.entry.why
    assert (why.key, why.made_under, why.fields_from) == ("1.2", "2", "vending")
    assert why.checksum[0] != why.checksum[1]
    assert [(kept.check, kept.outcome) for kept in why.checks][-1] == ("checksum", "failed")
    assert "made under key revision 2, the meter holds 1" in happened.reason
    assert any(name == "TID" and "2024-11-18" in value for name, value in why.fields)


def test_why_of_other_entries():
    session = begun()
    [token] = digits_of(buy(session))
    [accepted] = typed(session, token)
    why = accepted.entry.why
    assert why.checksum[0] == why.checksum[1]
    assert {kept.outcome for kept in why.checks} == {"passed"}
    [used] = typed(session, token)
    outcomes = {kept.check: kept.outcome for kept in used.entry.why.checks}
    assert (outcomes["checksum"], outcomes["tid"], outcomes["value"]) == ("passed", "failed", "not reached")
    [short] = typed(session, "1=")
    assert (short.entry.why.token_class, short.entry.why.checksum, short.entry.why.fields_from) == (
        None,
        None,
        "nobody",
    )
    [beyond] = session.do(of.Enter(at=later(session, 1), meter="home", digits="99999999999999999999"))
    assert beyond.entry.why.checks[1].outcome == "failed"


def test_why_never_shows_the_words_of_a_new_key():
    session = begun()
    for token in digits_of(change(session)):
        [happened] = typed(session, token)
        assert [value for name, value in happened.entry.why.fields if name.startswith("NK")] == [
            "32 bits of the new decoder key, not shown here"
        ]


# -- meters ----------------------------------------------------------------------------------------------------


def put_up(session, **more):
    return session.do(of.PutUp(at=later(session, 1), supply_group="123457", **more))


def test_a_meter_is_put_up_and_sold_to():
    session = begun()
    [happened] = put_up(session, drn="02000000014", credit="1 kWh", load="100 W", key_revision=2)
    [token] = digits_of(buy(session, meter=happened.meter))
    assert results(typed(session, token, meter=happened.meter)) == ["Accept"]
    session.do(of.Wait(at=later(session, 210 * 3600 + 60)))
    assert not session.connection(happened.meter).meter.switch_closed


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, "give one of pan"),
        ({"pan": HOME, "drn": "02000000014"}, "give one of pan"),
        ({"pan": HOME}, "is in this session already"),
        ({"pan": "600727000000000001"}, "it should end in 9"),
        ({"drn": "02000000017"}, "should end in"),
        ({"drn": "02000000014", "key_revision": 7}, "allowed are 123457/1, 123457/2"),
        ({"drn": "02000000014", "model": "keypat"}, "did you mean keypad"),
        ({"drn": "02000000014", "model": "keypad", "encryption": "EA11"}, "is EA07"),
        ({"drn": "02000000014", "encryption": "EA11"}, "DKGA"),
        ({"drn": "02000000014", "credit": "5"}, "is not an energy"),
        ({"drn": "02000000014", "load": "5"}, "is not a power"),
        ({"drn": "02000000014", "model": "water", "credit": "5 kWh"}, "no electricity register"),
    ],
)
def test_a_meter_that_cannot_be_put_up(more, line):
    session = begun()
    with pytest.raises(PracticeError) as told:
        put_up(session, **more)
    assert line in str(told.value)
    assert "\n" not in str(told.value)
    assert session.commands == []


def test_a_meter_of_another_algorithm_and_service():
    session = begun()
    [happened] = put_up(session, drn="02000000014", encryption="EA11", key_revision=2)
    tokens = digits_of(session.do(of.ChangeKey(at=later(session, 1), meter=happened.meter, to=2, tariff_index="02"))[0])
    assert results(typed(session, "".join(tokens), meter=happened.meter)) == ["1stKCT", "2ndKCT", "3rdKCT", "Accept"]
    [happened] = put_up(session, drn="02000000022", model="water")
    [sold] = session.do(of.Buy(at=later(session, 1), meter=happened.meter, amount=50, service=1))
    assert sold.slip.asked == "5 m3"
    assert results(typed(session, *digits_of(sold), meter=happened.meter)) == ["Accept"]


def test_a_key_that_a_meters_algorithm_has_no_use_for():
    session = begun()
    [happened] = put_up(session, drn="02000000014", encryption="EA11", key_revision=2)
    [refused] = session.do(of.ChangeKey(at=later(session, 90_000), meter=happened.meter, to=1))
    assert refused.result == "NotSupported"
    assert "DKGA02" in refused.reason
    kept = saved(PRACTICE, session)
    _, again = loaded(read(kept, "a"), SHELF, "a")
    assert again.now == session.now


# -- time and errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (lambda s: of.Wait(at=s.now - 1), "the clock only goes on"),
        (lambda s: of.Wait(at=s.last_second + 1), "after the session's end"),
        (lambda s: of.Press(at=s.now, meter="nobody", keys="1"), "is no meter of this session"),
    ],
)
def test_what_cannot_be_done_changes_nothing(command, line):
    session = begun()
    with pytest.raises(PracticeError, match=line):
        session.do(command(session))
    assert session.commands == []


def test_a_name_that_nothing_has():
    with pytest.raises(NotHereError):
        begun().connection("1")


@pytest.mark.parametrize(
    ("elapsed", "speed", "hold", "after"),
    [
        (1000, 0, 0, 0),
        (1000, 1, 0, 1000),
        (1000, 60, 0, 60_000),
        (1000, 60, 10, 1000),
        (12_000, 60, 10, 10_000 + 2000 * 60),
        (60_000, 43_200, 0, 30 * 86_400_000),
        (500, 43_200, 1, 500),
        (1000, 0, 10, 0),
    ],
)
def test_the_clock_is_held_while_somebody_is_at_the_keypad(elapsed, speed, hold, after):
    assert advanced(0, elapsed, speed, hold) == after


def test_until_when_somebody_is_at_the_keypad():
    session = begun()
    assert session.busy_until() == session.now
    typed(session, "12")
    assert session.busy_until() == session.now + 31
    first, _ = digits_of(change(session, after=0))
    typed(session, "<<" + first)
    assert session.busy_until() == session.now + 600


# -- saved sessions --------------------------------------------------------------------------------------------


def busy_session():
    session = begun()
    [token] = digits_of(buy(session))
    typed(session, token)
    typed(session, "123=")
    session.do(of.PutUp(at=later(session, 1), supply_group="123457", drn="02000000014"))
    change(session)
    session.do(of.Power(at=later(session, 1), meter="home", on=False))
    session.do(of.Wait(at=later(session, 86_400)))
    return session


def test_a_saved_session_does_the_same_again():
    session = busy_session()
    kept = saved(PRACTICE, session)
    name, again = loaded(read(kept, "a"), SHELF, "a")
    assert (name, saved(name, again)) == (PRACTICE, kept)
    assert again.happenings == session.happenings
    assert again.rows() == session.rows()


def test_no_key_stands_in_a_saved_session():
    text = saved(PRACTICE, busy_session()).decode().lower()
    for name, values in _TEST_KEYS.items():
        assert name not in text
        for value in values.values():
            assert value not in text


def test_a_file_that_does_not_fit_is_refused_in_one_line(tmp_path):
    good = json.loads(saved(PRACTICE, busy_session()))

    def refused(change, shelf_=SHELF):
        with pytest.raises(PracticeError) as told:
            loaded(read(json.dumps(good | change).encode(), "file"), shelf_, "file")
        assert "\n" not in str(told.value)
        assert str(told.value).startswith("file: ")
        return str(told.value)

    assert "no saved session" in refused({"format": 1})
    assert "which is not here" in refused({"scenario": "elsewhere"})
    assert "is not what it was" in refused({"fingerprint": "0" * 64})
    assert "bring other answers" in refused({"answers": "0" * 64})
    assert "commands[0]: " in refused({"commands": [{"do": "wait", "at": 0}]})
    assert "no saved session: commands.0" in refused({"commands": [{"do": "dance", "at": 0}]})
    with pytest.raises(PracticeError, match="no saved session"):
        read(b"\x00", "file")


def test_a_scenario_of_ones_own_is_in_front(tmp_path):
    assert shelf().first == PRACTICE
    own = tmp_path / "own.yaml"
    own.write_text(
        "name: Own\nstart: 2024-11-01\nend: 2024-11-03\nsupply_groups: {'000001': {vending_keys: [{key_revision: 1, "
        "base_date: 1993, dkga: '02', key: test:old}]}}\nmeters: [{name: a, pan: '600727000000000009', "
        "supply_group: '000001', key_revision: 1}]\n"
    )
    kept = shelf(own)
    assert kept.first == "own"
    assert set(kept) == {"own", *SHELF}
    assert Session(kept.scenarios["own"]).connection("a").meter.keys.supply_group == "000001"


def test_a_town_without_listed_meters_is_refused():
    scenario = read_scenario("scenarios/rollover_mixed.yaml", drawn=False)
    with pytest.raises(PracticeError, match="lists no meter by itself"):
        practised(scenario)


KEYS = st.text("0123456789<=", min_size=1, max_size=40)
SOME_COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("press"), st.integers(0, 40), KEYS),
        st.tuples(st.just("buy"), st.integers(0, 100_000), st.integers(1, 10**14)),
        st.tuples(st.just("change"), st.integers(0, 1000), st.integers(1, 9)),
        st.tuples(st.just("power"), st.integers(0, 1000), st.booleans()),
        st.tuples(st.just("last"), st.integers(0, 700), st.integers(1, 3)),
        st.tuples(st.just("enter"), st.integers(0, 100), st.text(max_size=22)),
    ),
    max_size=12,
)


@given(SOME_COMMANDS)
def test_whatever_is_done_can_be_done_again(drawn):
    session = begun("wrong_order")
    for what, after, value in drawn:
        at = later(session, after)
        if what == "press":
            session.do(of.Press(at=at, meter="home", keys=value))
        elif what == "buy":
            session.do(of.Buy(at=at, meter="home", amount=value))
        elif what == "change":
            session.do(of.ChangeKey(at=at, meter="home", to=value, with_purchase=value % 2 == 0))
        elif what == "power":
            session.do(of.Power(at=at, meter="home", on=value))
        elif what == "enter":
            session.do(of.Enter(at=at, meter="home", digits=value))
        elif session.slips:
            tokens = session.slips[-1].tokens
            session.do(of.Enter(at=at, meter="home", digits=tokens[min(value, len(tokens)) - 1][1].digits))
    kept = saved("wrong_order", session)
    _, again = loaded(read(kept, "a"), SHELF, "a")
    assert again.progress == session.progress
    assert saved("wrong_order", again) == kept
    assert not re.search(rb"test:(old|new)", kept)
