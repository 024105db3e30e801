"""The days of all areas of a run as one array of whole numbers; those of pieces add up.

The numbers of an area's day are those of `area_day.COLUMNS` and then its entries by result, in the order of `Status`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import overload

import numpy as np
from numpy.typing import NDArray

from meter_sim.meter.answer import Status
from meter_sim.programme import Costs
from meter_sim.results.area_costs import costs_of
from meter_sim.results.area_day import ALL, COLUMNS, LONGEST, AreaDay

Numbers = NDArray[np.int64]

PLACES = {name: place for place, name in enumerate(COLUMNS)}
"""Where a column stands in the last axis of the counts."""
WIDTH = len(COLUMNS) + len(Status)
_LONGEST = [PLACES[name] for name in LONGEST]


class DayColumns(Sequence[AreaDay]):
    """The days of one area, or of all together: `values` has a row a day and the columns of `AreaCounts`."""

    def __init__(self, area: str, dates: tuple[str, ...], values: Numbers) -> None:
        self.area = area
        self.dates = dates
        self.values = values

    def __len__(self) -> int:
        return len(self.dates)

    @overload
    def __getitem__(self, place: int) -> AreaDay: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[AreaDay]: ...

    def __getitem__(self, place: int | slice) -> AreaDay | Sequence[AreaDay]:
        if isinstance(place, slice):
            return DayColumns(self.area, self.dates[place], self.values[place])
        row = self.values[place].tolist()
        counts = dict(zip(COLUMNS, row, strict=False))
        return AreaDay(self.dates[place], self.area, counts, tuple(row[len(COLUMNS) :]))


@dataclass(frozen=True, eq=False)
class AreaCounts:
    """What is counted of each area on each local day; `counts` has the axes days, areas, columns.

    A run without areas has neither days nor areas here.
    """

    dates: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    counts: Numbers = field(default_factory=lambda: np.zeros((0, 0, WIDTH), dtype=np.int64), repr=False)

    def __post_init__(self) -> None:
        if self.counts.shape[:2] != (len(self.dates), len(self.areas)):
            raise ValueError(f"{self.counts.shape} are not {len(self.dates)} days and {len(self.areas)} areas")

    @classmethod
    def none(cls, dates: tuple[str, ...], areas: tuple[str, ...]) -> "AreaCounts":
        """Nothing counted yet."""
        return cls(dates, areas, np.zeros((len(dates), len(areas), WIDTH), dtype=np.int64))

    @classmethod
    def of(cls, rows: Iterable[AreaDay]) -> "AreaCounts":
        """The counts of rows that come by day, each day with the same areas in the same order."""
        days = [(date, list(group)) for date, group in groupby(rows, key=lambda row: row.date)]
        if not days:
            return cls()
        areas = tuple(row.area for row in days[0][1])
        values = [
            [[*(row.counts.get(name, 0) for name in COLUMNS), *row.entries] for row in group] for _, group in days
        ]
        return cls(tuple(date for date, _ in days), areas, np.array(values, dtype=np.int64))

    def column(self, name: str) -> Numbers:
        """A column of all days and areas; it can be written to while a run counts."""
        return self.counts[:, :, PLACES[name]]

    def of_area(self, area: str) -> DayColumns:
        """The days of one area."""
        return DayColumns(area, self.dates, self.counts[:, self.areas.index(area)])

    @cached_property
    def together(self) -> DayColumns:
        """The days of all areas together."""
        values = self.counts.sum(axis=1)
        values[:, _LONGEST] = self.counts[:, :, _LONGEST].max(axis=1, initial=0)
        return DayColumns(ALL, self.dates, values)

    @property
    def days(self) -> Iterator[AreaDay]:
        """Rows by day and area."""
        for day, date in enumerate(self.dates):
            for place, area in enumerate(self.areas):
                yield DayColumns(area, (date,), self.counts[day : day + 1, place])[0]

    def with_costs(self, costs: Costs) -> "AreaCounts":
        """These counts with the costs that follow from them; each area must be whole."""
        counts = self.counts.copy()
        _set_costs(counts, costs)
        return AreaCounts(self.dates, self.areas, counts)


def joined_counts(parts: Sequence[AreaCounts], areas: Sequence[str], costs: Costs) -> AreaCounts:
    """The counts of several parts in the order of `areas`, of which some may have no part.

    Pieces of one area add up, but for the longest waits and queues, of which the greatest counts; costs are reckoned
    of what came of it.
    """
    filled = [part for part in parts if part.areas]
    if not filled:
        return AreaCounts()
    dates = filled[0].dates
    if any(part.dates != dates for part in filled):
        raise ValueError("the parts have not the same days")
    there = {area for part in filled for area in part.areas}
    if not there.issubset(areas):
        raise ValueError(f"there is no area {min(there.difference(areas))!r}")
    whole = AreaCounts.none(dates, tuple(area for area in areas if area in there))
    places = {area: place for place, area in enumerate(whole.areas)}
    for part in filled:
        for number, area in enumerate(part.areas):
            here, more = whole.counts[:, places[area]], part.counts[:, number]
            longest = np.maximum(here[:, _LONGEST], more[:, _LONGEST])
            here += more
            here[:, _LONGEST] = longest
    _set_costs(whole.counts, costs)
    return whole


def _set_costs(counts: Numbers, costs: Costs) -> None:
    for name, values in costs_of(lambda name: counts[:, :, PLACES[name]], costs).items():
        counts[:, :, PLACES[name]] = values
