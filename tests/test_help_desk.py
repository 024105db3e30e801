"""Help desks, offices and their hours: who is served when, held against a queue that looks at every second."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_sim.distribution import Distribution, constant
from meter_sim.local_time import DAY, HOUR, LocalCalendar, date_of
from meter_sim.people.help_desk import Desk, Outcome, Queue
from meter_sim.people.opening_hours import ALL_DAY, OpeningHours
from meter_sim.scenario.zone import calendar, zone_named
from tests.kit import at, examples

SECONDS = Distribution(tuple(range(257)))
"""A draw of `n << 24` takes n seconds."""
WHOLE_DAY = OpeningHours(0, DAY, tuple(range(7)))


def desk(staff: int = 1, patience: int | None = None) -> Desk:
    return Desk(staff, WHOLE_DAY, SECONDS, patience)


def asked(desk: Desk, requests: list[tuple[int, int]], closes: int = 1000) -> list[tuple[int, int, str, int]]:
    """For requests of (arrival, seconds of service): when waiting was over, when done, how, and the queue."""
    queue = Queue(desk)
    answers = [queue.ask(arrival, closes, takes << 24) for arrival, takes in requests]
    assert [answer.arrival for answer in answers] == [arrival for arrival, _ in requests]
    return [(answer.waited_until, answer.finish, answer.outcome.value, answer.queue) for answer in answers]


QUEUES = [
    ("one after the other", desk(), [(0, 10), (3, 10), (4, 1)], [(0, 10, "served", 0), (10, 20, "served", 1), (20, 21, "served", 2)]),
    ("free in the second in which one is done", desk(), [(0, 10), (10, 5)], [(0, 10, "served", 0), (10, 15, "served", 0)]),
    ("two staff", desk(2), [(0, 10), (0, 4), (1, 3), (2, 1)], [(0, 10, "served", 0), (0, 4, "served", 0), (4, 7, "served", 1), (7, 8, "served", 2)]),
    ("patience to its last second", desk(1, 10), [(0, 10), (0, 1)], [(0, 10, "served", 0), (10, 11, "served", 1)]),
    ("patience a second short", desk(1, 9), [(0, 10), (0, 1), (0, 1)], [(0, 10, "served", 0), (9, 9, "gave up", 1), (9, 9, "gave up", 2)]),
    ("who gave up is not served", desk(1, 5), [(0, 10), (1, 9), (9, 2)], [(0, 10, "served", 0), (6, 6, "gave up", 1), (10, 12, "served", 1)]),
    ("no patience at all", desk(1, 0), [(0, 10), (0, 1), (10, 1)], [(0, 10, "served", 0), (0, 0, "gave up", 1), (10, 11, "served", 0)]),
    ("whoever is served at closing is served to the end", desk(), [(999, 60)], [(999, 1059, "served", 0)]),
    ("turned away at closing", desk(), [(990, 10), (991, 1)], [(990, 1000, "served", 0), (1000, 1000, "turned away", 1)]),
    ("patience and closing at once", desk(1, 9), [(990, 60), (991, 1)], [(990, 1050, "served", 0), (1000, 1000, "turned away", 1)]),
    ("patience before closing", desk(1, 5), [(990, 60), (991, 1)], [(990, 1050, "served", 0), (996, 996, "gave up", 1)]),
    ("a service takes a second at least", desk(), [(0, 0), (0, 0)], [(0, 1, "served", 0), (1, 2, "served", 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("of", "requests", "answers"), [row[1:] for row in QUEUES], ids=[row[0] for row in QUEUES])
def test_queues(of, requests, answers):
    assert asked(of, requests) == answers


def test_what_lasts_over_closing_is_there_the_next_morning():
    queue = Queue(desk())
    assert queue.ask(999, 1000, 100 << 24).finish == 1099
    assert queue.ask(1050, 2000, 1 << 24).waited_until == 1099


# -- against a queue that looks at every second


@dataclass
class Waiting:
    """Somebody before the desk of the slow model."""

    number: int
    since: int
    closes: int


def slow_queue(
    staff: int, patience: int | None, requests: list[tuple[int, int, int]]
) -> list[tuple[int, int, str, int]]:
    """A queue second by second, for requests of (arrival, closing, seconds of service) in order of arrival."""
    busy_until = [0] * staff
    line: list[Waiting] = []
    results: dict[int, tuple[int, int, str]] = {}
    queues: dict[int, int] = {}
    now, coming = 0, list(enumerate(requests))

    def let_in() -> None:
        """Whoever is in front goes to whoever of the staff is free."""
        while line and now < line[0].closes:
            free = [place for place, until in enumerate(busy_until) if until <= now]
            if not free:
                return
            first = line.pop(0)
            done = now + max(requests[first.number][2], 1)
            busy_until[free[0]] = done
            results[first.number] = now, done, "served"

    def send_off() -> None:
        """Whoever is to go goes: the doors close, or patience is at its end."""
        for one in list(line):
            if now >= one.closes:
                results[one.number] = now, now, "turned away"
                line.remove(one)
            elif patience is not None and now - one.since >= patience:
                results[one.number] = now, now, "gave up"
                line.remove(one)

    while coming or line:
        let_in()
        send_off()
        while coming and coming[0][1][0] == now:
            number, (arrival, closes, _) = coming.pop(0)
            line.append(Waiting(number, arrival, closes))
            let_in()
            queues[number] = len(line)
            send_off()
        now += 1
    return [(*results[number], queues[number]) for number in range(len(requests))]


@st.composite
def days_of_requests(draw) -> list[tuple[int, int, int]]:
    """Requests of two days that are open from 0 to 40 and from 50 to 90."""
    moments = draw(st.lists(st.integers(0, 39) | st.integers(50, 89), max_size=25))
    return [(moment, 40 if moment < 40 else 90, draw(st.integers(0, 15))) for moment in sorted(moments)]


@settings(max_examples=examples(200))
@given(st.integers(1, 4), st.none() | st.integers(0, 20), days_of_requests())
def test_a_desk_is_a_queue(staff, patience, requests):
    queue = Queue(desk(staff, patience))
    answers = [queue.ask(arrival, closes, takes << 24) for arrival, closes, takes in requests]
    found = [(answer.waited_until, answer.finish, answer.outcome.value, answer.queue) for answer in answers]
    assert found == slow_queue(staff, patience, requests)


@settings(max_examples=examples(50))
@given(st.integers(1, 3), days_of_requests())
def test_nobody_overtakes_and_no_more_are_served_than_there_are_staff(staff, requests):
    queue = Queue(desk(staff))
    served = [
        answer
        for arrival, closes, takes in requests
        if (answer := queue.ask(arrival, closes, takes << 24)).outcome is Outcome.SERVED
    ]
    starts = [answer.waited_until for answer in served]
    assert starts == sorted(starts)
    for instant in starts:
        assert sum(answer.waited_until <= instant < answer.finish for answer in served) <= staff


# -- opening hours ---------------------------------------------------------------------------------------------

UTC = LocalCalendar((0,), (0,))
OFFICE = OpeningHours(8 * HOUR, 16 * HOUR, holidays=frozenset({at("2024-12-25") // DAY, at("2024-12-26") // DAY}))
HALF = 1 << 31


@pytest.mark.parametrize(
    ("date", "is_open"),
    [
        ("2024-12-20", True),  # a Friday
        ("2024-12-21", False),
        ("2024-12-22", False),
        ("2024-12-23", True),
        ("2024-12-25", False),
        ("2024-12-27", True),
    ],
)
def test_days_on_which_it_opens(date, is_open):
    assert OFFICE.open_on(at(date) // DAY) is is_open
    assert ALL_DAY.open_on(at(date) // DAY)


OPENS_AFTER = [
    ("2024-12-20 00:00", "2024-12-20"),
    ("2024-12-20 15:59:59", "2024-12-20"),
    ("2024-12-20 16:00", "2024-12-23"),  # over the weekend
    ("2024-12-21 12:00", "2024-12-23"),
    ("2024-12-24 15:00", "2024-12-24"),
    ("2024-12-24 16:00", "2024-12-27"),  # over the holidays
    ("2024-12-25 09:00", "2024-12-27"),
    ("2024-12-27 23:00", "2024-12-30"),
]


@pytest.mark.parametrize(("instant", "date"), OPENS_AFTER)
def test_the_day_open_after_an_instant(instant, date):
    assert str(date_of(OFFICE.day_open_after(UTC, at(instant)))) == date


ARRIVALS = [
    # who wants to come, but not before, comes: at once, or halfway through what is left of the next open day
    ("2024-12-20 08:00", "2024-12-20", "2024-12-20 08:00"),
    ("2024-12-20 15:59:59", "2024-12-20", "2024-12-20 15:59:59"),
    ("2024-12-20 07:59:59", "2024-12-20", "2024-12-20 12:00"),
    ("2024-12-20 16:00", "2024-12-20", "2024-12-23 12:00"),
    ("2024-12-21 10:00", "2024-12-21", "2024-12-23 12:00"),
    ("2024-12-24 17:00", "2024-12-24", "2024-12-27 12:00"),
    ("2024-12-20 10:00", "2024-12-21", "2024-12-23 12:00"),
    ("2024-12-20 10:00", "2024-12-24", "2024-12-24 12:00"),
    ("2024-12-20 10:00", "2024-12-19", "2024-12-20 10:00"),
]


@pytest.mark.parametrize(("instant", "not_before", "comes"), ARRIVALS)
def test_arrivals(instant, not_before, comes):
    assert OFFICE.arrival(UTC, at(instant), HALF, at(not_before) // DAY) == at(comes)


@given(st.integers(at("2024-12-01"), at("2025-01-10")), st.integers(0, 0xFFFFFFFF), st.integers(0, 5))
def test_everybody_comes_while_it_is_open(instant, word, later):
    not_before = instant // DAY + later
    comes = OFFICE.arrival(UTC, instant, word, not_before)
    day = comes // DAY
    assert comes >= instant
    assert day >= not_before
    assert OFFICE.open_on(day)
    assert OFFICE.opens <= comes % DAY < OFFICE.closes
    assert comes == instant or not any(
        OFFICE.open_on(between) for between in range(max(not_before, instant // DAY + 1), day)
    )


# -- where the clock is put forward and back

BERLIN = calendar(zone_named("Europe/Berlin"), at("2024-01-01"), at("2025-01-01"))
SPRING, AUTUMN = at("2024-03-31") // DAY, at("2024-10-27") // DAY
SUNDAYS = OpeningHours(8 * HOUR, 16 * HOUR, (6,))


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        (at("2024-03-24") // DAY, "2024-03-24 07:00", "2024-03-24 15:00"),
        (SPRING, "2024-03-31 07:00", "2024-03-31 15:00"),  # as midnight saw it; 9 to 17 on the wall
        (at("2024-04-07") // DAY, "2024-04-07 06:00", "2024-04-07 14:00"),
        (AUTUMN, "2024-10-27 06:00", "2024-10-27 14:00"),
    ],
)
def test_hours_go_by_the_clock_at_midnight(day, opens, closes):
    assert SUNDAYS.span(BERLIN, day) == (at(opens), at(closes))
    assert SUNDAYS.arrival(BERLIN, at(opens) - 1, HALF, day) == (at(opens) + at(closes)) // 2
    assert SUNDAYS.arrival(BERLIN, at(opens), HALF, day) == at(opens)
    assert SUNDAYS.day_open_after(BERLIN, at(closes)) == day + 7


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (SPRING + 1, 24), (AUTUMN, 25), (AUTUMN + 1, 24)])
def test_what_never_closes_is_open_however_long_the_day(day, hours):
    opens, closes = ALL_DAY.span(BERLIN, day)
    assert closes - opens == hours * HOUR
    assert closes == ALL_DAY.span(BERLIN, day + 1)[0]


@given(st.integers(at("2024-03-29"), at("2024-04-02")) | st.integers(at("2024-10-25"), at("2024-10-30")))
def test_what_never_closes_takes_everybody_at_once(instant):
    assert ALL_DAY.arrival(BERLIN, instant, HALF, BERLIN.day(instant)) == instant


def test_a_day_that_begins_at_one():
    cairo = calendar(zone_named("Africa/Cairo"), at("2024-04-01"), at("2024-05-01"))
    day = at("2024-04-26") // DAY  # 00:00 is put forward to 01:00
    assert cairo.text(cairo.midnight(day)) == "2024-04-26 01:00:00"
    assert ALL_DAY.span(cairo, day) == (at("2024-04-25 22:00"), at("2024-04-26 21:00"))


def test_a_service_of_a_distribution():
    queue = Queue(Desk(1, WHOLE_DAY, constant(360)))
    assert [queue.ask(0, DAY, word).finish for word in (0, 0xFFFFFFFF)] == [360, 720]
