"""Plans compared over several runs: means with their intervals, and differences of runs with the same seed.

Runs of two plans with the same seed meet the same chance, so the difference of each pair says more of the plans than
the difference of the means does: what both owe to chance falls out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt

LEVEL = 0.95
"""The share of intervals that hold the true mean, where nothing else is asked for."""
DEFAULT_BASELINE = "base"
"""The plan that the others are compared with, if one has this name; else it is the first."""


class CompareError(Exception):
    """What cannot be compared; one line."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The mean of `n` values and half the width of its interval; None where there are too few for one."""

    n: int
    mean: float | None
    half_width: float | None

    @property
    def low(self) -> float | None:
        """The lower end."""
        return None if self.mean is None or self.half_width is None else self.mean - self.half_width

    @property
    def high(self) -> float | None:
        """The upper end."""
        return None if self.mean is None or self.half_width is None else self.mean + self.half_width

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 is outside; of an interval without width, whether the mean is not 0."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs of one plan: a scenario under a name, at one point of a sweep.

    `parameters` are the values of the point by path; `values` are the measures by name, each with its value by seed.
    """

    name: str
    point: int
    parameters: Mapping[str, str]
    values: Mapping[str, Mapping[int, float]]

    @property
    def label(self) -> str:
        """The name, with the point if there is a sweep."""
        return f"{self.name}.{self.point}" if self.parameters else self.name

    @property
    def seeds(self) -> frozenset[int]:
        """The seeds of its runs."""
        return frozenset(seed for values in self.values.values() for seed in values)


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one plan, and how it differs from the plan that it is compared with (None for that one)."""

    measure: str
    plan: Plan
    value: Interval
    baseline: Plan | None
    difference: Interval | None


def quantile(n: int, level: float) -> float:
    """Student's t with n - 1 degrees of freedom that leaves (1 - level) / 2 on either side."""
    from scipy.special import stdtrit  # what scipy.stats.t.ppf is made of, at a fifth of the time to import it

    return float(stdtrit(n - 1, (1 + level) / 2))


def interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """The mean of values and its interval by Student's t; no interval below two values, no mean below one."""
    n = len(values)
    if n == 0:
        return Interval(0, None, None)
    mean = fsum(values) / n
    if n == 1:
        return Interval(1, mean, None)
    deviation = sqrt(fsum((value - mean) ** 2 for value in values) / (n - 1))
    return Interval(n, mean, quantile(n, level) * deviation / sqrt(n) if deviation else 0.0)


def paired(values: Mapping[int, float], others: Mapping[int, float], level: float = LEVEL) -> Interval:
    """The mean of `values` less `others` over the seeds that both have, and its interval."""
    return interval([value - others[seed] for seed, value in values.items() if seed in others], level)


def baseline_name(plans: Sequence[Plan], wanted: str | None = None) -> str:
    """The name of the plan that the others are compared with. Raises CompareError if none has the wanted name."""
    names = list(dict.fromkeys(plan.name for plan in plans))
    if wanted is None:
        return DEFAULT_BASELINE if DEFAULT_BASELINE in names else names[0]
    if wanted not in names:
        raise CompareError(f"--baseline: nothing is called {wanted!r}, allowed are {', '.join(names)}")
    return wanted


def partner(plan: Plan, plans: Sequence[Plan], baseline: str) -> Plan | None:
    """The plan that another is compared with, None if it stands for itself.

    It is the baseline's with the same parameters, or its only one. The points of the baseline itself stand for
    themselves, but where there is nothing else they are compared with the first.
    """
    bases = [other for other in plans if other.name == baseline]
    if plan.name != baseline:
        alike = [base for base in bases if dict(base.parameters) == dict(plan.parameters)]
        return alike[0] if alike else bases[0] if len(bases) == 1 else None
    return bases[0] if len(bases) == len(plans) and plan is not bases[0] else None


def compared(plans: Sequence[Plan], baseline: str | None = None, level: float = LEVEL) -> tuple[Row, ...]:
    """A row for each measure and plan, measures in the order of the first plan that has them.

    Raises CompareError if nothing has the name `baseline`.
    """
    name = baseline_name(plans, baseline)
    partners = [partner(plan, plans, name) for plan in plans]
    rows = []
    for measure in dict.fromkeys(measure for plan in plans for measure in plan.values):
        for plan, other in zip(plans, partners, strict=True):
            values = plan.values.get(measure, {})
            difference = None if other is None else paired(values, other.values.get(measure, {}), level)
            rows.append(Row(measure, plan, interval(list(values.values()), level), other, difference))
    return tuple(rows)
