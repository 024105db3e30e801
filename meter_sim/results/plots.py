"""Pictures of a result."""

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from meter_sim.local_time import LocalCalendar
from meter_sim.meter.answer import Status
from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.results.record import EventKind

if TYPE_CHECKING:
    from meter_sim.results.result import Result

MOST_METERS = 6
"""Meters that get a panel of their own; of more, the first ones."""

_COLOURS = {
    "Accept": "#1b7837",
    "1stKCT": "#5aae61",
    "2ndKCT": "#a6dba0",
    "3rdKCT": "#a6dba0",
    "4thKCT": "#a6dba0",
    "CRCError": "#b2182b",
    "OldError": "#ef8a62",
    "UsedError": "#e08214",
}
_OTHER = "#762a83"
_ACCEPTED = {status.standard_name for status in Status if status.accepted}
_CREDIT, _OFF, _KEY, _ROLLOVER = "#2166ac", "#f4a6a0", "#1b7837", "#222222"

Row = dict[str, object]


def timeline(result: "Result") -> Figure:
    """Credit of each meter over time with its entries, key changes and rollovers; below, entries by result."""
    return _Timeline(result).figure


class _Timeline:
    """Draws one result; keeps its rows and its clock at hand."""

    def __init__(self, result: "Result") -> None:
        self._summary = result.summary
        self._meters = _dict(self._summary["meters"])
        offsets = _list(self._summary["utc_offsets"])
        self._calendar = LocalCalendar(
            tuple(_whole(_list(pair)[0]) for pair in offsets), tuple(_whole(_list(pair)[1]) for pair in offsets)
        )
        self._events = _rows(result.events_table)
        self._readings = _rows(result.readings_table)
        self._span = _whole(self._readings[0]["time"]), _whole(self._readings[-1]["time"])
        entries = [event for event in self._events if event["event"] == EventKind.ENTRY]
        self._results = Counter(str(event["result"]) for event in entries)
        self.figure = self._drawn(entries)

    def _drawn(self, entries: list[Row]) -> Figure:
        names = list(self._meters)
        meters = names[:MOST_METERS]
        heights = [3.2] * len(meters) + [0.7 + 0.3 * max(len(self._results), 1)]
        figure = Figure(figsize=(11, sum(heights) + 1.2), layout="constrained", dpi=110)
        axes = list(
            figure.subplots(len(heights), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
        )
        more = f" (the first {MOST_METERS} of {len(names)} meters)" if len(names) > MOST_METERS else ""
        title = f"{self._summary['scenario']}{more}"
        figure.suptitle(title, fontsize=13, fontweight="bold", parse_math=False)
        for axis, meter in zip(axes, meters, strict=False):
            self._draw_meter(axis, meter, first=axis is axes[0])
        self._draw_entries(axes[-1], entries)
        start, end = self._span
        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        axes[-1].xaxis.set_major_locator(locator)
        axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        axes[-1].set_xlim(self._local(start), self._local(end))
        axes[-1].set_xlabel(f"local time, {self._summary['timezone']}")
        figure.legend(handles=self._legend(), loc="outside lower center", ncols=6, frameon=False, fontsize=9)
        return figure

    def _draw_meter(self, axis: Axes, meter: str, *, first: bool) -> None:
        events = [event for event in self._events if event["meter"] == meter]
        points = [(row["time"], row["register_ws"]) for row in self._readings if row["meter"] == meter]
        points += [(event["time"], event["register_ws"]) for event in events]
        points.sort(key=lambda point: _whole(point[0]))  # stable: several events of a second stay in their order
        axis.plot(
            [self._local(_whole(time)) for time, _ in points],
            [_whole(register) / WS_PER_KWH for _, register in points],
            color=_CREDIT,
            linewidth=1.2,
        )
        for start, end in self._without_supply(meter, events):
            axis.axvspan(self._local(start), self._local(end), color=_OFF, alpha=0.45, linewidth=0)
        for event in events:
            if event["event"] == EventKind.ENTRY:
                self._mark(axis, _whole(event["time"]), _whole(event["register_ws"]) / WS_PER_KWH, str(event["result"]))
            elif event["event"] == EventKind.KEY_CHANGED:
                self._line(axis, _whole(event["time"]), f"key {event['reason']}", _KEY, "-")
        for rollover in _list(self._summary["rollovers"]):
            row = _dict(rollover)
            instant = datetime.fromisoformat(str(row["last_minute"])).timestamp()
            note = f"last TID of {row['base_date']}" if first else ""
            self._line(axis, int(instant), note, _ROLLOVER, "--")
        axis.set_ylabel(f"{meter}\ncredit, kWh")
        most = max(_whole(register) for _, register in points) / WS_PER_KWH
        axis.set_ylim(0, max(most, 1) * 1.18)  # room for the notes above the line
        axis.grid(axis="y", alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)

    def _draw_entries(self, axis: Axes, entries: list[Row]) -> None:
        names = sorted(self._results, key=lambda name: (name not in _COLOURS, name), reverse=True)
        for event in entries:
            self._mark(axis, _whole(event["time"]), names.index(str(event["result"])), str(event["result"]))
        axis.set_yticks(range(len(names)), [f"{name} ({self._results[name]})" for name in names])
        axis.set_ylim(-0.6, max(len(names), 1) - 0.4)
        axis.set_ylabel("entries")
        axis.grid(axis="y", alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)

    def _mark(self, axis: Axes, time: int, height: float, result: str) -> None:
        accepted = result in _ACCEPTED
        axis.plot(
            [self._local(time)],
            [height],
            marker="o" if accepted else "X",
            color=_COLOURS.get(result, _OTHER),
            markeredgecolor="white",
            markeredgewidth=0.6,
            markersize=7 if accepted else 8.5,
            linestyle="none",
            clip_on=False,
            zorder=3,
        )

    def _line(self, axis: Axes, time: int, note: str, colour: str, style: str) -> None:
        axis.axvline(self._local(time), color=colour, linestyle=style, linewidth=1.2)
        before = style == "-"  # a key change is named before its line, a rollover behind it
        axis.annotate(
            note,
            (self._local(time), 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if before else 4, -4),
            textcoords="offset points",
            ha="right" if before else "left",
            va="top",
            fontsize=9,
            color=colour,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5},
        )

    def _without_supply(self, meter: str, events: list[Row]) -> list[tuple[int, int]]:
        """The spans in which the load switch was open."""
        moves = [event for event in events if event["event"] in (EventKind.SUPPLY_OFF, EventKind.SUPPLY_ON)]
        initial = _whole(_dict(self._meters[meter])["initial_ws"])
        start, end = self._span
        off = start if (moves[0]["event"] == EventKind.SUPPLY_ON if moves else initial == 0) else None
        spans = []
        for move in moves:
            if move["event"] == EventKind.SUPPLY_OFF:
                off = _whole(move["time"])
            elif off is not None:
                spans.append((off, _whole(move["time"])))
                off = None
        if off is not None:
            spans.append((off, end))
        return spans

    def _legend(self) -> list[Line2D | Patch]:
        """A line for each thing that is drawn."""
        kinds = {str(event["event"]) for event in self._events}
        off = any(any(_dict(_dict(row)["seconds_without_supply"]).values()) for row in self._meters.values())
        lines: list[tuple[bool, Line2D | Patch]] = [
            (True, Line2D([], [], color=_CREDIT, label="credit")),
            (off, Patch(color=_OFF, alpha=0.45, label="without supply")),
            (
                bool(_ACCEPTED & self._results.keys()),
                Line2D([], [], marker="o", linestyle="none", color=_COLOURS["Accept"], label="entry accepted"),
            ),
            (
                bool(self._results.keys() - _ACCEPTED),
                Line2D([], [], marker="X", linestyle="none", color=_COLOURS["CRCError"], label="entry refused"),
            ),
            (EventKind.KEY_CHANGED in kinds, Line2D([], [], color=_KEY, label="key changed")),
            (
                bool(_list(self._summary["rollovers"])),
                Line2D([], [], color=_ROLLOVER, linestyle="--", label="TID rollover"),
            ),
        ]
        return [line for drawn, line in lines if drawn]

    def _local(self, instant: int) -> float:
        """Local time as matplotlib counts it: days since 1970."""
        return (instant + self._calendar.offset(instant)) / 86_400


def _rows(table: pa.Table) -> list[Row]:
    """Rows of a table with times as whole seconds."""
    place = table.schema.get_field_index("time")
    rows: list[Row] = table.set_column(place, "time", table.column("time").cast(pa.int64())).to_pylist()
    return rows


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value
