import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_sim.sts.dkga import Dkga
from meter_sim.sts.errors import NotSupported, WrongIdentity
from meter_sim.sts.identity import MeterPan
from meter_sim.sts.tid import is_reserved
from meter_sim.sts.token import CreditToken, FirstSection, Management, MeterTestToken, SecondSection, Service
from meter_sim.vending import refusal
from meter_sim.vending.point_of_sale import AfterLastMinute, KeyChangePlan, MeterRegister, PointOfSale, TidList
from meter_sim.vending.secure_module import SecureModule
from meter_sim.vending.vending_key import VendingKey, vending_key_value
from tests.kit import SGC, at, module, record, tid, vending_key


def rnd(minute: int) -> int:
    return minute % 16


def point_of_sale(**more) -> PointOfSale:
    return PointOfSale("main", more.pop("secure", module()), MeterRegister({"home": record()}), TidList(), **more)


def tid_of(slip) -> int:
    return slip.token.token.tid


# -- vending keys


@given(st.binary(min_size=8, max_size=8))
def test_a_key_does_not_show(value):
    key = vending_key(1, 1993, "test:old", "02")
    shown = VendingKey(SGC, 1, key.base_date, Dkga.DKGA02, value)
    for text in (repr(shown), str(shown), repr(SecureModule([shown])), repr(module().decoder_key(record()))):
        assert value.hex() not in text.lower()
        assert repr(value) not in text


@pytest.mark.parametrize(
    "text", ["abababababababa", "xyababababababab", "test:none", "ab" * 20, "ab ab ab ab ab ab ab ab", ""]
)
def test_a_wrong_key_is_refused_without_being_repeated(text):
    with pytest.raises(WrongIdentity) as error:
        vending_key_value(text, Dkga.DKGA02)
    assert "16 hex digits" in str(error.value)
    assert not text or text not in str(error.value)


def test_named_keys_have_a_value_for_each_algorithm():
    values = {vending_key_value(name, dkga) for name in ("test:old", "test:new") for dkga in Dkga}
    assert sorted(map(len, values)) == [8, 8, 20, 20]


def test_two_keys_of_one_name():
    with pytest.raises(WrongIdentity, match="two vending keys"):
        module(vending_key(1, 2014, "test:new"))


# -- the secure module


def issue(secure, time="2024-06-01 12:00", revision=1, tenths=100, number=None):
    number = tid(time, revision) if number is None else number
    return secure.issue_credit(
        record(revision), service=Service.ELECTRICITY, amount=tenths, tid=number, rnd=5, at=at(time)
    )


def test_what_it_issues_verifies_under_its_key_and_no_other():
    secure = module()
    issued = issue(secure)
    assert secure.verify(record(1), issued.digits) == issued.token
    assert secure.verify(record(2), issued.digits) == "CRCError"
    assert secure.verify(record(1), "123") == "FormatError"
    assert secure.verify(record(1), str(3 << 27).zfill(20)) == "FunctionError"


@pytest.mark.parametrize(
    ("key", "time", "number", "name"),
    [
        ({"issue_until": at("2024-06-01 12:00")}, "2024-06-01 12:00:59", None, None),
        ({"issue_until": at("2024-06-01 12:00")}, "2024-06-01 12:01", None, refusal.IssueUntilPassed),
        ({"active_from": at("2024-06-01 12:00")}, "2024-06-01 11:59:59", None, refusal.VendingKeyNotActive),
        ({"active_from": at("2024-06-01 12:00")}, "2024-06-01 12:00", None, None),
        ({}, "2024-06-01 12:00", 0, refusal.TidOutOfRange),
        ({}, "2024-06-01 12:00", -5, refusal.TidOutOfRange),
        ({}, "2024-06-01 12:00", 1, None),
        ({}, "2024-06-01 12:00", (1 << 24) - 1, None),
        ({}, "2024-06-01 12:00", 1 << 24, refusal.TidOutOfRange),
        ({"key_expiry": 85}, "2024-06-01 12:00", 86 << 16, refusal.KeyExpired),
        ({"key_expiry": 85}, "2024-06-01 12:00", (86 << 16) - 1, None),
    ],
)
def test_what_it_refuses(key, time, number, name):
    secure = SecureModule([vending_key(1, 1993, "test:old", "02", **key)])
    number = tid(time) if number is None else number
    if name is None:
        issue(secure, time, number=number)
    else:
        with pytest.raises(name):
            issue(secure, time, number=number)


def test_unknown_key_and_greatest_amount():
    with pytest.raises(refusal.VendingKeyUnknown, match="key revision 1"):
        issue(SecureModule([vending_key(2, 2014, "test:new")]))
    assert issue(module(), tenths=18_201_624).token.tenths == 18_201_624
    with pytest.raises(refusal.AmountOutOfRange):
        issue(module(), tenths=18_201_625)


def test_every_refusal_has_a_name_for_scenarios():
    assert set(refusal.REFUSAL_NAMES) == {kind.__name__ for kind in refusal.Refusal.__subclasses__()}


def change(old, new, secure=None, **more):
    return (secure or module()).issue_key_change(record(old), record(new), at=at("2024-12-01"), **more)


@pytest.mark.parametrize(
    ("old", "new", "forced", "rollover"),
    [(1, 2, None, True), (2, 3, None, False), (2, 1, None, False), (1, 2, False, False), (2, 2, True, True)],
)
def test_the_rollover_bit_goes_with_a_later_base_date(old, new, forced, rollover):
    first, second = change(old, new, rollover=forced)
    assert isinstance(first.token, FirstSection)
    assert isinstance(second.token, SecondSection)
    assert first.token.rollover is rollover
    assert first.token.key_revision == new
    assert first.token.three_sections is False


def test_a_parent_past_its_date_still_makes_key_changes():
    old = vending_key(1, 1993, "test:old", "02", issue_until=at("2024-11-24 20:15"))
    new = vending_key(2, 2014, "test:new", issue_until=at("2025-01-01"))
    secure = SecureModule([old, new])
    assert change(1, 2, secure)
    with pytest.raises(refusal.IssueUntilPassed):
        secure.issue_key_change(record(1), record(2), at=at("2025-01-01 00:01"))


def test_the_same_change_gives_the_same_digits():
    assert [token.digits for token in change(1, 2)] == [token.digits for token in change(1, 2)]


def test_dkgas_that_are_refused_by_name():
    from meter_sim.sts.dkga import dkga_named

    for code, why in (("01", "legacy"), ("03", "withdrawn"), ("05", "does not exist")):
        with pytest.raises(NotSupported, match=why):
            dkga_named(code)


# -- the point of sale


def sell(pos, time, **more):
    return pos.sell("home", amount=100, now=at(time), rnd=rnd, **more)


def test_tokens_of_one_minute_take_the_next_and_then_go_back_to_the_clock():
    pos = point_of_sale()
    times = ["10:00:00", "10:00:10", "10:00:59", "10:01:00", "10:05:00"]
    tids = [tid_of(sell(pos, f"2024-06-01 {time}")) for time in times]
    start = tid("2024-06-01 10:00")
    assert tids == [start, start + 1, start + 2, start + 3, start + 5]


def test_the_reserved_minute_is_passed_over():
    pos = point_of_sale()
    midnight = tid("2024-06-01 00:00")
    tids = [tid_of(sell(pos, f"2024-06-01 {time}")) for time in ("00:00", "00:00", "00:01")]
    assert tids == [midnight, midnight + 2, midnight + 3]
    assert tid_of(sell(pos, "2024-06-02 00:01")) == tid("2024-06-02 00:02")
    explicit = tid_of(sell(pos, "2024-06-03 00:01", on_reserved_minute=True))
    assert explicit == tid("2024-06-03 00:01")
    assert is_reserved(explicit)


def test_the_list_survives_a_change_of_base_date():
    pos = point_of_sale()
    assert tid_of(sell(pos, "2024-06-01 10:00")) == tid("2024-06-01 10:00", 1)
    pos.change_key("home", KeyChangePlan(2), now=at("2024-06-01 10:00"))
    assert tid_of(sell(pos, "2024-06-01 10:00")) == tid("2024-06-01 10:01", 2)


def test_a_clock_that_is_wrong():
    assert tid_of(sell(point_of_sale(clock_offset=7200), "2024-06-01 10:00")) == tid("2024-06-01 12:00")
    assert tid_of(sell(point_of_sale(clock_offset=-60), "2024-06-01 10:00")) == tid("2024-06-01 09:59")


def test_the_key_change_comes_with_the_next_purchase_only():
    pos = point_of_sale()
    pos.change_key_with_purchase("home", KeyChangePlan(2, tariff_index="07"))
    assert pos.register.records["home"].key_revision == 1
    slip = sell(pos, "2024-06-01 10:00")
    first, second, credit = slip.tokens
    assert first.record == second.record == record(1)
    assert credit.record == record(2, "07") == pos.register.records["home"]
    assert isinstance(second.token, SecondSection)
    assert second.token.tariff_index == 7
    assert tid_of(slip) == tid("2024-06-01 10:00", 2)
    assert len(sell(pos, "2024-06-01 11:00").tokens) == 1


def test_a_refused_sale_changes_nothing():
    secure = SecureModule(
        [vending_key(1, 1993, "test:old", "02"), vending_key(2, 2014, "test:new", active_from=at("2024-07-01"))]
    )
    pos = point_of_sale(secure=secure)
    pos.change_key_with_purchase("home", KeyChangePlan(2))
    with pytest.raises(refusal.VendingKeyNotActive):
        sell(pos, "2024-06-01 10:00")
    assert pos.register.records["home"] == record(1)
    assert "home" in pos.register.waiting
    slip = sell(pos, "2024-07-01 00:00")
    assert len(slip.tokens) == 3
    pos = point_of_sale()
    with pytest.raises(refusal.AmountOutOfRange):
        pos.sell("home", amount=18_201_625, now=at("2024-06-01 10:00"), rnd=rnd)
    assert tid_of(sell(pos, "2024-06-01 10:00")) == tid("2024-06-01 10:00")


def test_after_the_last_minute():
    with pytest.raises(refusal.TidOutOfRange):
        sell(point_of_sale(), "2024-11-24 20:16")
    wrapping = point_of_sale(after_last_minute=AfterLastMinute.WRAP)
    assert [tid_of(sell(wrapping, f"2024-11-24 20:{minute}")) for minute in (15, 16, 17)] == [(1 << 24) - 1, 2, 3]


def test_management_tokens_take_tids_of_the_same_list():
    pos = point_of_sale()
    sell(pos, "2024-06-01 10:00")
    slip = pos.manage("home", Management.SET_MAXIMUM_POWER_LIMIT, 20_000, now=at("2024-06-01 10:00"), rnd=rnd)
    assert tid_of(slip) == tid("2024-06-01 10:01")
    assert slip.token.token.data == 0x416A
    assert isinstance(sell(pos, "2024-06-01 10:00").token.token, CreditToken)


def test_a_meter_test_fits_every_meter():
    slip = point_of_sale().test(MeterTestToken(0, 8))
    assert slip.token.digits == "18446744073843772416"
    assert slip.token.record is None


def test_an_immediate_change_leaves_the_waiting_one():
    pos = point_of_sale()
    pos.change_key_with_purchase("home", KeyChangePlan(3))
    pos.change_key_with_purchase("home", KeyChangePlan(2))  # replaces it
    pos.change_key("home", KeyChangePlan(1, tariff_index="05"), now=at("2024-06-01 10:00"))
    slip = sell(pos, "2024-06-01 11:00")
    assert slip.token.record == record(2, "05")
    assert [token.record for token in slip.key_change] == [record(1, "05")] * 2


def test_a_management_token_keeps_its_tid_from_others():
    pos = point_of_sale()
    for _ in range(2):
        pos.manage("home", Management.CLEAR_TAMPER_CONDITION, 0, now=at("2024-06-01 10:00"), rnd=rnd)
    assert tid_of(sell(pos, "2024-06-01 10:00")) == tid("2024-06-01 10:02")
    kept = pos.manage("home", Management.CLEAR_CREDIT, 0, now=at("2024-06-02 00:01"), rnd=rnd, on_reserved_minute=True)
    assert tid_of(kept) == tid("2024-06-02 00:01")


def test_dates_go_by_the_clock_of_the_point_of_sale():
    secure = SecureModule(
        [vending_key(1, 1993, "test:old", "02"), vending_key(2, 2014, "test:new", issue_until=at("2024-06-01 12:00"))]
    )
    ahead = PointOfSale(
        "main", secure, MeterRegister({"home": record(2), "old": record(1)}), TidList(), clock_offset=3600
    )
    with pytest.raises(refusal.IssueUntilPassed):
        sell(ahead, "2024-06-01 11:30")
    with pytest.raises(refusal.IssueUntilPassed):
        ahead.manage("home", Management.CLEAR_CREDIT, 0, now=at("2024-06-01 11:30"), rnd=rnd)
    with pytest.raises(refusal.IssueUntilPassed):
        ahead.change_key("old", KeyChangePlan(2), now=at("2024-06-01 11:30"))
    assert ahead.change_key("old", KeyChangePlan(2), now=at("2024-06-01 10:30"))


def test_each_meter_has_its_own_list():
    other = dataclasses.replace(record(), pan=MeterPan("600727010000000164"))
    pos = PointOfSale("main", module(), MeterRegister({"home": record(), "next": other}), TidList())
    first = sell(pos, "2024-06-01 10:00")
    second = pos.sell("next", amount=100, now=at("2024-06-01 10:00"), rnd=rnd)
    assert tid_of(first) == tid_of(second)


@pytest.mark.parametrize(("plan_ken", "key_ken", "sent"), [(None, 77, 77), (200, 77, 200), (None, 255, 255)])
def test_the_ken_of_a_key_change(plan_ken, key_ken, sent):
    secure = SecureModule(
        [vending_key(1, 1993, "test:old", "02"), vending_key(2, 2014, "test:new", key_expiry=key_ken)]
    )
    slip = point_of_sale(secure=secure).change_key("home", KeyChangePlan(2, key_expiry=plan_ken), now=at("2024-06-01"))
    first, second = (token.token for token in slip.key_change)
    assert first.ken_high << 4 | second.ken_low == sent


def test_a_power_limit_beyond_sixteen_bits_is_a_refusal():
    with pytest.raises(refusal.AmountOutOfRange):
        point_of_sale().manage("home", Management.SET_MAXIMUM_POWER_LIMIT, 18_201_625, now=at("2024-06-01"), rnd=rnd)


def test_a_wrapping_system_does_not_wrap_before_the_base_date():
    wrapping = point_of_sale(after_last_minute=AfterLastMinute.WRAP)
    with pytest.raises(refusal.TidOutOfRange):
        sell(wrapping, "1992-12-31 23:00")


# -- the key change with purchases -----------------------------------------------------------------------------


@pytest.mark.parametrize("purchases", [1, 2, 5])
def test_sections_are_printed_with_so_many_purchases(purchases):
    pos = point_of_sale()
    pos.change_key_with_purchase("home", KeyChangePlan(2), purchases)
    slips = [sell(pos, f"2024-06-{day:02} 10:00") for day in range(1, purchases + 3)]
    sections = slips[0].key_change
    assert len(sections) == 2
    assert [slip.key_change for slip in slips] == [sections] * purchases + [()] * 2
    assert [slip.repeated for slip in slips] == [False] + [True] * (purchases - 1) + [False] * 2
    assert {slip.token.record for slip in slips} == {record(2)}
    assert len({tid_of(slip) for slip in slips}) == len(slips)


def test_a_refused_sale_uses_up_no_repeat():
    pos = point_of_sale()
    pos.change_key_with_purchase("home", KeyChangePlan(2), 2)
    sections = sell(pos, "2024-06-01 10:00").key_change
    with pytest.raises(refusal.AmountOutOfRange):
        pos.sell("home", amount=18_201_625, now=at("2024-06-02 10:00"), rnd=rnd)
    assert [sell(pos, f"2024-06-{day:02} 11:00").key_change for day in (2, 3)] == [sections, ()]


def test_a_request_that_is_repeated_uses_up_no_repeat():
    pos = point_of_sale()
    pos.change_key_with_purchase("home", KeyChangePlan(2), 2)
    first = sell(pos, "2024-06-01 10:00", request="a")
    assert sell(pos, "2024-06-01 10:05", request="a") == first
    assert [sell(pos, f"2024-06-{day:02} 11:00").key_change for day in (2, 3)] == [first.key_change, ()]


def test_a_new_change_takes_the_place_of_repeats():
    pos = point_of_sale()
    pos.change_key_with_purchase("home", KeyChangePlan(2), 5)
    first = sell(pos, "2024-06-01 10:00")
    pos.change_key_with_purchase("home", KeyChangePlan(3))
    second, third = sell(pos, "2024-06-02 10:00"), sell(pos, "2024-06-03 10:00")
    assert second.key_change != first.key_change
    assert (second.repeated, third.key_change) == (False, ())
    assert [section.record for section in second.key_change] == [record(2)] * 2
    assert third.token.record == record(3)


def test_the_sections_that_were_issued_last_are_printed_once_more():
    pos = point_of_sale()
    assert pos.reprint_key_change("home") is None
    pos.change_key_with_purchase("home", KeyChangePlan(2))
    assert pos.reprint_key_change("home") is None  # nothing is issued yet
    slip = sell(pos, "2024-06-01 10:00")
    again = pos.reprint_key_change("home")
    assert (again.key_change, again.token, again.repeated) == (slip.key_change, None, True)
    assert again.tokens == slip.key_change
    later = pos.change_key("home", KeyChangePlan(3), now=at("2024-06-02"))
    assert pos.reprint_key_change("home").key_change == later.key_change != slip.key_change
    assert tid_of(sell(pos, "2024-06-03 10:00")) == tid("2024-06-03 10:00", 3)  # a reprint takes no TID


def test_correcting_a_record_drops_what_was_made_on_its_strength():
    for issued in (False, True):
        pos = point_of_sale()
        pos.change_key_with_purchase("home", KeyChangePlan(2), 3)
        if issued:
            sell(pos, "2024-06-01 10:00")
        pos.register.debts["home"] = 70
        right = record(1, "05")
        pos.register.correct("home", right)
        assert pos.register.records["home"] == right
        assert pos.reprint_key_change("home") is None
        slip = sell(pos, "2024-06-02 10:00")
        assert (slip.key_change, slip.token.record) == ((), right)
        assert pos.register.debts == {"home": 70}  # who owes still owes


def test_correcting_one_record_leaves_the_others():
    other = dataclasses.replace(record(), pan=MeterPan("600727010000000164"))
    pos = PointOfSale("main", module(), MeterRegister({"home": record(), "next": other}), TidList())
    for name in ("home", "next"):
        pos.change_key_with_purchase(name, KeyChangePlan(2), 3)
    pos.register.correct("home", record(3))
    assert sell(pos, "2024-06-01 10:00").key_change == ()
    assert len(pos.sell("next", amount=100, now=at("2024-06-01 10:00"), rnd=rnd).key_change) == 2


# -- the last minutes of a key ---------------------------------------------------------------------------------

UNTIL, CHANGE_UNTIL = "2024-11-01 12:00", "2024-11-20 12:00"


def ending() -> SecureModule:
    """A module whose old key issues until UNTIL, and key changes until CHANGE_UNTIL."""
    old = vending_key(1, 1993, "test:old", "02", issue_until=at(UNTIL), key_change_until=at(CHANGE_UNTIL))
    return SecureModule([old, vending_key(2, 2014, "test:new")])


@pytest.mark.parametrize(
    ("time", "sale", "key_change"),
    [
        (UNTIL, None, None),
        (f"{UNTIL}:59", None, None),
        ("2024-11-01 12:01", refusal.IssueUntilPassed, None),
        (CHANGE_UNTIL, refusal.IssueUntilPassed, None),
        (f"{CHANGE_UNTIL}:59", refusal.IssueUntilPassed, None),
        ("2024-11-20 12:01", refusal.IssueUntilPassed, refusal.KeyChangeUntilPassed),
    ],
)
def test_the_last_minute_of_credit_and_of_key_changes(time, sale, key_change):
    def change_key(pos):
        return pos.change_key("home", KeyChangePlan(2), now=at(time))

    def change_with_purchase(pos):
        pos.change_key_with_purchase("home", KeyChangePlan(2))
        return sell(pos, time)

    for act, wanted in (
        (lambda pos: sell(pos, time), sale),
        (change_key, key_change),
        (change_with_purchase, key_change),
    ):
        pos = point_of_sale(secure=ending())
        if wanted is None:
            assert act(pos).tokens
            continue
        with pytest.raises(wanted):
            act(pos)
        assert pos.register.records["home"] == record(1)


def test_key_changes_to_a_key_go_on_when_those_away_from_it_ended():
    new = vending_key(2, 2014, "test:new", key_change_until=at("2024-06-01"))
    secure = SecureModule([vending_key(1, 1993, "test:old", "02"), new, vending_key(3, 2014, "test:old")])
    pos = point_of_sale(secure=secure)
    assert pos.change_key("home", KeyChangePlan(2), now=at("2024-07-01")).key_change
    with pytest.raises(refusal.KeyChangeUntilPassed, match="supply group 123457, key revision 2"):
        pos.change_key("home", KeyChangePlan(3), now=at("2024-07-01"))
    assert sell(pos, "2024-07-01 10:00").token.record == record(2)  # it still sells


def test_a_change_that_was_issued_in_time_is_printed_again_afterwards():
    pos = point_of_sale(secure=ending())
    pos.change_key_with_purchase("home", KeyChangePlan(2), 2)
    first = sell(pos, CHANGE_UNTIL)
    assert sell(pos, "2024-11-21 12:00").key_change == first.key_change
    assert pos.reprint_key_change("home").key_change == first.key_change


def test_names_of_refusals():
    assert tuple(kind.__name__ for kind in refusal.REFUSALS) == refusal.REFUSAL_NAMES
    assert len(set(refusal.REFUSAL_NAMES)) == len(refusal.REFUSAL_NAMES)
    assert set(refusal.NOT_MIGRATED) <= set(refusal.REFUSALS)
    assert {"IssueUntilPassed", "KeyChangeUntilPassed", "VendingDown", "VendingBusy"} <= set(refusal.REFUSAL_NAMES)
