"""A help desk or an office: staff who serve one after the other, and a queue before them.

First come, first served, by (second of arrival, connection). Since nobody overtakes, everything about a request is
known when it arrives: when it is served, or when its asker loses patience or is turned away at closing.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from heapq import heappop, heappush, heapreplace

from meter_sim.distribution import Distribution
from meter_sim.people.opening_hours import OpeningHours


@dataclass(frozen=True, slots=True)
class Desk:
    """A help desk (calls) or an office (visitors) of one area. Times are seconds."""

    staff: int
    hours: OpeningHours
    service: Distribution
    """Seconds that one request takes."""
    patience: int | None = None
    """Seconds that an asker waits before giving up; None is as long as it takes."""


class Outcome(StrEnum):
    """What became of a request."""

    SERVED = "served"
    GAVE_UP = "gave up"
    """The asker waited as long as patience lasts."""
    TURNED_AWAY = "turned away"
    """Still waiting when the desk closed."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: when it came, when its waiting was over, when it was done with, and how."""

    arrival: int
    waited_until: int
    finish: int
    outcome: Outcome
    queue: int
    """How many were waiting, this one included if it had to wait."""


@dataclass(slots=True)
class Queue:
    """The queue before a desk; requests must come in the order of (arrival, connection)."""

    desk: Desk
    _free: list[int] = field(default_factory=list)
    _waiting: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free = [0] * self.desk.staff

    def ask(self, arrival: int, closes: int, word: int) -> Request:
        """A request that arrives while the desk is open; `closes` is the instant at which the desk closes that day.

        Whoever is being served at closing is served to the end.
        """
        while self._waiting and self._waiting[0] <= arrival:
            heappop(self._waiting)
        start = max(arrival, self._free[0])
        leaves = closes if self.desk.patience is None else min(arrival + self.desk.patience, closes)
        if start > leaves or start >= closes:
            outcome = Outcome.TURNED_AWAY if leaves == closes else Outcome.GAVE_UP
            heappush(self._waiting, leaves)
            return Request(arrival, leaves, leaves, outcome, len(self._waiting))
        finish = start + max(self.desk.service.value(word), 1)
        heapreplace(self._free, finish)
        if start > arrival:
            heappush(self._waiting, start)
        return Request(arrival, start, finish, Outcome.SERVED, len(self._waiting))
