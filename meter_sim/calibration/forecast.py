"""A forecast: what the fit to the counts up to a day says of a later one, and of counts that it did not see."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from meter_sim.calibration.calibration import Calibration
from meter_sim.calibration.error import CalibrationError
from meter_sim.local_time import date_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Forecast:
    """A calibration, and the share at the closing of a local day in each of its drawn runs, of 1.

    `deadline` is that day, counted from 1970-01-01. As text it is the lines that `meter-sim forecast` prints.
    """

    calibration: Calibration
    deadline: int
    outcomes: NDArray[np.float64] = field(repr=False)

    @property
    def mean(self) -> float:
        """The mean outcome, of 1."""
        return float(self.outcomes.mean())

    @property
    def intervals(self) -> dict[float, tuple[float, float]]:
        """The ends of the bands on that day, of 1, by level."""
        place = self.deadline - self.calibration.subject.first_day
        return {band.level: (float(band.low[place]), float(band.high[place])) for band in self.calibration.bands}

    def inside(self, level: float) -> int:
        """How many of the counts that were held back lie in the band of this level."""
        return sum(each.is_inside(level) for each in self.calibration.held_back)

    def plot(self) -> "Figure":
        """The picture of the calibration with the outcomes on that day, as a matplotlib figure."""
        from meter_sim.calibration.fit_plot import fit_figure

        return fit_figure(self.calibration, self)

    def write(self, folder: str | Path, *, plot: bool = True) -> Path:
        """Write all files into a folder, at once. Raises ResultError as `Result.write` does."""
        from meter_sim.calibration.fit_folder import write_fit

        write_fit(self.calibration, Path(folder), self, plot=plot)
        return Path(folder)

    def __str__(self) -> str:
        from meter_sim.calibration.fit_text import fit_lines

        return "\n".join(fit_lines(self.calibration, self))


def forecast(calibration: Calibration, deadline: int | None = None) -> Forecast:
    """The outcomes at a day, the last day of credit under the old key where none is given. Raises CalibrationError."""
    subject = calibration.subject
    day = subject.deadline if deadline is None else deadline
    check_deadline(day, subject.first_day, subject.last_day)
    return Forecast(calibration, day, calibration.drawn[:, day - subject.first_day].copy())


def check_deadline(day: int, first: int, last: int) -> None:
    """Refuse a day that is none of the run. Raises CalibrationError."""
    if not first <= day <= last:
        span = f"{date_of(first)} to {date_of(last)}"
        raise CalibrationError(f"--deadline: {date_of(day)} is not within the scenario's run of {span}")
