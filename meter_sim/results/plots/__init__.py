"""Pictures of results with matplotlib, a function each: it takes a result and returns a figure.

A result that has not what a picture needs raises PictureError, a ValueError of one line.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from meter_sim.results.plots.costs import costs
from meter_sim.results.plots.meter_diary import meter_diary
from meter_sim.results.plots.migration import migration
from meter_sim.results.plots.needs import PictureError
from meter_sim.results.plots.plans import plans
from meter_sim.results.plots.programme import programme
from meter_sim.results.plots.refusals import refusals
from meter_sim.results.plots.tid_store import tid_store
from meter_sim.results.plots.tid_years import tid_years
from meter_sim.results.plots.timeline import timeline
from meter_sim.results.plots.without_supply import without_supply
from meter_sim.results.plots.workload import workload

if TYPE_CHECKING:
    from meter_sim.results.result import Result

__all__ = [
    "OF_METER",
    "OF_RESULT",
    "PictureError",
    "costs",
    "meter_diary",
    "migration",
    "plans",
    "programme",
    "refusals",
    "tid_store",
    "tid_years",
    "timeline",
    "without_supply",
    "workload",
]

OF_RESULT: "Mapping[str, Callable[[Result], Figure]]" = {
    "timeline": timeline,
    "programme": programme,
    "migration": migration,
    "refusals": refusals,
    "without_supply": without_supply,
    "workload": workload,
    "costs": costs,
    "tid_years": tid_years,
}
"""Pictures of a whole result, by name."""
OF_METER: "Mapping[str, Callable[[Result, str], Figure]]" = {"meter_diary": meter_diary, "tid_store": tid_store}
"""Pictures of one listed meter of a result, by name."""
