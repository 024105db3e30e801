"""How sure fitted values are: linear algebra on the slopes of the curve at the fit. No runs are made here.

Parameters are places between their bounds (0: low, 1: high); residuals are in the points' own standard deviations.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

BOUNDS_VARIANCE = 1 / 12
"""Of a value that may be anywhere between its bounds."""
BLURRED = 0.7
"""A value whose standard deviation is more than so much of that of the bounds is not told by the points."""
TOGETHER = 0.95
"""Correlation from which on two values are told only together."""
AT_BOUND = 0.01
JUDGED = 4
"""How many counts' scatter the points' own standard deviations are worth, which somebody judged (G)."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of the values around the fit.

    `scale` is by how much the points scatter more than they say of themselves (1: no more); `freedom` the degrees of
    freedom of that estimate. `covariance` is that of the places.
    """

    scale: float
    freedom: float
    covariance: Array

    def half_widths(self, level: float) -> Array:
        """Half the width of each value's interval."""
        return quantile(level, self.freedom) * np.sqrt(np.diag(self.covariance))


def quantile(level: float, freedom: float) -> float:
    """How many standard deviations an interval reaches to each side, by Student's t."""
    return float(stats.t.ppf(0.5 + level / 2, freedom))


def spread_of(slopes: Array, residuals: Array, chance: Array) -> Spread:
    """What is known of the values.

    `slopes` has a row a point and a column a parameter, `residuals` are those of the fit, `chance` is the covariance of
    the compared curve at the points that comes of the chance of its runs. The bounds count as knowledge too: without
    points a value may be anywhere between them, and a value that no point tells uses up no point. What the points say
    of their own scatter counts like `JUDGED` further points, so that two or three are not left to themselves.
    """
    points, parameters = slopes.shape
    bounds = np.eye(parameters) / BOUNDS_VARIANCE
    used_up = float(np.trace(np.linalg.solve(slopes.T @ slopes + bounds, slopes.T @ slopes)))
    freedom = JUDGED + points - used_up
    scale = max((JUDGED + float(residuals @ residuals)) / freedom, 1.0)
    known = slopes.T @ slopes / scale + bounds
    inverse = np.linalg.inv(known)
    gain = inverse @ slopes.T / scale
    covariance = inverse + gain @ chance @ gain.T
    return Spread(float(np.sqrt(scale)), freedom, covariance)


def verdicts(slopes: Array, covariance: Array, places: Array, within: Array, names: tuple[str, ...]) -> list[str]:
    """Of each parameter, in words, what the points cannot tell of it; empty where they tell it.

    `slopes` as above, `within` the standard deviation of each point, of 1.
    """
    deviations = np.sqrt(np.diag(covariance))
    correlations = covariance / np.outer(deviations, deviations)
    told = []
    for number in range(len(names)):
        parts = []
        effect = float(np.max(np.abs(slopes[:, number] * within))) if len(within) else 0.0
        partners = [
            names[other]
            for other in range(len(names))
            if other != number and abs(correlations[number, other]) > TOGETHER
        ]
        if effect < 0.005:
            parts.append("near the fit moves no point by half a percentage point")
        elif deviations[number] > BLURRED * BOUNDS_VARIANCE**0.5:
            parts.append("not told by these points within its bounds")
        if partners:
            parts.append(f"told only together with {', '.join(partners)}")
        if not AT_BOUND <= places[number] <= 1 - AT_BOUND:
            parts.append("lies at its bound")
        told.append("; ".join(parts))
    return told


def draws(places: Array, covariance: Array, number: int, seed: int) -> Array:
    """So many sets of places around the fit, drawn from a normal spread and kept within the bounds; a row a set."""
    generator = np.random.Generator(np.random.Philox(key=seed & 0xFFFFFFFFFFFFFFFF))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    drawn: Array = np.clip(places + generator.standard_normal((number, len(places))) @ root.T, 0.0, 1.0)
    return drawn
