"""How far a run is: a bar on a terminal, a plain line now and then in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from meter_sim.scenario.scenario import Scenario

LINE_EVERY = 30.0
"""Seconds between two lines in a log."""


@contextmanager
def progress(scenario: "Scenario") -> "Iterator[Callable[[int], None]]":
    """What a run is to call with the second of each midnight of each connection."""
    from tqdm import tqdm

    if not sys.stderr.isatty():
        yield _Lines(scenario).midnight
        return
    meter_days = (scenario.end - scenario.start) * len(scenario.meters) // 86_400
    with tqdm(total=meter_days, unit="day", desc=scenario.name, delay=1, leave=False) as bar:

        def midnight(_: int) -> None:
            bar.update()

        yield midnight


class _Lines:
    """Says on standard error, no more often than every `LINE_EVERY` seconds, how far a run is."""

    def __init__(self, scenario: "Scenario") -> None:
        self._scenario = scenario
        self._second = scenario.start
        self._told = time.monotonic()

    def midnight(self, second: int) -> None:
        """Note that a connection's day has ended at this second."""
        if second == self._second:
            return
        self._second = second
        now = time.monotonic()
        if now - self._told < LINE_EVERY:
            return
        self._told = now
        scenario = self._scenario
        percent = 100 * (second - scenario.start) // (scenario.end - scenario.start)
        date = datetime.fromtimestamp(second + scenario.calendar.offset(second), UTC)
        click.echo(f"{scenario.name}: {date:%Y-%m-%d}, {percent} %", err=True)
