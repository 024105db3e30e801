"""The reference engine: order within a second, the balance, whose draw is whose, the same bytes again."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_sim.draws import Purpose, draw
from meter_sim.engine.reference import run
from meter_sim.meter.answer import Status
from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.results.record import EventKind
from meter_sim.results.result import result_of
from meter_sim.scenario.reader import read_scenario
from meter_sim.vending.secure_module import SecureModule
from tests.kit import at, examples

HEAD = """\
name: test
start: 2024-06-03 00:00
end: {end}
seed: 5
supply_groups:
  "123457":
    vending_keys:
      - {{key_revision: 1, base_date: 1993, dkga: "02", key: test:old}}
      - {{key_revision: 2, base_date: 2014, dkga: "04", key: test:new}}
"""
HOME = '  - {name: home, pan: "600727000000000009", supply_group: "123457", key_revision: 1, '


def scenario(tmp_path, body, end="2024-06-10 00:00"):
    file = tmp_path / "test.yaml"
    file.write_text(HEAD.format(end=end) + body)
    return read_scenario(file)


def rows(record, *columns, kinds=None):
    return [
        tuple(getattr(event, column) for column in columns)
        for event in record.events
        if kinds is None or event.event in kinds
    ]


def balanced(record):
    for total in record.totals:
        days = [day for day in record.days if day.meter == total.meter]
        assert total.initial_ws + total.credited_ws == total.used_ws + total.register_ws + total.cleared_ws
        assert total.credited_ws == sum(day.credited_ws for day in days)
        assert total.used_ws == sum(day.used_ws for day in days)
        assert total.cleared_ws == sum(day.cleared_ws for day in days)
        assert total.unserved_ws == sum(day.unserved_ws for day in days)
        register = total.initial_ws
        for day in days:
            assert day.register_start_ws == register
            register += day.credited_ws - day.used_ws - day.cleared_ws
            assert day.register_end_ws == register >= 0
        assert register == total.register_ws


# flat: 36 000 000 Ws a day are 1 500 000 an hour, so 10 kWh last exactly 24 h


def test_credit_ends_at_the_first_second(tmp_path):
    record = run(scenario(tmp_path, "meters:\n" + HOME + "credit: 10 kWh, load: flat}\n"))
    assert rows(record, "time", "event", "register_ws", "switch") == [
        (at("2024-06-04"), EventKind.CREDIT_ENDED, 0, "closed"),
        (at("2024-06-04"), EventKind.SUPPLY_OFF, 0, "open"),
    ]
    [total] = record.totals
    assert (total.used_ws, total.off_credit_s, total.unserved_ws) == (10 * WS_PER_KWH, 6 * 86_400, 60 * WS_PER_KWH)
    balanced(record)


def test_credit_of_the_same_second_keeps_the_supply_on(tmp_path):
    body = "meters:\n" + HOME + "credit: 10 kWh, load: flat}\ntimeline:\n"
    body += "  - {at: 2024-06-03 12:00, buy: 10 kWh, meter: home, as: a}\n"
    body += (
        "  - {at: 2024-06-04 00:00, enter: a, meter: home, expect: {result: Accept, switch: closed, credit: 10 kWh}}\n"
    )
    record = run(scenario(tmp_path, body))
    assert [finding.failure for finding in record.findings] == [""]
    assert rows(record, "time", kinds=[EventKind.CREDIT_ENDED]) == [(at("2024-06-05"),)]
    balanced(record)


def test_everything_in_one_second(tmp_path):
    """Power, programme, entry, purchase, load, observation: in this order, whatever the order in the file."""
    body = "meters:\n" + HOME + "credit: 10 kWh, load: flat}\ntimeline:\n"
    actions = [
        "buy: 10 kWh, meter: home, as: early, at: 2024-06-03 10:00",
        "observe: last, meter: home, at: 2024-06-04 00:00, expect: {switch: open}",
        "buy: 10 kWh, meter: home, as: late, at: 2024-06-04 00:00",
        "enter: early, meter: home, at: 2024-06-04 00:00, expect: CRCError",
        "change_key: {to: 2}, meter: home, as: kct, at: 2024-06-03 11:00",
        "enter: kct.1, meter: home, at: 2024-06-03 12:00",
        "enter: kct.2, meter: home, at: 2024-06-03 12:00",
        "change_key: {to: 2}, meter: home, as: again, at: 2024-06-04 00:00",
        "tamper: cover, meter: home, at: 2024-06-04 00:00",
    ]
    record = run(scenario(tmp_path, body + "".join(f"  - {{{action}}}\n" for action in actions)))
    assert [finding.failure for finding in record.findings] == ["", ""]
    second = [event.event for event in record.events if event.time == at("2024-06-04")]
    assert second == [
        EventKind.TAMPERED,
        EventKind.SUPPLY_OFF,
        EventKind.KEY_CHANGE_ISSUED,
        EventKind.KEY_CHANGE_ISSUED,
        EventKind.ENTRY,
        EventKind.PURCHASE,
        EventKind.OBSERVATION,
    ]


def test_power_cut_tamper_and_credit_have_their_own_seconds(tmp_path):
    body = "meters:\n" + HOME + "credit: 10 kWh, load: flat}\ntimeline:\n"
    body += "  - {at: 2024-06-03 01:00, power_cycle: 1 h, meter: home, expect: {switch: closed}}\n"
    body += '  - {at: 2024-06-03 01:30, enter: "12345678901234567890", meter: home, expect: {result: NotReady, display: ""}}\n'
    body += "  - {at: 2024-06-03 05:00, tamper: seal, meter: home, expect: {switch: open}}\n"
    body += "  - {at: 2024-06-03 07:00, manage: {clear_tamper: true}, meter: home, expect: {result: Accept, switch: closed}}\n"
    record = run(scenario(tmp_path, body))
    [total] = record.totals
    assert [finding.failure for finding in record.findings] == ["", "", "", ""]
    assert (total.off_power_s, total.off_tamper_s) == (3600, 7200)
    assert rows(record, "time", kinds=[EventKind.CREDIT_ENDED]) == [(at("2024-06-04 03:00"),)]
    assert total.off_credit_s == 7 * 86_400 - 27 * 3600
    assert total.unserved_ws == (7 * 24 - 24) * 1_500_000
    balanced(record)


def test_a_power_limit(tmp_path):
    hours = "[" + ", ".join(["1"] * 12 + ["3"] * 12) + "]"
    kinds = f"{{workday: {hours}, saturday: {hours}, sunday: {hours}}}"
    body = f"loads:\n  own: {{hours: {{low: {kinds}, high: {kinds}}}, mean: 48 kWh, variation: 0%}}\nmeters:\n"
    body += HOME + "credit: 100 kWh, load: own}\ntimeline:\n"
    body += "  - {at: 2024-06-03 06:00, manage: {power_limit: 2 kW}, meter: home, expect: Accept}\n"
    body += "  - {at: 2024-06-03 18:00, manage: {test: power}, meter: home, expect: {display: power 2000 W}}\n"
    record = run(scenario(tmp_path, body, "2024-06-05 00:00"))
    assert [finding.failure for finding in record.findings] == ["", ""]
    assert rows(record, "time", "event", kinds=[EventKind.LIMIT_BINDS, EventKind.LIMIT_CEASES]) == [
        (at("2024-06-03 12:00"), EventKind.LIMIT_BINDS),
        (at("2024-06-04 00:00"), EventKind.LIMIT_CEASES),
        (at("2024-06-04 12:00"), EventKind.LIMIT_BINDS),
    ]
    [total] = record.totals
    assert total.used_ws == 2 * (12 + 24) * WS_PER_KWH
    assert total.unserved_ws == 2 * 12 * WS_PER_KWH
    balanced(record)


def test_an_expectation_that_fails_names_its_line(tmp_path):
    body = "meters:\n" + HOME + "credit: 10 kWh, load: flat}\ntimeline:\n"
    body += "  - {at: 2024-06-03 12:00, buy: 10 kWh, meter: home, as: a, enter_after: 1 min, expect: CRCError}\n"
    body += (
        "  - {at: 2024-06-03 13:00, observe: x, meter: home, expect: {switch: open, credit: 3 kWh, key_revision: 2}}\n"
    )
    body += "  - {at: 2024-06-09 13:00, buy: 10 kWh, meter: home, as: b, enter_after: 2 days, expect: Accept}\n"
    record = run(scenario(tmp_path, body))
    first, second, third = record.findings
    assert first.where.endswith("test.yaml:13")
    assert (first.place, first.failure) == ("timeline[0].expect", "result: expected CRCError, got Accept")
    assert second.failure == (
        "credit: expected 3.0 kWh, got 14.5 kWh; switch: expected open, got closed; key_revision: expected 2, got 1"
    )
    assert third.failure == "the run ended before this came about"


def test_a_token_that_was_not_issued_cannot_be_entered(tmp_path):
    body = "meters:\n" + HOME + "credit: 10 kWh, load: flat}\ntimeline:\n"
    body += "  - {at: 2024-06-03 12:00, buy: 99999999 kWh, meter: home, as: a, expect: AmountOutOfRange}\n"
    body += "  - {at: 2024-06-03 13:00, enter: a, meter: home, expect: NoToken}\n"
    record = run(scenario(tmp_path, body))
    assert [finding.failure for finding in record.findings] == ["", ""]


# -- customers

BUYER = (
    """\
customers:
  low: {buy: {when_below: 5 kWh}, amount: %s, enter_after: %s}
meters:
"""
    + HOME
    + "credit: 12 kWh, load: rural, customer: low}\n"
)
WEEKLY = (
    """\
customers:
  weekly: {buy: {every: 2 days}, amount: 3 kWh, enter_after: 10 min, between_entries: 90 s}
meters:
"""
    + HOME
    + "credit: 12 kWh, load: rural, customer: weekly}\n"
)


def test_a_level_buyer_buys_when_the_display_falls_below(tmp_path):
    record = run(scenario(tmp_path, BUYER % ("10 kWh", "2 h"), "2024-07-03 00:00"))
    purchases = rows(record, "register_ws", "time", kinds=[EventKind.PURCHASE])
    assert len(purchases) == 7
    for register, time in purchases:
        assert 5 * WS_PER_KWH - 400 < register < 5 * WS_PER_KWH  # the last second used at most 400 Ws
        assert (time + 7200,) in rows(record, "time", kinds=[EventKind.ENTRY])
    balanced(record)


def test_a_refused_customer_tries_again_a_day_later(tmp_path):
    body = (
        BUYER % ("10 kWh", "2 h")
        + "timeline:\n  - {at: 2024-06-03 00:00, change_key: {to: 2}, meter: home, as: lost}\n"
    )
    record = run(scenario(tmp_path, body, "2024-06-12 00:00"))
    purchases = [time for (time,) in rows(record, "time", kinds=[EventKind.PURCHASE])]
    assert len(purchases) == 6
    assert {later - earlier for earlier, later in pairwise(purchases)} == {86_400 + 7200}
    assert {result for (result,) in rows(record, "result", kinds=[EventKind.ENTRY])} == {"CRCError"}


def test_an_interval_buyer_enters_a_slip_in_printed_order(tmp_path):
    body = (
        WEEKLY
        + "timeline:\n  - {at: 2024-06-04 12:00, change_key: {to: 2, with_purchase: true}, meter: home, expect: Waiting}\n"
    )
    record = run(scenario(tmp_path, body, "2024-06-12 00:00"))
    purchases = [time for (time,) in rows(record, "time", kinds=[EventKind.PURCHASE])]
    assert {later - earlier for earlier, later in pairwise(purchases)} == {172_800}
    entries = rows(record, "label", "time", "result", kinds=[EventKind.ENTRY])
    slip = next(place for place, entry in enumerate(entries) if entry[0].endswith("kct.1"))
    bought = purchases[slip]
    label = f"weekly #{slip + 1}"
    assert entries[slip : slip + 3] == [
        (f"{label}.kct.1", bought + 600, "1stKCT"),
        (f"{label}.kct.2", bought + 690, "Accept"),
        (label, bought + 780, "Accept"),
    ]
    balanced(record)


def test_the_seed_and_the_connection_decide_the_draws(tmp_path):
    drawn = scenario(
        tmp_path, BUYER % ("{lognormal: {median: 8 kWh, sigma: 0.6}}", "{uniform: {least: 1 h, greatest: 9 h}}")
    )
    first = run(drawn)
    assert run(drawn) == first
    assert rows(run(replace(drawn, seed=6)), "time") != rows(first, "time")
    moved = replace(drawn, meters=(replace(drawn.meters[0], connection=9),))
    assert rows(run(moved), "time") != rows(first, "time")


def test_waits_and_places_of_an_interval_buyer_are_those_of_the_contract(tmp_path):
    """Wait before purchase k: draw 5 of count k; place of the first: draw 6 in the interval of count 0."""
    body = WEEKLY.replace("every: 2 days", "every: {uniform: {least: 1 h, greatest: 40 h}}")
    drawn = scenario(tmp_path, body, "2024-07-03 00:00")
    every = drawn.meters[0].customer.every
    waits = [every.value(draw(5, Purpose.PURCHASE_INTERVAL, 1, count)) for count in range(200)]
    expected = [drawn.start + (waits[0] * draw(5, Purpose.FIRST_PURCHASE, 1, 0) >> 32)]
    while (following := expected[-1] + waits[len(expected)]) < drawn.end:
        expected.append(following)
    assert [time for (time,) in rows(run(drawn), "time", kinds=[EventKind.PURCHASE])] == expected


def test_rnd_is_the_upper_four_bits_of_its_draw(tmp_path):
    drawn = scenario(tmp_path, WEEKLY)
    module = SecureModule(drawn.vending_keys)
    for digits, time in rows(run(drawn), "digits", "time", kinds=[EventKind.PURCHASE]):
        token = module.verify(drawn.meters[0].record, digits)
        assert token.rnd == draw(5, Purpose.TOKEN_RND, 1, time // 60, 0) >> 28


def test_another_meter_shifts_nobodys_luck(tmp_path):
    body = BUYER % ("{lognormal: {median: 8 kWh, sigma: 0.6}}", "{uniform: {least: 1 h, greatest: 9 h}}")
    alone = run(scenario(tmp_path, body))
    second = (
        HOME.replace("home", "next").replace("600727000000000009", "600727010000000164")
        + "credit: 9 kWh, load: informal, customer: low}\n"
    )
    both = run(scenario(tmp_path, body + second))
    assert [event for event in both.events if event.meter == "home"] == list(alone.events)
    assert {event.meter for event in both.events} == {"home", "next"}


def test_readings_do_not_change_what_happens(tmp_path):
    """Every row shows the register of its second, whenever it was read before."""
    body = BUYER % ("8 kWh", "1 h") + "timeline:\n"
    body += "  - {at: 2024-06-03 07:00, manage: {power_limit: 110 W}, meter: home}\n"
    body += '  - {at: 2024-06-03 09:10, enter: "12345678901234567890", digit_every: 31 s, meter: home}\n'
    body += "  - {at: 2024-06-03 10:10, observe: x, meter: home}\n"
    drawn = scenario(tmp_path, body)
    assert {event.event for event in run(drawn).events} >= {EventKind.LIMIT_BINDS, EventKind.LIMIT_CEASES}
    often = replace(drawn, readings_every=61)
    assert run(drawn).events == run(often).events
    assert len(run(often).readings) == 7 * 86_400 // 61 + 2


# -- the same bytes


def test_a_result_is_the_same_bytes_again(tmp_path):
    drawn = scenario(tmp_path, BUYER % ("{lognormal: {median: 8 kWh, sigma: 0.6}}", "1 h"))
    for folder in ("a", "b"):
        result_of(drawn, run(drawn)).write(tmp_path / folder)
    for file in (
        "summary.json",
        "events.parquet",
        "daily.parquet",
        "readings.parquet",
        "scenario.yaml",
        "timeline.png",
    ):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


# -- drawn timelines: nothing credits twice, and the energy balances

BUYS = st.lists(st.integers(0, 6 * 1440 - 1), min_size=1, max_size=6)
OTHERS = st.lists(
    st.tuples(
        st.integers(0, 7 * 1440 - 1),
        st.sampled_from(
            [
                "manage: {clear_credit: all}",
                "manage: {power_limit: 150 W}",
                "manage: {power_limit: 0 W}",
                "manage: {power_limit: 9 kW}",
                "manage: {clear_tamper: true}",
                "manage: {test: all}",
                "tamper: seal",
                "observe: nothing",
                'enter: "12345678901234567890"',
            ]
        ),
    ),
    max_size=12,
)
ENTRIES = st.lists(st.tuples(st.integers(0, 7 * 1440 - 1), st.integers(0, 5)), max_size=20)


@settings(max_examples=examples(40))
@given(
    BUYS,
    ENTRIES,
    OTHERS,
    st.none() | st.integers(0, 6 * 1440),
    st.none() | st.tuples(st.integers(0, 7 * 1440 - 1), st.integers(1, 3000)),
    st.integers(1, 5),
    st.integers(0, 1000),
)
def test_no_token_credits_twice_whatever_the_order(
    tmp_path_factory, buys, entries, others, change, outage, store, credit
):
    """As long as the TID store is not zeroed under an unchanged key; that case is in test_key_change.py."""

    def minute(number):
        return f"2024-06-{3 + number // 1440:02} {number % 1440 // 60:02}:{number % 60:02}"

    lines = [
        f"at: '{minute(time)}', buy: {place + 1} kWh, meter: home, as: t{place}" for place, time in enumerate(buys)
    ]
    if change is not None:
        lines.append(f"at: '{minute(change)}', change_key: {{to: 2}}, meter: home, as: kct")
        lines += [
            f"at: '{minute(change + wait)}', enter: kct.{section}, meter: home" for section, wait in ((2, 3), (1, 5))
        ]
    for time, token in entries:
        if token < len(buys) and time > buys[token]:
            lines.append(f"at: '{minute(time)}', enter: t{token}, meter: home")
    lines += [f"at: '{minute(time)}', {other}, meter: home" for time, other in others]
    if outage is not None:
        lines.append(f"at: '{minute(outage[0])}', power_cycle: {outage[1]} min, meter: home")
    body = f"meter_models: {{m: {{tid_store: {store}, lockout: {{after: 0}}}}}}\nmeters:\n"
    body += HOME + f"credit: {credit} Wh, load: rural, model: m}}\ntimeline:\n"
    body += "".join(f"  - {{{line}}}\n" for line in lines)
    record = run(scenario(tmp_path_factory.mktemp("drawn"), body))
    accepted = [
        digits
        for digits, label, result in rows(record, "digits", "label", "result", kinds=[EventKind.ENTRY])
        if result == "Accept" and label.startswith("t")
    ]
    assert len(accepted) == len(set(accepted))
    balanced(record)


def test_a_token_of_another_meter(tmp_path):
    second = HOME.replace("home", "next").replace("600727000000000009", "600727010000000164") + "credit: 9 kWh}\n"
    body = "meters:\n" + HOME + "credit: 9 kWh}\n" + second + "timeline:\n"
    body += "  - {at: 2024-06-03 11:00, enter: a, meter: next, expect: CRCError}\n"
    body += "  - {at: 2024-06-03 10:00, buy: 1 kWh, meter: home, as: a}\n"
    body += "  - {at: 2024-06-03 12:00, enter: a, meter: home, expect: Accept}\n"
    record = run(scenario(tmp_path, body))
    assert [finding.failure for finding in record.findings] == ["", ""]
    [(reason,)] = rows(record, "reason", kinds=[EventKind.ENTRY])[:1]
    assert reason.endswith("it was made for another meter, 600727000000000009")


def test_changes_in_time_order_whatever_the_order_in_the_file(tmp_path):
    groups = (
        HEAD.replace("meters:", "")
        + '  "123458":\n    vending_keys:\n      - {{key_revision: 5, base_date: 2014, dkga: "04", key: test:new}}\n'
    )
    body = "meters:\n" + HOME + "credit: 9 kWh}\ntimeline:\n"
    body += '  - {at: 2024-06-05 10:00, change_key: {to: 5, supply_group: "123458"}, meter: home}\n'
    body += "  - {at: 2024-06-04 10:00, change_key: {to: 2}, meter: home}\n"
    body += "  - {at: 2024-06-06 10:00, buy: 1 kWh, meter: home, expect: {result: Issued, presumed_key_revision: 5}}\n"
    file = tmp_path / "test.yaml"
    file.write_text(groups.format(end="2024-06-10") + body)
    assert [finding.failure for finding in run(read_scenario(file)).findings] == [""]


def test_a_display_after_a_purchase(tmp_path):
    body = "meters:\n" + HOME + "credit: 9 kWh}\ntimeline:\n"
    body += (
        "  - {at: 2024-06-04, buy: 1 kWh, meter: home, enter_after: 1 min, expect: {result: Accept, display: Accept}}\n"
    )
    assert [finding.failure for finding in run(scenario(tmp_path, body)).findings] == [""]


def test_purchases_of_other_services_count(tmp_path):
    body = "meters:\n" + HOME + "model: water}\ntimeline:\n"
    body += "  - {at: 2024-06-04, buy: 5 m3, meter: home, enter_after: 1 min, expect: Accept}\n"
    record = run(scenario(tmp_path, body))
    assert sum(day.purchases for day in record.days) == 1
    assert sum(day.bought_tenths for day in record.days) == 0
    assert record.totals[0].registers == (("water", 50),)


def test_maker_codes_of_test_tokens(tmp_path):
    body = "meter_models: {m: {manufacturer: 7}}\nmeters:\n" + HOME + "credit: 9 kWh, model: m}\ntimeline:\n"
    for maker, result in ((7, "Accept"), (8, "MfrCodeError"), (0, "Accept")):
        body += f"  - {{at: 2024-06-04, manage: {{test: drn, manufacturer: {maker}}}, meter: home, expect: {result}}}\n"
    assert [finding.failure for finding in run(scenario(tmp_path, body)).findings] == ["", "", ""]


@pytest.mark.parametrize(
    ("zone", "start", "end", "dates"),
    [
        ("Pacific/Apia", "2011-12-29 00:00", "2012-01-01 12:00", ["2011-12-29", "2011-12-31", "2012-01-01"]),
        ("America/St_Johns", "2006-10-28 00:00", "2006-10-30 00:00", ["2006-10-28", "2006-10-29"]),
        ("America/St_Johns", "2006-10-29 02:35Z", "2006-10-30 00:00", ["2006-10-29"]),
    ],
)
def test_days_that_a_zone_leaves_out_or_has_twice(tmp_path, zone, start, end, dates):
    body = f"timezone: {zone}\nmeters:\n" + HOME + "credit: 90 kWh, load: flat}\n"
    text = HEAD.format(end=end).replace("2024-06-03 00:00", start)
    file = tmp_path / "test.yaml"
    file.write_text(text + body)
    record = run(read_scenario(file))
    assert [day.date for day in record.days] == dates
    balanced(record)


@pytest.mark.parametrize("end", ["2024-06-03 00:01", "2024-06-03 23:59", "2024-06-04 00:00", "2024-06-04 12:00"])
def test_the_last_day_may_be_short(tmp_path, end):
    record = run(scenario(tmp_path, "meters:\n" + HOME + "credit: 30 kWh, load: flat}\n", end))
    assert [day.date for day in record.days] == ["2024-06-03", "2024-06-04"][: len(record.days)]
    assert record.readings[-1].time == at(end)
    balanced(record)


# -- edges that a slip of the hand would move


def test_an_order_is_entered_before_a_purchase_of_the_same_second(tmp_path):
    body = "meters:\n" + HOME + "credit: 9 kWh}\ntimeline:\n"
    body += "  - {at: 2024-06-04, buy: 1 kWh, meter: home}\n  - {at: 2024-06-04, manage: {test: drn}, meter: home}\n"
    kinds = [EventKind.ORDER_ISSUED, EventKind.ENTRY, EventKind.PURCHASE]
    assert [kind for (kind,) in rows(run(scenario(tmp_path, body)), "event", kinds=kinds)] == kinds


def test_power_returns_before_an_entry_of_the_same_second(tmp_path):
    body = "meters:\n" + HOME + "credit: 9 kWh}\ntimeline:\n"
    body += '  - {at: 2024-06-03 02:00, enter: "12345678901234567890", meter: home, expect: CRCError}\n'
    body += '  - {at: 2024-06-03 01:59:59, enter: "12345678901234567890", meter: home, expect: NotReady}\n'
    body += "  - {at: 2024-06-03 01:00, power_cycle: 1 h, meter: home}\n"
    assert [finding.failure for finding in run(scenario(tmp_path, body)).findings] == ["", ""]


def test_a_power_cut_loses_what_was_typed(tmp_path):
    body = "meters:\n" + HOME + "credit: 9 kWh}\ntimeline:\n"
    body += (
        '  - {at: 2024-06-03 01:00, enter: "12345678901234567890", digit_every: 2 s, meter: home, expect: TimedOut}\n'
    )
    body += "  - {at: 2024-06-03 01:00:09, power_cycle: 3 s, meter: home}\n"
    assert [finding.failure for finding in run(scenario(tmp_path, body)).findings] == [""]


def test_clear_credit_cuts_in_the_same_second(tmp_path):
    body = "meters:\n" + HOME + "credit: 9 kWh}\ntimeline:\n"
    body += (
        "  - {at: 2024-06-03 01:00, manage: {clear_credit: all}, meter: home, expect: {switch: open, credit: 0 kWh}}\n"
    )
    body += "  - {at: 2024-06-03 02:00, manage: {test: power}, meter: home, expect: {display: power 0 W}}\n"
    record = run(scenario(tmp_path, body))
    assert [finding.failure for finding in record.findings] == ["", ""]
    ends = [EventKind.CREDIT_ENDED, EventKind.SUPPLY_OFF]
    assert rows(record, "time", "event", kinds=ends) == [(at("2024-06-03 01:00"), kind) for kind in ends]
    balanced(record)


LATE_KEY = '"123457":\n    vending_keys:\n      - {{key_revision: 1, issue_from: 2024-06-05, '


@pytest.mark.parametrize(("buyer", "first_count"), [(BUYER, 0), (WEEKLY, None)])
def test_which_draw_a_purchase_after_refused_ones_has(tmp_path, buyer, first_count):
    """A level buyer tries again with the same draws; an interval buyer's count is that of the interval."""
    spread = "{uniform: {least: 6 kWh, greatest: 60 kWh}}"
    body = buyer % (spread, "1 h") if "%s" in buyer else buyer.replace("amount: 3 kWh", f"amount: {spread}")
    body = body.replace("credit: 12 kWh", "credit: 1 kWh").replace("every: 2 days", "every: 20 h")
    file = tmp_path / "test.yaml"
    file.write_text(
        HEAD.replace('"123457":\n    vending_keys:\n      - {{key_revision: 1, ', LATE_KEY).format(end="2024-06-10")
        + body
    )
    drawn = read_scenario(file)
    record = run(drawn)
    refused = len(rows(record, "time", kinds=[EventKind.SALE_REFUSED]))
    assert refused >= 2
    (says, label), *_ = rows(record, "says", "label", kinds=[EventKind.PURCHASE])
    count = refused if first_count is None else first_count
    amount = drawn.meters[0].customer.amount.value(draw(5, Purpose.PURCHASE_AMOUNT, 1, count))
    assert says.startswith(f"{amount // 10}.{amount % 10} kWh")
    assert label.endswith(f" #{count + 1}")
    assert record.totals[0].credited_ws > 0


def test_what_a_day_counts(tmp_path):
    second = HOME.replace("home", "next").replace("600727000000000009", "600727010000000164") + "credit: 9 kWh}\n"
    body = "meters:\n" + HOME + "credit: 5 kWh, load: flat}\n" + second + "timeline:\n"
    body += "  - {at: 2024-06-03 01:00, buy: 2 kWh, meter: home, as: a, enter_after: 1 min}\n"
    body += "  - {at: 2024-06-03 02:00, buy: 3 kWh, meter: home, as: b}\n"
    body += "  - {at: 2024-06-03 03:00, enter: a, meter: home}\n"
    body += "  - {at: 2024-06-03 04:00, change_key: {to: 2}, meter: home, as: kct}\n"
    body += "  - {at: 2024-06-03 23:55, enter: kct.2, meter: home}\n"
    body += "  - {at: 2024-06-04 00:00, enter: kct.1, meter: home}\n"
    record = run(scenario(tmp_path, body, "2024-06-05 00:00"))
    assert [(day.date, day.meter) for day in record.days] == [
        ("2024-06-03", "home"),
        ("2024-06-03", "next"),
        ("2024-06-04", "home"),
        ("2024-06-04", "next"),
    ]
    first, _, then, _ = record.days
    assert (first.purchases, first.bought_tenths) == (2, 50)
    assert {status.standard_name: first.entries[status - 1] for status in Status if first.entries[status - 1]} == {
        "Accept": 1,
        "2ndKCT": 1,
        "UsedError": 1,
    }
    assert (first.pending_sections, first.key_revision, first.presumed_key_revision) == (1, 1, 2)
    assert (then.purchases, then.pending_sections, then.key_revision) == (0, 0, 2)
    assert first.credited_ws == 2 * WS_PER_KWH
    home = [reading for reading in record.readings if reading.meter == "home"]
    assert [home[0].time, home[-1].time] == [at("2024-06-03"), at("2024-06-05")]
    assert (home[1].used_ws, home[1].register_ws) == (1_500_000, 5 * WS_PER_KWH - 1_500_000)
    assert home[-1].used_ws == 7 * WS_PER_KWH
    assert record.totals[0].tokens_not_entered == ("b",)


def test_shared_and_separate_lists_and_a_wrapping_system(tmp_path):
    body = "points_of_sale: {main: {after_last_minute: wrap}, other: {}, own: {shared_tid_list: false}}\n"
    body += "meters:\n" + HOME + "credit: 9 kWh}\ntimeline:\n"
    for name in ("main", "other", "own"):
        body += f"  - {{at: 2024-06-04, buy: 1 kWh, meter: home, point_of_sale: {name}}}\n"
    says = [
        text.split("(")[1][:16] for (text,) in rows(run(scenario(tmp_path, body)), "says", kinds=[EventKind.PURCHASE])
    ]
    assert says == ["2024-06-04 00:00", "2024-06-04 00:02", "2024-06-04 00:00"]
