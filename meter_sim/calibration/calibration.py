"""A calibration: fitted values with intervals, the curve with its bands, and how far each count lies from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from meter_sim.calibration.curve import Shares, at_points
from meter_sim.calibration.error import CalibrationError
from meter_sim.calibration.fit import Found, find
from meter_sim.calibration.observed import Point, check_in_run
from meter_sim.calibration.parameter import Parameter
from meter_sim.calibration.runs import OneRun, Runs, Subject, curve_of
from meter_sim.calibration.uncertainty import Spread, draws, quantile, spread_of, verdicts

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

LEVELS = (0.5, 0.8, 0.95)
"""The shares of outcomes that the bands are to hold."""
LEVEL = 0.95
"""That of the intervals of fitted values."""


@dataclass(frozen=True, slots=True)
class Choices:
    """How a calibration is made.

    `evaluations` are the sets of values that are tried at most, each run with so many `seeds`, whose mean is compared;
    `replications` are the runs of which bands come; counts after the local day `until` are held back (None: none).
    """

    evaluations: int = 60
    seeds: int = 2
    replications: int = 20
    until: int | None = None

    @property
    def runs(self) -> int:
        """Runs of a calibration, about."""
        return self.evaluations * self.seeds + 2 * self.replications


@dataclass(frozen=True, slots=True)
class Estimate:
    """A fitted value as a scenario writes it, its interval in the same unit, and what the points cannot tell of it."""

    parameter: Parameter
    text: str
    value: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Band:
    """Between what two shares of each day so much (`level`) of the outcomes are to lie, of 1."""

    level: float
    low: Shares
    high: Shares


@dataclass(frozen=True, slots=True)
class Compared:
    """A count beside the curve; `lows` and `highs` are the ends of the bands there, `is_fitted` whether it was used."""

    point: Point
    curve: float
    lows: Mapping[float, float]
    highs: Mapping[float, float]
    is_fitted: bool

    @property
    def residual(self) -> float:
        """Curve less count, of 1."""
        return self.curve - self.point.share

    def is_inside(self, level: float) -> bool:
        """Whether the count lies in a band."""
        return self.lows[level] <= self.point.share <= self.highs[level]


@dataclass(frozen=True, slots=True)
class Errors:
    """How far counts lie from the curve, in percentage points; None where there are none."""

    points: int
    root_mean_square: float | None
    greatest: float | None

    @classmethod
    def of(cls, several: Sequence[Compared]) -> "Errors":
        """Of some counts."""
        if not several:
            return cls(0, None, None)
        residuals = [100 * each.residual for each in several]
        mean = sum(residual**2 for residual in residuals) / len(residuals)
        return cls(len(residuals), sqrt(mean), max(map(abs, residuals)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What came of it. `curve` is the mean over runs at the fitted values, of 1, by local day from `subject.first_day`.

    `drawn` are the curves of runs with values drawn around the fit and a seed of their own, a row a run; `error` is the
    standard deviation, of 1, by which a count lies beside the curve beyond what these say. As text it is the lines that
    `meter-sim calibrate` prints.
    """

    subject: Subject
    choices: Choices
    estimates: tuple[Estimate, ...]
    correlations: NDArray[np.float64]
    compared: tuple[Compared, ...]
    curve: Shares = field(repr=False)
    bands: tuple[Band, ...] = field(repr=False)
    drawn: NDArray[np.float64] = field(repr=False)
    error: float
    scale: float
    evaluations: int
    converged: bool

    @property
    def fitted(self) -> tuple[Compared, ...]:
        """The counts that were fitted."""
        return tuple(each for each in self.compared if each.is_fitted)

    @property
    def held_back(self) -> tuple[Compared, ...]:
        """The counts after `until`, which the fit did not see."""
        return tuple(each for each in self.compared if not each.is_fitted)

    @property
    def values(self) -> "pd.DataFrame":
        """One row a fitted value: its path, value, interval and unit, and what the counts cannot tell of it."""
        import pandas as pd

        from meter_sim.calibration.fit_tables import value_row

        return pd.DataFrame([value_row(each) for each in self.estimates])

    @property
    def counts(self) -> "pd.DataFrame":
        """One row a count beside the curve, in percent: residual, whether it was fitted, the ends of the bands."""
        import pandas as pd

        from meter_sim.calibration.fit_tables import count_row

        return pd.DataFrame([count_row(each) for each in self.compared])

    @property
    def by_day(self) -> "pd.DataFrame":
        """One row a local day: the curve and the ends of its bands, in percent of the meters in scope."""
        from meter_sim.calibration.fit_tables import curve_table

        frame: pd.DataFrame = curve_table(self).to_pandas()
        return frame

    def plot(self) -> "Figure":
        """Counts, curve and bands, the residuals below, as a matplotlib figure."""
        from meter_sim.calibration.fit_plot import fit_figure

        return fit_figure(self)

    def write(self, folder: str | Path, *, plot: bool = True) -> Path:
        """Write all files into a folder, at once. Raises ResultError as `Result.write` does."""
        from meter_sim.calibration.fit_folder import write_fit

        write_fit(self, Path(folder), plot=plot)
        return Path(folder)

    def __str__(self) -> str:
        from meter_sim.calibration.fit_text import fit_lines

        return "\n".join(fit_lines(self))


def calibrate(
    subject: Subject,
    points: Sequence[Point],
    choices: Choices,
    *,
    workers: int = 1,
    on_run: Callable[[], None] = lambda: None,
    one_run: OneRun = curve_of,
) -> Calibration:
    """Fit the parameters of a subject to counts, in so many processes; what comes of it does not depend on them.

    `on_run` is told of each run that is done, `one_run` carries one out. Raises CalibrationError, ScenarioError.
    """
    check_in_run(points, subject.first_day, subject.last_day)
    until = subject.last_day if choices.until is None else choices.until
    used = tuple(point for point in points if point.last <= until)
    if not used:
        raise CalibrationError(
            f"--until: the first count is of {points[0].date}, so none is left to fit; name a later day"
        )
    with Runs(subject, workers, on_run, one_run) as runs:
        seeds = subject.seeds(max(choices.replications, choices.seeds))
        found = find(runs, used, seeds[: choices.seeds], choices.evaluations)
        own = np.stack(runs.curves([(found.texts, seed) for seed in seeds[: choices.replications]]))
        spread = _spread(found, own, used, subject.first_day, choices.seeds)
        places = draws(found.places, spread.covariance, choices.replications, subject.seed)
        texts = [
            tuple(each.text(float(place)) for each, place in zip(subject.parameters, row, strict=True))
            for row in places
        ]
        drawn = np.stack(runs.curves(list(zip(texts, seeds[: choices.replications], strict=True))))
    error = spread.scale * float(np.median([point.within for point in used]))
    curve: Shares = own.mean(axis=0)
    bands = tuple(_band(drawn, error, spread.freedom, level) for level in LEVELS)
    compared = tuple(_compared(point, curve, drawn, spread, subject.first_day, point.last <= until) for point in points)
    deviations = np.sqrt(np.diag(spread.covariance))
    return Calibration(
        subject, choices, _estimates(subject.parameters, found, spread, used),
        spread.covariance / np.outer(deviations, deviations), compared, curve, bands, drawn, error, spread.scale,
        found.evaluations, found.converged,
    )  # fmt: skip


def _spread(found: Found, own: NDArray[np.float64], used: tuple[Point, ...], first_day: int, seeds: int) -> Spread:
    within = np.array([point.within for point in used])
    shares = np.stack([at_points(curve, first_day, used) / within for curve in own])
    chance = np.atleast_2d(np.cov(shares, rowvar=False)) / seeds if len(own) > 1 else np.zeros((len(used), len(used)))
    return spread_of(found.slopes, found.residuals, chance)


def _estimates(
    parameters: tuple[Parameter, ...], found: Found, spread: Spread, used: tuple[Point, ...]
) -> tuple[Estimate, ...]:
    within = np.array([point.within for point in used])
    told = verdicts(found.slopes, spread.covariance, found.places, within, tuple(each.path for each in parameters))
    return tuple(
        Estimate(
            parameter,
            text,
            parameter.value(place),
            parameter.value(max(place - half, 0.0)),
            parameter.value(min(place + half, 1.0)),
            verdict,
        )
        for parameter, text, place, half, verdict in zip(
            parameters, found.texts, found.places.tolist(), spread.half_widths(LEVEL).tolist(), told, strict=True
        )
    )


def _band(drawn: NDArray[np.float64], error: float, freedom: float, level: float) -> Band:
    """Around the mean of the drawn curves: where one more run and a count beside it are to lie.

    Their variance is that of the drawn curves, with what their mean may be off, and that of a count from the curve.
    """
    number = len(drawn)
    middle = drawn.mean(axis=0)
    variance = drawn.var(axis=0, ddof=1) * (1 + 1 / number)
    half = quantile(level, min(number - 1, freedom)) * np.sqrt(variance + error**2)
    return Band(level, np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0))


def _compared(
    point: Point, curve: Shares, drawn: NDArray[np.float64], spread: Spread, first_day: int, is_fitted: bool
) -> Compared:
    """A count beside the curve; its bands are those of a count that may be off by as much as this one says."""
    at_count = np.stack([at_points(each, first_day, (point,)) for each in drawn])
    bands = [_band(at_count, spread.scale * point.within, spread.freedom, level) for level in LEVELS]
    lows = {band.level: float(band.low[0]) for band in bands}
    highs = {band.level: float(band.high[0]) for band in bands}
    return Compared(point, float(at_points(curve, first_day, (point,))[0]), lows, highs, is_fitted)
