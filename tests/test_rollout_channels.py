"""Channels in towns of a few meters: what reaches whom in which second, deadlines, and vending that is down or full."""

import pytest

from meter_sim.results.record import EventKind
from tests.kit import at
from tests.rollout import buyer, by_hand, file_of, meter, series, total, town

NOT_IN_THE_RUN = "2024-10-16 23:00"
ANSWERS = {"answers": "100%", "answers_after": "3 days"}
START = at("2024-06-10 00:00")
DAY = 86_400


def told(folder, phases, campaign=ANSWERS, *, meters=4, area=None, programme=None, customer=None, **sections):
    """A town of one kind of customer that is told of a change."""
    who = (customer or buyer(NOT_IN_THE_RUN)) | {"campaign": campaign}
    return by_hand(
        folder,
        customers={"who": who},
        areas={"town": area or {}},
        meters=[meter(number, "town", "who") for number in range(1, meters + 1)],
        programme={"change_key": {"from": "1", "to": "2"}, "phases": {"town": phases}} | (programme or {}),
        **sections,
    )


def times(result, kind, label=""):
    """Seconds since the phase's start, by meter, of the events of a kind."""
    return {
        int(event.meter[4:]): event.time - START
        for event in result.record.events
        if event.event is kind and event.label.endswith(label)
    }


FOUR_DAYS = {"start": "2024-06-10", "send_over": "4 days"}


def test_sent(tmp_path):
    """Told at midnight of four days; answered three days later; two sections, 40 s apart."""
    result = told(tmp_path, FOUR_DAYS | {"channel": "sent"}, costs={"message": "3 currency", "token": "1 currency"})
    days = {number: (number - 1) * DAY for number in range(1, 5)}
    assert times(result, EventKind.MESSAGE) == times(result, EventKind.KEY_CHANGE_ISSUED, ".1") == days
    assert times(result, EventKind.KEY_CHANGED) == {number: second + 3 * DAY + 40 for number, second in days.items()}
    assert (total(result, "messages"), total(result, "cost_messages")) == (4, 4 * 300_000)
    assert (total(result, "changed_sent"), total(result, "tokens_printed")) == (4, 8 + 1 * 4)


def test_fetched(tmp_path):
    """The sections are issued when the customer acts, and entered as after a purchase, an hour later."""
    result = told(tmp_path, FOUR_DAYS | {"channel": "fetched"})
    acts = {number: (number - 1) * DAY + 3 * DAY for number in range(1, 5)}
    assert times(result, EventKind.KEY_CHANGE_ISSUED, ".1") == acts
    assert times(result, EventKind.KEY_CHANGED) == {number: second + 3640 for number, second in acts.items()}
    assert total(result, "changed_fetched") == 4


def test_office(tmp_path):
    """One sets out at midnight three days after the message, so comes in the next opening hours, and is served."""
    desk = {"staff": "1", "open": "08:00-16:00", "service": "30 min"}
    result = told(
        tmp_path, FOUR_DAYS | {"channel": "office"}, area={"office": desk}, costs={"office_visit": "2 currency"}
    )
    issued = times(result, EventKind.KEY_CHANGE_ISSUED, ".1")
    for number, second in issued.items():
        day = {1: 3, 2: 4, 3: 7, 4: 7}[number]  # Thursday, Friday, and for the weekend's two Monday
        assert day * DAY + 8.5 * 3600 <= second < day * DAY + 17 * 3600
    assert {number: second + 3640 for number, second in issued.items()} == times(result, EventKind.KEY_CHANGED)
    assert (total(result, "office_requests"), total(result, "office_served")) == (4, 4)
    assert (total(result, "changed_office"), total(result, "cost_office_visits")) == (4, 800_000)


@pytest.mark.parametrize(("channel", "messages", "changed"), [("sent", 2, 2), ("fetched", 2, 0)])
def test_a_phase_that_ends(tmp_path, channel, messages, changed):
    """Its end, after two days: two messages; who wants to fetch after three comes too late."""
    result = told(tmp_path, FOUR_DAYS | {"channel": channel, "end": "2024-06-12"})
    assert total(result, "messages") == messages
    assert total(result, f"changed_{channel}") == changed
    assert total(result, "key_changes_issued") == changed


def test_reaches(tmp_path):
    """Sections are issued to all, but those whom the message does not reach never enter them."""
    result = told(tmp_path, {"start": "2024-06-10", "channel": "sent", "reaches": "30%"}, meters=200, end="2024-06-20 00:00",
                  customer={"buy": {"every": "900 days", "first": "2024-06-19 23:00"}, "amount": "1 kWh", "enter_after": "1 day"})  # fmt: skip
    assert (total(result, "messages"), total(result, "key_changes_issued")) == (200, 200)
    assert abs(total(result, "changed_sent") - 60) <= 5 * (200 * 0.3 * 0.7) ** 0.5


@pytest.mark.parametrize("share", [40, 100])
def test_who_acts_before_the_deadline(tmp_path, share):
    """Nobody answers the message; a share of them acts in the last ten days before the last credit, spread over them."""
    result = told(
        tmp_path, {"start": "2024-06-10", "channel": "fetched"}, {"answers": "0%", "at_deadline": f"{share}%", "deadline_within": "10 days"},
        meters=100, programme={"credit_until": "2024-08-01 12:00"}, end="2024-08-03 00:00",
        customer={"buy": {"every": "900 days", "first": "2024-08-02 23:00"}, "amount": "1 kWh", "enter_after": "1 day"},
    )  # fmt: skip
    acts = sorted(times(result, EventKind.KEY_CHANGE_ISSUED, ".1").values())
    deadline = at("2024-08-01 12:00") - START
    acts = [second for second in acts if second < deadline]
    assert abs(len(acts) - share) <= 5 * (share * (100 - share) / 100) ** 0.5
    assert deadline - 10 * DAY <= acts[0] < deadline - 8 * DAY
    assert deadline - 2 * DAY < acts[-1]


def test_half_of_those_who_do_not_answer(tmp_path):
    """60 % answer; of the other 40 % half act at the deadline: 20 % of all never do."""
    result = told(
        tmp_path, {"start": "2024-06-10", "channel": "fetched"}, {"answers": "60%", "answers_after": "1 day", "at_deadline": "50%"},
        meters=200, programme={"credit_until": "2024-08-01 12:00"}, end="2024-08-03 00:00",
        customer={"buy": {"every": "900 days", "first": "2024-08-02 23:00"}, "amount": "1 kWh", "enter_after": "1 day"},
    )  # fmt: skip
    acts = times(result, EventKind.KEY_CHANGE_ISSUED, "fetched 1.1").values()
    early = sum(second < 3 * DAY for second in acts)
    assert abs(early - 120) <= 5 * (200 * 0.6 * 0.4) ** 0.5
    assert abs(len(acts) - 160) <= 5 * (200 * 0.8 * 0.2) ** 0.5


def test_a_message_that_was_kept_is_remembered(tmp_path):
    """Not answered; the purchase is under the new key and is refused; in the next sitting the message goes first."""
    who = buyer("2024-06-12 10:00") | {"trouble": {"sittings": "2", "tries_again_after": "1 h"}}
    result = told(tmp_path, FOUR_DAYS | {"channel": "sent"}, {}, meters=1, customer=who)
    typed = [(event.label, event.result) for event in result.record.events if event.event is EventKind.ENTRY]
    assert [label for label, _ in typed] == ["who #1", "sent 1.1", "sent 1.2", "who #1"]
    assert (typed[0][1], typed[-1][1]) == ("CRCError", "Accept")
    assert total(result, "changed_sent") == 1


# -- with purchases ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times_printed", [1, 2, 3])
def test_sections_are_printed_so_many_times(tmp_path, times_printed):
    who = buyer("x") | {"buy": {"every": "7 days", "first": "2024-06-11 10:00"}, "enter_after": "1000 days"}
    phase = {"start": "2024-06-10", "channel": "with_purchase", "print_with": f"{times_printed} purchases"}
    result = told(tmp_path, phase, meters=1, customer=who)
    assert total(result, "key_changes_issued") == 1
    printed = [event.time - START for event in result.record.events if event.label.endswith(".kct.1")]
    assert printed == [DAY + 10 * 3600 + 7 * DAY * place for place in range(times_printed)]


def test_nothing_is_printed_after_the_end_of_the_last_phase(tmp_path):
    """Two phases overlap; the first ends while the second goes on, then that ends."""
    who = {f"who{day}": buyer(f"2024-06-{day} 10:00") for day in (11, 14, 18)}
    phases = [
        {"start": "2024-06-10", "channel": "with_purchase", "end": "2024-06-13"},
        {"start": "2024-06-12", "channel": "with_purchase", "end": "2024-06-16"},
    ]
    result = by_hand(
        tmp_path, customers=who, areas={"town": {}}, meters=[meter(int(name[3:]), "town", name) for name in who],
        programme={"change_key": {"from": "1", "to": "2"}, "phases": {"town": phases}},
    )  # fmt: skip
    assert {end.meter: end.true for end in result.record.outcome.meters} == {
        "town11": "new key", "town14": "new key", "town18": "old key",
    }  # fmt: skip


def test_a_purchase_after_the_change_confirms_it(tmp_path):
    who = buyer("x") | {"buy": {"every": "7 days", "first": "2024-06-11 10:00"}}
    result = told(tmp_path, {"start": "2024-06-10", "channel": "with_purchase"}, meters=1, customer=who)
    states = [
        next(
            state
            for state in ("not_started", "issuable", "issued", "presumed_changed")
            if day.counts.get(f"register_{state}")
        )
        for day in result.record.area_days
    ]
    assert states[5:17] == ["not_started"] * 2 + ["issuable"] + ["issued"] * 7 + ["presumed_changed"] * 2


# -- deadlines -----------------------------------------------------------------------------------------------------


def test_the_last_minute_of_credit(tmp_path):
    """In the minute of the deadline credit is sold under the old key, in the next one the change comes with it."""
    who = {"last": buyer("2024-07-01 12:00:59"), "late": buyer("2024-07-01 12:01:00")}
    result = by_hand(
        tmp_path, customers=who, areas={"town": {"depot": {"crews": "0"}}},
        meters=[meter(1, "town", "last"), meter(2, "town", "late")],
        programme={
            "change_key": {"from": "1", "to": "2"}, "credit_until": "2024-07-01 12:00",
            "phases": {"town": {"start": "2024-06-10", "channel": "crew"}},
        },
    )  # fmt: skip
    assert {end.meter: end.true for end in result.record.outcome.meters} == {"town1": "old key", "town2": "new key"}


def test_the_last_minute_of_key_changes(tmp_path):
    """The minute after it the sale is refused, and what was waiting is not issued with a purchase any more."""
    who = {"last": buyer("2024-07-01 12:00:59"), "late": buyer("2024-07-01 12:01:00")}
    result = by_hand(
        tmp_path, customers=who, areas={"town": {}}, meters=[meter(1, "town", "last"), meter(2, "town", "late", credit="0 kWh")],
        programme={
            "change_key": {"from": "1", "to": "2"}, "credit_until": "2024-07-01 11:00", "key_change_until": "2024-07-01 12:00",
            "phases": {"town": {"start": "2024-06-10", "channel": "with_purchase"}},
        },
    )  # fmt: skip
    assert {end.meter: end.true for end in result.record.outcome.meters} == {"town1": "new key", "town2": "old key"}
    assert total(result, "sales_refused") == 1
    assert total(result, "off_not_migrated_s") == at("2024-10-17 00:00") - at("2024-07-01 12:01")


def test_scope_goes_by_supply_group(tmp_path):
    keys = file_of()["supply_groups"]["123457"]
    result = by_hand(
        tmp_path, supply_groups={"123457": keys, "123465": keys}, areas={"town": {"depot": {"crews": "1"}}},
        meters=[meter(1, "town"), meter(2, "town", supply_group="123465")],
        programme={
            "change_key": {"from": "1", "to": "2"}, "supply_group": "123457",
            "phases": {"town": {"start": "2024-06-10", "channel": "crew"}},
        },
    )  # fmt: skip
    assert [(end.true, end.register) for end in result.record.outcome.meters] == [
        ("new key", "presumed changed"), ("out of scope", "out of scope"),
    ]  # fmt: skip
    assert result.summary["measures"]["meters_left"] == 0
    assert result.summary["answers"]["key_changes_after_deadline"]["town"]["left_at_end"] == 0
    assert result.summary["answers"]["never_come"]["town"]["unchanged_buyers"] == {}


# -- vending -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "sold"),
    [("09:59:59", "09:59:59"), ("10:00:00", "12:00:00"), ("11:30:00", "13:30:00"), ("12:00:00", "12:00:00")],
)
def test_an_outage_from_its_first_second_to_before_its_last(tmp_path, first, sold):
    """Down from ten to twelve; a customer tries again two hours later."""
    vending = {"busy_retry": "2 h", "outages": [{"start": "2024-06-12 10:00", "end": "2024-06-12 12:00"}]}
    result = by_hand(
        tmp_path, customers={"who": buyer(f"2024-06-12 {first}")}, areas={"town": {"vending": vending}},
        meters=[meter(1, "town", "who", credit="0 kWh")],
    )  # fmt: skip
    at_shop = [event.time for event in result.record.events if event.event is EventKind.PURCHASE]
    assert at_shop == [at(f"2024-06-12 {sold}")]
    assert total(result, "sales_delayed") == (first != sold)
    assert total(result, "off_no_sale_s") == at_shop[0] - at(f"2024-06-12 {first}")


def test_so_many_sales_an_hour(tmp_path):
    """Seven want to buy at 10:30, two an hour can: by order of connection; the others come an hour later."""
    result = by_hand(
        tmp_path, customers={"who": buyer("2024-06-12 10:30")}, areas={"town": {"vending": {"sales_per_hour": "2"}}},
        meters=[meter(number, "town", "who") for number in range(1, 8)],
    )  # fmt: skip
    sold = [
        (event.meter, (event.time - at("2024-06-12 10:30")) / 3600)
        for event in result.record.events
        if event.event is EventKind.PURCHASE
    ]
    assert sold == [(f"town{number}", (number - 1) // 2) for number in range(1, 8)]
    assert total(result, "sales_delayed") == 5 + 3 + 1


def test_the_price_of_energy_that_was_not_sold(tmp_path):
    """100 W for two hours without vending, at 3.00 a kWh: 0.2 kWh, 0.60."""
    vending = {"busy_retry": "2 h", "outages": [{"start": "2024-06-12 10:00", "end": "2024-06-12 12:00"}]}
    result = by_hand(
        tmp_path, customers={"who": buyer("2024-06-12 10:00") | {"enter_after": "1 s"}}, areas={"town": {"vending": vending}},
        loads={"tenth": {"profile": "flat", "mean": "2.4 kWh", "variation": "0%"}}, costs={"kwh": "3 currency"},
        meters=[meter(1, "town", "who", credit="0 kWh", load="tenth")], end="2024-06-13 00:00",
    )  # fmt: skip
    assert total(result, "unserved_no_sale_ws") == 720_000
    assert total(result, "cost_energy_not_sold") == 60_000
    assert result.summary["measures"]["cost_energy_not_sold"] == 0.6
    assert result.summary["measures"]["hours_off_no_sale"] == 2


# -- who never buys ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("never", ["vacant", "bypassed", "blocked"])
def test_zero_buyers(tmp_path, never):
    """None buys; the blocked have a load and no supply, by one cause, the others no load; crews change all their keys."""
    result = town(tmp_path, {
        "customers": {"zero": {"never": never}}, "population.count": "4", "areas.town": {"depot": {"crews": "1"}},
        "programme.phases": {"town": {"start": "2024-09-09", "channel": "crew"}}, "end": "2024-09-21 00:00",
    })  # fmt: skip
    blocked = never == "blocked"
    assert total(result, "purchases") == total(result, "used_ws") == 0
    assert series(result, "off_never_buys_meters") == [4 * blocked] * 20
    assert total(result, "off_never_buys_s") == 4 * 20 * DAY * blocked
    assert (total(result, "unserved_never_buys_ws") > 0) == blocked
    assert total(result, "off_no_money_s") == 0
    assert series(result, "true_new_key")[-1] == total(result, "changed_crew") == 4
    assert {end.never_buys for end in result.record.outcome.meters} == {never}


def test_after_credit_sections_are_printed_once(tmp_path):
    """Crews that never come: the first purchase after the last credit brings the change, the next ones do not."""
    who = buyer("x") | {"buy": {"every": "7 days", "first": "2024-07-02 10:00"}, "enter_after": "1000 days"}
    result = told(
        tmp_path, {"start": "2024-06-10", "channel": "crew"}, meters=1, customer=who, area={"depot": {"crews": "0"}},
        programme={"credit_until": "2024-07-01 12:00"},
    )  # fmt: skip
    printed = [event.time for event in result.record.events if event.label.endswith(".kct.1")]
    assert printed == [at("2024-07-02 10:00")]
