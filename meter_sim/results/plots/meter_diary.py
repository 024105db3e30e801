"""The picture of one meter's diary: its credit over time and the tokens that were entered."""

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from meter_sim.results.plots.days import calendar_of, date_axis, place_of
from meter_sim.results.plots.look import panels
from meter_sim.results.plots.meter_panel import draw_credit, draw_entries, meter_legend, rollovers_of
from meter_sim.results.plots.meter_story import span_of, stories_of
from meter_sim.results.plots.needs import need_meter

if TYPE_CHECKING:
    from meter_sim.results.result import Result


def meter_diary(result: "Result", meter: str) -> Figure:
    """Credit of a listed meter over time with each token entered, refused ones with their result; key changes.

    Below are its entries by result. Raises PictureError if no listed meter has this name.
    """
    need_meter(result, "meter_diary", meter)
    calendar, rollovers = calendar_of(result), rollovers_of(result)
    (story,) = stories_of(result, [meter])
    kinds = len({event.result for event in story.entries})
    figure, (above, below) = panels(f"{result.summary['scenario']}: {meter}", [4.0, 0.7 + 0.3 * max(kinds, 1)])
    draw_credit(above, story, rollovers, calendar, notes=True, names=True)
    above.set_ylabel("credit, kWh")
    draw_entries(below, story.entries, calendar)
    start, end = (place_of(instant, calendar) for instant in span_of(result))
    date_axis(below, start, end, result.summary["timezone"])
    figure.legend(
        handles=meter_legend([story], rollovers), loc="outside lower center", ncols=7, frameon=False, fontsize=9
    )
    return figure
