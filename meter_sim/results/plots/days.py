"""Local days and instants as places on a picture's axis, and days put together to weeks."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from meter_sim.local_time import DAY, LocalCalendar
from meter_sim.results.plots.look import Look, from_zero
from meter_sim.results.tables import together_table

if TYPE_CHECKING:
    from meter_sim.results.result import Result

Numbers = npt.NDArray[np.int64]
Places = npt.NDArray[np.float64]

DAILY_UP_TO = 92
"""Days of which each has a bar of its own; of a longer run each week has one."""
_EPOCH = date(1970, 1, 1).toordinal()
_WEEK = 7


class Days:
    """The counts of all areas together, by local day."""

    def __init__(self, result: "Result") -> None:
        self._table = together_table(result.areas_kept)
        days = [date.fromisoformat(day).toordinal() - _EPOCH for day in self._table.column("date").to_pylist()]
        self.places: Places = np.array(days, dtype=np.float64)

    def column(self, name: str) -> Numbers:
        """A column of the table of areas."""
        values: Numbers = self._table.column(name).to_numpy()
        return values

    def any(self, *names: str) -> bool:
        """Whether one of these columns is not all 0."""
        return any(bool(self.column(name).any()) for name in names)


@dataclass(frozen=True, slots=True)
class Bars:
    """Spans of days, of which each has a bar: where they start, how many days they have, and `day` or `week`."""

    starts: Places
    widths: Places
    span: str

    def summed(self, values: Numbers) -> Numbers:
        """Values of days, added up for each bar."""
        sums: Numbers = np.add.reduceat(values, np.concatenate([[0], np.cumsum(self.widths)[:-1]]).astype(np.int64))
        return sums


def bars_of(places: Places) -> Bars:
    """A bar for each day, of a long run for each seven days from its first one on; the last may be shorter."""
    length = 1 if len(places) <= DAILY_UP_TO else _WEEK
    starts = places[::length]
    widths = np.diff(np.append(starts, places[-1] + 1))
    return Bars(starts, widths, "day" if length == 1 else "week")


def stack(axis: Axes, bars: Bars, parts: list[tuple[str, Look, Numbers]]) -> None:
    """Bars upon each other from 0; each part is a label, its look and its values by day."""
    bottom = np.zeros(len(bars.starts), dtype=np.int64)
    for label, look, values in parts:
        heights = bars.summed(values)
        axis.bar(
            bars.starts,
            heights,
            bars.widths,
            bottom,
            align="edge",
            label=label,
            color=look.colour,
            hatch=look.hatch,
            edgecolor="white",
            linewidth=0.4,
        )
        bottom += heights
    from_zero(axis, int(bottom.max()))


def calendar_of(result: "Result") -> LocalCalendar:
    """The offsets of local time over the run, from the summary."""
    offsets = result.summary["utc_offsets"]
    assert isinstance(offsets, list)
    pairs = [pair for pair in offsets if isinstance(pair, list)]
    return LocalCalendar(tuple(_whole(pair[0]) for pair in pairs), tuple(_whole(pair[1]) for pair in pairs))


def place_of(instant: int, calendar: LocalCalendar) -> float:
    """Where an instant (seconds, UTC) stands in local time: days since 1970."""
    return (instant + calendar.offset(instant)) / DAY


def date_axis(axis: Axes, low: float, high: float, zone: object) -> None:
    """Local dates below a panel, from one place to another."""
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axis.set_xlim(low, high)
    axis.set_xlabel(f"local date, {zone}")


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
