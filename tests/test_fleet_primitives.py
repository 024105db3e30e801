"""The fleet engine's compiled primitives against the Python code that they mirror, over many drawn inputs."""

from decimal import Decimal
from random import Random

import numpy as np
import pytest

from meter_sim.distribution import ONE, Distribution, constant, lognormal, share_of_mean, uniform
from meter_sim.draws import Purpose
from meter_sim.draws import draw as draw_of
from meter_sim.engine.compiled import calendar as compiled_calendar
from meter_sim.engine.compiled import draws, load, people
from meter_sim.local_time import DAY, HOUR, LocalCalendar, date_of
from meter_sim.local_time import weekday as weekday_of
from meter_sim.meter.load import Load, LoadProfile, scaled
from meter_sim.people import customer
from meter_sim.people.opening_hours import OpeningHours
from meter_sim.scenario.profile_file import built_in_profile
from meter_sim.scenario.zone import calendar, zone_named
from tests.kit import at

START, END = at("2022-11-20"), at("2025-03-01")
WORDS = (0, 1, 0xFFFFFF, 1 << 24, (1 << 31) - 1, 1 << 31, 0xFFFFFFFF)
ZONES = ("UTC", "Africa/Johannesburg", "Africa/Windhoek", "Europe/Berlin", "America/St_Johns")
CALENDARS = {name: calendar(zone_named(name), START, END) for name in ZONES}
CALENDARS["Windhoek with summer time"] = calendar(zone_named("Africa/Windhoek"), at("2015-01-01"), at("2018-01-01"))
CALENDARS["a date skipped"] = calendar(zone_named("Pacific/Apia"), at("2011-11-01"), at("2012-06-01"))
CALENDARS["odd"] = LocalCalendar((START, START + 10 * HOUR + 1234, START + 30 * HOUR), (19_800, 21_600, 18_000))
CALENDARS["odd twice a day"] = LocalCalendar(
    (START, START + 5 * DAY + 7, START + 5 * DAY + 9 * HOUR, START + 6 * DAY), (0, -5 * HOUR, 7 * HOUR + 1, -1)
)
every_calendar = pytest.mark.parametrize("name", CALENDARS)


def arrays(cal: LocalCalendar):
    return np.array(cal.starts), np.array(cal.offsets)


def spans(cal: LocalCalendar) -> tuple[int, int]:
    """The seconds in which instants are drawn: those of the zone's table and some days around."""
    return cal.starts[0] - 3 * DAY, max(cal.starts[-1], cal.starts[0] + 830 * DAY) + 3 * DAY


def instants(random: Random, cal: LocalCalendar, count: int) -> list[int]:
    """Instants within the calendar, about every change of offset and about midnights."""
    first, last = spans(cal)
    drawn = [random.randint(first, last) for _ in range(count)]
    edges = [start + step for start in cal.starts for step in (-DAY, -HOUR, -1, 0, 1, HOUR, DAY)]
    midnights = [cal.midnight(cal.day(instant)) + step for instant in drawn[:60] for step in (-1, 0, 1)]
    return [instant for instant in drawn + edges + midnights if first <= instant <= last]


def none(instant: int | None) -> int:
    return -1 if instant is None else instant


def test_draws():
    random = Random(1)
    for _ in range(3000):
        seed = random.choice((0, 1, (1 << 64) - 1, random.getrandbits(64)))
        purpose = random.choice(list(Purpose))
        connection, sub = random.choice((0, random.getrandbits(32))), random.choice((0, 5, random.getrandbits(32)))
        count = random.choice((0, random.getrandbits(32), -random.getrandbits(16)))
        known = draw_of(seed, purpose, connection, count, sub)
        assert draws.draw(np.uint64(seed), int(purpose), connection, count, sub) == known


def test_values():
    random = Random(2)
    distributions = [
        constant(0),
        constant(-(1 << 61)),
        uniform(-5, 7),
        uniform(100, 1 << 45),
        lognormal(1500, Decimal(4)),
        share_of_mean(Decimal(3)),
        Distribution((*(0,) * 256, 1 << 61)),
    ]
    tables = draws.table_of(distributions)
    assert tables.shape == (len(distributions), 257)
    for row, distribution in enumerate(distributions):
        for word in (*WORDS, *(random.getrandbits(32) for _ in range(500))):
            assert draws.value(tables, row, word) == distribution.value(word)


@every_calendar
def test_local_time(name):
    cal, random = CALENDARS[name], Random(3)
    starts, offsets = arrays(cal)
    for instant in instants(random, cal, 1500):
        day = cal.day(instant)
        assert compiled_calendar.offset_of(starts, offsets, instant) == cal.offset(instant)
        assert compiled_calendar.day_of(starts, offsets, instant) == day
        assert compiled_calendar.midnight(starts, offsets, day) == cal.midnight(day)
        assert compiled_calendar.month_of(starts, offsets, instant) == customer.month_of(cal, instant)
        first, after, offset = cal.piece(instant)
        first = compiled_calendar.OPEN_START if first is None else first
        after = compiled_calendar.OPEN_END if after is None else after
        assert compiled_calendar.piece(starts, offsets, instant) == (first, after, offset)


def test_dates():
    for day in (*range(-800, 60_000, 7), *range(-60, 900), *range(47_480, 47_560)):
        date = date_of(day)
        assert compiled_calendar.civil(day) == (date.year, date.month, date.day)
        assert compiled_calendar.month_number(day) == date.month
        assert compiled_calendar.weekday(day) == weekday_of(day)


@every_calendar
def test_opening_hours(name):
    cal, random = CALENDARS[name], Random(4)
    starts, offsets = arrays(cal)
    first_day, last_day = (cal.day(instant) for instant in spans(cal))
    for _ in range(12):
        opens = random.choice((0, 8 * HOUR, random.randrange(DAY)))
        closes = random.choice((DAY, random.randint(opens + 1, DAY)))
        weekdays = tuple(random.sample(range(7), random.randint(1, 7)))
        holidays = frozenset(random.sample(range(first_day, last_day), random.choice((0, 1, 40))))
        hours = OpeningHours(opens, closes, weekdays, holidays)
        mask, days = sum(1 << weekday for weekday in weekdays), np.array(sorted(holidays), np.int64)
        for instant in instants(random, cal, 150):
            day, word = cal.day(instant), random.choice((*WORDS, random.getrandbits(32)))
            assert compiled_calendar.open_on(mask, days, day) == hours.open_on(day)
            assert compiled_calendar.span(starts, offsets, opens, closes, day) == hours.span(cal, day)
            after = compiled_calendar.day_open_after(starts, offsets, opens, closes, mask, days, instant)
            assert after == hours.day_open_after(cal, instant)
            not_before = day + random.choice((-10, -1, 0, 1, 3))
            known = hours.arrival(cal, instant, word, not_before)
            found = compiled_calendar.arrival(starts, offsets, opens, closes, mask, days, instant, word, not_before)
            assert found == known


@every_calendar
def test_paydays(name):
    cal, random = CALENDARS[name], Random(5)
    starts, offsets = arrays(cal)
    values = draws.table_of([uniform(-100, 2 * DAY)])
    for days in ((1,), (31,), (15, 30), (29,), (28, 31), tuple(range(1, 32)), (25,)):
        paydays = customer.Paydays(days, uniform(-100, 2 * DAY))
        mask = sum(1 << day for day in days)
        for after in instants(random, cal, 150):
            day, word = customer.next_payday(paydays, cal, after), random.choice((*WORDS, random.getrandbits(32)))
            assert people.next_payday(starts, offsets, mask, max(days), after) == day
            value = draws.value(values, 0, word)
            known = customer.payday_instant(paydays, cal, day, word)
            assert people.payday_instant(starts, offsets, day, value) == known


def test_paydays_in_century_years():
    cal = LocalCalendar((0,), (0,))
    starts, offsets = arrays(cal)
    for year in (1972, 2000, 2100):
        after = (date_of(0).replace(year=year, month=2, day=10) - date_of(0)).days * DAY
        paydays = customer.Paydays((31,))
        assert people.next_payday(starts, offsets, 1 << 31, 31, after) == customer.next_payday(paydays, cal, after)


def test_answers_to_a_campaign():
    random = Random(6)
    chances = (0, 1, 1 << 31, (1 << 32) - 1, 1 << 32)
    after = uniform(-5, 30 * DAY)
    for _ in range(5000):
        answers, at_deadline = (random.choice((*chances, random.getrandbits(32))) for _ in range(2))
        within = random.choice((1, DAY, 14 * DAY, 1000 * DAY))
        campaign = customer.Campaign(answers, after, at_deadline, within)
        told = random.randint(START, END)
        deadline = random.choice((None, told, told + 1, told + 2, told + random.randint(-DAY, 400 * DAY)))
        word, time_word = (random.choice((*WORDS, random.getrandbits(32))) for _ in range(2))
        known = customer.campaign_answer(campaign, told, deadline, word, time_word)
        value = after.value(time_word)
        found = people.campaign_answer(answers, at_deadline, within, value, told, none(deadline), word, time_word)
        assert found == none(known)


def test_amounts():
    random = Random(7)
    for _ in range(2000):
        value = random.choice((-3, 0, 1, random.randint(0, 10_000), random.randint(0, 400 * DAY)))
        mean, is_use = random.choice((0, random.randint(1, 10**8), 64 * 3_600_000_000)), random.random() < 0.5
        kind = customer.Customer("one", constant(value), constant(1), amount_is_use=is_use)
        assert people.amount_bought(value, is_use, mean) == customer.amount_bought(kind, 0, mean)


def swapped(number: int) -> int:
    """A number of 66 bits with bits 65 and 64 in the places of bits 28 and 27, and the other way round."""
    upper, lower = number >> 64, number >> 27 & 3
    return (number & ((1 << 64) - 1 - (3 << 27))) | upper << 27 | lower << 64


def test_mistyped_tokens():
    random = Random(8)
    scratch = np.zeros((1, 20), np.uint8)
    not_tokens = 0
    for _ in range(4000):
        block = random.choice((0, (1 << 64) - 1, (1 << 64) - 1 - random.getrandbits(40), random.getrandbits(64)))
        token_class, word = random.randrange(4), random.choice((*WORDS, random.getrandbits(32)))
        typed = customer.mistyped(f"{swapped(token_class << 64 | block):020}", word)
        valid, read_class, read_block = people.mistyped(token_class, np.uint64(block), word, scratch)
        assert scratch.tobytes().decode() == typed
        assert valid == (int(typed) < 1 << 66)
        not_tokens += not valid
        expected = divmod(swapped(int(typed)), 1 << 64) if valid else (255, 0)
        assert (read_class, read_block) == expected
        assert people.mistyped_digits(token_class, np.uint64(block), word, scratch) == expected
    assert not_tokens


VARIED = share_of_mean(Decimal("0.25"))
HIGH = (6, 7, 8)


def built_in(name: str, kwh: int, high_months=HIGH, variation: Distribution = VARIED) -> LoadProfile:
    return LoadProfile(*scaled(built_in_profile(name), high_months, kwh * 3_600_000), high_months, variation)


def single_hour(energy: int) -> LoadProfile:
    """Everything in one hour of Sundays."""
    empty = (0,) * 24
    kinds = (empty, empty, (*empty[:17], energy, *empty[18:]))
    return LoadProfile(kinds, kinds, (), share_of_mean(Decimal(3)))


PROFILES = [
    built_in("rural", 4),
    built_in("township", 9, (12, 1)),
    built_in("informal", 7, (), constant(ONE)),
    built_in("flat", 12, (1, 3, 5, 7), share_of_mean(Decimal(3))),
    built_in("flat", 0, (), constant(ONE)),
    built_in("township", 1000),
    built_in("rural", 10, (6, 7, 8), Distribution((*(0,) * 200, *(ONE,) * 57))),
    built_in("flat", 3, (2,), constant(0)),
    single_hour(1),
    single_hour(1000 * 3_600_000 * 7),
    single_hour(1000 * 3_600_000 * 365 * 7 // 28),
]
SHARES = (ONE, 1, ONE // 3, 97_531, 5 * ONE + 17, 64 * ONE)
SEED = 0x0123456789ABCDEF


def reference(profile: LoadProfile, cal: LocalCalendar, share: int, connection: int) -> Load:
    def factor(day: int) -> int:
        return profile.variation.value(draw_of(SEED, Purpose.LOAD_DAY, connection, day)) * share // ONE

    return Load(profile, cal, factor)


def loads_for(cal, start, end):
    """The loads of a run, which must be kept, and the record by which the kernels take them."""
    kept, record = load.loads_of(PROFILES, cal, SEED, start, end), np.zeros(1, load.LOADS)[0]
    kept.put_into(record)
    return kept, record


@every_calendar
def test_loads(name):
    cal, random = CALENDARS[name], Random(9)
    start, end = cal.starts[0] + DAY, max(cal.starts[-1], cal.starts[0] + 120 * DAY)
    _kept, loads = loads_for(cal, start, end)
    for case in range(3 * len(PROFILES)):
        which, share = case % len(PROFILES), random.choice(SHARES)
        connection = random.choice((0, 1, 99_999_999, random.randrange(10**8)))
        home = reference(PROFILES[which], cal, share, connection)
        load.box_for(loads, which, share, connection)
        moments = instants(random, cal, 8)
        for first in random.choices(moments, k=40):
            last = first + random.choice(
                (-5, 0, 1, HOUR, DAY, random.randint(0, 3 * DAY), random.randint(0, 200 * DAY))
            )
            limit = random.choice((None, None, None, 0, 1, random.randint(0, 3000), 1 << 40))
            if limit is not None:
                last = min(last, first + 9 * DAY)
            energy = home.demand(first, last, limit)
            assert load.demand(loads, first, last, none(limit)) == energy
            assert load.power(loads, first, none(limit)) == home.power(first, limit)
            wanted = random.choice((-1, 0, 1, energy, energy - 1, energy + 1, random.randint(0, energy + 10**8)))
            for until in (last, last - 1, last + 40 * DAY):
                assert load.reached(loads, first, wanted, until, none(limit)) == none(
                    home.reached(first, wanted, until, limit)
                )
            watts = random.choice((0, 1, home.power(first), max(home.power(first) - 1, 0), random.randint(0, 3000)))
            assert load.binds(loads, first, watts) == home.binds(first, watts)
            until = min(last, first + 20 * DAY)
            known = home.binding_changes(first, watts, until)
            assert load.binding_changes(loads, first, watts, until) == none(known)


def test_credit_that_is_never_used_up():
    cal = CALENDARS["Europe/Berlin"]
    _kept, loads = loads_for(cal, START, END)
    for which in range(len(PROFILES)):
        load.box_for(loads, which, ONE, 7)
        for limit in (-1, 100):
            assert load.reached(loads, START, 1 << 62, START + 200 * DAY, limit) == -1


def test_days_of_a_long_run():
    """More blocks than a box has room for, and the days before and after the run."""
    cal = calendar(zone_named("Europe/Berlin"), START, START + 14 * 365 * DAY)
    kept, loads = loads_for(cal, START, START + 14 * 365 * DAY)
    assert kept.days.shape[1] > load.SLOTS
    first = cal.day(START)
    for which, share in ((0, ONE), (3, 3 * ONE), (10, 64 * ONE)):
        home = reference(PROFILES[which], cal, share, 12)
        load.box_for(loads, which, share, 12)
        for day in (*range(first, first + 14 * 365, 17), *range(first - 200, first + 3000, 371), first + 7000):
            begin = cal.midnight(day)
            assert load.demand(loads, begin, begin + 2 * DAY, -1) == home.demand(begin, begin + 2 * DAY)
