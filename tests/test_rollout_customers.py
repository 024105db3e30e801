"""Customers in towns of a few meters: when each buys, enters, mistypes, asks and gives up, to the second."""

import itertools
from collections import Counter, defaultdict

import pytest

from meter_sim.results.record import EventKind
from tests.kit import at
from tests.rollout import buyer, by_hand, meter, series, total

PHASE = {"town": {"start": "2024-06-10", "channel": "with_purchase"}}
CHANGE = {"change_key": {"from": "1", "to": "2"}, "phases": PHASE}
DESK = {"staff": "1", "open": "08:00-16:00", "service": "6 min"}
ALWAYS_WRONG = {"wrong_digit": "100%"}
BOUGHT = "2024-06-12 10:00"  # a Wednesday


def of(result, *kinds, meter=None):
    return [event for event in result.record.events if event.event in kinds and meter in (None, event.meter)]


def entries(result, meter=None):
    """Label, seconds since 11:00 of the 12th of June, and the answer, of each entry."""
    start = at("2024-06-12 11:00")
    return [(event.label, event.time - start, event.result) for event in of(result, EventKind.ENTRY, meter=meter)]


def one(folder, customer, *, area=None, programme=CHANGE, meters=1, more=None, **sections):
    """A town of one kind of customer."""
    listed = [meter(number, "town", "who", **(more or {})) for number in range(1, meters + 1)]
    if programme is not None:
        sections["programme"] = programme
    return by_hand(folder, customers={"who": customer}, areas={"town": area or {}}, meters=listed, **sections)


def near(found, share, count):
    """Whether a number found is within five standard deviations of what a share of so many is."""
    return abs(found - share * count) <= 5 * (share * (1 - share) * count) ** 0.5


# -- what is bought ------------------------------------------------------------------------------------------------


def test_free_units_once_a_month(tmp_path):
    """Every ten days from 5 June on: the first purchases of the months are the 1st, 4th, 7th, 10th and 13th."""
    customer = buyer("x") | {"buy": {"every": "10 days", "first": "2024-06-05 10:00"}, "free_units": "5 kWh"}
    result = one(tmp_path, customer, programme=None)
    assert [event.label for event in of(result, EventKind.FREE_UNITS)] == [f"who #{k} free" for k in (1, 4, 7, 10, 13)]
    assert total(result, "free_tenths") == 250
    assert total(result, "purchases") == 14  # free units are none
    assert total(result, "tokens_issued") == 19


def test_a_spare_token_lies_in_the_drawer(tmp_path):
    customer = buyer(BOUGHT) | {"spare": {"share": "100%", "kept": "12 days"}}
    result = one(tmp_path, customer, programme=None, costs={"kwh": "2 currency"})
    assert entries(result) == [("who #1", 0, "Accept"), ("who #1 spare", 12 * 86_400 - 3600, "Accept")]
    assert total(result, "purchases") == 2
    assert total(result, "bought_tenths") == 200
    assert total(result, "money") == 2 * 20 * 100_000


OFTEN = {"buy": {"every": "1 day", "first": "2024-06-03 10:00"}, "amount": "1 kWh", "enter_after": "1 h"}


def test_spare_tokens_have_chances_of_their_own(tmp_path):
    """Whether one is bought, how long it lies and whether its entry goes wrong have nothing to do with each other."""
    customer = OFTEN | {
        "spare": {"share": "50%", "kept": {"uniform": {"least": "1 h", "greatest": "101 h"}}},
        "mistakes": {"wrong_digit": "50%"},
    }
    result = one(tmp_path, customer, programme=None, meters=8, end="2024-08-01 00:00")
    sold = {(event.meter, event.label): event for event in of(result, EventKind.PURCHASE)}
    spare = {key: event for key, event in sold.items() if key[1].endswith("spare")}
    bought = len(sold) - len(spare)
    assert bought == 8 * 59
    assert near(len(spare), 0.5, bought)
    tried = {(event.meter, event.label): event for event in reversed(of(result, EventKind.ENTRY))}
    long = sum(tried[key].time - spare[key].time > 51 * 3600 for key in spare if key in tried)
    assert near(long, 0.5, sum(key in tried for key in spare))
    pairs = [(tried[key].result, tried[key[0], key[1][:-6]].result) for key in spare if key in tried]
    assert near(sum(one == other for one, other in pairs), 0.5, len(pairs))


def test_intervals_are_drawn_anew(tmp_path):
    customer = OFTEN | {"buy": {"every": {"uniform": {"least": "1 day", "greatest": "9 days"}}}}
    result = one(tmp_path, customer, programme=None)
    times = [event.time for event in of(result, EventKind.PURCHASE)]
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert len(set(gaps)) == len(gaps) > 15
    assert all(86_400 <= gap <= 9 * 86_400 for gap in gaps)


LEND = {"start": "2024-06-03", "until": "2024-07-01", "amount": "15 kWh", "pay_back": "100%"}


def test_a_debt_leaves_a_tenth_of_each_purchase(tmp_path):
    """Lent 15.0 kWh with the first of 10.0; then 9.9 and 5.1 are withheld, and the price is paid for all of it."""
    customer = buyer("x") | {"buy": {"every": "30 days", "first": "2024-06-05 10:00"}}
    programme = {"change_key": CHANGE["change_key"], "phases": {"town": {"start": "2024-10-16", "channel": "fetched"}}}
    result = one(tmp_path, customer, programme=programme | {"lend": LEND}, costs={"kwh": "2 currency"})
    sold = [event.says.split()[0] for event in of(result, EventKind.PURCHASE)]
    assert sold == ["10.0", "0.1", "4.9", "10.0", "10.0"]
    assert (total(result, "lent_tenths"), total(result, "paid_back_tenths")) == (150, 150)
    assert total(result, "money") == 5 * 20 * 100_000
    assert result.record.outcome.meters[0].debt_tenths == 0


def test_nothing_is_lent_with_the_change(tmp_path):
    result = one(tmp_path, buyer(BOUGHT), programme=CHANGE | {"lend": LEND})
    assert total(result, "lent_tenths") == 0
    assert total(result, "key_changes_issued") == 1


# -- how it is entered ---------------------------------------------------------------------------------------------


def test_wrong_digits_by_their_share(tmp_path):
    customer = OFTEN | {"mistakes": {"wrong_digit": "20%"}}
    result = one(tmp_path, customer, programme=None, meters=10)
    right = {(event.meter, event.label): event.digits for event in of(result, EventKind.PURCHASE)}
    typed = of(result, EventKind.ENTRY)
    wrong = [event for event in typed if event.digits != right[event.meter, event.label]]
    assert len(typed) == 10 * 136
    assert near(len(wrong), 0.2, len(typed))
    for event in wrong:
        assert sum(a != b for a, b in zip(event.digits, right[event.meter, event.label], strict=True)) == 1
        assert event.credited_ws == 0


def test_tries_and_sittings(tmp_path):
    customer = buyer(BOUGHT) | {
        "mistakes": ALWAYS_WRONG | {"tries": "3"}, "between_entries": "50 s",
        "trouble": {"sittings": "2", "tries_again_after": "5 h"},
    }  # fmt: skip
    result = one(tmp_path, customer, programme=None, more={"model": "patient"}, meter_models=PATIENT)
    later = 100 + 5 * 3600
    assert [seconds for _, seconds, _ in entries(result)] == [0, 50, 100, later, later + 50, later + 100]
    fates = result.record.outcome.meters[0].fates
    assert fates == {("refused and still valid", ""): 1}


PATIENT = {"patient": {"lockout": {"after": "100"}}}


def test_credit_first(tmp_path):
    result = one(tmp_path, buyer(BOUGHT) | {"mistakes": {"credit_first": "100%"}})
    answers = entries(result)
    assert [(label, seconds) for label, seconds, _ in answers] == [
        ("who #1", 0), ("who #1.kct.1", 40), ("who #1.kct.2", 80), ("who #1", 120),
    ]  # fmt: skip
    assert [result for _, _, result in answers][::3] == ["CRCError", "Accept"]
    assert total(result, "changed_with_purchase") == 1


def test_one_section_and_then_both(tmp_path):
    """The second section is overlooked once; in the second sitting the first is entered again."""
    customer = buyer(BOUGHT) | {
        "mistakes": {"one_section": "100%"}, "trouble": {"sittings": "2", "tries_again_after": "1 h"},
    }  # fmt: skip
    result = one(tmp_path, customer)
    later = 40 + 3600
    assert [(label, seconds) for label, seconds, _ in entries(result)] == [
        ("who #1.kct.1", 0), ("who #1", 40),
        ("who #1.kct.1", later), ("who #1.kct.2", later + 40), ("who #1", later + 80),
    ]  # fmt: skip
    assert entries(result)[-1][2] == "Accept"


def test_manners_by_their_shares(tmp_path):
    """Of 200 slips a quarter each; what is second of a slip's entries tells them apart."""
    customer = buyer(BOUGHT) | {"mistakes": {"credit_first": "25%", "one_section": "25%"}}
    result = one(tmp_path, customer, meters=200, end="2024-06-14 00:00")
    typed = defaultdict(list)
    for event in of(result, EventKind.ENTRY):
        typed[event.meter].append(event.label)
    first_two = Counter(tuple(labels[:2]) for labels in typed.values())
    assert near(first_two["who #1", "who #1.kct.1"], 0.25, 200)
    assert near(first_two["who #1.kct.1", "who #1"], 0.25, 200)
    assert near(first_two["who #1.kct.1", "who #1.kct.2"], 0.5, 200)
    assert sum(first_two.values()) == 200


def test_refused_sections_do_not_matter_once_the_credit_is_in(tmp_path):
    """A crew changed the key with the same sections before: they are refused, and nothing is left to do."""
    phases = [PHASE["town"], {"start": "2024-06-13", "channel": "crew"}]
    customer = buyer(BOUGHT) | {"enter_after": "5 days", "trouble": {"sittings": "5"}}
    result = one(tmp_path, customer, area={"depot": {"crews": "1"}}, programme=CHANGE | {"phases": {"town": phases}})
    typed = [answer for label, _, answer in entries(result) if label.startswith("who")]
    assert typed[-1] == "Accept"
    assert len(typed) == 3
    assert total(result, "changed_crew") == 1


# -- causes --------------------------------------------------------------------------------------------------------

EMPTY = {"credit": "0 kWh"}
START, END = at("2024-06-03 00:00"), at("2024-10-17 00:00")


def off(result):
    return {name[4:-2]: total(result, name) for name in (
        "off_no_money_s", "off_not_entered_s", "off_refused_tokens_s", "off_not_migrated_s", "off_no_sale_s",
    )}  # fmt: skip


def test_causes_one_after_the_other(tmp_path):
    """No money till 10:00, not entered till the end of the sitting at 11:00:40, and then the change is missing."""
    result = one(tmp_path, buyer(BOUGHT) | {"mistakes": {"one_section": "100%"}}, more=EMPTY)
    failed = at("2024-06-12 11:00:40")
    assert off(result) == {
        "no_money": at(BOUGHT) - START, "not_entered": 3640, "refused_tokens": 0, "not_migrated": END - failed,
        "no_sale": 0,
    }  # fmt: skip


def test_a_change_of_the_tariff_alone_is_a_change_too(tmp_path):
    """The key revision stays; what is missing is told by the sections in the hand."""
    programme = CHANGE | {"change_key": {"from": "1", "to": "1", "tariff_index": "07"}}
    result = one(tmp_path, buyer(BOUGHT) | {"mistakes": {"one_section": "100%"}}, more=EMPTY, programme=programme)
    assert off(result)["not_migrated"] == END - at("2024-06-12 11:00:40")
    assert off(result)["refused_tokens"] == 0


def test_a_purchase_without_sections_is_refused_for_the_missing_change(tmp_path):
    """The second purchase prints none; the register says 2, the meter holds 1."""
    customer = buyer(BOUGHT) | {"buy": {"every": "30 days", "first": BOUGHT}, "mistakes": {"one_section": "100%"}}
    result = one(tmp_path, customer, more=EMPTY, end="2024-07-20 00:00")
    assert off(result)["refused_tokens"] == 0
    assert off(result)["not_entered"] == 3640 + 3600
    assert off(result)["not_migrated"] == at("2024-07-20 00:00") - at(BOUGHT) - 3640 - 3600


def test_a_mistake_is_no_missing_change(tmp_path):
    result = one(tmp_path, buyer(BOUGHT) | {"mistakes": ALWAYS_WRONG}, more=EMPTY, programme=None)
    assert off(result)["refused_tokens"] == END - at("2024-06-12 11:00")
    assert off(result)["not_migrated"] == 0


# -- asking --------------------------------------------------------------------------------------------------------

ASKS = buyer(BOUGHT) | {"mistakes": ALWAYS_WRONG, "trouble": {"asks": "100%"}}


def helped(result):
    return [event.time - at("2024-06-12 11:00") for event in of(result, EventKind.HELP)]


def test_who_asks_is_guided(tmp_path):
    """Asks a second later, is served six minutes, enters 40 s after that without a mistake."""
    result = one(tmp_path, ASKS, area={"help_desk": DESK}, programme=None)
    assert helped(result) == [361]
    assert [(seconds, answer) for _, seconds, answer in entries(result)] == [(0, "CRCError"), (401, "Accept")]


def test_the_help_desk_comes_before_the_office(tmp_path):
    both = {"help_desk": DESK, "office": DESK}
    result = one(tmp_path, ASKS, area=both, programme=None, costs={"call": "3 currency", "office_visit": "7 currency"})
    assert (total(result, "help_desk_requests"), total(result, "office_requests")) == (1, 0)
    assert (total(result, "cost_calls"), total(result, "cost_office_visits")) == (300_000, 0)
    result = one(
        tmp_path,
        ASKS,
        area={"office": DESK},
        programme=None,
        costs={"call": "3 currency", "office_visit": "7 currency"},
    )
    assert (total(result, "help_desk_requests"), total(result, "office_requests")) == (0, 1)
    assert (total(result, "cost_calls"), total(result, "cost_office_visits")) == (0, 700_000)


def test_one_request_a_day(tmp_path):
    """The second of two has patience for an hour, the first is served for three: so it comes again the next day."""
    area = {"help_desk": DESK | {"service": "3 h", "patience": "1 h"}}
    result = one(tmp_path, ASKS, area=area, programme=None, meters=2)
    assert series(result, "help_desk_requests")[9:12] == [2, 1, 0]
    assert total(result, "help_desk_gave_up") == 1
    assert helped(result)[0] == 1 + 3 * 3600
    assert helped(result)[1] >= 21 * 3600 + 3 * 3600  # on Thursday from 08:00 on, three hours


@pytest.mark.parametrize(
    ("closed", "day"), [([], 9), (["2024-06-12"], 10), (["2024-06-12", "2024-06-13", "2024-06-14"], 14)]
)
def test_holidays_and_weekends(tmp_path, closed, day):
    """Closed on Wednesday, Thursday and Friday: on Monday."""
    result = one(tmp_path, ASKS, area={"help_desk": DESK}, programme=None, holidays=closed)
    assert series(result, "help_desk_requests").index(1) == day


def test_asking_by_its_share(tmp_path):
    customer = OFTEN | {"mistakes": ALWAYS_WRONG, "trouble": {"asks": "30%"}}
    area = {
        "help_desk": {
            "staff": "20",
            "open": "00:00-24:00",
            "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "service": "1 s",
        }
    }
    result = one(tmp_path, customer, area=area, programme=None, meters=10, end="2024-09-01 00:00")
    assert total(result, "purchases") == 900
    assert near(len(of(result, EventKind.HELP)), 0.3, 900)


def test_a_change_with_help_is_counted_as_such(tmp_path):
    """Overlooked the second section, asked: the sections once more, guided."""
    customer = buyer(BOUGHT) | {"mistakes": {"one_section": "100%"}, "trouble": {"asks": "100%"}}
    result = one(tmp_path, customer, area={"help_desk": DESK})
    assert (total(result, "changed_help"), total(result, "changed_with_purchase")) == (1, 0)
    assert [label for label, _, _ in entries(result)] == [
        "who #1.kct.1", "who #1", "help.1", "help.2", "who #1",
    ]  # fmt: skip
    assert total(result, "key_changes_issued") == 1


def test_who_is_guided_waits_for_a_lockout(tmp_path):
    models = {"strict": {"lockout": {"after": "2", "first": "2 h", "longest": "2 h"}}}
    customer = ASKS | {"mistakes": ALWAYS_WRONG | {"tries": "2"}}
    result = one(
        tmp_path, customer, area={"help_desk": DESK}, programme=None, more={"model": "strict"}, meter_models=models
    )
    assert [answer for _, _, answer in entries(result)] == ["CRCError", "CRCError", "Accept"]
    assert entries(result)[-1][1] == 40 + 2 * 3600


# -- giving up -----------------------------------------------------------------------------------------------------


def test_who_gave_up_complains_with_the_next_purchase(tmp_path):
    """The purchase after a hand that was given up says nothing for the change: it stays issued."""
    customer = buyer(BOUGHT) | {"buy": {"every": "30 days", "first": BOUGHT}, "mistakes": {"one_section": "100%"}}
    result = one(tmp_path, customer)
    assert total(result, "complaints") == 1
    assert result.record.outcome.meters[0].register == "issued"
    assert series(result, "register_presumed_changed")[-1] == 0


def test_a_complaint_takes_back_what_was_presumed(tmp_path):
    """Bought on day 0 and 30, which confirms; entered from day 40 on and given up; the purchase of day 60 complains."""
    customer = buyer(BOUGHT) | {
        "buy": {"every": "30 days", "first": BOUGHT}, "enter_after": "40 days", "mistakes": {"one_section": "100%"},
    }  # fmt: skip
    result = one(tmp_path, customer, end="2024-08-14 00:00")
    presumed = series(result, "register_presumed_changed")
    assert (presumed[9 + 29], presumed[9 + 30], presumed[9 + 59], presumed[9 + 60]) == (0, 1, 1, 0)
    assert total(result, "complaints") == 1


def test_who_buys_at_a_level_tries_again(tmp_path):
    """At a level: refused at 10:00 + 1 h, given up; the next purchase a retry later."""
    customer = {
        "buy": {"when_below": "60 kWh"}, "amount": "20 kWh", "enter_after": "1 h", "retry_after": "3 days", "mistakes": ALWAYS_WRONG,
    }  # fmt: skip
    result = one(tmp_path, customer, programme=None, end="2024-06-20 00:00")
    times = [event.time - START for event in of(result, EventKind.PURCHASE)]
    assert times == [times[0] + place * (3 * 86_400 + 3600) for place in range(len(times))]
    assert len(times) == 6


def test_after_a_complaint_and_a_change_a_purchase_confirms(tmp_path):
    """Half of the slips are entered in part; whoever bought after the key had changed is presumed changed."""
    customer = buyer("x") | {
        "buy": {"every": "10 days", "first": BOUGHT}, "mistakes": {"one_section": "50%"},
    }  # fmt: skip
    phases = {"town": PHASE["town"] | {"print_with": "6 purchases"}}
    result = one(tmp_path, customer, programme=CHANGE | {"phases": phases}, meters=40)
    assert total(result, "complaints") > 10
    changed = {event.meter: event.time for event in of(result, EventKind.KEY_CHANGED)}
    bought = {event.meter: event.time for event in of(result, EventKind.PURCHASE)}  # the last one counts
    assert len(changed) > 35
    for end in result.record.outcome.meters:
        confirmed = end.meter in changed and bought[end.meter] > changed[end.meter]
        assert end.register == ("presumed changed" if confirmed else "issued")
