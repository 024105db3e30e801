"""Crews in towns of a few meters: whom they visit on which day, what they find, and what they put in."""

import pytest

from meter_sim.meter.credit import WS_PER_TENTH
from meter_sim.results.record import EventKind
from meter_sim.scenario.meter_numbers import pan_of
from tests.kit import at
from tests.rollout import DEPOT, buyer, by_hand, meter, series, total, town

MONDAY = "2024-06-10"
CREW = {"start": MONDAY, "channel": "crew"}
DEPOT_OF_TWO = {"crews": "1", "visits_per_day": "2", "open": "08:00-16:00"}
RIGID = {"meter_models": {"rigid": {"takes_key_changes": "false"}}}
BOTH_KEYS = [
    {"key_revision": "1", "base_date": "1993", "dkga": "02", "key": "test:old"},
    {"key_revision": "2", "base_date": "2014", "dkga": "04", "key": "test:new"},
]


def crews(folder, meters, depot=DEPOT_OF_TWO, phases=CREW, programme=None, area=None, **sections):
    sections["programme"] = {"change_key": {"from": "1", "to": "2"}, "phases": {"town": phases}} | (programme or {})
    return by_hand(folder, areas={"town": {"depot": depot} | (area or {})}, meters=meters, **sections)


def visits(result):
    """Meter, day of June 2024, hour (UTC) and outcome of each visit."""
    start = at("2024-05-31 00:00")
    return [
        (event.meter, (event.time - start) // 86_400, (event.time - start) % 86_400 / 3600, event.reason)
        for event in result.record.events
        if event.event is EventKind.VISIT
    ]


# -- the day -------------------------------------------------------------------------------------------------------


def test_who_is_visited_when(tmp_path):
    """Two a day at 08:00 and 12:00, in order of connection, not on the holiday nor on the weekend; two entries of 40 s."""
    result = crews(tmp_path, [meter(number, "town") for number in range(1, 8)], holidays=["2024-06-11"])
    takes = 80 / 3600
    assert visits(result) == [
        (f"town{number}", day, hour + takes, "changed")
        for number, (day, hour) in enumerate([(10, 8), (10, 12), (12, 8), (12, 12), (13, 8), (13, 12), (14, 8)], 1)
    ]


def test_appointments_come_first(tmp_path):
    """Nobody opens without one. The third meter waits for Tuesday; on Wednesday the appointments of Monday go first."""
    depot = DEPOT_OF_TWO | {"no_access": "100%", "calls_back": "100%", "appointment_after": "2 days"}
    result = crews(tmp_path, [meter(number, "town") for number in range(1, 6)], depot)
    assert [(name, day, outcome) for name, day, _, outcome in visits(result)] == [
        ("town1", 10, "no access"), ("town2", 10, "no access"), ("town3", 11, "no access"), ("town4", 11, "no access"),
        ("town1", 12, "changed"), ("town2", 12, "changed"), ("town3", 13, "changed"), ("town4", 13, "changed"),
        ("town5", 14, "no access"), ("town5", 17, "changed"),
    ]  # fmt: skip
    assert total(result, "appointments") == 5
    assert total(result, "revisits") == 5


@pytest.mark.parametrize("most", [1, 2, 4])
def test_so_many_visits_and_no_more(tmp_path, most):
    depot = DEPOT_OF_TWO | {"no_access": "100%", "revisit_after": "7 days", "most_visits": str(most)}
    result = crews(tmp_path, [meter(1, "town")], depot)
    assert [day for _, day, _, _ in visits(result)] == [10 + 7 * place for place in range(most)]
    assert total(result, "revisits") == most - 1
    assert series(result, "visits_waiting")[-1] == 0


def test_access_by_its_share(tmp_path):
    """Of visits without an appointment 40 %; of those who found a note half call back."""
    depot = {"crews": "5", "no_access": "40%", "calls_back": "50%"}
    result = town(tmp_path, {
        "areas.town": {"depot": depot}, "population.count": "300", "customers": {"zero": {"never": "vacant"}},
        "programme.phases": {"town": {"start": "2024-09-09", "channel": "crew"}}, "end": "2024-10-20 00:00",
    })  # fmt: skip
    tried, locked, called = total(result, "visits"), total(result, "visits_no_access"), total(result, "appointments")
    tried -= called  # to appointments somebody opens
    assert tried > 350
    assert abs(locked - 0.4 * tried) <= 5 * (0.24 * tried) ** 0.5
    assert abs(called - 0.5 * locked) <= 5 * (0.25 * locked) ** 0.5


@pytest.mark.parametrize(("visit", "visited"), [("unconfirmed", ["town1", "town2"]), ("not_issued", ["town2"])])
def test_whom_a_phase_visits(tmp_path, visit, visited):
    """The first bought in the phase before and did not enter yet; the second bought nothing; the third bought twice."""
    slow = buyer("2024-06-04 10:00") | {"enter_after": "60 days"}
    twice = buyer("x") | {"buy": {"every": "1 day", "first": "2024-06-05 10:00"}}
    result = crews(
        tmp_path,
        [meter(1, "town", "slow"), meter(2, "town"), meter(3, "town", "twice")],
        phases=[{"start": "2024-06-03", "channel": "with_purchase"}, CREW | {"visit": visit}],
        customers={"slow": slow, "twice": twice},
    )
    assert [name for name, *_ in visits(result)] == visited
    assert {outcome for *_, outcome in visits(result)} == {"changed"}
    assert total(result, "changed_crew") == len(visited)


def test_what_a_purchase_confirmed_is_left_out(tmp_path):
    """Put down on Monday, but confirmed by purchases on Monday and Tuesday before its turn on Wednesday."""
    twice = buyer("x") | {"buy": {"every": "1 day", "first": "2024-06-10 10:00"}}
    result = crews(
        tmp_path,
        [*(meter(number, "town") for number in range(1, 5)), meter(5, "town", "twice"), meter(6, "town")],
        phases=[{"start": "2024-06-03", "channel": "with_purchase"}, CREW],
        customers={"twice": twice},
    )
    assert [name for name, *_ in visits(result)] == ["town1", "town2", "town3", "town4", "town6"]


def test_the_end_of_a_phase(tmp_path):
    """On Tuesday evening the work of the first phase is dropped; what the second also sends crews to stays."""
    many = [meter(number, "town") for number in range(1, 8)]
    ending = CREW | {"end": "2024-06-11 20:00"}
    result = crews(tmp_path, many, phases=[ending])
    assert len(visits(result)) == 4
    assert series(result, "visits_waiting")[7:10] == [5, 0, 0]
    result = crews(tmp_path, many, phases=[ending, CREW | {"start": "2024-06-11"}])
    assert len(visits(result)) == 7


# -- replacement ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "tenths"), [("12.3 kWh", 123), ("12.34 kWh", 124), ("44000001 Ws", 123), ("0 kWh", 0)]
)
def test_credit_is_carried_over_in_the_customers_favour(tmp_path, left, tenths):
    """Found on Monday, replaced on Tuesday; the new meter has the connection's next PAN and the new key."""
    result = crews(
        tmp_path, [meter(1, "town", model="rigid", credit=left, connection="77")], DEPOT_OF_TWO | {"stock": "1"},
        programme={"replace_with": "keypad"}, **RIGID,
    )  # fmt: skip
    assert [(day, outcome) for _, day, _, outcome in visits(result)] == [(10, "cannot change"), (11, "replaced")]
    events = {event.event: event for event in result.record.events}
    assert events[EventKind.REPLACED].reason == pan_of(77, 1).digits
    removed = total(result, "removed_ws")
    assert 0 <= tenths * WS_PER_TENTH - removed < WS_PER_TENTH
    assert total(result, "replaced_tenths") == tenths
    assert total(result, "replaced_tokens") == (tenths > 0)
    assert result.record.totals[0].register_ws == tenths * WS_PER_TENTH
    assert result.record.totals[0].key_revision == 2
    assert total(result, "changed_replaced") == 1
    assert total(result, "changed_crew") == 0
    assert result.record.outcome.meters[0].true == "new key"


def test_stock_and_deliveries(tmp_path):
    """Two in stock and one more on Friday; seven rigid meters. The stock of each day is what came less what went in."""
    depot = {"crews": "2", "replacement_takes": "2", "visits_per_day": "10", "stock": "2"} | {
        "deliveries": [{"at": "2024-06-14 00:00", "meters": "1"}, {"at": "2024-06-20 12:00", "meters": "3"}]
    }
    result = crews(
        tmp_path, [meter(number, "town", model="rigid") for number in range(1, 8)], depot,
        programme={"replace_with": "keypad"}, costs={"meter": "5 currency", "visit": "2 currency"}, **RIGID,
    )  # fmt: skip
    put_in = series(result, "visits_replaced")
    assert [(day + 3, number) for day, number in enumerate(put_in) if number] == [(11, 2), (14, 1), (21, 3)]
    assert [series(result, "stock")[day - 3] for day in (3, 10, 11, 14, 20, 21, 30)] == [2, 2, 0, 0, 0, 0, 0]
    assert [series(result, "replacements_waiting")[day - 3] for day in (9, 10, 11, 14, 21, 30)] == [0, 7, 5, 4, 1, 1]
    assert min(series(result, "stock")) == 0
    assert total(result, "visits_time_for") == 7 + 6 * 2
    assert (total(result, "cost_meters"), total(result, "cost_visits")) == (6 * 500_000, 13 * 200_000)


def test_a_meter_that_did_not_get_in_goes_back_to_the_stock(tmp_path):
    """All are to be replaced and nobody opens: three visits each, and the one meter is still there."""
    depot = DEPOT_OF_TWO | {"stock": "1", "no_access": "100%", "revisit_after": "1 day", "replacement_takes": "1"}
    result = crews(tmp_path, [meter(1, "town")], depot, programme={"replace_with": "keypad", "replace_all": "true"})
    assert [outcome for *_, outcome in visits(result)] == ["no access"] * 3
    assert set(series(result, "stock")) == {1}


def test_all_are_replaced(tmp_path):
    depot = DEPOT_OF_TWO | {"stock": "3", "replacement_takes": "1"}
    result = crews(
        tmp_path, [meter(number, "town") for number in range(1, 5)], depot,
        programme={"replace_with": "keypad", "replace_all": "true"},
    )  # fmt: skip
    assert [outcome for *_, outcome in visits(result)] == ["replaced"] * 3
    assert total(result, "key_changes_issued") == 0
    assert (series(result, "true_new_key")[-1], series(result, "true_cannot_change")[-1]) == (3, 1)


# -- what is wrong in the register ---------------------------------------------------------------------------------


@pytest.mark.parametrize("error", ["supply_group", "tariff_index", "swapped"])
def test_crews_put_the_register_right(tmp_path, error):
    """Every record is wrong: the first sections are refused, the record is corrected, the second are taken."""
    groups = {group: {"vending_keys": BOTH_KEYS} for group in ("123457", "123465")}
    result = town(tmp_path, {
        "supply_groups": groups, "population": {"count": "6", "supply_group": "123457", "register_errors": {error: "100%"}},
        "areas.town": {"depot": {"crews": "1"}}, "customers": {"zero": {"never": "vacant"}},
        "programme.phases": {"town": {"start": "2024-09-09", "channel": "crew"}}, "end": "2024-09-20 00:00",
    })  # fmt: skip
    assert series(result, "true_wrong_key")[0] == 6
    assert series(result, "true_new_key")[-1] == 6
    assert total(result, "corrected_records") == 6
    assert total(result, "visits_changed") == total(result, "visits") == 6
    assert total(result, "key_changes_issued") == 12


def test_crews_strike_off_dead_records(tmp_path):
    result = town(tmp_path, {
        "population.register_errors": {"dead": "100%"}, "population.count": "6", "areas.town": {"depot": DEPOT},
        "programme.phases": {"town": {"start": "2024-09-09", "channel": "crew"}}, "end": "2024-09-20 00:00",
    })  # fmt: skip
    assert total(result, "visits_not_found") == total(result, "visits") == 6
    assert series(result, "dead_records")[-1] == 0
    assert series(result, "meters") == [0] * 19


def test_a_desk_puts_the_register_right(tmp_path):
    """The tariff index is wrong: the first token is refused, the desk reads the meter and sells it again."""
    result = town(tmp_path, {
        "population": {"count": "5", "register_errors": {"tariff_index": "100%"}}, "programme": None, "costs": {"token": "1 currency"},
        "areas.town": {"help_desk": {"staff": "1"}}, "end": "2024-09-20 00:00",
        "customers": {"who": buyer("2024-09-03 10:00") | {"trouble": {"asks": "100%"}}},
    })  # fmt: skip
    assert total(result, "corrected_records") == total(result, "help_desk_served") == 5
    assert (total(result, "replaced_tokens"), total(result, "replaced_tenths")) == (5, 500)
    assert (total(result, "tokens_printed"), total(result, "cost_tokens")) == (10, 10 * 100_000)
    assert (total(result, "purchases"), total(result, "bought_tenths")) == (5, 500)
    fates = {"accepted": 1, "refused for ever: CRCError": 1}
    for end in result.record.outcome.meters:
        assert {f"{fate}: {why}" if why else fate: number for (fate, why), number in end.fates.items()} == fates


def test_a_meter_that_takes_no_change_gets_its_old_record_back(tmp_path):
    """At a desk: the change is taken back, the credit is sold under the old key, and a crew is asked for."""
    who = buyer("2024-06-12 10:00") | {"trouble": {"asks": "100%"}}
    result = crews(
        tmp_path, [meter(1, "town", "who", model="rigid")], DEPOT_OF_TWO | {"stock": "1"},
        phases={"start": MONDAY, "channel": "with_purchase"}, area={"help_desk": {"staff": "1"}},
        programme={"replace_with": "keypad"}, customers={"who": who}, **RIGID,
    )  # fmt: skip
    assert [(day, outcome) for _, day, _, outcome in visits(result)] == [(13, "replaced")]
    assert total(result, "replaced_tokens") == 2  # the refused purchase, and what was left on the old meter
    assert (total(result, "changed_replaced"), total(result, "changed_with_purchase")) == (1, 0)
    assert result.record.outcome.meters[0].register == "presumed changed"


def test_a_desk_puts_the_change_down_again(tmp_path):
    """The first change was made on a wrong tariff index; with the token that is sold again comes the right one."""
    result = town(tmp_path, {
        "population": {"count": "5", "register_errors": {"tariff_index": "100%"}}, "areas.town": {"help_desk": {"staff": "1"}},
        "programme.phases": {"town": {"start": "2024-09-02", "channel": "with_purchase"}}, "end": "2024-09-20 00:00",
        "customers": {"who": buyer("2024-09-03 10:00") | {"trouble": {"asks": "100%"}}},
    })  # fmt: skip
    assert total(result, "key_changes_issued") == 10
    assert total(result, "changed_help") == total(result, "help_desk_served") == 5
    assert (total(result, "replaced_tokens"), total(result, "replaced_tenths")) == (5, 500)


def test_a_meter_that_cannot_change_is_sent_nothing_more(tmp_path):
    who = buyer("2024-06-12 10:00") | {"trouble": {"asks": "100%"}}
    phases = [{"start": MONDAY, "channel": "with_purchase"}, {"start": "2024-07-01", "channel": "sent"}]
    result = crews(
        tmp_path, [meter(1, "town", "who", model="rigid"), meter(2, "town")], phases=phases,
        area={"help_desk": {"staff": "1"}}, customers={"who": who}, **RIGID,
    )  # fmt: skip
    assert [event.meter for event in result.record.events if event.event is EventKind.MESSAGE] == ["town2"]


def test_no_key_change_by_crews_after_its_last_day(tmp_path):
    """Two on Monday; on Tuesday at eight the last minute is over."""
    many = [meter(number, "town") for number in range(1, 4)]
    until = {"credit_until": "2024-06-10 00:00", "key_change_until": "2024-06-11 07:00"}
    result = crews(tmp_path, many, programme=until)
    assert [(name, day, outcome) for name, day, _, outcome in visits(result)] == [
        ("town1", 10, "changed"), ("town2", 10, "changed"), ("town3", 11, "not issued"),
    ]  # fmt: skip
    assert total(result, "key_changes_refused") == 1


def test_crews_look_after_those_who_complain(tmp_path):
    """Issued before the crews come, so not visited; but a complaint on Friday, 5 July brings them on Monday."""
    who = {"buy": {"every": "30 days", "first": "2024-06-05 10:00"}, "mistakes": {"one_section": "100%"}}
    result = crews(
        tmp_path, [meter(1, "town", "who")], customers={"who": buyer("x") | who}, end="2024-07-20 00:00",
        phases=[{"start": "2024-06-03", "channel": "with_purchase"}, CREW | {"visit": "not_issued"}],
    )  # fmt: skip
    assert [(day, outcome) for _, day, _, outcome in visits(result)] == [(30 + 8, "changed")]
    assert total(result, "complaints") == 1
    assert result.record.outcome.meters[0].register == "presumed changed"


def test_one_section_is_a_change_half_made(tmp_path):
    """Entered in the last minute of a day by a meter that waits for the other section for an hour."""
    who = buyer("2024-06-11 22:59") | {"mistakes": {"one_section": "100%"}}
    result = crews(
        tmp_path, [meter(1, "town", "who", model="slow")], {"crews": "0"}, {"start": MONDAY, "channel": "with_purchase"},
        customers={"who": who}, meter_models={"slow": {"kct_timeout": "1 h"}},
    )  # fmt: skip
    assert series(result, "true_partly_entered")[7:11] == [0, 1, 0, 0]
    assert series(result, "true_old_key")[7:11] == [1, 0, 1, 1]
    assert series(result, "presumed_not_changed")[7:11] == [0, 1, 1, 1]
