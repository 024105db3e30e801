"""The panels of one meter: its credit with what happened to it, and its entries by result."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from meter_sim.local_time import LocalCalendar
from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.results.plots.days import place_of
from meter_sim.results.plots.look import BLUE, GREEN, INK, VERMILION, is_accepted, marker_of
from meter_sim.results.plots.meter_story import MeterStory
from meter_sim.results.record import Event, EventKind

if TYPE_CHECKING:
    from meter_sim.results.result import Result

Rollovers = tuple[tuple[int, int], ...]
"""The instants (seconds, UTC) of the last minutes of base dates, and which they are."""
_OFF, _OFF_ALPHA = VERMILION, 0.28
_NAMED_REFUSALS = 8
"""Refused entries that are named beside their marks; of more none is."""


def rollovers_of(result: "Result") -> Rollovers:
    """The ends of base dates within the run."""
    rows = result.summary["rollovers"]
    assert isinstance(rows, list)
    return tuple(
        (int(datetime.fromisoformat(str(row["last_minute"])).timestamp()), int(str(row["base_date"])))
        for row in rows
        if isinstance(row, dict)
    )


def draw_credit(
    axis: Axes,
    story: MeterStory,
    rollovers: Rollovers,
    calendar: LocalCalendar,
    *,
    notes: bool,
    names: bool = False,
) -> None:
    """A meter's credit over time, its entries, spans without supply, key changes and the ends of base dates.

    `notes` says what the broken lines are, `names` the results of refused entries, if they are few.
    """
    places = [place_of(time, calendar) for time, _ in story.credit]
    axis.plot(places, [register / WS_PER_KWH for _, register in story.credit], color=BLUE, linewidth=1.2)
    for start, end in story.without_supply:
        left, right = place_of(start, calendar), place_of(end, calendar)
        axis.axvspan(left, right, color=_OFF, alpha=_OFF_ALPHA, linewidth=0)
    draw_marks(axis, story.entries, [event.register_ws / WS_PER_KWH for event in story.entries], calendar)
    if names:
        _name_refusals(axis, story.entries, calendar)
    for event in story.events:
        if event.event is EventKind.KEY_CHANGED:
            _line(axis, place_of(event.time, calendar), f"key {event.reason}", GREEN, "-", before=True)
        elif event.event is EventKind.REPLACED:
            _line(axis, place_of(event.time, calendar), "meter replaced", GREEN, ":", before=True)
    for instant, base in rollovers:
        note = f"last TID of {base}" if notes else ""
        _line(axis, place_of(instant, calendar), note, INK, "--", before=False)
    axis.set_ylabel(f"{story.meter}\ncredit, kWh", parse_math=False)
    most = max(register for _, register in story.credit) / WS_PER_KWH
    axis.set_ylim(0, max(most, 1) * 1.18)  # room for the notes above the line


def draw_entries(axis: Axes, entries: Sequence[Event], calendar: LocalCalendar) -> None:
    """Entries on a line for each result, refusals above."""
    counts = Counter(event.result for event in entries)
    names = sorted(counts, key=lambda name: (not is_accepted(name), name))
    draw_marks(axis, entries, [names.index(event.result) for event in entries], calendar)
    axis.set_yticks(range(len(names)), [f"{name} ({counts[name]})" for name in names])
    axis.set_ylim(-0.6, max(len(names), 1) - 0.4)
    axis.set_ylabel("entries")


def draw_marks(axis: Axes, entries: Sequence[Event], heights: Sequence[float], calendar: LocalCalendar) -> None:
    """A mark for each entry at its height, as its result looks."""
    for result in dict.fromkeys(event.result for event in entries):
        marker = marker_of(result)
        chosen = [place for place, event in enumerate(entries) if event.result == result]
        axis.plot(
            [place_of(entries[place].time, calendar) for place in chosen],
            [heights[place] for place in chosen],
            clip_on=False,
            label=result,
            **marker,
        )


def meter_legend(stories: Sequence[MeterStory], rollovers: Rollovers) -> list[Line2D | Patch]:
    """A line for each thing that is drawn of some meters."""
    kinds = {event.event for story in stories for event in story.events}
    results = {event.result for story in stories for event in story.entries}
    off = any(story.without_supply for story in stories)
    refusals = sorted(result for result in results if not is_accepted(result))
    accepted, refused = marker_of("Accept"), marker_of(refusals[0] if len(refusals) == 1 else "CRCError")
    lines: list[tuple[bool, Line2D | Patch]] = [
        (True, Line2D([], [], color=BLUE, label="credit")),
        (off, Patch(color=_OFF, alpha=_OFF_ALPHA, label="without supply")),
        (
            any(map(is_accepted, results)),
            Line2D([], [], label="entry accepted", **accepted),
        ),
        (
            bool(refusals),
            Line2D([], [], label="entry refused", **refused),
        ),
        (EventKind.KEY_CHANGED in kinds, Line2D([], [], color=GREEN, label="key changed")),
        (EventKind.REPLACED in kinds, Line2D([], [], color=GREEN, linestyle=":", label="meter replaced")),
        (bool(rollovers), Line2D([], [], color=INK, linestyle="--", label="TID rollover")),
    ]
    return [line for drawn, line in lines if drawn]


def _name_refusals(axis: Axes, entries: Sequence[Event], calendar: LocalCalendar) -> None:
    refused = [event for event in entries if not is_accepted(event.result)]
    for number, event in enumerate(refused if len(refused) <= _NAMED_REFUSALS else ()):
        axis.annotate(
            event.result,
            (place_of(event.time, calendar), event.register_ws / WS_PER_KWH),
            xytext=(7, 8 + 12 * (number % 2)),
            textcoords="offset points",
            fontsize=8,
            color=INK,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.0},
        )


def _line(axis: Axes, place: float, note: str, colour: str, style: str, *, before: bool) -> None:
    axis.axvline(place, color=colour, linestyle=style, linewidth=1.2)
    if note:
        axis.annotate(
            note,
            (place, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if before else 4, -4),
            textcoords="offset points",
            ha="right" if before else "left",
            va="top",
            fontsize=9,
            color=colour,
            bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5},
            parse_math=False,
        )
