"""A lost response never costs a second TID: requests with an id are answered again, slips are printed again."""

import pytest

from meter_sim.sts.token import Management, Service
from meter_sim.vending.point_of_sale import ExtendedFunction, KeyChangePlan, MeterRegister, PointOfSale, TidList
from meter_sim.vending.refusal import RequestRepeated
from tests.kit import PAN, at, module, record, tid

TIME = "2024-06-01 10:00"


def credit(secure, request, amount=100, number=None, rnd=5, service=Service.ELECTRICITY):
    return secure.issue_credit(
        record(), service=service, amount=amount, tid=number or tid(TIME), rnd=rnd, at=at(TIME), request=request
    )


def test_a_repeated_request_gets_the_same_token_whatever_tid_comes_with_it():
    secure = module()
    first = credit(secure, "r1")
    assert credit(secure, "r1", number=tid(TIME) + 7, rnd=9) == first
    assert secure.answered("r1") == (first,)
    assert secure.answered("r2") == ()
    assert credit(secure, "r2", number=tid(TIME) + 7) != first
    assert credit(secure, None, rnd=9) != first


def test_another_wish_under_a_known_id_is_refused():
    secure = module()
    first = credit(secure, "r1")
    with pytest.raises(RequestRepeated, match="'r1' was made before, and for something else"):
        credit(secure, "r1", amount=101)
    with pytest.raises(RequestRepeated):
        credit(secure, "r1", service=Service.WATER)
    with pytest.raises(RequestRepeated):
        secure.issue_key_change(record(1), record(2), at=at(TIME), request="r1")
    assert credit(secure, "r1") == first


def test_management_extended_and_key_changes_are_answered_again_too():
    secure = module()
    when = {"tid": tid(TIME), "rnd": 1, "at": at(TIME)}
    later = {"tid": tid(TIME) + 1, "rnd": 2, "at": at(TIME) + 60}
    orders = (
        lambda times: secure.issue_management(record(), command=Management.CLEAR_CREDIT, data=0, request="m", **times),
        lambda times: secure.issue_extended(record(), index=1, value=2, request="x", **times),
        lambda times: secure.issue_key_change(record(1), record(2), at=times["at"], request="k"),
    )
    for order in orders:
        assert order(when) == order(later)
    assert len(secure.answered("k")) == 2


def test_a_refused_request_may_be_made_again():
    secure = module()
    with pytest.raises(Exception, match="TID 0 is outside"):
        secure.issue_credit(record(), service=Service.ELECTRICITY, amount=1, tid=0, rnd=0, at=at(TIME), request="r1")
    assert secure.answered("r1") == ()
    assert credit(secure, "r1", amount=1).token.tid == tid(TIME)


def shop():
    register = MeterRegister({"home": record()})
    return PointOfSale("main", module(), register, TidList())


def sell(pos, request=None, time=TIME, amount=100, **more):
    return pos.sell("home", amount=amount, now=at(time), rnd=lambda minute: minute & 15, request=request, **more)


def test_a_repeated_sale_prints_the_slip_again_and_uses_no_tid():
    pos = shop()
    first = sell(pos, "r1")
    assert sell(pos, "r1", "2024-06-01 10:05") is first
    assert pos.reprint("r1") is first
    assert pos.reprint("r2") is None
    assert sell(pos).token.token.tid == first.token.token.tid + 1
    with pytest.raises(RequestRepeated):
        sell(pos, "r1", amount=200)
    with pytest.raises(RequestRepeated):
        sell(pos, "r1", service=Service.WATER)


def test_a_reprint_brings_its_key_change_and_issues_no_other():
    pos = shop()
    pos.change_key_with_purchase("home", KeyChangePlan(2))
    first = sell(pos, "r1")
    assert len(first.key_change) == 2
    pos.change_key_with_purchase("home", KeyChangePlan(3))
    assert sell(pos, "r1") is first
    assert pos.register.records["home"].key_revision == 2
    assert pos.register.waiting["home"] == KeyChangePlan(3)
    assert PAN.digits not in pos.register.waiting


def test_a_request_is_known_at_every_point_of_sale_of_a_register():
    first_pos = shop()
    second_pos = PointOfSale("kiosk", first_pos.module, first_pos.register, TidList())
    first = sell(first_pos, "r1")
    assert sell(second_pos, "r1", "2024-06-01 10:05") is first
    assert second_pos.reprint("r1") is first
    assert first_pos.module.answered("r1") == (first.token,)


def test_the_same_id_for_another_meter_is_refused():
    pos = shop()
    pos.register.records["other"] = record(tariff="02")
    sell(pos, "r1")
    with pytest.raises(RequestRepeated):
        pos.sell("other", amount=100, now=at(TIME), rnd=lambda minute: 0, request="r1")


def test_where_the_slip_was_lost_the_module_still_knows_the_tokens():
    pos = shop()
    pos.change_key_with_purchase("home", KeyChangePlan(2))
    first = sell(pos, "r1")
    lost = PointOfSale("main", pos.module, MeterRegister({"home": record()}), TidList())
    lost.change_key_with_purchase("home", KeyChangePlan(2))
    again = sell(lost, "r1", "2024-06-01 10:07")
    assert again == first
    assert sell(lost).token.token.tid == first.token.token.tid + 1  # its minute is on the list


@pytest.mark.parametrize("command", [Management.CLEAR_TAMPER_CONDITION, Management.SET_MAXIMUM_POWER_LIMIT])
def test_every_part_of_a_wish_counts(command):
    secure = module()
    when = {"tid": tid(TIME), "rnd": 1, "at": at(TIME)}
    secure.issue_management(record(), command=Management.CLEAR_CREDIT, data=0, request="m", **when)
    with pytest.raises(RequestRepeated):
        secure.issue_management(record(), command=command, data=0, request="m", **when)
    with pytest.raises(RequestRepeated):
        secure.issue_management(record(), command=Management.CLEAR_CREDIT, data=1, request="m", **when)
    secure.issue_extended(record(), index=1, value=2, request="x", **when)
    for index, value in ((2, 2), (1, 3)):
        with pytest.raises(RequestRepeated):
            secure.issue_extended(record(), index=index, value=value, request="x", **when)
    secure.issue_key_change(record(1), record(2), at=at(TIME), request="k")
    for more in ({"rollover": False}, {"key_expiry": 3}, {"three_sections": True}):
        with pytest.raises(RequestRepeated):
            secure.issue_key_change(record(1), record(2), at=at(TIME), request="k", **more)


def test_an_extended_function_uses_its_minute():
    pos = shop()
    function = ExtendedFunction(3, 4)
    tids = [
        pos.extended("home", function, now=at(TIME), rnd=lambda minute: 0).token.token.tid,
        pos.extended("home", function, now=at(TIME), rnd=lambda minute: 0).token.token.tid,
        sell(pos).token.token.tid,
    ]
    assert tids == [tids[0], tids[0] + 1, tids[0] + 2]


def test_verify_needs_the_key_of_a_class_2_token_too():
    secure = module()
    [first, _] = secure.issue_key_change(record(1), record(2), at=at(TIME))
    assert secure.verify(record(1), first.digits) == first.token
    assert secure.verify(record(2), first.digits) == "CRCError"
