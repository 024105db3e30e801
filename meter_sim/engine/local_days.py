"""The local days of a run, by which its books go."""

from collections.abc import Iterator

from meter_sim.scenario.scenario import Scenario


def local_days(scenario: Scenario) -> Iterator[tuple[int, int]]:
    """The local days of a run, each with the second at which its books are closed: midnight, or the run's end.

    A date that a zone leaves out has no day; where a clock is put back over midnight the day begins once.
    """
    calendar, start, end = scenario.calendar, scenario.start, scenario.end
    day = calendar.day(start)
    while (midnight := calendar.midnight(day + 1)) < end:
        if midnight > start:
            yield day, midnight
            start = midnight
        day += 1
    yield day, end
