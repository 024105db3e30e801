"""The picture of costs: what a rollout came to, part by part."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from meter_sim.results.area_day import COST_PARTS
from meter_sim.results.plots.days import Days, date_axis
from meter_sim.results.plots.deadlines import mark_deadlines
from meter_sim.results.plots.look import LOOKS, from_zero, legend, panels
from meter_sim.results.plots.needs import PictureError, need_areas

if TYPE_CHECKING:
    from meter_sim.results.result import Result

_UNITS = 100_000
"""Of the base currency, in which costs are counted."""


def costs(result: "Result") -> Figure:
    """Costs since the start by part, in the base currency, by local day; all areas together.

    Raises PictureError for a run without areas, and for one in which nothing costs anything.
    """
    need_areas(result, "costs")
    days = Days(result)
    parts = [
        (part.replace("_", " "), look, np.cumsum(days.column(f"cost_{part}")) / _UNITS)
        for part, look in zip(COST_PARTS, LOOKS, strict=False)
        if days.any(f"cost_{part}")
    ]
    if not parts:
        raise PictureError(
            "costs: nothing costs anything in this run, say under costs in its scenario what things cost"
        )
    figure, (axis,) = panels(str(result.summary["scenario"]), [4.4])
    bottom = np.zeros(len(days.places))
    for name, look, values in parts:
        axis.fill_between(
            days.places + 1,
            bottom,
            bottom + values,
            facecolor=look.colour,
            hatch=look.hatch,
            edgecolor="white",
            linewidth=0.6,
            label=f"{name}: {values[-1]:,.2f}",
        )
        bottom = bottom + values
    axis.set_ylabel("cost since the start, base currency")
    from_zero(axis, float(bottom[-1]), whole=False)
    legend(axis, f"by part; in all {bottom[-1]:,.2f}")
    mark_deadlines(result, [axis], days)
    date_axis(axis, days.places[0], days.places[-1] + 1, result.summary["timezone"])
    return figure
