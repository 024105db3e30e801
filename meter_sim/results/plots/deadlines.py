"""The last minutes of a programme as broken lines through the panels of a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from meter_sim.results.plots.days import Days, calendar_of, place_of
from meter_sim.results.plots.kept_scenario import KeptScenario
from meter_sim.results.plots.look import mark

if TYPE_CHECKING:
    from meter_sim.results.result import Result


def mark_deadlines(result: "Result", axes: Sequence[Axes], days: Days) -> None:
    """Mark the last credit under the old key and the last key changes, as far as they lie within the run's days."""
    scenario, calendar = KeptScenario(result), calendar_of(result)
    dated = (
        (scenario.credit_until, "last credit under the old key"),
        (scenario.key_change_until, "last key changes"),
    )
    places = [(place_of(instant, calendar), note) for instant, note in dated if instant is not None]
    within = [(place, note) for place, note in places if days.places[0] <= place <= days.places[-1] + 1]
    for line, (place, note) in enumerate(within):
        for axis in axes:
            mark(axis, place, note if axis is axes[0] else "", line=line)
