"""The days of a population's areas, and of all together, as series that questions are put to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from meter_sim.results.area_day import ALL, AreaDay, together


@dataclass(frozen=True, slots=True)
class Series:
    """The days of one area (or of all together), in order."""

    area: str
    days: tuple[AreaDay, ...]

    def total(self, name: str, first: str = "", before: str = "~") -> int:
        """The sum of a column over the days from `first` to before `before` (ISO dates)."""
        return sum(day.counts.get(name, 0) for day in self._between(first, before))

    def most(self, name: str, first: str = "", before: str = "~") -> int:
        """The greatest value of a column over these days; 0 if there are none."""
        return max((day.counts.get(name, 0) for day in self._between(first, before)), default=0)

    def last(self, name: str, before: str = "~") -> int:
        """The value of a column on the last day before a date; that of the first day if none is."""
        days = list(self._between("", before)) or self.days[:1]
        return days[-1].counts.get(name, 0)

    def reaches(self, name: str, level: int) -> str | None:
        """The first date on which a column is at least `level`."""
        return next((day.date for day in self.days if day.counts.get(name, 0) >= level), None)

    def best_rise(self, name: str, width: int) -> tuple[int, int]:
        """The greatest rise of a column over `width` days, or over the whole of a shorter run; and those days."""
        width = max(min(width, len(self.days) - 1), 1)
        values = [day.counts.get(name, 0) for day in self.days]
        steps = range(width, len(values))
        return max((values[place] - values[place - width] for place in steps), default=0), width

    def _between(self, first: str, before: str) -> Iterator[AreaDay]:
        return (day for day in self.days if first <= day.date < before)


def series_of(days: Iterable[AreaDay]) -> tuple[Series, ...]:
    """A series for each area, in the order of the file, and last one for all together."""
    by_area: dict[str, list[AreaDay]] = {}
    every: list[AreaDay] = []
    for date, group in groupby(days, key=lambda day: day.date):
        rows = list(group)
        for row in rows:
            by_area.setdefault(row.area, []).append(row)
        every.append(together(date, rows))
    return (*(Series(area, tuple(rows)) for area, rows in by_area.items()), Series(ALL, tuple(every)))
