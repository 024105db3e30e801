"""Demand in whole watt-seconds: additive however a span is cut, and the instants that follow from it."""

from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_sim.distribution import ONE, constant, share_of_mean
from meter_sim.local_time import DAY, HOUR, LocalCalendar, date_of, weekday
from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.meter.load import Load, LoadProfile, scaled
from meter_sim.scenario.profile_file import ProfileError, built_in_profile, profile_of
from meter_sim.scenario.quantities import time
from meter_sim.scenario.zone import ZoneError, calendar, instant, zone_named
from tests.kit import at, examples

START = at("2024-03-01")
UTC = LocalCalendar((START,), (0,))
# A calendar with a change of 30 minutes in the middle of an hour, and one of an hour back.
ODD = LocalCalendar((START, START + 10 * HOUR + 1234, START + 30 * HOUR), (19_800, 21_600, 18_000))


def profile(hours, variation=None) -> LoadProfile:
    kinds = (hours, tuple(reversed(hours)), hours)
    return LoadProfile(kinds, kinds, (6, 7, 8), variation or constant(ONE))


HOURS = st.lists(st.integers(0, 40_000_000), min_size=24, max_size=24).map(tuple)
CALENDARS = st.sampled_from([UTC, ODD])


def load(hours, cal=UTC, factor=ONE) -> Load:
    return Load(profile(hours), cal, lambda day: factor + 1000 * (day % 7))


SPAN = st.integers(START, START + 4 * DAY)


@given(HOURS, CALENDARS, st.lists(SPAN, min_size=3, max_size=6), st.none() | st.integers(0, 5000))
def test_a_span_may_be_cut_anywhere(hours, cal, cuts, limit):
    household = load(hours, cal)
    cuts.sort()
    pieces = [household.demand(a, b, limit) for a, b in pairwise(cuts)]
    assert sum(pieces) == household.demand(cuts[0], cuts[-1], limit)
    assert min(pieces) >= 0


@given(HOURS, CALENDARS, SPAN, st.integers(1, 100_000_000), st.none() | st.integers(0, 5000))
def test_the_instant_is_the_first_second_that_reaches_the_energy(hours, cal, start, energy, limit):
    household, until = load(hours, cal), START + 5 * DAY
    found = household.reached(start, energy, until, limit)
    if found is None:
        assert household.demand(start, until, limit) < energy
    else:
        assert household.demand(start, found, limit) >= energy
        assert household.demand(start, found - 1, limit) < energy


def test_edges_of_the_horizon_and_of_the_limit():
    household = Load(profile((3_600_000,) * 12 + (7_200_000,) * 12), UTC, lambda day: ONE)  # 1 kW, then 2 kW
    monday = at("2024-03-04")
    noon = monday + 12 * HOUR
    assert household.reached(monday, 3_600_000, monday + HOUR) == monday + HOUR
    assert household.reached(monday, 3_600_001, monday + HOUR) is None
    assert not household.binds(noon, 2000)
    assert household.binds(noon, 1999)
    assert household.binding_changes(monday, 1500, noon + 1) == noon
    assert household.binding_changes(monday, 1500, noon) is None


def test_nothing_wanted_is_reached_at_once():
    assert load((3600,) * 24).reached(START, 0, START + DAY) == START


def test_without_load_credit_never_ends():
    assert load((0,) * 24).reached(START, 1, START + 300 * DAY) is None


@settings(max_examples=examples(20))
@given(HOURS, CALENDARS, st.integers(0, 4 * DAY))
def test_demand_second_by_second(hours, cal, offset):
    """The contract's formula, evaluated at every second of two hours."""
    household = load(hours, cal)
    first = START + offset
    total = 0
    for second in range(first, first + 7200, 97):
        local = second + cal.offset(second)
        day, hour = local // DAY, local % DAY // HOUR
        energy = profile(hours).hours(day)[hour] * (ONE + 1000 * (day % 7)) // ONE
        assert household.power(second) == energy // HOUR
        step = household.demand(second, second + 1)
        assert step in (energy // HOUR, energy // HOUR + 1, -(-energy // HOUR)) or second + 1 in cal.starts
        total += step
    assert total <= household.demand(first, first + 7200)


def test_a_power_limit_holds_the_household():
    household = load((7_200_000,) + (3_600_000,) * 23)  # 2000 W in the first hour, 1000 W after (day factor aside)
    monday = at("2024-03-04")
    assert household.power(monday, 1500) == 1500
    assert household.binds(monday, 1500)
    assert not household.binds(monday + HOUR, 1500)
    assert household.binding_changes(monday, 1500, monday + DAY) == monday + HOUR
    assert household.binding_changes(monday + HOUR, 1500, monday + 10 * DAY) == at("2024-03-05")
    assert household.binding_changes(monday, 1_000_000, monday + 10 * DAY) is None
    assert household.demand(monday, monday + DAY, 0) == 0


def test_day_kinds_and_seasons():
    low = ((1,) * 24, (2,) * 24, (3,) * 24)
    high = ((4,) * 24, (5,) * 24, (6,) * 24)
    seasons = LoadProfile(low, high, (6,), constant(ONE))
    days = ["2024-05-31", "2024-06-01", "2024-06-02", "2024-06-03", "2024-07-06", "2024-07-07"]
    assert [seasons.hours(at(day) // DAY)[0] for day in days] == [1, 5, 6, 4, 2, 3]


@pytest.mark.parametrize("name", ["township", "informal", "rural", "flat"])
def test_a_standard_year_has_the_mean(name):
    mean = 10 * WS_PER_KWH
    low, high = scaled(built_in_profile(name), (6, 7, 8), mean)
    year = sum(
        days * (5 * sum(kinds[0]) + sum(kinds[1]) + sum(kinds[2])) / 7 for kinds, days in ((low, 273), (high, 92))
    )
    assert 365 * mean - 365 * 24 <= year <= 365 * mean


@pytest.mark.parametrize(("name", "peak"), [("township", 1.7), ("informal", 2.0), ("rural", 2.25)])
def test_the_shapes_of_published_surveys(name, peak):
    """Evening peak at 19 h of 1.7 to 2.25 times the mean, a bump at 06-07 h of 1.2 to 1.4, a trough of about 0.5."""
    workday, saturday, sunday = built_in_profile(name)[0]
    mean = sum(workday) / 24
    shape = [hour / mean for hour in workday]
    assert max(shape) == shape[19]
    assert 1.65 <= shape[19] <= 2.25
    assert shape[19] == pytest.approx(peak, rel=0.05)
    assert all(1.2 <= shape[hour] <= 1.41 for hour in (6, 7))
    assert 0.4 <= min(shape) <= 0.6
    for weekend in (saturday, sunday):
        assert max(weekend) / (sum(weekend) / 24) < shape[19]
        assert sum(weekend[10:15]) / sum(weekend) > sum(workday[10:15]) / sum(workday)


def test_all_weights_zero_is_no_load():
    nothing = ((0,) * 24,) * 3
    assert scaled((nothing, nothing), (6,), WS_PER_KWH) == (nothing, nothing)


# -- a profile of the user's own


GOOD = "hour,workday,saturday,sunday\n" + "\n".join(f"{hour},{hour},1,2" for hour in range(24))


def test_a_profile_without_seasons():
    low, high = profile_of(GOOD)
    assert low == high
    assert low[0] == tuple(range(24))
    assert low[2] == (2,) * 24


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "row 1: the columns must be"),
        ("hour,workday\n", "row 1: the columns must be"),
        (GOOD.replace("5,5,1,2", "5,5,1"), "row 7: 3 cells, 4 are needed"),
        (GOOD.replace("5,5,1,2", "5,5,x,2"), "row 7: 'x' is not a whole number"),
        (GOOD.replace("5,5,1,2", "5,5,-1,2"), "row 7: '-1' is not a whole number"),
        (GOOD.replace("5,5,1,2", "24,5,1,2"), "row 7: hour 24 is outside 0 to 23"),
        (GOOD.replace("5,5,1,2", "6,5,1,2"), "row 8: hour 6 stands here twice"),
        (GOOD.replace("5,5,1,2\n", ""), "hour 5 of the low season is missing"),
        ("season," + GOOD.replace("\n", "\nsummer,"), "row 2: season 'summer' is not low or high"),
        ("season," + GOOD.replace("\n", "\nlow,"), "hour 0 of the high season is missing"),
    ],
)
def test_wrong_profiles(text, says):
    with pytest.raises(ProfileError, match=says):
        profile_of(text)


# -- local time


@pytest.mark.parametrize(
    "zone", ["Africa/Windhoek", "Europe/London", "Australia/Lord_Howe", "America/Havana", "Asia/Kolkata"]
)
def test_the_calendar_of_a_zone(zone):
    start, end = at("2016-01-01"), at("2018-01-01")
    cal, rules = calendar(zone_named(zone), start, end), ZoneInfo(zone)
    from datetime import UTC as UTC_ZONE
    from datetime import datetime

    for second in range(start - DAY, end + DAY, 1801):
        local = datetime.fromtimestamp(second, UTC_ZONE).astimezone(rules)
        assert cal.offset(second) == local.utcoffset().total_seconds()
        assert cal.text(second) == f"{local:%Y-%m-%d %H:%M:%S}"
        assert date_of(cal.day(second)) == local.date()
        assert weekday(cal.day(second)) == local.weekday()
    days = range(cal.day(start), cal.day(end))
    for day in days:
        midnight = cal.midnight(day)
        assert cal.day(midnight) == day
        assert cal.day(midnight - 1) == day - 1


@pytest.mark.parametrize(
    ("text", "says"),
    [("2024-03-31 01:30", "does not exist in Europe/London"), ("2024-10-27 01:30", "comes twice in Europe/London")],
)
def test_local_times_that_are_no_instant(text, says):
    with pytest.raises(ZoneError, match=says):
        instant(time(text), zone_named("Europe/London"))


def test_a_trailing_z_is_utc():
    windhoek = zone_named("Africa/Windhoek")
    assert instant(time("2024-11-24 22:15"), windhoek) == instant(time("2024-11-24 20:15Z"), windhoek)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "Africa", "zone.tab", "/etc", "Africa//Windhoek"])
def test_names_that_are_no_zone(name):
    with pytest.raises(ZoneError, match="is no time zone"):
        zone_named(name)


def test_day_factors_have_the_mean_and_the_variation():
    table = share_of_mean(Decimal("0.25"))
    assert abs(table.mean - ONE) < 1
    values = [table.value(word << 12) for word in range(1 << 20)]
    mean = sum(values) / len(values)
    deviation = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
    assert mean == pytest.approx(ONE, rel=1e-4)
    assert deviation / mean == pytest.approx(0.25, rel=0.02)
