"""The picture of a programme: what meters hold and what the register presumes, refusals, supply, crews and desks."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from meter_sim.meter.answer import Status
from meter_sim.programme import Cause, RegisterState, TrueState
from meter_sim.results.area_day import column
from meter_sim.results.tables import together_table

if TYPE_CHECKING:
    from meter_sim.results.result import Result

Numbers = npt.NDArray[np.float64]

_STATES = (
    (TrueState.NEW, "#1b7837"),
    (TrueState.PARTLY, "#a6dba0"),
    (TrueState.OLD, "#dfc27d"),
    (TrueState.CANNOT, "#a6611a"),
    (TrueState.WRONG, "#762a83"),
)
_CAUSES = (
    (Cause.NO_MONEY, "#bdbdbd", "-"),
    (Cause.NOT_ENTERED, "#74add1", "-"),
    (Cause.REFUSED, "#e08214", "--"),
    (Cause.NOT_MIGRATED, "#b2182b", "-"),
    (Cause.NO_SALE, "#542788", ":"),
)
_REFUSED = tuple(status for status in Status if not status.accepted)
_RED, _INK, _BLUE, _GREEN = "#b2182b", "#222222", "#2166ac", "#1b7837"
_WEEK = 7
_LINEAR_UP_TO = 300
"""Visits or requests a day up to which their panel is linear."""


def programme(result: "Result") -> Figure:
    """Four panels over the run's local days, all areas together."""
    return _Programme(result).figure


class _Programme:
    """Draws one result; keeps its days at hand."""

    def __init__(self, result: "Result") -> None:
        table = together_table(result.areas_kept)
        self._columns = {name: table.column(name).to_numpy().astype(float) for name in table.schema.names[2:]}
        days = table.column("date").to_pylist()
        self._days = np.array([_place(day) for day in days])
        self._answers = result.summary.get("answers")
        self._title = str(result.summary["scenario"])
        self.figure = self._drawn()

    def _drawn(self) -> Figure:
        panels = [self._draw_states, self._draw_refusals, self._draw_supply]
        if self._any("visits", "help_desk_requests", "office_requests"):
            panels.append(self._draw_work)
        figure = Figure(figsize=(11, 1.2 + 2.7 * len(panels)), layout="constrained", dpi=110)
        axes = list(figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0])
        figure.suptitle(self._title, fontsize=13, fontweight="bold", parse_math=False)
        for draw, axis in zip(panels, axes, strict=True):
            draw(axis)
            self._mark_deadline(axis, named=axis is axes[0])
            axis.grid(axis="y", alpha=0.25)
            axis.set_ylim(bottom=0)
            axis.spines[["top", "right"]].set_visible(False)
        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        axes[-1].xaxis.set_major_locator(locator)
        axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        axes[-1].set_xlim(self._days[0], max(self._days[-1], self._days[0] + 1))
        axes[-1].set_xlabel("local date")
        return figure

    def _draw_states(self, axis: Axes) -> None:
        states = [(state, colour) for state, colour in _STATES if self._any(column("true", state))]
        axis.stackplot(
            self._days,
            [self._columns[column("true", state)] for state, _ in states],
            colors=[colour for _, colour in states],
            labels=[state.value for state, _ in states],
            linewidth=0,
        )
        presumed = sum(
            (self._columns[column("register", state)] for state in (RegisterState.ISSUED, RegisterState.PRESUMED)),
            np.zeros(len(self._days)),
        )
        axis.plot(self._days, presumed, color=_INK, linewidth=1.6, linestyle="--", label="register: changed")
        axis.set_ylabel("meters")
        self._legend(axis, "what meters hold")

    def _draw_refusals(self, axis: Axes) -> None:
        totals = [(status, float(self._columns[status.standard_name].sum())) for status in _REFUSED]
        most = sorted((pair for pair in totals if pair[1]), key=lambda pair: -pair[1])[:5]
        styles = ("-", "--", ":", "-.", "-")
        colours = ("#b2182b", "#e08214", "#542788", "#35978f", "#666666")
        for (status, total), style, colour in zip(most, styles, colours, strict=False):
            axis.plot(
                self._days,
                self._smooth(self._columns[status.standard_name]),
                linestyle=style,
                color=colour,
                linewidth=1.4,
                label=f"{status.standard_name} ({total:.0f})",
            )
        axis.set_ylabel("entries refused a day")
        self._legend(axis, "by result, mean of 7 days")

    def _draw_supply(self, axis: Axes) -> None:
        for cause, colour, style in _CAUSES:
            name = column("off", cause, "_meters")
            if self._any(name):
                axis.plot(
                    self._days,
                    self._smooth(self._columns[name]),
                    color=colour,
                    linestyle=style,
                    linewidth=1.6,
                    label=cause.value,
                )
        axis.set_ylabel("meters without supply\nat some time of the day")
        self._legend(axis, "by cause, mean of 7 days")

    def _draw_work(self, axis: Axes) -> None:
        parts = (
            ("visits", "visits", _BLUE, "-"),
            ("visits_waiting", "meters that wait for a visit", _BLUE, ":"),
            ("help_desk_requests", "help desk: requests", _GREEN, "-"),
            ("office_requests", "office: requests", "#e08214", "--"),
        )
        for name, label, colour, style in parts:
            if self._any(name):
                values = self._columns[name]
                smooth = values if name == "visits_waiting" else self._smooth(values)
                axis.plot(self._days, smooth, color=colour, linestyle=style, linewidth=1.4, label=label)
        if max(float(self._columns[name].max()) for name, *_ in parts) > _LINEAR_UP_TO:
            axis.set_yscale("symlog", linthresh=10)
            axis.yaxis.set_major_formatter(ScalarFormatter())
            axis.set_ylabel("a day\n(logarithmic above 10)")
        else:
            axis.set_ylabel("a day")
        self._legend(axis, "crews and desks")

    def _mark_deadline(self, axis: Axes, *, named: bool) -> None:
        deadline = self._deadline()
        if deadline is None:
            return
        axis.axvline(deadline, color=_INK, linewidth=1.1, linestyle="--")
        if named:
            axis.annotate(
                "last credit under the old key",
                (deadline, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(-4, 3),
                textcoords="offset points",
                ha="right",
                va="bottom",
                fontsize=9,
            )

    def _deadline(self) -> float | None:
        answers = self._answers
        if not isinstance(answers, dict) or not isinstance(answers["rate_and_start"], dict):
            return None
        first = next(iter(answers["rate_and_start"].values()))
        return _place(str(first["deadline"])) if isinstance(first, dict) else None

    def _smooth(self, values: Numbers) -> Numbers:
        """The mean of the last seven days, of fewer at the start."""
        sums = np.cumsum(np.concatenate([[0.0], values]))
        ends = np.arange(1, len(values) + 1)
        starts = np.maximum(ends - _WEEK, 0)
        mean: Numbers = (sums[ends] - sums[starts]) / (ends - starts)
        return mean

    def _any(self, *names: str) -> bool:
        return any(bool(self._columns[name].any()) for name in names)

    @staticmethod
    def _legend(axis: Axes, title: str) -> None:
        handles, labels = axis.get_legend_handles_labels()
        if handles:
            axis.legend(
                handles,
                labels,
                title=title,
                loc="upper left",
                bbox_to_anchor=(1.0, 1.0),
                frameon=False,
                fontsize=9,
                title_fontsize=9,
                alignment="left",
            )
        else:
            axis.text(0.5, 0.5, "none", transform=axis.transAxes, ha="center", color="#666666")


def _place(day: str) -> float:
    """A local date as matplotlib counts it: days since 1970."""
    return float((date.fromisoformat(day) - date(1970, 1, 1)).days)
