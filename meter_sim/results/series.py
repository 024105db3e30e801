"""The days of a population's areas, and of all together, as series that questions are put to."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from meter_sim.results.area_counts import PLACES, AreaCounts, DayColumns, Numbers
from meter_sim.results.area_day import COLUMNS, AreaDay


@dataclass(frozen=True, slots=True)
class Series:
    """The days of one area (or of all together), in order."""

    area: str
    days: Sequence[AreaDay]

    @property
    def dates(self) -> Sequence[str]:
        """The dates of the days."""
        return self.days.dates if isinstance(self.days, DayColumns) else [day.date for day in self.days]

    def column(self, name: str) -> Numbers:
        """A column over the days."""
        if isinstance(self.days, DayColumns):
            return self.days.values[:, PLACES[name]]
        return np.array([day.counts.get(name, 0) for day in self.days], dtype=np.int64)

    def entries(self) -> list[int]:
        """The entries of all days by result."""
        if isinstance(self.days, DayColumns):
            return [_exact_sum(values) for values in self.days.values[:, len(COLUMNS) :].T]
        return [sum(numbers) for numbers in zip(*(day.entries for day in self.days), strict=True)]

    def between(self, first: str, before: str) -> slice:
        """The places of the days from `first` to before `before` (ISO dates)."""
        return slice(bisect_left(self.dates, first), bisect_left(self.dates, before))

    def total(self, name: str, first: str = "", before: str = "~") -> int:
        """The sum of a column over the days from `first` to before `before` (ISO dates)."""
        return _exact_sum(self.column(name)[self.between(first, before)])

    def most(self, name: str, first: str = "", before: str = "~") -> int:
        """The greatest value of a column over these days; 0 if there are none."""
        values = self.column(name)[self.between(first, before)]
        return int(values.max()) if len(values) else 0

    def last(self, name: str, before: str = "~") -> int:
        """The value of a column on the last day before a date; that of the first day if none is."""
        return int(self.column(name)[max(bisect_left(self.dates, before) - 1, 0)])

    def reaches(self, name: str, level: int) -> str | None:
        """The first date on which a column is at least `level`."""
        there = np.flatnonzero(self.column(name) >= level)
        return self.dates[int(there[0])] if len(there) else None

    def best_rise(self, name: str, width: int) -> tuple[int, int]:
        """The greatest rise of a column over `width` days, or over the whole of a shorter run; and those days."""
        width = max(min(width, len(self.days) - 1), 1)
        values = self.column(name)
        rises = values[width:] - values[:-width]
        return int(rises.max()) if len(rises) else 0, width


def series_of(days: Iterable[AreaDay] | AreaCounts) -> tuple[Series, ...]:
    """A series for each area, in the order of the file, and last one for all together."""
    counts = days if isinstance(days, AreaCounts) else AreaCounts.of(days)
    each = [*(counts.of_area(area) for area in counts.areas), counts.together]
    return tuple(Series(one.area, one) for one in each)


def _exact_sum(values: Numbers) -> int:
    """The sum of numbers of 64 bits, which may need more: the upper and the lower half of each apart."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
