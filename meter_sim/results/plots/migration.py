"""The picture of a migration: meters that hold the new key, and those of which the register thinks so."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meter_sim.local_time import LocalCalendar
from meter_sim.programme import RegisterState, TrueState
from meter_sim.results.area_day import column
from meter_sim.results.plots.days import Days, calendar_of, date_axis, place_of
from meter_sim.results.plots.deadlines import mark_deadlines
from meter_sim.results.plots.kept_scenario import KeptPhase, KeptScenario
from meter_sim.results.plots.look import BLUE, GREY, INK, ORANGE, PALE, SKY, VERMILION, from_zero, legend, panels
from meter_sim.results.plots.needs import PictureError, need_areas

if TYPE_CHECKING:
    from meter_sim.results.result import Result

MOST_PHASES = 12
"""Phases that have a bar; of more, the first ones."""
_CHANNELS = {
    "with_purchase": (BLUE, ""),
    "sent": (SKY, "///"),
    "fetched": (PALE, "..."),
    "crew": (ORANGE, "xxx"),
    "office": (VERMILION, "\\\\\\"),
}


def migration(result: "Result") -> Figure:
    """Meters by local day, all areas together: truly on the new key, and changed by what the register says.

    Below stands when the phases of each area run; broken lines are the last minutes of credit under the old key and of
    key changes. The axis on the right is the share of the meters in scope on the last day. Raises PictureError for a
    run without areas or programme.
    """
    need_areas(result, "migration")
    scenario = KeptScenario(result)
    if not scenario.has_programme:
        raise PictureError("migration: the scenario has no programme, give it one that changes keys; or draw refusals")
    days, calendar, phases = Days(result), calendar_of(result), scenario.phases[:MOST_PHASES]
    figure, (above, below) = panels(str(result.summary["scenario"]), [3.6, 0.5 + 0.28 * len(phases)])
    _draw_meters(above, days)
    low, high = days.places[0], days.places[-1] + 1
    _draw_phases(below, phases, calendar, (low, high))
    more = len(scenario.phases) - len(phases)
    if more:
        below.set_title(f"the first {len(phases)} of {len(scenario.phases)} phases", fontsize=9, loc="left")
    mark_deadlines(result, [above, below], days)
    date_axis(below, low, high, result.summary["timezone"])
    return figure


def _draw_meters(axis: Axes, days: Days) -> None:
    scope = days.column("meters") - days.column(column("true", TrueState.OUT_OF_SCOPE))
    presumed = days.column(column("register", RegisterState.PRESUMED))
    issued = presumed + days.column(column("register", RegisterState.ISSUED))
    true = days.column(column("true", TrueState.NEW))
    lines = (
        (scope, "in scope", GREY, (0, (1, 2)), 1.3),
        (issued, "register: changes issued", ORANGE, "--", 1.6),
        (presumed, "register: presumed changed", VERMILION, "-.", 1.6),
        (true, "truly on the new key", BLUE, "-", 2.2),
    )
    for values, label, colour, style, width in lines:
        axis.plot(
            days.places + 1,
            values,
            color=colour,
            linestyle=style,
            linewidth=width,
            label=f"{label} ({values[-1]:,})",
        )
    axis.set_ylabel("meters")
    from_zero(axis, max(int(values.max()) for values, *_ in lines))
    last = int(scope[-1])
    if last:
        share = axis.secondary_yaxis(
            "right",
            functions=(lambda meters: np.asarray(meters) * 100 / last, lambda part: np.asarray(part) * last / 100),
        )
        share.set_ylabel("% of the meters in scope at the end")
    legend(axis, "meters at the day's end (and at last)", gap=0.09)


def _draw_phases(axis: Axes, phases: tuple[KeptPhase, ...], calendar: LocalCalendar, span: tuple[float, float]) -> None:
    named: set[str] = set()
    for height, phase in enumerate(phases):
        start = max(place_of(phase.start, calendar), span[0])
        end = span[1] if phase.end is None else min(place_of(phase.end, calendar), span[1])
        colour, hatch = _CHANNELS[phase.channel]
        axis.barh(
            height,
            max(end - start, 0),
            0.62,
            start,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.4,
            label="" if phase.channel in named else phase.channel.replace("_", " "),
        )
        axis.plot([start], [height], marker="|", markersize=13, color=INK, linestyle="none")
        named.add(phase.channel)
    axis.set_yticks(range(len(phases)), [phase.area for phase in phases], parse_math=False)
    axis.set_ylim(len(phases) - 0.4, -0.6)
    axis.set_ylabel("phases by area")
    axis.grid(visible=False)
    legend(axis, "channel", gap=0.09)
