"""Parameters of a scenario fitted to dated counts: the values at which the curve comes closest to the points.

A run is a matter of chance, so all values meet the same seeds, and what is compared is the mean over them. Slopes are
taken over a sizeable step, since a curve of some thousand meters moves in small jumps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import qmc

from meter_sim.calibration.curve import at_points
from meter_sim.calibration.observed import Point
from meter_sim.calibration.runs import Runs, Texts

Array = NDArray[np.float64]

STEP = 0.08
"""Of the way from bound to bound: how far apart the runs are of which a slope is taken."""
_CLOSE = 1e-3
"""Steps of the search, and gains of it, that are too small to go on, as a part of the whole."""


class _SpentError(Exception):
    """The evaluations are used up."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where the curve comes closest: places between the bounds, their texts, and the slopes there.

    `residuals` are curve less count at each point, `slopes` how they change from bound to bound, both in the points'
    standard deviations. `evaluations` are the sets of values that were tried; `converged` says whether the search
    ended by itself.
    """

    places: Array
    texts: Texts
    residuals: Array
    slopes: Array
    evaluations: int
    converged: bool


def find(runs: Runs, points: Sequence[Point], seeds: Sequence[int], evaluations: int) -> Found:
    """The values at which the mean curve over the seeds comes closest to the points, in least squares.

    Some sets spread evenly between the bounds are tried first; from the best a trust region search goes on until so
    many sets were tried, or no step helps. Raises ScenarioError, CalibrationError.
    """
    search = _Search(runs, tuple(points), tuple(seeds), evaluations)
    number = len(runs.subject.parameters)
    starts = min(4 * number + 1, max(evaluations // 3, 1))
    search.residuals_at(_spread(starts, number))
    converged = False
    try:
        done = least_squares(
            search.residuals, search.best, search.slopes, bounds=(0.0, 1.0), xtol=_CLOSE, ftol=_CLOSE, gtol=_CLOSE
        )
        converged = bool(done.success)
    except _SpentError:
        pass
    best = search.best
    search.evaluations_left = 2 * number + 1  # the slopes at the end are not part of the search
    tried = search.tried
    slopes = search.slopes(best, both_sides=True)
    return Found(best, search.texts(best), search.residuals(best), slopes, tried, converged)


def _spread(number: int, parameters: int) -> list[Array]:
    """Sets of places spread evenly, the middle first."""
    halton = qmc.Halton(parameters, scramble=False).random(number)[1:]
    return [np.full(parameters, 0.5), *halton]


class _Search:
    """Evaluates sets of places, counts them, and keeps the best."""

    def __init__(self, runs: Runs, points: tuple[Point, ...], seeds: tuple[int, ...], evaluations: int) -> None:
        self._runs = runs
        self._points = points
        self._seeds = seeds
        self._observed = np.array([point.share for point in points])
        self._within = np.array([point.within for point in points])
        self._known: dict[Texts, Array] = {}
        self.evaluations_left = evaluations

    @property
    def tried(self) -> int:
        """Sets of values that were tried."""
        return len(self._known)

    @property
    def best(self) -> Array:
        """The places of the set with the least squares; of several the first."""
        texts = min(self._known, key=lambda each: float(self._known[each] @ self._known[each]))
        return self._places(texts)

    def texts(self, places: Array) -> Texts:
        return tuple(each.text(float(place)) for each, place in zip(self._runs.subject.parameters, places, strict=True))

    def _places(self, texts: Texts) -> Array:
        pairs = zip(self._runs.subject.parameters, texts, strict=True)
        return np.array([each.place(text) for each, text in pairs])

    def residuals_at(self, several: Sequence[Array]) -> list[Array]:
        """The residuals of several sets, those that are new run together."""
        texts = [self.texts(places) for places in several]
        new = [each for each in dict.fromkeys(texts) if each not in self._known]
        if len(new) > self.evaluations_left:
            raise _SpentError
        self.evaluations_left -= len(new)
        for each, curve in zip(new, self._runs.mean(new, self._seeds), strict=True):
            shares = at_points(curve, self._runs.subject.first_day, self._points)
            self._known[each] = (shares - self._observed) / self._within
        return [self._known[each] for each in texts]

    def residuals(self, places: Array) -> Array:
        return self.residuals_at([places])[0]

    def slopes(self, places: Array, *, both_sides: bool = False) -> Array:
        """How the residuals change from bound to bound, at these places; a column a parameter."""
        ends: list[Array] = []
        for number, parameter in enumerate(self._runs.subject.parameters):
            step = max(STEP, 1.01 * float(parameter.step) / parameter.span)
            low, high = places.copy(), places.copy()
            up = places[number] + step <= 1
            high[number] = min(places[number] + step, 1.0) if up or both_sides else places[number]
            low[number] = max(places[number] - step, 0.0) if not up or both_sides else places[number]
            if parameter.text(float(low[number])) == parameter.text(float(high[number])):  # few whole numbers
                low[number], high[number] = max(places[number] - step, 0.0), min(places[number] + step, 1.0)
            ends += [low, high]
        values = self.residuals_at(ends)
        columns = []
        for number in range(len(places)):
            low, high = (self._places(self.texts(ends[2 * number + side]))[number] for side in (0, 1))
            columns.append((values[2 * number + 1] - values[2 * number]) / (high - low))
        return np.stack(columns, axis=1)
