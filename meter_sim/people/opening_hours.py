"""When a desk, an office or a depot is open: hours of the day, days of the week, holidays. All local time."""

from dataclasses import dataclass

from meter_sim.local_time import DAY, LocalCalendar, weekday


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Open from `opens` to before `closes`, seconds after local midnight.

    `weekdays` counts from 0 for Monday; `holidays` are local days counted from 1970-01-01.
    """

    opens: int
    closes: int
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: frozenset[int] = frozenset()

    def open_on(self, day: int) -> bool:
        """Whether a local day is one on which it opens."""
        return weekday(day) in self.weekdays and day not in self.holidays

    def span(self, calendar: LocalCalendar, day: int) -> tuple[int, int]:
        """The instants of opening and closing on a local day, by the clock on the wall as midnight saw it.

        A closing at 24:00 is the next midnight, however long the day.
        """
        midnight = calendar.midnight(day)
        closes = calendar.midnight(day + 1) if self.closes == DAY else midnight + self.closes
        return min(midnight + self.opens, closes), closes

    def day_open_after(self, calendar: LocalCalendar, instant: int) -> int:
        """The first local day, this one included, whose closing lies after the instant and on which it opens."""
        day = calendar.day(instant)
        if instant >= self.span(calendar, day)[1]:
            day += 1
        while not self.open_on(day):
            day += 1
        return day

    def arrival(self, calendar: LocalCalendar, instant: int, word: int, not_before_day: int) -> int:
        """When somebody arrives who wants to come at `instant`, but not before a local day.

        At that instant if it is open then; else at a drawn instant of the next day on which it opens.
        """
        day = calendar.day(instant)
        opens, closes = self.span(calendar, day)
        if day >= not_before_day and self.open_on(day) and opens <= instant < closes:
            return instant
        later = max(instant, calendar.midnight(not_before_day))
        day = self.day_open_after(calendar, later)
        opens, closes = self.span(calendar, day)
        first = max(opens, later)
        return first + ((closes - first) * word >> 32)


ALL_DAY = OpeningHours(0, DAY, tuple(range(7)))
"""Never closed."""
