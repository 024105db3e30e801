"""Field crews of a depot: how many visits a day, who is not at home, which meters they have with them.

A depot takes the day's work at its start; what comes in during the day waits for the next (docs/model.md, section 9).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from meter_sim.distribution import NEVER, Chance
from meter_sim.people.opening_hours import OpeningHours


@dataclass(frozen=True, slots=True)
class Delivery:
    """Replacement meters that come to a depot at an instant."""

    at: int
    meters: int


@dataclass(frozen=True, slots=True)
class Depot:
    """The crews of one area. Shares are chances, times seconds."""

    crews: int
    visits_per_day: int
    """Visits that one crew makes on a working day."""
    hours: OpeningHours
    no_access: Chance = NEVER
    """Of each visit without an appointment: nobody opens."""
    calls_back: Chance = NEVER
    """Of those who found a note: calls for an appointment, at which somebody opens."""
    appointment_after: int = 2 * 86_400
    """From the note to the appointment, at least."""
    revisit_after: int = 14 * 86_400
    """From a visit without access to the next one without an appointment."""
    most_visits: int = 3
    """After so many visits a meter is left."""
    replacement_takes: int = 4
    """Visits' time that the replacement of a meter takes."""
    stock: int = 0
    """Replacement meters at the start."""
    deliveries: tuple[Delivery, ...] = ()


class Job(StrEnum):
    """What a crew is sent for."""

    CHANGE_KEY = "change key"
    REPLACE = "replace"


class VisitOutcome(StrEnum):
    """What came of a visit. Every visit has exactly one."""

    CHANGED = "changed"
    """The crew entered the key change."""
    REPLACED = "replaced"
    ALREADY = "already changed"
    NO_ACCESS = "no access"
    CANNOT_CHANGE = "cannot change"
    """The meter takes no key change; it waits for a replacement."""
    NOT_FOUND = "not found"
    """The register has a record and the field has no such meter."""
    NOT_ISSUED = "not issued"
    """The vending side refused the key change."""
    NOT_TAKEN = "not taken"
    """The meter refused the key change, also after the register was corrected."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A job's place in the day: its place in the list of jobs, the crew (from 0) and the visit's slot of its day."""

    job: int
    crew: int
    slot: int


def day_plan(depot: Depot, jobs: Sequence[Job]) -> tuple[Stop, ...]:
    """The stops of a day: each job in its order goes to the crew that is free first, the lower number at a tie.

    A job that no crew can finish within the day waits, and those behind it may still fit. A replacement that takes
    longer than a whole day is the day's work of a crew that has done nothing yet.
    """
    busy = [0] * depot.crews
    stops = []
    for place, job in enumerate(jobs):
        takes = depot.replacement_takes if job is Job.REPLACE else 1
        crew = min(range(depot.crews), key=lambda crew: (busy[crew], crew), default=None)
        if crew is None or busy[crew] >= depot.visits_per_day:
            break
        if busy[crew] + takes > max(depot.visits_per_day, takes if busy[crew] == 0 else 0):
            continue
        stops.append(Stop(place, crew, busy[crew]))
        busy[crew] += takes
    return tuple(stops)


def stop_instant(depot: Depot, opens: int, closes: int, stop: Stop) -> int:
    """When a crew reaches a stop, its slots spread evenly over the hours of the day."""
    return opens + (closes - opens) * stop.slot // depot.visits_per_day
