"""Token identifiers: minutes since a base date, in 24 bits.

Instants are whole seconds since 1970-01-01 00:00 UTC. A minute on the *axis* is a whole number of minutes since
1970, which a change of base date does not move.
"""

from enum import IntEnum

from meter_sim.sts.errors import TidOutOfRange

GREATEST = (1 << 24) - 1
"""The last TID of a base date."""

MINUTES_A_DAY = 1440
RESERVED_MINUTE = 1
"""00:01 of each day belongs to tokens made on explicit request (C)."""


class BaseDate(IntEnum):
    """The instants from which TIDs count: 1 January 00:00 UTC of three years (C)."""

    Y1993 = 1993
    Y2014 = 2014
    Y2035 = 2035

    @property
    def minute(self) -> int:
        """The base date as a minute on the axis."""
        return _START_DAY[self] * MINUTES_A_DAY

    @property
    def code(self) -> str:
        """The two digits that DKGA04 uses for it: 93, 14 or 35 (C)."""
        return f"{self.value % 100:02d}"

    @property
    def first_impossible(self) -> int:
        """The first second that has no TID any more: 24 November of 2024, 2045 or 2066, 20:16 UTC (C)."""
        return (self.minute + GREATEST + 1) * 60


_START_DAY = {1993: 8401, 2014: 16071, 2035: 23741}  # days from 1970-01-01 to 1 January of the year


def minute_of(instant: int) -> int:
    """The minute on the axis that an instant falls in; seconds are dropped (C)."""
    return instant // 60


def is_reserved(tid: int) -> bool:
    """Whether a TID is the minute 00:01 of a day, which ordinary tokens leave out (C)."""
    return tid % MINUTES_A_DAY == RESERVED_MINUTE


def in_range(tid: int) -> bool:
    """Whether a number is a TID that may be issued: 1 to 2^24 - 1 (C)."""
    return 1 <= tid <= GREATEST


def tid_at(base_date: BaseDate, minute: int) -> int:
    """The TID of a minute on the axis under a base date.

    Raises TidOutOfRange outside 1 to 2^24 - 1: before the base date, in its first minute, and from 20:16 UTC on the
    24 November on which the count ends (C).
    """
    tid = minute - base_date.minute
    if not in_range(tid):
        raise TidOutOfRange(f"TID {tid} is outside 1 to {GREATEST} for base date {base_date.value}")
    return tid


def instant_of(base_date: BaseDate, tid: int) -> int:
    """The first second of the minute that a TID names under a base date."""
    return (base_date.minute + tid) * 60
