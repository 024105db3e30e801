"""The picture of refusals: tokens that meters did not take, by the result that they answered."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from meter_sim.meter.answer import Status
from meter_sim.results.plots.days import Days, bars_of, date_axis, stack
from meter_sim.results.plots.deadlines import mark_deadlines
from meter_sim.results.plots.look import GREY, LOOKS, Look, from_zero, legend, panels
from meter_sim.results.plots.needs import need_areas

if TYPE_CHECKING:
    from meter_sim.results.result import Result

MOST_REASONS = 6
"""Results that are drawn by themselves; the others are put together."""
_REFUSED = tuple(status.standard_name for status in Status if not status.accepted)
_OTHERS = Look(GREY, "-", "---")


def refusals(result: "Result") -> Figure:
    """Entries that meters refused, by result: a bar for each local day, of a long run for each week; all areas.

    Below they are added up from the start. Raises PictureError for a run without areas.
    """
    need_areas(result, "refusals")
    days = Days(result)
    bars = bars_of(days.places)
    found = sorted(
        ((name, days.column(name)) for name in _REFUSED if days.any(name)), key=lambda pair: -int(pair[1].sum())
    )
    parts = [(name, look, values) for (name, values), look in zip(found[:MOST_REASONS], LOOKS, strict=False)]
    if rest := found[MOST_REASONS:]:
        parts.append((f"{len(rest)} other results", _OTHERS, np.sum([values for _, values in rest], axis=0)))
    parts = [(f"{name} ({values.sum():,})", look, values) for name, look, values in parts]
    figure, (above, below) = panels(str(result.summary["scenario"]), [3.2, 2.6])
    stack(above, bars, parts)
    above.set_ylabel(f"entries refused a {bars.span}")
    for label, look, values in parts:
        below.plot(
            days.places + 1, np.cumsum(values), color=look.colour, linestyle=look.line, linewidth=1.8, label=label
        )
    below.set_ylabel("entries refused since the start")
    from_zero(below, max((int(values.sum()) for _, _, values in parts), default=0))
    legend(above, "by result")
    legend(below, "by result, added up")
    mark_deadlines(result, [above, below], days)
    date_axis(below, days.places[0], days.places[-1] + 1, result.summary["timezone"])
    return figure
