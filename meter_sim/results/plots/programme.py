"""The picture of a programme: what meters hold and what the register presumes, refusals, supply, crews and desks."""

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from meter_sim.meter.answer import Status
from meter_sim.programme import RegisterState, TrueState
from meter_sim.results.area_day import column
from meter_sim.results.plots.days import Days, Numbers, Places, date_axis
from meter_sim.results.plots.deadlines import mark_deadlines
from meter_sim.results.plots.look import (
    BLUE,
    GREEN,
    INK,
    LOOKS,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILION,
    YELLOW,
    Look,
    from_zero,
    legend,
    panels,
)
from meter_sim.results.plots.needs import PictureError, need_areas
from meter_sim.results.plots.without_supply import CAUSES

if TYPE_CHECKING:
    from meter_sim.results.result import Result

_STATES = (
    (TrueState.NEW, Look(BLUE)),
    (TrueState.PARTLY, Look(SKY, hatch="...")),
    (TrueState.OLD, Look(YELLOW)),
    (TrueState.CANNOT, Look(VERMILION, hatch="xxx")),
    (TrueState.WRONG, Look(PURPLE, hatch="\\\\\\")),
    (TrueState.OUT_OF_SCOPE, Look(PALE)),
)
_REFUSED = tuple(status.standard_name for status in Status if not status.accepted)
_MOST_RESULTS = 5
_WEEK = 7
_LINEAR_UP_TO = 300
"""Visits or requests a day up to which their panel is linear."""


def programme(result: "Result") -> Figure:
    """Four panels over the run's local days, all areas together. Raises PictureError for a run without areas."""
    need_areas(result, "programme")
    days = Days(result)
    drawn = [_draw_states, _draw_refusals, _draw_supply]
    if days.any("visits", "help_desk_requests", "office_requests"):
        drawn.append(_draw_work)
    figure, axes = panels(str(result.summary["scenario"]), [2.7] * len(drawn))
    for draw, axis in zip(drawn, axes, strict=True):
        draw(axis, days)
    with suppress(PictureError):  # a run's own picture is drawn whatever can be read of its scenario
        mark_deadlines(result, axes, days)
    date_axis(axes[-1], days.places[0], days.places[-1] + 1, result.summary["timezone"])
    return figure


def _draw_states(axis: Axes, days: Days) -> None:
    states = [(state, look) for state, look in _STATES if days.any(column("true", state))]
    bottom = np.zeros(len(days.places), dtype=np.int64)
    for state, look in states:
        top = bottom + days.column(column("true", state))
        axis.fill_between(
            days.places + 1,
            bottom,
            top,
            facecolor=look.colour,
            hatch=look.hatch,
            edgecolor="white",
            linewidth=0,
            label=state.value,
        )
        bottom = top
    presumed = sum(
        (days.column(column("register", state)) for state in (RegisterState.ISSUED, RegisterState.PRESUMED)),
        np.zeros(len(days.places), dtype=np.int64),
    )
    axis.plot(days.places + 1, presumed, color=INK, linewidth=1.6, linestyle="--", label="register: changed")
    axis.set_ylabel("meters")
    from_zero(axis, int(bottom.max()))
    legend(axis, "what meters hold")


def _draw_refusals(axis: Axes, days: Days) -> None:
    found = [(name, days.column(name)) for name in _REFUSED if days.any(name)]
    found.sort(key=lambda pair: -int(pair[1].sum()))
    for (name, values), look in zip(found[:_MOST_RESULTS], LOOKS, strict=False):
        label = f"{name} ({values.sum():,})"
        axis.plot(days.places + 1, _smooth(values), color=look.colour, linestyle=look.line, linewidth=1.4, label=label)
    axis.set_ylabel("entries refused a day")
    from_zero(axis, max((float(_smooth(values).max()) for _, values in found), default=0), whole=False)
    legend(axis, "by result, mean of 7 days")


def _draw_supply(axis: Axes, days: Days) -> None:
    most = 0.0
    for cause, colour, style in CAUSES:
        values = days.column(column("off", cause, "_meters"))
        if values.any():
            mean = _smooth(values)
            axis.plot(days.places + 1, mean, color=colour, linestyle=style, linewidth=1.4, label=cause.value)
            most = max(most, float(mean.max()))
    axis.set_ylabel("meters without supply\na day")
    from_zero(axis, most, whole=False)
    legend(axis, "by cause, mean of 7 days")


def _draw_work(axis: Axes, days: Days) -> None:
    parts = (
        ("visits", "visits", BLUE, "-"),
        ("visits_waiting", "meters that wait for a visit", BLUE, ":"),
        ("help_desk_requests", "help desk: requests", GREEN, "-."),
        ("office_requests", "office: requests", ORANGE, "--"),
    )
    most = 0.0
    for name, label, colour, style in parts:
        if days.any(name):
            values = days.column(name)
            drawn = values if name == "visits_waiting" else _smooth(values)
            axis.plot(days.places + 1, drawn, color=colour, linestyle=style, linewidth=1.4, label=label)
            most = max(most, float(drawn.max()))
    if most > _LINEAR_UP_TO:
        axis.set_yscale("symlog", linthresh=10)
        axis.set_ylim(bottom=0)
        axis.yaxis.set_major_formatter(ScalarFormatter())
        axis.set_ylabel("a day\n(logarithmic above 10)")
    else:
        from_zero(axis, most, whole=False)
        axis.set_ylabel("a day")
    legend(axis, "crews and desks, mean of 7 days")


def _smooth(values: Numbers) -> Places:
    """The mean of the last seven days, of fewer at the start."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - _WEEK, 0)
    mean: Places = (sums[ends] - sums[starts]) / (ends - starts)
    return mean
