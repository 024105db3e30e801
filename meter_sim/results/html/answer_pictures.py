"""Pictures of answers that have none of their own: counts as bars, key changes issued, where the register is wrong."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from meter_sim.results.plots.days import Days, bars_of, date_axis, stack
from meter_sim.results.plots.deadlines import mark_deadlines
from meter_sim.results.plots.look import LOOKS, WIDTH, from_zero, legend, panels

if TYPE_CHECKING:
    from meter_sim.results.result import Result


def counts(title: str, values: Mapping[str, int], unit: str) -> Figure:
    """A bar for each name, with its number behind it, the first name at the top."""
    figure = Figure(figsize=(WIDTH, 1.3 + 0.36 * len(values)), layout="constrained")
    axis = figure.subplots()
    figure.suptitle(title, fontsize=13, fontweight="bold", parse_math=False)
    names = list(values)[::-1]
    bars = axis.barh(range(len(names)), [values[name] for name in names], color=LOOKS[0].colour, height=0.65)
    axis.bar_label(bars, [f"{values[name]:,}" for name in names], padding=4, fontsize=10)
    axis.set_yticks(range(len(names)), names, fontsize=10, parse_math=False)
    axis.set_xlim(0, max(values.values()) * 1.1)
    axis.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_xlabel(unit)
    axis.grid(axis="x", alpha=0.25)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def key_changes(result: "Result") -> Figure:
    """Key changes issued and refused, a bar for each local day, of a long run for each week; all areas together."""
    days = Days(result)
    figure, (axis,) = panels(str(result.summary["scenario"]), [3.2])
    bars = bars_of(days.places)
    named = (("issued", "key_changes_issued"), ("refused", "key_changes_refused"))
    parts = [(f"{label}: {int(days.column(name).sum()):,}", name) for label, name in named if days.any(name)]
    looks = zip(parts, LOOKS, strict=False)
    stack(axis, bars, [(label, look, days.column(name)) for (label, name), look in looks])
    axis.set_ylabel(f"key changes a {bars.span}")
    legend(axis, "key changes")
    return _dated(result, days, figure)


def register(result: "Result") -> Figure:
    """Meters of which the register is wrong, at the end of each local day; all areas together."""
    days = Days(result)
    figure, (axis,) = panels(str(result.summary["scenario"]), [3.2])
    named = (
        ("counted as changed, not changed", "presumed_not_changed"),
        ("changed, not counted", "changed_not_presumed"),
    )
    for (label, name), look in zip(named, LOOKS, strict=False):
        axis.step(days.places + 1, days.column(name), where="post", color=look.colour, linestyle=look.line, label=label)
    from_zero(axis, float(max(days.column(name).max() for _, name in named)))
    axis.set_ylabel("meters")
    legend(axis, "by the register")
    return _dated(result, days, figure)


def _dated(result: "Result", days: Days, figure: Figure) -> Figure:
    mark_deadlines(result, figure.axes, days)
    date_axis(figure.axes[-1], days.places[0], days.places[-1] + 1, result.summary["timezone"])
    return figure
