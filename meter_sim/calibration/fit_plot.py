"""The picture of a calibration: the counts, the curve with its bands, and the residuals below."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from meter_sim.calibration.calibration import Calibration, Compared
from meter_sim.calibration.forecast import Forecast
from meter_sim.local_time import date_of

_INK, _BLUE, _ORANGE, _GREY = "#222222", "#0072b2", "#d55e00", "#777777"
_ALPHAS = {0.5: 0.34, 0.8: 0.22, 0.95: 0.13}


def fit_figure(calibration: Calibration, forecast: Forecast | None = None) -> Figure:
    """Two panels over local dates: percent of the meters in scope, and curve less count in percentage points."""
    figure = Figure(figsize=(10, 7), layout="constrained", dpi=110)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    figure.suptitle(calibration.subject.title, fontsize=13, fontweight="bold", parse_math=False)
    _draw_curve(above, calibration)
    _draw_counts(above, calibration)
    if forecast is not None:
        _draw_outcomes(above, forecast)
    _draw_residuals(below, calibration)
    for axis in (above, below):
        _mark_days(axis, calibration, named=axis is above)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    above.legend(loc="upper left", frameon=False, fontsize=9)
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    below.xaxis.set_major_locator(locator)
    below.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    below.set_xlabel(f"local date, {calibration.subject.timezone}")
    return figure


def _draw_curve(axis: Axes, calibration: Calibration) -> None:
    first = calibration.subject.first_day
    days = np.arange(first, first + len(calibration.curve))
    for band in reversed(calibration.bands):
        axis.fill_between(
            days,
            100 * band.low,
            100 * band.high,
            color=_BLUE,
            alpha=_ALPHAS.get(band.level, 0.2),
            linewidth=0,
            label=f"band of {100 * band.level:.0f} %",
        )
    axis.plot(days, 100 * calibration.curve, color=_BLUE, linewidth=1.8, label="curve at the fitted values")
    axis.set_ylim(0, 100)
    axis.set_xlim(days[0], days[-1] + 1)
    axis.set_ylabel("migrated, percent of the meters in scope")


def _middle(each: Compared) -> float:
    return (each.point.first + each.point.last) / 2


def _draw_counts(axis: Axes, calibration: Calibration) -> None:
    kinds = (
        (calibration.fitted, _INK, "o", _INK, "counts, fitted"),
        (calibration.held_back, _ORANGE, "D", "white", "counts, held back"),
    )
    for several, colour, marker, face, name in kinds:
        if several:
            axis.errorbar(
                [_middle(each) for each in several],
                [100 * each.point.share for each in several],
                xerr=[(each.point.last - each.point.first) / 2 for each in several],
                yerr=[100 * each.point.within for each in several],
                linestyle="none",
                marker=marker,
                color=colour,
                markerfacecolor=face,
                markersize=6,
                elinewidth=1,
                capsize=2,
                label=name,
                zorder=4,
            )


def _draw_outcomes(axis: Axes, forecast: Forecast) -> None:
    """A short line for each run at the deadline."""
    width = len(forecast.calibration.curve) * 0.008
    days = np.array([forecast.deadline - width, forecast.deadline + width])
    for place, share in enumerate(forecast.outcomes.tolist()):
        name = f"outcomes on {date_of(forecast.deadline)}" if place == 0 else "_"
        axis.plot(days, [100 * share] * 2, color=_ORANGE, linewidth=0.9, alpha=0.8, label=name, zorder=3)


def _draw_residuals(axis: Axes, calibration: Calibration) -> None:
    axis.axhline(0, color=_INK, linewidth=0.9)
    for several, colour, marker, face in (
        (calibration.fitted, _INK, "o", _INK),
        (calibration.held_back, _ORANGE, "D", "white"),
    ):
        days, residuals = [_middle(each) for each in several], [100 * each.residual for each in several]
        axis.vlines(days, 0, residuals, color=colour, linewidth=1.2)
        axis.plot(days, residuals, linestyle="none", marker=marker, color=colour, markerfacecolor=face, markersize=5)
    most = max([1.0, *(100 * abs(each.residual) for each in calibration.compared)])
    axis.set_ylim(-1.25 * most, 1.25 * most)
    axis.set_ylabel("curve less count,\npercentage points")


def _mark_days(axis: Axes, calibration: Calibration, *, named: bool) -> None:
    marks = [(calibration.subject.deadline, "last credit under the old key")]
    if calibration.choices.until is not None:
        marks.append((calibration.choices.until, "fitted up to here"))
    for row, (day, text) in enumerate(marks):
        axis.axvline(day + 1, color=_GREY, linewidth=1, linestyle="--")
        if named:
            axis.annotate(
                text,
                (day + 1, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(-3, 3 + 12 * row),
                textcoords="offset points",
                ha="right",
                va="bottom",
                fontsize=9,
                color=_INK,
            )
