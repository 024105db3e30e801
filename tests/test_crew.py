"""A depot's day: which jobs it takes, in which order, when its crews come to each."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_sim.people.crew import Depot, Job, Stop, day_plan, stop_instant
from meter_sim.people.opening_hours import ALL_DAY
from tests.kit import examples

CHANGE, REPLACE = Job.CHANGE_KEY, Job.REPLACE


def depot(crews: int, visits: int = 30, takes: int = 4) -> Depot:
    return Depot(crews, visits, ALL_DAY, replacement_takes=takes)


PLANS = [
    ("one crew", depot(1, 3), [CHANGE] * 5, [(0, 0, 0), (1, 0, 1), (2, 0, 2)]),
    ("the lower number at a tie", depot(2, 2), [CHANGE] * 5, [(0, 0, 0), (1, 1, 0), (2, 0, 1), (3, 1, 1)]),
    ("a replacement takes its time", depot(1, 6), [REPLACE, CHANGE, CHANGE, CHANGE], [(0, 0, 0), (1, 0, 4), (2, 0, 5)]),
    ("who is free first", depot(2, 6), [REPLACE, CHANGE, CHANGE], [(0, 0, 0), (1, 1, 0), (2, 1, 1)]),
    ("what does not fit waits, what is behind it may fit", depot(1, 5), [CHANGE, CHANGE, REPLACE, CHANGE], [(0, 0, 0), (1, 0, 1), (3, 0, 2)]),
    ("to the last visit of the day", depot(1, 5), [CHANGE, REPLACE], [(0, 0, 0), (1, 0, 1)]),
    ("longer than a day, by a crew with nothing else", depot(2, 3), [REPLACE, CHANGE, REPLACE, CHANGE, CHANGE], [(0, 0, 0), (1, 1, 0), (3, 1, 1), (4, 1, 2)]),
    ("no crews", depot(0), [CHANGE, REPLACE], []),
    ("no jobs", depot(3), [], []),
]  # fmt: skip


@pytest.mark.parametrize(("of", "jobs", "stops"), [row[1:] for row in PLANS], ids=[row[0] for row in PLANS])
def test_plans(of, jobs, stops):
    assert day_plan(of, jobs) == tuple(Stop(*stop) for stop in stops)


DEPOTS = st.builds(depot, st.integers(0, 5), st.integers(1, 8), st.integers(1, 10))
JOBS = st.lists(st.sampled_from(Job), max_size=40)


@settings(max_examples=examples(200))
@given(DEPOTS, JOBS)
def test_a_day_holds_what_its_crews_can_do(of, jobs):
    stops = day_plan(of, jobs)
    assert [stop.job for stop in stops] == sorted({stop.job for stop in stops})  # in order, none twice
    free = [0] * of.crews
    for stop in stops:
        assert 0 <= stop.crew < of.crews
        assert stop.slot == free[stop.crew]  # one after the other, without a gap
        assert stop.slot == min(free)
        assert free.index(stop.slot) == stop.crew
        free[stop.crew] += of.replacement_takes if jobs[stop.job] is REPLACE else 1
    for busy in free:
        assert busy <= max(of.visits_per_day, of.replacement_takes)
        if of.replacement_takes <= of.visits_per_day:
            assert busy <= of.visits_per_day


@settings(max_examples=examples(200))
@given(DEPOTS, JOBS)
def test_what_is_left_would_not_have_fitted(of, jobs):
    """Day by day from the list: a job is left only where no crew had the time when it was its turn."""
    taken = {stop.job: stop for stop in day_plan(of, jobs)}
    busy = [0] * of.crews
    for place, job in enumerate(jobs):
        takes = of.replacement_takes if job is REPLACE else 1
        room = [crew for crew in range(of.crews) if busy[crew] + takes <= of.visits_per_day or busy[crew] == 0]
        assert (place in taken) == bool(room)
        if place in taken:
            busy[taken[place].crew] += takes


@settings(max_examples=examples(50))
@given(DEPOTS, st.lists(st.just(CHANGE), max_size=60))
def test_key_changes_fill_the_day(of, jobs):
    assert len(day_plan(of, jobs)) == min(len(jobs), of.crews * of.visits_per_day)


def test_zero_crews_never_do_anything():
    assert day_plan(depot(0), [CHANGE] * 100) == ()


# -- when ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("slot", "instant"), [(0, 1000), (1, 1033), (2, 1066)])
def test_stops_are_spread_over_the_day(slot, instant):
    assert stop_instant(depot(1, 3), 1000, 1100, Stop(0, 0, slot)) == instant


@given(DEPOTS, JOBS, st.integers(0, 1 << 40), st.integers(1, 86_400))
def test_every_stop_lies_within_the_hours(of, jobs, opens, length):
    latest: dict[int, int] = {}
    for stop in day_plan(of, jobs):
        instant = stop_instant(of, opens, opens + length, stop)
        assert opens <= instant < opens + length
        assert instant >= latest.get(stop.crew, opens)
        latest[stop.crew] = instant
