"""The picture of plans compared: means with their intervals."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from meter_sim.results.compare import Row
from meter_sim.results.comparison_plot import comparison_figure
from meter_sim.results.plots.needs import PictureError


def plans(rows: Sequence[Row], measures: Sequence[str] = ()) -> Figure:
    """One panel a measure, one line a plan: the mean as a dot with its interval, as `compared` reckons them.

    Without `measures` those are drawn whose differences are the clearest. Raises PictureError if there are no rows.
    """
    if not rows:
        raise PictureError("plans: there is nothing to compare, run several plans or replications first")
    return comparison_figure(rows, measures)
