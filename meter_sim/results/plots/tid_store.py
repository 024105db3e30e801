"""The picture of a meter's TID store: what it holds over time, and the TIDs that were entered. It explains refusals."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from meter_sim.local_time import LocalCalendar
from meter_sim.results.plots.days import calendar_of, date_axis, place_of
from meter_sim.results.plots.look import BLUE, GREY, SKY, mark, marker_of, panels
from meter_sim.results.plots.meter_story import span_of
from meter_sim.results.plots.needs import need_meter
from meter_sim.results.plots.tid_history import TidHistory, tid_history
from meter_sim.sts.tid import MINUTES_A_DAY, BaseDate, instant_of

if TYPE_CHECKING:
    from meter_sim.results.result import Result

_GAP = 60 * MINUTES_A_DAY
"""Minutes without a TID over which the axis of TIDs is broken."""
_MOST_PARTS = 4
_PAD = 600


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the axis of TIDs, and the base date under which its TIDs count, if it is known."""

    low: int
    high: int
    base_date: BaseDate | None

    @property
    def height(self) -> float:
        """Inches of its panel."""
        return 2.6 if self.high > self.low else 0.8


def tid_store(result: "Result", meter: str) -> Figure:
    """The TID store of a listed meter over time, against the TIDs of the tokens that were entered.

    The band reaches from the smallest to the greatest TID in the store; a grey line is an entry of it, from the token
    that brought it to the one that pushed it out. A token below the band is Old, one on a grey line is Used, any other
    is valid. The axis of TIDs is broken where there are none for 60 days; on the right stand the minutes that they
    name. Entries that the meter could not decipher have no TID and are counted below. Raises PictureError if no listed
    meter has this name, and if the events do not fit the scenario.
    """
    need_meter(result, "tid_store", meter)
    history, calendar = tid_history(result, meter), calendar_of(result)
    end = span_of(result)[1]
    parts = _parts(history)
    figure, axes = panels(f"{result.summary['scenario']}: TID store of {meter}", [part.height for part in parts])
    for axis, part in zip(axes, parts, strict=True):
        _draw_store(axis, history, calendar, end)
        _draw_tokens(axis, history, calendar)
        _scale(axis, part)
        axis.spines["bottom"].set_visible(axis is axes[-1])
        axis.tick_params(axis="x", length=3.5 if axis is axes[-1] else 0)
    filled = [held for held in history.held[1:] if held.why]
    for line, held in enumerate(filled):
        for axis in axes:
            mark(axis, place_of(held.time, calendar), held.why if axis is axes[0] else "", line=line % 3)
    date_axis(axes[-1], place_of(span_of(result)[0], calendar), place_of(end, calendar), result.summary["timezone"])
    if history.unread:
        what = "entry" if history.unread == 1 else "entries"
        told = f"{history.unread} {what} that the meter could not decipher (CRCError) showed it no TID"
        axes[-1].set_xlabel(f"{axes[-1].get_xlabel()}\n{told}")
    figure.legend(handles=_legend(history), loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def stays(history: TidHistory, end: int) -> Iterator[tuple[int, int, int]]:
    """Each TID in the store with the span (seconds, UTC) in which it stood there, however often at once."""
    since: dict[int, int] = {}
    for held in history.held:
        tids = set(held.tids)
        for tid in [tid for tid in since if tid not in tids]:
            yield tid, since.pop(tid), held.time
        for tid in tids:
            since.setdefault(tid, held.time)
    for tid, start in since.items():
        yield tid, start, end


def _parts(history: TidHistory) -> list[_Part]:
    """The parts of the axis of TIDs, greatest first."""
    bases: dict[int, BaseDate | None] = {tid: held.base_date for held in history.held for tid in held.tids}
    bases |= {held.tids[0]: held.base_date for held in history.held if held.base_date is not None}
    bases |= {shown.tid: shown.base_date for shown in history.shown if shown.base_date is not None}
    tids = sorted({*bases, *(shown.tid for shown in history.shown)})
    gaps = sorted(((high - low, low) for low, high in pairwise(tids) if high - low > _GAP), reverse=True)
    ends = sorted(low for _, low in gaps[: _MOST_PARTS - 1])
    parts = []
    for low, high in pairwise([-1, *ends, tids[-1]]):
        within = [tid for tid in tids if low < tid <= high]
        base = next((bases[tid] for tid in reversed(within) if bases.get(tid) is not None), None)
        parts.append(_Part(within[0], within[-1], base))
    return parts[::-1]


def _draw_store(axis: Axes, history: TidHistory, calendar: LocalCalendar, end: int) -> None:
    times = [place_of(held.time, calendar) for held in history.held] + [place_of(end, calendar)]
    smallest = [held.tids[0] for held in history.held] + [history.held[-1].tids[0]]
    greatest = [held.tids[-1] for held in history.held] + [history.held[-1].tids[-1]]
    axis.fill_between(times, smallest, greatest, step="post", color=SKY, alpha=0.25, linewidth=0)
    entries = list(stays(history, end))
    axis.hlines(
        [tid for tid, _, _ in entries],
        [place_of(start, calendar) for _, start, _ in entries],
        [place_of(until, calendar) for _, _, until in entries],
        color=GREY,
        linewidth=0.7,
    )
    axis.plot(
        [place_of(start, calendar) for _, start, _ in entries],
        [tid for tid, _, _ in entries],
        marker=".",
        markersize=4,
        color=GREY,
        linestyle="none",
    )
    axis.step(times, smallest, where="post", color=BLUE, linewidth=2.0)


def _draw_tokens(axis: Axes, history: TidHistory, calendar: LocalCalendar) -> None:
    for result in _results(history):
        marker = marker_of(result)
        chosen = [shown for shown in history.shown if shown.result == result]
        places = [place_of(shown.time, calendar) for shown in chosen]
        axis.plot(places, [shown.tid for shown in chosen], label=result, **marker)


def _scale(axis: Axes, part: _Part) -> None:
    """One part of the axis of TIDs, on the right with the minutes that they name."""
    pad = max((part.high - part.low) // 12, _PAD)
    axis.set_ylim(part.low - pad, part.high + pad)
    alone = part.high == part.low
    for one in (axis, axis.secondary_yaxis("right")):
        if alone:
            one.set_yticks([part.low])
        else:
            one.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        is_left = one is axis
        one.yaxis.set_major_formatter(FuncFormatter(_number if is_left else _minute(part)))
        if not alone:
            base = "" if part.base_date is None else f"UTC, base date {part.base_date.value}"
            one.set_ylabel("TID" if is_left else base)


def _number(value: float, _: int) -> str:
    return f"{value:,.0f}"


def _minute(part: _Part) -> Callable[[float, int], str]:
    """What an axis writes at a TID: the minute that it names."""
    form = "%Y-%m-%d" if part.high - part.low > 8 * MINUTES_A_DAY or part.high == part.low else "%m-%d %H:%M"

    def text(value: float, _: int) -> str:
        if part.base_date is None:
            return "zero" if part.low == part.high == 0 else ""
        return datetime.fromtimestamp(instant_of(part.base_date, int(value)), UTC).strftime(form)

    return text


def _results(history: TidHistory) -> Sequence[str]:
    return list(dict.fromkeys(shown.result for shown in history.shown))


def _legend(history: TidHistory) -> list[Line2D | Patch]:
    drawn: list[Line2D | Patch] = [
        Patch(color=SKY, alpha=0.25, label="store, smallest to greatest"),
        Line2D([], [], color=BLUE, linewidth=2.0, label="smallest: below it a TID is Old"),
        Line2D([], [], color=GREY, linewidth=0.7, marker=".", label="TID in the store: entered again it is Used"),
    ]
    for result in _results(history):
        marker = marker_of(result)
        number = sum(shown.result == result for shown in history.shown)
        drawn.append(Line2D([], [], label=f"{result} ({number})", **marker))
    return drawn
