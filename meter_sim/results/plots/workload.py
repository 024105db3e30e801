"""The picture of the work: visits of crews, requests at help desks and offices, and who waits for them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meter_sim.people.crew import VisitOutcome
from meter_sim.people.help_desk import Outcome
from meter_sim.results.area_day import column
from meter_sim.results.plots.days import Days, bars_of, date_axis, stack
from meter_sim.results.plots.deadlines import mark_deadlines
from meter_sim.results.plots.look import BLUE, GREEN, LOOKS, ORANGE, VERMILION, from_zero, legend, panels
from meter_sim.results.plots.needs import PictureError, need_areas

if TYPE_CHECKING:
    from meter_sim.results.result import Result

_DESKS = (("help_desk", "help desk"), ("office", "office"))


def workload(result: "Result") -> Figure:
    """Visits by outcome and meters that wait for one; requests at help desks and offices by outcome, and queues.

    Visits and requests have a bar for each local day, of a long run for each week; what waits is that of the day's
    end, a queue the longest of the day in any area. Panels without anything are left out. Raises PictureError for a
    run without areas, and for one in which nobody works.
    """
    need_areas(result, "workload")
    days = Days(result)
    drawn: list[tuple[float, Callable[[Axes], None]]] = []
    if days.any("visits", "visits_waiting"):
        drawn += [(2.8, lambda axis: _draw_visits(axis, days)), (1.9, lambda axis: _draw_waiting(axis, days))]
    asked = [(desk, name) for desk, name in _DESKS if days.any(f"{desk}_requests")]
    drawn += [(2.0, lambda axis, desk=desk, name=name: _draw_requests(axis, days, desk, name)) for desk, name in asked]  # type: ignore[misc]
    if asked:
        drawn.append((1.9, lambda axis: _draw_queues(axis, days, asked)))
    if not drawn:
        raise PictureError(
            "workload: the run has no visits and no requests, give an area a depot, help_desk or office; "
            "or draw migration"
        )
    figure, axes = panels(str(result.summary["scenario"]), [height for height, _ in drawn])
    for axis, (_, draw) in zip(axes, drawn, strict=True):
        draw(axis)
    mark_deadlines(result, axes, days)
    date_axis(axes[-1], days.places[0], days.places[-1] + 1, result.summary["timezone"])
    return figure


def _draw_visits(axis: Axes, days: Days) -> None:
    bars = bars_of(days.places)
    outcomes = [
        (outcome, look, days.column(column("visits", outcome)))
        for outcome, look in zip(VisitOutcome, LOOKS, strict=True)
    ]
    stack(
        axis,
        bars,
        [(f"{outcome.value} ({values.sum():,})", look, values) for outcome, look, values in outcomes if values.any()],
    )
    axis.set_ylabel(f"visits a {bars.span}")
    legend(axis, "crews: visits by outcome")


def _draw_waiting(axis: Axes, days: Days) -> None:
    for name, label, colour, style in (
        ("visits_waiting", "for a visit", BLUE, "-"),
        ("replacements_waiting", "of these for a new meter", VERMILION, "--"),
    ):
        if days.any(name):
            axis.plot(days.places + 1, days.column(name), color=colour, linestyle=style, linewidth=1.8, label=label)
    from_zero(axis, int(days.column("visits_waiting").max()))
    axis.set_ylabel("meters that wait")
    legend(axis, "crews: waiting at the day's end")


def _draw_requests(axis: Axes, days: Days, desk: str, name: str) -> None:
    bars = bars_of(days.places)
    parts = [(outcome, look, days.column(column(desk, outcome))) for outcome, look in zip(Outcome, LOOKS, strict=False)]
    stack(
        axis,
        bars,
        [(f"{outcome.value} ({values.sum():,})", look, values) for outcome, look, values in parts if values.any()],
    )
    axis.set_ylabel(f"requests a {bars.span}")
    legend(axis, f"{name}: requests by outcome")


def _draw_queues(axis: Axes, days: Days, asked: list[tuple[str, str]]) -> None:
    looks = {"help_desk": (GREEN, "-"), "office": (ORANGE, "--")}
    for desk, name in asked:
        colour, style = looks[desk]
        values = days.column(f"{desk}_longest_queue")
        axis.plot(
            days.places + 0.5,
            values,
            color=colour,
            linestyle=style,
            drawstyle="steps-mid",
            linewidth=1.8,
            label=f"{name} (at most {values.max():,})",
        )
    from_zero(axis, max(int(days.column(f"{desk}_longest_queue").max()) for desk, _ in asked))
    axis.set_ylabel("people in the queue")
    legend(axis, "longest queue of the day")
