"""Plans compared, for a report: the differences that are clear in sentences, all measures in a table, and a picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from meter_sim.results.compare import Interval, Plan, Row, compared
from meter_sim.results.comparison_text import MARK, decimals_of
from meter_sim.results.experiment_folder import Compared, named_apart, warnings_of
from meter_sim.results.html.parts import Section, Table
from meter_sim.results.html.pictures import picture
from meter_sim.results.html.wording import NOTHING, count, listed, number
from meter_sim.results.plots import plans as drawn_plans

_FIRST = (
    "meters_changed",
    "meters_left",
    "presumed_changed_but_not",
    "visits",
    "hours_off_not_migrated",
    "hours_off_refused_tokens",
    "cost",
    "hours_without_supply",
    "entries_refused",
    "purchases",
    "used_kwh",
)
"""Measures that sentences speak of."""
_MOST_PLANS = 12
"""Plans that get a sentence; the table has all."""
_MOST_SIDE_BY_SIDE = 4
"""Plans that stand side by side in the table; more stand one below the other."""
_CAPTION = "All measures of all plans"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared, with what, and how sure its intervals are."""

    several: tuple[Compared, ...]
    plans: tuple[Plan, ...]
    rows: tuple[Row, ...]
    level: float

    @property
    def replications(self) -> int:
        """The most runs that a plan has."""
        return max(len(plan.seeds) for plan in self.plans)


def comparison_of(several: Sequence[Compared], baseline: str | None, level: float) -> Comparison | None:
    """The comparison of folders; None if there is but one run. Raises CompareError."""
    plans = named_apart(several)
    rows = compared(plans, baseline, level)
    whole = Comparison(tuple(several), plans, rows, level)
    return whole if len(plans) > 1 or whole.replications > 1 else None


def comparison_sentences(comparison: Comparison) -> Iterator[str]:
    """What the plans differ in."""
    bases = list(dict.fromkeys(row.baseline.label for row in comparison.rows if row.baseline))
    runs = {len(plan.seeds) for plan in comparison.plans}
    each = f", {count(runs.pop(), 'run')} of each" if len(runs) == 1 else ""
    plans = [plan.label for plan in comparison.plans]
    if len(plans) == 1:
        yield f"{plans[0]} was run {number(comparison.replications)} times, each with a seed of its own."
        return
    yield f"{count(len(plans), 'plan')} were compared{each}."
    others = [plan for plan in comparison.plans if any(row.plan is plan and row.baseline for row in comparison.rows)]
    for plan in others[:_MOST_PLANS]:
        rows = [row for row in comparison.rows if row.plan is plan and row.difference and row.measure in _FIRST]
        base = next(row.baseline.label for row in rows if row.baseline) if rows else bases[0]
        if not any(row.difference and row.difference.n for row in rows):
            yield f"{plan.label} against {base}: no run with the same seed, so no difference."
            continue
        known = [row for row in rows if row.difference and row.difference.half_width is not None]
        clear = [row for row in known if row.difference and row.difference.excludes_zero]
        if clear:
            told = listed(_differs(row, comparison) for row in clear)
            yield f"{plan.label} against {base}: {told}. The interval of each difference excludes 0."
        elif known:
            yield f"{plan.label} against {base}: no difference in the main measures whose interval excludes 0."
        else:
            told = listed(_differs(row, comparison) for row in rows if row.difference and row.difference.mean)
            if told:
                yield f"{plan.label} against {base}: {told}. One run of each cannot tell this from chance."
            else:
                yield f"{plan.label} against {base}: no difference in the main measures."
    if len(others) > _MOST_PLANS:
        yield f"{number(len(others) - _MOST_PLANS)} more plans stand in the table."


def comparison_section(comparison: Comparison, anchor: str) -> Section:
    """The table of all measures and the picture of those that differ most."""
    level = f"{comparison.level * 100:g}"
    sentences = [
        "Runs with the same seed meet the same chance, so differences are those of pairs of runs. ± is half "
        f"the width of the {level} % interval (Student's t); {MARK} marks a difference whose interval excludes 0.",
    ]
    if comparison.replications < 2:
        sentences.append("No plan has two runs, so there is no interval: what is shown may be chance.")
    said = {row.measure for row in comparison.rows if row.value.mean or row.value.half_width}
    rows = [row for row in comparison.rows if row.measure in said] or list(comparison.rows)
    points = list(dict.fromkeys(f"{plan.label}: {_point(plan)}" for plan in comparison.plans if plan.parameters))
    drawn = picture(
        lambda: drawn_plans(rows),
        f"The mean of each of {count(len(comparison.plans), 'plan')} with its interval, for the measures that "
        "differ most. The table below has the same numbers.",
        "Mean and interval of each plan, for the measures that differ most.",
    )
    return Section(
        anchor,
        "Plans compared",
        tuple(sentences),
        (*warnings_of(comparison.several, comparison.plans), *points),
        (_table(rows, len({row.measure for row in comparison.rows} - said)),),
        (drawn,),
    )


def _table(rows: Sequence[Row], left_out: int) -> Table:
    note = f"{count(left_out, 'measure that is', 'measures that are')} 0 in every run left out." if left_out else ""
    plans = list(dict.fromkeys(row.plan.label for row in rows))
    return _side_by_side(rows, plans, note) if len(plans) <= _MOST_SIDE_BY_SIDE else _one_below_the_other(rows, note)


def _side_by_side(rows: Sequence[Row], plans: Sequence[str], note: str) -> Table:
    heads = ["measure"]
    for plan in plans:
        row = next(row for row in rows if row.plan.label == plan)
        heads += [f"{plan}, {count(len(row.plan.seeds), 'run')}"]
        heads += [f"{plan} against {row.baseline.label}"] if row.baseline else []
    cells = []
    for measure, group in groupby(rows, lambda row: row.measure):
        block = list(group)
        decimals = decimals_of(block)
        line = [measure_title(measure)]
        for row in block:
            few = f" ({count(row.value.n, 'run')})" if 0 < row.value.n < len(row.plan.seeds) else ""
            line += [_interval(row.value, decimals) + few]
            line += [_signed(row.difference, decimals) if row.difference else NOTHING] if row.baseline else []
        cells.append(tuple(line))
    return Table(_CAPTION, tuple(heads), tuple(cells), frozenset(), note)


def _one_below_the_other(rows: Sequence[Row], note: str) -> Table:
    cells = []
    for measure, group in groupby(rows, lambda row: row.measure):
        block = list(group)
        decimals = decimals_of(block)
        for row in block:
            difference = "" if row.difference is None else _signed(row.difference, decimals)
            against = row.baseline.label if row.baseline else ""
            runs = number(row.value.n)
            cells.append(
                (measure_title(measure), row.plan.label, runs, _interval(row.value, decimals), against, difference)
            )
    heads = ("measure", "plan", "runs", "mean", "compared with", "difference")
    return Table(_CAPTION, heads, tuple(cells), frozenset({1, 4}), note)


def _differs(row: Row, comparison: Comparison) -> str:
    block = [other for other in comparison.rows if other.measure == row.measure]
    text = _signed(row.difference, decimals_of(block)) if row.difference else NOTHING
    return f"{measure_title(row.measure)} {text.removesuffix(f' {MARK}')}"


def _interval(value: Interval, decimals: int) -> str:
    if value.mean is None:
        return NOTHING
    width = "" if value.half_width is None else f" ± {_number(value.half_width, decimals)}"
    return f"{_number(value.mean, decimals)}{width}"


def _signed(difference: Interval, decimals: int) -> str:
    if difference.mean is None:
        return NOTHING
    sign = "+" if difference.mean > 0 and _number(difference.mean, decimals).strip("0.,") else ""
    return f"{sign}{_interval(difference, decimals)}{f' {MARK}' if difference.excludes_zero else ''}"


def _number(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", "\N{MINUS SIGN}")


def measure_title(name: str) -> str:
    """A measure as words, with its unit."""
    if name.startswith("hours_off_"):
        return f"hours without supply, {name.removeprefix('hours_off_').replace('_', ' ')}"
    words = name.removesuffix("_s").removesuffix("_kwh").removeprefix("kwh_").replace("_", " ")
    if name.endswith("_s") and "wait" in name:
        return f"{words}, s"
    return f"{words}, kWh" if "kwh" in name else name.replace("_", " ")


def _point(plan: Plan) -> str:
    return ", ".join(f"{path}={value}" for path, value in plan.parameters.items())
