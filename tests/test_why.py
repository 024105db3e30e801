"""Why a meter answered so: which checks an entry met, and what is not told of it."""

import pytest

from meter_sim.meter.answer import Answer, Status
from meter_sim.practice import commands as of
from meter_sim.practice.session import Session
from meter_sim.practice.shelf import built_in
from meter_sim.practice.why import taken_apart
from meter_sim.sts.token import OtherToken, digits_of, join_class

CLASS_3 = "55047175088215438354"
KRN_TEST = "18446744073843772416"
WRONG_TEST = "18446744073843772417"


def begun(name="practice"):
    return Session(built_in()[name])


def entered(session, digits, after=1):
    [happened] = session.do(of.Enter(at=session.now + after, meter="home", digits=digits))
    return happened.entry


def bought(session):
    [happened] = session.do(of.Buy(at=session.now + 1, meter="home", amount=200))
    return happened.slip.tokens[-1][1].digits


def sections(session):
    [happened] = session.do(of.ChangeKey(at=session.now + 1, meter="home", to=2))
    return [token.digits for _, token in happened.slip.tokens]


def outcomes(entry):
    return {checked.check: checked.outcome for checked in entry.why.checks}


def test_digits_of_no_class_are_refused_at_the_class():
    entry = entered(begun(), CLASS_3)
    assert (entry.result, entry.why.token_class) == ("FunctionError", 3)
    assert [check for check, outcome in outcomes(entry).items() if outcome == "failed"] == ["class"]


@pytest.mark.parametrize(
    ("digits", "result", "failed"), [(KRN_TEST, "Accept", []), (WRONG_TEST, "CRCError", ["checksum"])]
)
def test_a_meter_test_meets_no_lock_out_and_no_key(digits, result, failed):
    entry = entered(begun(), digits)
    assert (entry.result, entry.why.key) == (result, "")
    assert list(outcomes(entry)) == ["power", "digits", "class", "checksum", "maker", "value"]
    assert [check for check, outcome in outcomes(entry).items() if outcome == "failed"] == failed


def test_of_a_token_that_the_meter_did_not_decipher_no_key_and_no_checksum_is_told():
    session = begun()
    token = bought(session)
    for _ in range(3):
        entered(session, "0" * 20)
    locked = entered(session, token)
    assert (locked.result, locked.why.key, locked.why.checksum) == ("LockedOut", "", None)
    assert outcomes(locked)["lockout"] == "failed"
    session.do(of.Power(at=session.now + 60, meter="home", on=False))
    for digits in (token, KRN_TEST):
        dark = entered(session, digits)
        assert (dark.result, dark.why.key, dark.why.checksum) == ("NotReady", "", None)
        assert outcomes(dark)["power"] == "failed"


def test_the_checksum_of_a_section_is_not_told():
    session = begun()
    for digits in sections(session):
        why = entered(session, digits).why
        assert why.checksum is None
        assert {checked.outcome for checked in why.checks} == {"passed"}
        assert why.key == "1.2"


def test_the_checksum_of_other_tokens_is_told():
    session = begun()
    found, reckoned = entered(session, bought(session)).why.checksum
    assert found == reckoned
    found, reckoned = entered(session, WRONG_TEST).why.checksum
    assert found != reckoned


def test_an_unknown_kind_meets_no_check_of_its_date():
    keys = begun().connection("home").meter.keys
    digits = digits_of(join_class(2, 12 << 60))
    answer = Answer(Status.FUNCTION, OtherToken(2, 12, 0), "class 2 subclass 12 is unknown to this meter")
    why = taken_apart(digits, keys, answer, None, None)
    assert [checked.check for checked in why.checks] == ["power", "digits", "class", "lockout", "checksum", "value"]
    assert why.checks[-1].outcome == "failed"
