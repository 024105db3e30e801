"""Local time as whole numbers: the UTC offsets of a zone over a run.

Loads and daily tables go by local days and hours. The zone's rules are looked up once, when a scenario is read; what
is left of them is this table.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise

DAY = 86_400
HOUR = 3_600
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class LocalCalendar:
    """UTC offsets: `offsets[i]` seconds hold from the second `starts[i]` on; the first also before it."""

    starts: tuple[int, ...]
    offsets: tuple[int, ...]

    def piece(self, instant: int) -> tuple[int | None, int | None, int]:
        """The span of one offset that an instant lies in: first second and first second after (None: open), offset."""
        place = max(bisect_right(self.starts, instant) - 1, 0)
        end = self.starts[place + 1] if place + 1 < len(self.starts) else None
        return self.starts[place] if place else None, end, self.offsets[place]

    def offset(self, instant: int) -> int:
        """Seconds that local time is ahead of UTC."""
        return self.offsets[max(bisect_right(self.starts, instant) - 1, 0)]

    def day(self, instant: int) -> int:
        """The local day, counted from 1970-01-01."""
        return (instant + self.offset(instant)) // DAY

    def midnight(self, day: int) -> int:
        """The first second of a local day."""
        for (start, end), offset in zip(pairwise((None, *self.starts[1:], None)), self.offsets, strict=True):
            first = day * DAY - offset
            if start is not None:
                first = max(first, start)
            if end is None or first < end:
                return first
        raise AssertionError("the last offset has no end")  # pragma: no cover

    def text(self, instant: int) -> str:
        """Local date and time, as in a diary."""
        return datetime.fromtimestamp(instant + self.offset(instant), UTC).strftime("%Y-%m-%d %H:%M:%S")


def date_of(day: int) -> date:
    """The date of a local day."""
    return date.fromordinal(_EPOCH + day)


def weekday(day: int) -> int:
    """0 for Monday to 6 for Sunday."""
    return (day + 3) % 7
