"""What a customer decides: when, how much, how well it is entered, how a message is answered."""

from decimal import Decimal
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_sim.distribution import NEVER, chance, constant, happens, lognormal, uniform
from meter_sim.draws import Purpose, draw
from meter_sim.local_time import DAY, HOUR, LocalCalendar, date_of
from meter_sim.people.customer import (
    Campaign,
    Customer,
    Manner,
    Mistakes,
    Paydays,
    amount_bought,
    campaign_answer,
    entry_delay,
    first_purchase,
    manner_of_entry,
    mistyped,
    month_of,
    next_payday,
    next_purchase,
    payday_instant,
)
from meter_sim.scenario.zone import calendar, zone_named
from tests.kit import at, examples

ALWAYS = 1 << 32
UTC = LocalCalendar((0,), (0,))
BERLIN = calendar(zone_named("Europe/Berlin"), at("2024-01-01"), at("2025-01-01"))
WORDS = st.integers(0, 0xFFFFFFFF)
WEEK = 7 * 86_400
WEEKLY = Customer("weekly", uniform(100, 300), lognormal(1500, Decimal(1)), every=constant(WEEK))


@given(WORDS, WORDS)
def test_an_interval_buyer(place, word):
    first = first_purchase(WEEKLY, 1000, place, word)
    assert 1000 <= first < 1000 + WEEK
    assert next_purchase(WEEKLY, first, word) == first + WEEK
    assert 100 <= amount_bought(WEEKLY, word) <= 300


def test_least_values():
    small = Customer("small", constant(0), constant(0), every=constant(0), first=77)
    assert amount_bought(small, 5) == 1
    assert entry_delay(small, 5) == 1
    assert first_purchase(small, 1000, 5, 5) == 77
    assert next_purchase(small, 77, 5) == 78


def test_a_level_buyer_has_no_interval():
    with pytest.raises(ValueError, match="buys at a level"):
        next_purchase(Customer("low", constant(1), constant(1), when_below=5), 0, 0)


# -- chance ----------------------------------------------------------------------------------------------------


@given(WORDS)
def test_what_never_and_what_always_happens(word):
    assert not happens(chance(Decimal(0)), word)
    assert happens(chance(Decimal(1)), word)


def test_chances():
    assert (chance(Decimal(0)), chance(Decimal(1)), chance(Decimal("0.5"))) == (NEVER, ALWAYS, 1 << 31)
    half = chance(Decimal("0.5"))
    assert [happens(half, word) for word in (0, (1 << 31) - 1, 1 << 31, 0xFFFFFFFF)] == [True, True, False, False]
    least = chance(Decimal(2) ** -32)
    assert [happens(least, word) for word in (0, 1)] == [True, False]


# -- how much --------------------------------------------------------------------------------------------------


def test_an_amount_by_use():
    weekly = Customer("weekly", constant(WEEK), constant(0), every=constant(WEEK), amount_is_use=True)
    a_day = 12_200 * 3600  # 12.2 kWh
    assert amount_bought(weekly, 0, a_day) == 854
    assert amount_bought(weekly, 0, a_day + 359_999 // 7) == 854  # rounded down
    assert amount_bought(weekly, 0, 0) == 1


@given(WORDS, st.integers(0, 1 << 32))
def test_the_use_matters_only_to_who_buys_by_it(word, use):
    assert amount_bought(WEEKLY, word, use) == amount_bought(WEEKLY, word)


# -- paydays ---------------------------------------------------------------------------------------------------

PAYDAYS = [
    # days, after, the next ones
    ((25,), "2024-01-01", ["2024-01-25", "2024-02-25", "2024-03-25"]),
    ((25,), "2024-01-25 00:00", ["2024-02-25"]),
    ((25,), "2024-01-24 23:59:59", ["2024-01-25"]),
    ((31,), "2024-01-01", ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]),
    ((31,), "2023-02-01", ["2023-02-28", "2023-03-31"]),
    ((29,), "2023-02-01", ["2023-02-28", "2023-03-29"]),
    ((29,), "2024-02-01", ["2024-02-29", "2024-03-29"]),
    ((30, 31), "2024-02-01", ["2024-02-29", "2024-03-30", "2024-03-31", "2024-04-30", "2024-05-30"]),
    ((15, 31), "2024-02-01", ["2024-02-15", "2024-02-29", "2024-03-15"]),
    ((1,), "2024-12-01 10:00", ["2025-01-01"]),
    ((28,), "2024-02-01", ["2024-02-28", "2024-03-28"]),
]


@pytest.mark.parametrize(("days", "after", "dates"), PAYDAYS)
def test_paydays(days, after, dates):
    paydays, instant, found = Paydays(days), at(after), []
    for _ in dates:
        day = next_payday(paydays, UTC, instant)
        found.append(str(date_of(day)))
        instant = payday_instant(paydays, UTC, day, 0)
    assert found == dates


@given(st.sets(st.integers(1, 31), min_size=1), st.integers(at("2024-01-01"), at("2030-01-01")))
def test_every_month_has_as_many_paydays_as_it_can(days, instant):
    first = next_payday(Paydays(tuple(days)), UTC, instant)
    date = date_of(first)
    last = date_of(first + 1).month != date.month
    assert first * DAY > instant
    assert date.day in days or (last and max(days) > date.day)
    assert all(date_of(day).day not in days for day in range(instant // DAY + 1, first))


def test_the_hour_of_a_payday():
    evening = Paydays((27,), constant(17 * HOUR))
    day = at("2024-10-27") // DAY  # the clock is put back
    assert payday_instant(evening, BERLIN, day, 0) == at("2024-10-26 22:00") + 17 * HOUR
    late = Paydays((31,), constant(24 * HOUR))
    assert payday_instant(late, UTC, at("2024-03-31") // DAY, 0) == at("2024-03-31 23:59:59")
    assert payday_instant(late, BERLIN, at("2024-03-31") // DAY, 0) == at("2024-03-31 21:59:59")  # 23 hours


@given(WORDS, st.integers(at("2024-01-02") // DAY, at("2024-12-30") // DAY))
def test_a_payday_s_purchase_lies_on_it(word, day):
    anytime = Paydays((1,), uniform(0, 24 * HOUR))
    assert BERLIN.day(payday_instant(anytime, BERLIN, day, word)) == day


def test_months_are_those_of_the_place():
    months = [month_of(BERLIN, at(text)) for text in ("2024-05-31 21:59:59", "2024-05-31 22:00", "2024-12-31 23:00")]
    assert months == [2024 * 12 + 4, 2024 * 12 + 5, 2025 * 12]


# -- entry -----------------------------------------------------------------------------------------------------


@settings(max_examples=examples(300))
@given(st.from_regex(r"[0-9]{20}", fullmatch=True), WORDS)
def test_one_digit_is_mistyped_always(digits, word):
    wrong = mistyped(digits, word)
    assert len(wrong) == 20
    assert wrong.isdecimal()
    assert sum(one != other for one, other in zip(digits, wrong, strict=True)) == 1


def test_every_place_and_every_other_digit_is_mistyped():
    words = [draw(1, Purpose.WHICH_DIGIT, 1, count) for count in range(4000)]
    found = {mistyped("0" * 20, word) for word in words}
    assert len(found) == 20 * 9


def near(found: int, share: float, count: int) -> bool:
    """Whether a number of draws lies within five standard deviations."""
    return abs(found - share * count) <= 5 * sqrt(count * share * (1 - share))


def shares_of(chosen: list[object]) -> dict[object, int]:
    return {one: chosen.count(one) for one in set(chosen)}


COUNT = 20_000


@pytest.mark.parametrize(
    ("one_section", "credit_first"), [("0.01", "0.04"), ("0", "0.3"), ("0.3", "0"), ("0.6", "0.4")]
)
def test_manners_of_entry(one_section, credit_first):
    mistakes = Mistakes(one_section=chance(Decimal(one_section)), credit_first=chance(Decimal(credit_first)))
    found = shares_of([manner_of_entry(mistakes, draw(7, Purpose.MANNER, 1, count)) for count in range(COUNT)])
    for manner, share in (
        (Manner.FIRST_SECTION_ONLY, float(one_section)),
        (Manner.CREDIT_FIRST, float(credit_first)),
        (Manner.PRINTED, 1 - float(one_section) - float(credit_first)),
    ):
        assert near(found.get(manner, 0), share, COUNT)


@given(WORDS)
def test_manners_at_the_edges(word):
    assert manner_of_entry(Mistakes(), word) is Manner.PRINTED
    assert manner_of_entry(Mistakes(credit_first=ALWAYS), word) is Manner.CREDIT_FIRST
    assert manner_of_entry(Mistakes(one_section=ALWAYS), word) is Manner.FIRST_SECTION_ONLY


# -- campaigns -------------------------------------------------------------------------------------------------

TOLD, DEADLINE = at("2024-07-01"), at("2024-11-01")
CAMPAIGN = Campaign(chance(Decimal("0.4")), lognormal(14 * DAY, Decimal(1)), chance(Decimal("0.6")), 10 * DAY)
CAMPAIGNS = st.builds(
    Campaign,
    st.integers(0, ALWAYS),
    st.builds(constant, st.integers(0, 100 * DAY)),
    st.integers(0, ALWAYS),
    st.integers(0, 100 * DAY),
)


@settings(max_examples=examples(300))
@given(CAMPAIGNS, st.none() | st.integers(TOLD - 5, TOLD + 200 * DAY), WORDS, WORDS)
def test_nobody_acts_before_being_told_or_at_the_deadline_after_it(campaign, deadline, word, time_word):
    acts = campaign_answer(campaign, TOLD, deadline, word, time_word)
    if acts is None:
        assert word >= campaign.answers
        return
    assert acts > TOLD
    if word >= campaign.answers:  # not the message, the deadline
        assert deadline is not None
        assert deadline - campaign.deadline_within <= acts < deadline


def answers(campaign: Campaign, deadline: int | None) -> list[int | None]:
    return [
        campaign_answer(
            campaign, TOLD, deadline, draw(3, Purpose.CAMPAIGN, 1, count), draw(3, Purpose.CAMPAIGN_TIME, 1, count)
        )
        for count in range(COUNT)
    ]


def test_the_shares_of_a_campaign():
    found = answers(CAMPAIGN, DEADLINE)
    with_message = answers(CAMPAIGN, None)
    assert near(sum(one is not None for one in with_message), 0.4, COUNT)
    assert near(sum(one is not None for one in found), 0.4 + 0.6 * 0.6, COUNT)
    at_deadline = [one for one, other in zip(found, with_message, strict=True) if other is None and one is not None]
    assert near(len(at_deadline), 0.36, COUNT)
    assert min(at_deadline) >= DEADLINE - 10 * DAY
    assert max(at_deadline) < DEADLINE
    assert near(sum(one < DEADLINE - 5 * DAY for one in at_deadline), 0.5, len(at_deadline))
    assert [one for one, other in zip(found, with_message, strict=True) if other is not None] == [
        one for one in with_message if one is not None
    ]  # a deadline moves nobody who answers the message


@given(WORDS, WORDS)
def test_a_campaign_that_nobody_or_everybody_answers(word, time_word):
    assert campaign_answer(Campaign(), TOLD, DEADLINE, word, time_word) is None
    everybody = Campaign(answers=ALWAYS, answers_after=constant(0), at_deadline=ALWAYS)
    assert campaign_answer(everybody, TOLD, DEADLINE, word, time_word) == TOLD + 1
    last = Campaign(at_deadline=ALWAYS)
    assert DEADLINE - 14 * DAY <= campaign_answer(last, TOLD, DEADLINE, word, time_word) < DEADLINE
    assert campaign_answer(last, DEADLINE - 1, DEADLINE, word, time_word) is None  # too late to act
    assert campaign_answer(last, DEADLINE - 2, DEADLINE, word, time_word) == DEADLINE - 1
