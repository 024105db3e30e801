"""What a household asks of its meter: energy between two instants, and the instant at which credit ends.

Everything is whole watt-seconds and whole seconds. Within a stretch of one local hour and one UTC offset, demand since
the start of the stretch is energy of the hour * seconds // 3600, so that cutting a span changes nothing.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from meter_sim.distribution import ONE, Distribution
from meter_sim.local_time import DAY, HOUR, LocalCalendar, date_of, weekday

HOURS = 24
_DAYS_OF_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CACHED_DAYS = 64

Hours = tuple[int, ...]
"""24 whole numbers, one per local hour."""
DayKinds = tuple[Hours, Hours, Hours]
"""Workday, Saturday, Sunday."""
Regular = tuple[int, Hours, tuple[int, ...]]
"""The first second of a local day without a change of offset, its hours' energies, and their sums up to each hour."""


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """Hourly energies in watt-seconds by season (low, high) and day kind, and how days differ.

    `variation` is a distribution of shares of ONE with which a whole day is multiplied; `mean` is what the profile was
    scaled to, watt-seconds a day.
    """

    low: DayKinds
    high: DayKinds
    high_months: tuple[int, ...]
    variation: Distribution
    mean: int = 0

    def hours(self, day: int) -> Hours:
        """The mean energies of a local day's hours."""
        season = self.high if date_of(day).month in self.high_months else self.low
        return season[max(weekday(day) - 4, 0)]


def scaled(weights: tuple[DayKinds, DayKinds], high_months: tuple[int, ...], mean: int) -> tuple[DayKinds, DayKinds]:
    """Hourly energies with these relative weights (low and high season) and a mean of so many watt-seconds a day.

    The mean is that of a standard year: 365 days, of 7 days 5 workdays, a Saturday and a Sunday. Rounded down. All
    weights zero is no load at all.
    """
    high_days = sum(_DAYS_OF_MONTH[month - 1] for month in high_months)
    year = 0
    for kinds, days in zip(weights, (365 - high_days, high_days), strict=True):
        workday, saturday, sunday = (sum(hours) for hours in kinds)
        year += days * (5 * workday + saturday + sunday)
    if year == 0:
        return weights

    def energies(hours: Hours) -> Hours:
        return tuple(mean * 365 * 7 * weight // year for weight in hours)

    low, high = ((energies(kinds[0]), energies(kinds[1]), energies(kinds[2])) for kinds in weights)
    return low, high


class Load:
    """The demand of one connection.

    `factor_of_day` gives the share of ONE for a local day (a draw). `limit` in watts, where a method takes one, is what
    the meter's power limit leaves: the household sheds the rest.
    """

    def __init__(self, profile: LoadProfile, calendar: LocalCalendar, factor_of_day: Callable[[int], int]) -> None:
        self._profile = profile
        self._calendar = calendar
        self._factor_of_day = factor_of_day
        self._days: dict[int, tuple[Hours, tuple[int, ...]]] = {}
        self._piece = calendar.piece(0)

    def demand(self, start: int, end: int, limit: int | None = None) -> int:
        """Watt-seconds asked for from `start` to just before `end`."""
        total = 0
        while start < end:
            day = self._regular_day(start) if limit is None else None
            if day is not None:
                midnight = day[0]
                stop = min(end, midnight + DAY)
                total += _since_midnight(day, stop - midnight) - _since_midnight(day, start - midnight)
                start = stop
                continue
            first, after, energy = self._stretch(start, limit)
            stop = min(after, end)
            total += energy * (stop - first) // HOUR - energy * (start - first) // HOUR
            start = stop
        return total

    def reached(self, start: int, energy: int, until: int, limit: int | None = None) -> int | None:
        """The first second at which the demand since `start` is at least `energy`; None if that is after `until`."""
        if energy <= 0:
            return start
        while start < until:
            day = self._regular_day(start) if limit is None else None
            if day is not None:
                midnight, hours, sums = day
                wanted = energy + _since_midnight(day, start - midnight)
                if wanted <= sums[HOURS]:
                    hour = bisect_left(sums, wanted) - 1
                    instant = midnight + hour * HOUR - (-(wanted - sums[hour]) * HOUR // hours[hour])
                    return instant if instant <= until else None
                energy = wanted - sums[HOURS]
                start = midnight + DAY
                continue
            first, after, hourly = self._stretch(start, limit)
            before = hourly * (start - first) // HOUR
            if hourly:
                instant = first - (-(energy + before) * HOUR // hourly)
                if instant <= after:
                    return instant if instant <= until else None
            energy -= hourly * (after - first) // HOUR - before
            start = after
        return None

    def power(self, instant: int, limit: int | None = None) -> int:
        """Watts at a second, rounded down."""
        return self._stretch(instant, limit)[2] // HOUR

    def binds(self, instant: int, limit: int) -> bool:
        """Whether the household asks for more than the power limit at a second."""
        return self._stretch(instant, None)[2] > limit * HOUR

    def binding_changes(self, start: int, limit: int, until: int) -> int | None:
        """The first second after `start` at which the limit begins or ceases to bind; None if not before `until`."""
        now = self.binds(start, limit)
        while True:
            start = self._stretch(start, None)[1]
            if start >= until:
                return None
            if self.binds(start, limit) != now:
                return start

    def _stretch(self, instant: int, limit: int | None) -> tuple[int, int, int]:
        """First second, first second after, and hourly energy of the stretch that an instant lies in."""
        piece_start, piece_end, offset = self._calendar.piece(instant)
        local = instant + offset
        first = local - local % HOUR - offset
        after = first + HOUR
        energy = self._day(local // DAY)[0][local % DAY // HOUR]
        if piece_start is not None and first < piece_start:
            first = piece_start
        if piece_end is not None and piece_end < after:
            after = piece_end
        return first, after, energy if limit is None else min(energy, limit * HOUR)

    def _regular_day(self, instant: int) -> Regular | None:
        """The local day that an instant lies in, if it has one offset from midnight to midnight."""
        start, end, offset = self._piece
        if (start is not None and instant < start) or (end is not None and instant >= end):
            start, end, offset = self._piece = self._calendar.piece(instant)
        day = (instant + offset) // DAY
        midnight = day * DAY - offset
        if (start is not None and midnight < start) or (end is not None and end < midnight + DAY):
            return None
        return midnight, *self._day(day)

    def _day(self, day: int) -> tuple[Hours, tuple[int, ...]]:
        """The hours' energies of a local day, its factor drawn, and their sums up to each hour."""
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= _CACHED_DAYS:
                del self._days[next(iter(self._days))]  # the one that was looked at first
            factor = self._factor_of_day(day)
            hours = tuple(energy * factor // ONE for energy in self._profile.hours(day))
            known = self._days[day] = hours, (0, *accumulate(hours))
        return known


def _since_midnight(day: Regular, seconds: int) -> int:
    """Watt-seconds asked for in the first seconds of a regular day."""
    if seconds == DAY:
        return day[2][HOURS]
    hour, second = divmod(seconds, HOUR)
    return day[2][hour] + day[1][hour] * second // HOUR
