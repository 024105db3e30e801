"""The picture of homes without supply: meters a day, by cause."""

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from meter_sim.programme import Cause
from meter_sim.results.area_day import column
from meter_sim.results.plots.days import Days, date_axis
from meter_sim.results.plots.deadlines import mark_deadlines
from meter_sim.results.plots.look import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    LineStyle,
    from_zero,
    legend,
    panels,
)
from meter_sim.results.plots.needs import need_areas

if TYPE_CHECKING:
    from meter_sim.results.result import Result

CAUSES: tuple[tuple[Cause, str, LineStyle], ...] = (
    (Cause.NO_MONEY, GREY, (0, (1, 1))),
    (Cause.NEVER_BUYS, SKY, (0, (9, 3))),
    (Cause.NOT_ENTERED, BLUE, "--"),
    (Cause.REFUSED, ORANGE, "-."),
    (Cause.NOT_MIGRATED, VERMILION, "-"),
    (Cause.NO_SALE, PURPLE, (0, (1, 3))),
)


def without_supply(result: "Result") -> Figure:
    """Meters that were without supply for some time of each local day, in all and by cause; all areas together.

    A meter may have several causes on one day. Hours of all meters over the run stand in the legend. Failures of power
    and tampering are in neither. Raises PictureError for a run without areas.
    """
    need_areas(result, "without_supply")
    days = Days(result)
    figure, (axis,) = panels(str(result.summary["scenario"]), [4.2])
    if days.any("off_meters"):
        whole = days.column("off_meters")
        axis.plot(days.places + 0.5, whole, color=INK, drawstyle="steps-mid", linewidth=0.8, label="in all")
    for cause, colour, style in CAUSES:
        meters, seconds = days.column(column("off", cause, "_meters")), days.column(column("off", cause, "_s"))
        if meters.any():
            label = f"{cause.value} ({seconds.sum() // 3600:,} h)"
            axis.plot(
                days.places + 0.5,
                meters,
                color=colour,
                linestyle=style,
                drawstyle="steps-mid",
                linewidth=1.8,
                label=label,
            )
    axis.set_ylabel("meters without supply a day")
    from_zero(axis, int(days.column("off_meters").max()))
    legend(axis, "by cause (hours over the run)")
    mark_deadlines(result, [axis], days)
    date_axis(axis, days.places[0], days.places[-1] + 1, result.summary["timezone"])
    return figure
