"""The ten answers against towns so small that each number can be worked out by hand from the file.

Most customers buy once, at a second that the file gives; no entry goes wrong unless the file says so, and most homes use
nothing. The comments say why each number is what it is.
"""

from datetime import date, timedelta

import pytest

from meter_sim.results.area_day import AreaDay
from meter_sim.results.series import Series, series_of
from tests.rollout import buyer, by_hand, meter

DEADLINE = "2024-09-16 23:59"

# -- a rollout of four areas ---------------------------------------------------------------------------------------

FIRSTS = {
    # shops: before the phase, seven in it at known days (the last after the deadline), and two who never buy
    "c1": "2024-06-10 10:00", "c2": "2024-06-12 10:00", "c3": "2024-06-20 10:00", "c4": "2024-07-15 10:00",
    "c5": "2024-07-16 10:00", "c6": "2024-08-30 10:00", "c7": "2024-09-25 10:00", "c8": "2024-06-07 10:00",
}  # fmt: skip
LOST = {"spare": {"share": "100%", "kept": "60 days"}}

TOWN = {
    "meter_models": {"rigid": {"takes_key_changes": "false"}},
    "loads": {"tenth": {"profile": "flat", "mean": "2.4 kWh", "variation": "0%"}},  # 100 W
    "customers": {
        **{name: buyer(first) for name, first in FIRSTS.items()},
        "gone": {"never": "vacant", "share": "100%"},
        "blocked": {"never": "blocked"},
        "keeper": buyer("2024-06-05 10:00", **LOST),
        "asker": buyer("2024-06-05 10:00", amount="25 kWh", trouble={"asks": "100%"}, **LOST)
        | {"campaign": {"answers": "100%", "answers_after": "1 day"}},
        "late": buyer("2024-06-04 10:00") | {"buy": {"every": "64 days", "first": "2024-06-04 10:00"}},
    },
    "areas": {
        "shops": {"share": "50%"},
        "crews": {
            "share": "50%",
            "depot": {
                "crews": "1",
                "visits_per_day": "1",
                "open": "08:00-16:00",
                "replacement_takes": "2",
                "deliveries": [{"at": "2024-07-01 00:00", "meters": "1"}],
            },
        },
        "posts": {"share": "0%", "help_desk": {"staff": "1", "open": "08:00-16:00", "service": "6 min"}},
        "left": {"share": "0%"},
    },
    "population": {"count": "4", "register_errors": {"dead": "100%"}},
    "meters": [
        *(meter(place, "shops", name) for place, name in enumerate(FIRSTS, 1)),
        meter(9, "shops", "gone"),
        meter(10, "shops", "blocked", credit="0 kWh"),
        *(meter(number, "crews") for number in (11, 12, 13, 14)),
        *(meter(number, "crews", model="rigid") for number in (15, 16)),
        meter(17, "posts", "keeper"),
        meter(18, "posts", "asker"),
        # 100 W; with 10 + 15 + 5 kWh it has 261.6 kWh, which last 109 days: to 2024-09-20 00:00
        meter(19, "left", "late", load="tenth", credit="231.6 kWh"),
    ],
    "programme": {
        "change_key": {"from": "1", "to": "2"},
        "replace_with": "keypad",
        "credit_until": DEADLINE,
        "key_change_until": "2024-09-30 00:00",
        "lend": {"start": "2024-06-04 00:00", "until": "2024-06-05 00:00", "amount": "15 kWh", "pay_back": "50%"},
        "phases": {
            "shops": {"start": "2024-06-10", "channel": "with_purchase"},
            "crews": {"start": "2024-06-10", "channel": "crew"},
            "posts": {"start": "2024-07-01", "channel": "sent"},
        },
    },
}
TOWN["customers"]["keeper"]["campaign"] = TOWN["customers"]["asker"]["campaign"]
for kind in TOWN["customers"].values():
    kind.setdefault("share", "0%")  # the meters that are listed name theirs


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return by_hand(tmp_path_factory.mktemp("town"), **TOWN)


@pytest.fixture(scope="module")
def answers(town):
    return town.summary["answers"]


def test_1_rate(answers):
    """Crews: 10 to 13 June and 1 July. Posts: both on 2 July. A month's best: what falls into 30 days."""
    rates = answers["rate_and_start"]
    wanted = {
        # scope, changed at the deadline, at the end, best rate, 50 %, 90 %, 95 %, first start, mean rate
        "shops": (10, 6, 7, 0.1, "2024-07-16", None, None, "2024-06-10", 0.06),
        "crews": (6, 5, 5, 0.17, "2024-06-12", None, None, "2024-06-10", 0.05),
        "posts": (2, 2, 2, 0.07, "2024-07-02", "2024-07-02", "2024-07-02", "2024-07-01", 0.03),
        "left": (1, 0, 0, 0.0, None, None, None, None, None),
        "(all)": (19, 13, 14, 0.33, "2024-07-02", None, None, "2024-06-10", 0.13),
    }
    for area, (scope, changed, at_end, best, half, nine, most, start, mean) in wanted.items():
        rate = rates[area]
        assert rate["meters_in_scope"] == scope
        assert rate["deadline"] == "2024-09-16"
        assert rate["changed_at_deadline"] == changed
        assert rate["left_at_deadline"] == scope - changed
        assert rate["changed_at_end"] == at_end
        assert rate["best_rate_over_30_days"] == best
        assert (rate["date_of_50_percent"], rate["date_of_90_percent"], rate["date_of_95_percent"]) == (
            half,
            nine,
            most,
        )
        assert (rate.get("first_start"), rate.get("mean_rate")) == (start, mean)


def test_1_rate_that_is_needed(answers):
    """From 10 June to 16 September are 98 days, from 1 July 77; less a buffer of 90 they are 8 and none."""
    rates = answers["rate_and_start"]
    for area, rate in {"shops": 10 / 8, "crews": 6 / 8, "posts": None, "(all)": 19 / 8}.items():
        shown = None if rate is None else pytest.approx(rate, abs=0.006)
        assert rates[area]["rate_needed_with_buffer_of_90_days"] == shown
        assert rates[area]["rate_needed_with_buffer_of_120_days"] is None
    assert "rate_needed_with_buffer_of_90_days" not in rates["left"]


def test_1_latest_start(answers):
    """Shops: 10 meters at 3 in 30 days take 100 days, before 18 June (90 days) and 19 May (120 days)."""
    rate = answers["rate_and_start"]["shops"]
    assert rate["latest_start_with_buffer_of_90_days"] == "2024-03-10"
    assert rate["latest_start_with_buffer_of_120_days"] == "2024-02-09"
    rate = answers["rate_and_start"]["crews"]  # 6 at 5 in 30 days: 36 days
    assert rate["latest_start_with_buffer_of_90_days"] == "2024-05-13"
    assert rate["latest_start_with_buffer_of_120_days"] == "2024-04-13"


def test_1_latest_start_from_the_exact_rate(answers):
    """Posts: 2 meters at 2 in 30 days take 30 days; all: 19 at 10 in 30 days take 57."""
    rates = answers["rate_and_start"]
    assert rates["posts"]["latest_start_with_buffer_of_90_days"] == "2024-05-19"
    assert rates["(all)"]["latest_start_with_buffer_of_90_days"] == "2024-04-22"


def test_2_channels_and_crews(answers):
    """Nine visits, of which one takes the time of two, for five meters; six working days up to 18 June."""
    mix = answers["channels_and_crews"]
    assert mix["shops"] == {"changed_by": {"with_purchase": 7}}
    crews = {
        "changed_by": {"crew": 4, "replaced": 1},
        "visits_time_per_change": 2.0,
        "crews": {"crews": 1},
        "crews_needed_with_buffer_of_90_days": {"crews": 2},  # 6 meters * 2 slots / 6 days of one slot
    }
    assert mix["crews"] == crews
    assert mix["posts"] == {"changed_by": {"sent": 2}}
    assert mix["left"] == {"changed_by": {}}
    assert mix["(all)"] == crews | {"changed_by": {"with_purchase": 7, "sent": 2, "crew": 4, "replaced": 1}}


def test_3_who_never_comes(answers):
    never = answers["never_come"]
    assert never["shops"] == {
        "zero_buyers": {"blocked": 1, "vacant": 1},
        "no_purchase_in_the_run": 2,
        "unchanged_zero_buyers": {"blocked": 1, "vacant": 1},
        "unchanged_buyers": {"c8": 1},
        "dead_records": 2,
        "dead_records_found": 0,
    }
    assert never["crews"] == {
        "zero_buyers": {},
        "no_purchase_in_the_run": 6,
        "unchanged_zero_buyers": {},
        "unchanged_buyers": {"nobody": 1},
        "dead_records": 2,
        "dead_records_found": 2,
    }
    everywhere = never["(all)"]
    assert everywhere["unchanged_buyers"] == {"c8": 1, "late": 1, "nobody": 1}
    assert (everywhere["no_purchase_in_the_run"], everywhere["dead_records"], everywhere["dead_records_found"]) == (
        8,
        4,
        2,
    )


def test_4_drawers(answers):
    """Shops: 8 credit tokens and 7 changes of two sections. Posts: two purchases, two spares, two changes, one again."""
    drawers = answers["drawers"]
    assert drawers["shops"] == {
        "tokens_issued": 22, "end_states": {"accepted": 22}, "credit_tokens_open_at_key_change": 0,
        "kwh_in_them": 0.0, "tokens_replaced": 0, "kwh_replaced": 0.0,
    }  # fmt: skip
    assert drawers["posts"] == {
        "tokens_issued": 9, "end_states": {"accepted": 7, "refused for ever: CRCError": 2},
        "credit_tokens_open_at_key_change": 2, "kwh_in_them": 35.0, "tokens_replaced": 1, "kwh_replaced": 25.0,
    }  # fmt: skip
    # crews: five changes that were taken or not (meters 11 to 16), and 50 kWh that were left on the meter taken away
    assert drawers["crews"]["tokens_issued"] == 6 * 2 + 1
    assert drawers["crews"]["end_states"]["accepted"] == 4 * 2 + 1
    assert (drawers["crews"]["tokens_replaced"], drawers["crews"]["kwh_replaced"]) == (1, 50.0)
    assert drawers["left"]["end_states"] == {"accepted": 3}
    assert drawers["(all)"]["tokens_issued"] == 22 + 9 + 13 + 3
    assert drawers["(all)"]["kwh_in_them"] == 35.0


def test_5_replacements(answers):
    """The one meter that was delivered went to the meter that was found first; the other waits."""
    none = {
        "cannot_change": {},
        "replaced": 0,
        "replaced_by_month": {},
        "still_waiting": 0,
        "stock_at_end": 0,
        "cannot_change_at_end": 0,
        "meters_to_order": 0,
    }
    wanted = {
        "cannot_change": {"rigid": 2}, "replaced": 1, "replaced_by_month": {"2024-07": 1},
        "still_waiting": 1, "stock_at_end": 0, "cannot_change_at_end": 1, "meters_to_order": 1,
    }  # fmt: skip
    assert answers["replacements"] == {"shops": none, "crews": wanted, "posts": none, "left": none, "(all)": wanted}


CAUSES = ("no money", "never buys", "not entered", "refused tokens", "not migrated", "no sale")


def test_6_without_supply(answers):
    """The blocked home has none on all 30 days; the late one from 20 September, from 10 October 10:00 for the key."""
    blocked = dict.fromkeys(CAUSES, 0) | {"never buys": 30 * 24}
    late = dict.fromkeys(CAUSES, 0) | {"no money": 20 * 24 + 10, "not migrated": 6 * 24 + 14}
    supply = answers["without_supply_after_deadline"]
    assert supply["shops"]["hours_by_cause"] == blocked
    assert supply["left"]["hours_by_cause"] == late
    assert supply["(all)"]["hours_by_cause"] == late | {"never buys": 720}
    assert supply["(all)"]["most_meters_a_day"] == dict.fromkeys(CAUSES, 0) | {
        "never buys": 1, "no money": 1, "not migrated": 1,
    }  # fmt: skip
    assert supply["crews"]["most_meters_a_day"] == dict.fromkeys(CAUSES, 0)
    for area in ("left", "(all)"):  # 5 of 10 kWh of the second purchase went to the debt; the third was refused
        assert (supply[area]["kwh_lent"], supply[area]["kwh_paid_back"], supply[area]["kwh_still_owed"]) == (15, 5, 10)
    assert (supply["shops"]["kwh_lent"], supply["posts"]["kwh_still_owed"]) == (0, 0)


def test_7_visits_without_revisits(answers):
    """Six meters, one of them again to be replaced, and two records without a meter."""
    visits = {
        "visits": 9,
        "no_access": 0,
        "percent_no_access": 0.0,
        "appointments": 0,
        "revisits": 0,
        "waiting_at_end": 1,
    }
    assert answers["revisits"]["crews"] == visits
    assert answers["revisits"]["(all)"] == visits
    assert answers["revisits"]["shops"]["percent_no_access"] is None


def test_8_a_request_before_the_last_month(answers):
    """On Monday, 5 August: the desk was asked once, but not in the last month before the deadline."""
    nothing = dict.fromkeys(("requests", "served", "gave_up", "turned_away", "longest_wait_s", "longest_queue"), 0)
    wanted = {"help_desk": nothing | {"mean_wait_s": None, "nine_of_ten_wait_at_most_s": None}}
    assert answers["queues_in_last_month"]["posts"] == wanted
    assert answers["queues_in_last_month"]["(all)"] == wanted
    assert answers["queues_in_last_month"]["crews"] == {}


def test_9_after_the_deadline(answers):
    late = answers["key_changes_after_deadline"]
    assert late["shops"] == {
        "issued_after_deadline": 1, "nine_of_ten_issued_by": "2024-09-25", "last_issued": "2024-09-25",
        "refused_after_deadline": 0, "left_at_end": 3,
    }  # fmt: skip
    assert late["left"] == {
        "issued_after_deadline": 0, "nine_of_ten_issued_by": None, "last_issued": None,
        "refused_after_deadline": 1, "left_at_end": 1,
    }  # fmt: skip
    assert (late["(all)"]["refused_after_deadline"], late["(all)"]["left_at_end"]) == (1, 5)


def test_10_presumed_and_true(answers):
    """Nobody bought after the change; the crew reported five. Between message and entry lies the night of 1 July."""
    both = answers["presumed_and_true"]
    tables = {area: answer["by_register_and_true_state"] for area, answer in both.items()}
    assert tables["shops"] == {"issued": {"new key": 7}, "issuable": {"old key": 3}}
    assert tables["crews"] == {"presumed changed": {"new key": 5}, "issuable": {"cannot change": 1}}
    assert tables["posts"] == {"issued": {"new key": 2}}
    assert tables["left"] == {"not started": {"old key": 1}}
    assert tables["(all)"] == {
        "issued": {"new key": 9}, "issuable": {"cannot change": 1, "old key": 3},
        "presumed changed": {"new key": 5}, "not started": {"old key": 1},
    }  # fmt: skip
    for area, most in {"shops": 0, "crews": 0, "posts": 2, "left": 0, "(all)": 2}.items():
        assert both[area]["most_presumed_changed_but_not"] == most
        assert (both[area]["presumed_changed_but_not"], both[area]["changed_but_not_presumed"]) == (0, 0)


# -- visits to closed doors ----------------------------------------------------------------------------------------

DOORS = {
    "areas": {
        "shut": {"depot": {"crews": "1", "visits_per_day": "2", "no_access": "100%", "revisit_after": "7 days"}},
        "notes": {"depot": {"crews": "1", "no_access": "100%", "calls_back": "100%", "appointment_after": "3 days"}},
    },
    "meters": [*(meter(number, "shut") for number in (1, 2, 3)), *(meter(number, "notes") for number in (4, 5))],
    "programme": {
        "change_key": {"from": "1", "to": "2"},
        "credit_until": DEADLINE,
        "phases": {
            "shut": {"start": "2024-07-01", "channel": "crew", "end": "2024-07-16 00:00"},
            "notes": {"start": "2024-07-01", "channel": "crew"},
        },
    },
}


def test_7_revisits(tmp_path):
    """Shut: 1 and 2 on 1, 8 and 15 July, 3 on 2 and 9 July and then the phase ends. Notes: an appointment each."""
    result = by_hand(tmp_path, **DOORS)
    shut = {
        "visits": 8,
        "no_access": 8,
        "percent_no_access": 100.0,
        "appointments": 0,
        "revisits": 5,
        "waiting_at_end": 0,
    }
    notes = {
        "visits": 4,
        "no_access": 2,
        "percent_no_access": 50.0,
        "appointments": 2,
        "revisits": 2,
        "waiting_at_end": 0,
    }
    both = {
        "visits": 12,
        "no_access": 10,
        "percent_no_access": 83.3,
        "appointments": 2,
        "revisits": 7,
        "waiting_at_end": 0,
    }
    assert result.summary["answers"]["revisits"] == {"shut": shut, "notes": notes, "(all)": both}
    by_day = {
        area: {
            day.date: day.counts["visits"]
            for day in result.record.area_days
            if day.area == area and day.counts.get("visits")
        }
        for area in ("shut", "notes")
    }
    assert by_day["shut"] == {"2024-07-01": 2, "2024-07-02": 1, "2024-07-08": 2, "2024-07-09": 1, "2024-07-15": 2}
    assert by_day["notes"] == {"2024-07-01": 2, "2024-07-04": 2}
    assert {meter.true for meter in result.record.outcome.meters if meter.area == "notes"} == {"new key"}


# -- queues and late changes ---------------------------------------------------------------------------------------

WRONG = {"mistakes": {"wrong_digit": "100%"}, "trouble": {"asks": "100%"}}
ASKERS = {
    "august": ("2024-08-08 10:00", 3),  # before the last 30 days, which begin on 17 August
    "friday": ("2024-09-06 10:00", 10),
    "monday": ("2024-09-09 10:00", 1),
    "after": ("2024-09-17 10:00", 2),  # to whom nothing is sold any more
}
QUEUES = {
    "customers": {name: buyer(first, **WRONG) for name, (first, _) in ASKERS.items()}
    | {
        f"slow{place}": buyer(first, amount="5 kWh")
        for place, first in enumerate(["2024-09-18 09:00"] * 9 + ["2024-10-02 09:00"])
    },
    "areas": {
        "desk": {"help_desk": {"staff": "1", "open": "08:00-16:00", "service": "10 min"}},
        "counter": {"office": {"staff": "2", "open": "08:00-16:00", "service": "10 min", "patience": "25 min"}},
        "late": {},
    },
    "meters": [
        *(
            meter(100 * base + 10 * which + place, area, name)
            for base, area in enumerate(("desk", "counter"))
            for which, (name, (_, number)) in enumerate(ASKERS.items())
            for place in range(number)
        ),
        *(meter(500 + place, "late", f"slow{place}") for place in range(10)),
    ],
    "programme": {
        "change_key": {"from": "1", "to": "2"},
        "credit_until": DEADLINE,
        "phases": {"late": {"start": "2024-09-17 12:00", "channel": "with_purchase"}},
    },
}


@pytest.fixture(scope="module")
def queues(tmp_path_factory):
    return by_hand(tmp_path_factory.mktemp("queues"), **QUEUES).summary


def test_8_queues_in_the_last_month(queues):
    """Ten ask one member of staff in one second: 0, 10, ... 90 minutes; on Monday one more, who need not wait."""
    waits = sorted([600 * place for place in range(10)] + [0])
    desk = {
        "requests": 11, "served": 11, "gave_up": 0, "turned_away": 0, "mean_wait_s": sum(waits) // 11,
        "nine_of_ten_wait_at_most_s": waits[9], "longest_wait_s": 5400, "longest_queue": 9,
    }  # fmt: skip
    assert queues["answers"]["queues_in_last_month"]["desk"] == {"help_desk": desk}


def test_8_patience(queues):
    """Two at a time for ten minutes: six are served by 20 minutes, four give up after 25 and come another day."""
    office = queues["answers"]["queues_in_last_month"]["counter"]["office"]
    assert (office["served"], office["gave_up"], office["turned_away"]) == (6 + 1 + 4, 4, 0)
    assert office["requests"] == 15
    assert office["longest_wait_s"] == 1500
    assert office["longest_queue"] == 8
    everywhere = queues["answers"]["queues_in_last_month"]["(all)"]
    assert everywhere["help_desk"] == queues["answers"]["queues_in_last_month"]["desk"]["help_desk"]
    assert everywhere["office"] == office


def test_9_nine_of_ten(queues):
    """Nine buy on 18 September, the tenth on 2 October; where no phase is, two sales are refused."""
    late = queues["answers"]["key_changes_after_deadline"]["late"]
    assert late == {
        "issued_after_deadline": 10, "nine_of_ten_issued_by": "2024-09-18", "last_issued": "2024-10-02",
        "refused_after_deadline": 0, "left_at_end": 0,
    }  # fmt: skip
    assert queues["answers"]["key_changes_after_deadline"]["desk"]["refused_after_deadline"] == 2


def test_waits_over_the_whole_run(queues):
    """Desk: 3 in August (0, 10, 20 min), ten, and one. Counter: the last four of ten give up after 25 minutes."""
    measures = queues["measures"]
    waits = [0, 600, 1200, *(600 * place for place in range(10)), 0]
    assert measures["help_desk_requests"] == len(waits)
    assert measures["help_desk_mean_wait_s"] == sum(waits) // len(waits)
    assert measures["help_desk_longest_wait_s"] == 5400
    assert measures["office_longest_wait_s"] == 1500
    assert (measures["sales"], measures["kwh_sold"]) == (2 * 14 + 10, 2 * 140 + 50)
    assert measures["tokens_refused_for_ever"] == 0


# -- series --------------------------------------------------------------------------------------------------------


def days(values, area="town"):
    return [
        AreaDay(
            (date(2024, 1, 1) + timedelta(place)).isoformat(),
            area,
            {"n": value, "help_desk_longest_queue": value},
            (value,),
        )
        for place, value in enumerate(values)
    ]


def test_the_best_rate_may_be_that_of_the_first_or_the_last_days():
    assert Series("town", tuple(days([0, 0, 0, 1, 9]))).best_rise("n", 2) == (9, 2)
    assert Series("town", tuple(days([0, 1, 9, 9, 9]))).best_rise("n", 2) == (9, 2)
    assert Series("town", tuple(days([0, 9]))).best_rise("n", 2) == (9, 1)  # over the one day that there is
    assert Series("town", tuple(days([9]))).best_rise("n", 2) == (0, 1)


def test_sums_and_greatest_values_between_dates():
    one = Series("town", tuple(days([5, 1, 2, 4])))
    assert one.total("n", "2024-01-02", "2024-01-04") == 3
    assert one.most("n", "2024-01-02") == 4
    assert one.last("n", "2024-01-03") == 1
    assert one.reaches("n", 4) == "2024-01-01"
    assert one.total("n", "2025-01-01") == one.most("n", "2025-01-01") == 0


def test_all_areas_together():
    """Counts add up; of the longest queue the greatest counts."""
    rows = sorted([*days([1, 2], "a"), *days([3, 1], "b")], key=lambda day: day.date)
    *areas, every = series_of(rows)
    assert [one.area for one in areas] == ["a", "b"]
    assert [day.counts.get("help_desk_longest_queue") for day in every.days] == [3, 2]
    assert [day.entries for day in every.days] == [(4,), (3,)]


def test_8_requests_and_waits_are_of_the_same_span(tmp_path):
    """The last credit at noon, the one request an hour later: it is counted without a wait."""
    sections = QUEUES | {
        "customers": {"who": buyer("2024-09-16 11:59", **WRONG) | {"enter_after": "1 h"}},
        "areas": {"desk": QUEUES["areas"]["desk"]},
        "meters": [meter(1, "desk", "who")],
        "programme": {
            "change_key": {"from": "1", "to": "2"}, "credit_until": "2024-09-16 12:00",
            "phases": {"desk": {"start": "2024-10-01", "channel": "with_purchase"}},
        },
    }  # fmt: skip
    answer = by_hand(tmp_path, **sections).summary["answers"]["queues_in_last_month"]["desk"]["help_desk"]
    assert (answer["requests"] == 0) == (answer["mean_wait_s"] is None)
