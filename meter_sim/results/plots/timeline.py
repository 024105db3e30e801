"""The picture of all listed meters: credit over time, and entries by result."""

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from meter_sim.results.plots.days import calendar_of, date_axis, place_of
from meter_sim.results.plots.look import panels
from meter_sim.results.plots.meter_panel import draw_credit, draw_entries, meter_legend, rollovers_of
from meter_sim.results.plots.meter_story import span_of, stories_of
from meter_sim.results.plots.needs import need_listed

if TYPE_CHECKING:
    from meter_sim.results.result import Result

MOST_METERS = 6
"""Meters that get a panel of their own; of more, the first ones."""


def timeline(result: "Result") -> Figure:
    """Credit of each listed meter over time with its entries, key changes and rollovers; below, entries by result.

    Raises PictureError if the run has no listed meter.
    """
    names, calendar = need_listed(result, "timeline"), calendar_of(result)
    stories, rollovers = stories_of(result, names), rollovers_of(result)
    drawn = stories[:MOST_METERS]
    entries = sorted(
        (event for story in stories for event in story.entries), key=lambda event: (event.time, event.connection)
    )
    kinds = len({event.result for event in entries})
    more = f" (the first {MOST_METERS} of {len(names)} meters)" if len(names) > MOST_METERS else ""
    title = f"{result.summary['scenario']}{more}"
    figure, axes = panels(title, [*([3.2] * len(drawn)), 0.7 + 0.3 * max(kinds, 1)])
    for axis, story in zip(axes, drawn, strict=False):
        draw_credit(axis, story, rollovers, calendar, notes=axis is axes[0])
    draw_entries(axes[-1], entries, calendar)
    start, end = (place_of(instant, calendar) for instant in span_of(result))
    date_axis(axes[-1], start, end, result.summary["timezone"])
    figure.legend(
        handles=meter_legend(drawn, rollovers), loc="outside lower center", ncols=7, frameon=False, fontsize=9
    )
    return figure
