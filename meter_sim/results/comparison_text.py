"""A comparison of plans as aligned text."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import floor, log10

from meter_sim.results.compare import Interval, Row

MARK = "*"
"""Behind a difference whose interval excludes 0."""
_NOTHING = "-"


def comparison_lines(rows: Sequence[Row], level: float) -> Iterator[str]:
    """A line for each measure and plan: mean and half width, and the difference with its own.

    Measures that are 0 in every run are left out where others are not, and counted at the end.
    """
    yield from _points(rows)
    said = {row.measure for row in rows if row.value.mean or row.value.half_width}
    left_out = len({row.measure for row in rows} - said) if said else 0
    rows = [row for row in rows if row.measure in said] if said else rows
    cells = [("measure", "scenario", "runs", "mean", "difference to", "")]
    for measure, group in groupby(rows, lambda row: row.measure):
        block = list(group)
        decimals = decimals_of(block)
        for row in block:
            cells.append(
                (
                    measure if row is block[0] else "",
                    row.plan.label,
                    str(row.value.n),
                    interval_text(row.value, decimals),
                    row.baseline.label if row.baseline else "",
                    _difference(row.difference, decimals),
                )
            )
    widths = [max(len(line[place]) for line in cells) for place in range(len(cells[0]))]
    for line in cells:
        texts = [
            text.rjust(width) if place in (2, 3) else text.ljust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(texts).rstrip()
    if left_out:
        yield f"{left_out} measures that are 0 in every run are left out"
    if all(row.value.half_width is None for row in rows):
        yield "means only: an interval needs two runs of a plan, a difference two seeds that both plans have"
        return
    yield f"mean ± half the width of the {level * 100:g} % interval; {MARK} the interval of the difference excludes 0"


def _points(rows: Sequence[Row]) -> Iterator[str]:
    """What the points of a sweep stand for."""
    plans = {row.plan.label: row.plan for row in rows if row.plan.parameters}
    for label, plan in plans.items():
        yield f"{label}: " + ", ".join(f"{path}={value}" for path, value in plan.parameters.items())


def interval_text(value: Interval, decimals: int) -> str:
    """`12.30 ± 0.41`, with `-` for what there are too few values for."""
    if value.mean is None:
        return _NOTHING
    width = _NOTHING if value.half_width is None else _number(value.half_width, decimals)
    return f"{_number(value.mean, decimals)} ± {width}"


def _difference(difference: Interval | None, decimals: int) -> str:
    if difference is None:
        return ""
    if difference.mean is None:
        return _NOTHING
    sign = "+" if _number(difference.mean, decimals).strip("0.") and difference.mean > 0 else ""
    return f"{sign}{interval_text(difference, decimals)}{f' {MARK}' if difference.excludes_zero else ''}"


def _number(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text


def decimals_of(rows: Sequence[Row]) -> int:
    """Two digits of the narrowest interval, or four of the largest mean; none for whole numbers."""
    widths = [each.half_width for row in rows for each in (row.value, row.difference) if each and each.half_width]
    means = [abs(row.value.mean) for row in rows if row.value.mean]
    if widths:
        return min(max(1 - floor(log10(min(widths))), 0), 6)
    if not means or all(mean == round(mean) for mean in means):
        return 0
    return min(max(3 - floor(log10(max(means))), 0), 6)
