"""The picture of a comparison: for each measure the mean of every plan, as a dot with its interval."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from meter_sim.results.compare import Row

MOST_PANELS = 12
"""Measures that are drawn; of more, those whose differences are the clearest."""
MOST_PLANS = 30
"""Plans that are drawn; of more, the first ones."""
_COLUMNS = 3
_LONGEST = 24
"""Characters of the values of a point that stand beside its plan."""
_BASELINE, _DIFFERENT, _ALIKE = "#222222", "#0072b2", "#8a8a8a"


def comparison_figure(rows: Sequence[Row], measures: Sequence[str] = ()) -> Figure:
    """One panel a measure, one line a plan; a plan whose difference excludes 0 is filled, others are hollow."""
    names = list(measures)[:MOST_PANELS] or clearest(rows)
    labels = list(dict.fromkeys(row.plan.label for row in rows))
    plans = labels[:MOST_PLANS]
    columns = max(min(len(names), _COLUMNS), 1)
    lines = max(-(-len(names) // columns), 1)
    size = 3.6 * columns + 1.6, lines * (0.9 + 0.3 * len(plans)) + 1.0
    figure = Figure(figsize=size, layout="constrained", dpi=110)
    grid = figure.subplots(lines, columns, sharey=True, squeeze=False)
    for place, axis in enumerate(grid.flat):
        if place < len(names):
            _panel(axis, names[place], plans, [row for row in rows if row.measure == names[place]])
        else:
            axis.set_visible(False)
    more = f"; the first {MOST_PLANS} of {len(labels)} plans" if len(labels) > MOST_PLANS else ""
    figure.supxlabel(f"mean and interval{more}", fontsize=10)
    figure.legend(handles=_legend(rows), loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    return figure


def clearest(rows: Sequence[Row]) -> list[str]:
    """The measures to draw, in the order of the rows: those with a difference that is large beside its interval."""
    clearness: dict[str, tuple[float, float]] = {}
    for row in rows:
        most = clearness.setdefault(row.measure, (0.0, 0.0))
        clearness[row.measure] = max(most, _clearness(row))
    chosen = sorted(clearness, key=lambda measure: clearness[measure], reverse=True)[:MOST_PANELS]
    return [measure for measure in clearness if measure in chosen]


def _clearness(row: Row) -> tuple[float, float]:
    """How large a difference is beside its interval, and beside the mean."""
    difference = row.difference
    if difference is None or not difference.mean:
        return 0.0, 0.0
    size = abs(difference.mean)
    relative = size / max(abs(row.value.mean or 0.0), size)
    if difference.half_width is None:
        return 0.0, relative
    return size / difference.half_width if difference.half_width else float("inf"), relative


def _panel(axis: Axes, measure: str, plans: Sequence[str], rows: Sequence[Row]) -> None:
    for row in rows:
        if row.plan.label not in plans or row.value.mean is None:
            continue
        height = plans.index(row.plan.label)
        colour, filled, marker = _look(row)
        if row.value.low is not None and row.value.high is not None:
            axis.plot([row.value.low, row.value.high], [height, height], color=colour, linewidth=2.2)
        axis.plot(
            [row.value.mean],
            [height],
            marker=marker,
            markersize=7,
            color=colour,
            markerfacecolor=colour if filled else "white",
            markeredgewidth=1.6,
            linestyle="none",
        )
    ends = [end for row in rows for end in (row.value.low, row.value.mean, row.value.high) if end is not None]
    if ends and min(ends) == max(ends):
        axis.set_xlim(ends[0] - 1, ends[0] + 1)
    bases = [row for row in rows if row.baseline is None and row.value.mean is not None]
    if len(bases) == 1:
        axis.axvline(float(bases[0].value.mean or 0.0), color=_BASELINE, linewidth=0.8, linestyle=":", zorder=0)
    axis.set_title(measure.replace("_", " ").replace("kwh", "kWh"), fontsize=10, parse_math=False)
    values = {row.plan.label: ", ".join(row.plan.parameters.values()) for row in rows}
    names = [f"{plan} ({values[plan]})" if 0 < len(values.get(plan, "")) <= _LONGEST else plan for plan in plans]
    axis.set_yticks(range(len(plans)), names, parse_math=False)
    axis.set_ylim(len(plans) - 0.4, -0.6)
    axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.margins(x=0.12)
    axis.grid(axis="x", alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)


def _look(row: Row) -> tuple[str, bool, str]:
    """Colour, whether the dot is filled, and its shape, which tell the same."""
    if row.baseline is None:
        return _BASELINE, True, "s"
    if row.difference is None or row.difference.half_width is None:
        return _ALIKE, False, "D"
    return (_DIFFERENT, True, "o") if row.difference.excludes_zero else (_ALIKE, False, "o")


def _legend(rows: Sequence[Row]) -> list[Line2D]:
    looks = {_look(row) for row in rows}
    told = {
        (_BASELINE, True, "s"): "baseline",
        (_DIFFERENT, True, "o"): "differs: the interval of the paired difference excludes 0",
        (_ALIKE, False, "o"): "no clear difference",
        (_ALIKE, False, "D"): "too few pairs to tell",
    }
    return [
        Line2D([], [], color=colour, marker=marker, markerfacecolor=colour if filled else "white", label=label)
        for (colour, filled, marker), label in told.items()
        if (colour, filled, marker) in looks
    ]
