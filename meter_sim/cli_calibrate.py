"""Scenarios fitted to dated counts on the command line: calibrate, and forecast."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meter_sim.cli_bulk import clean_up_when_terminated
from meter_sim.cli_progress import LINE_EVERY
from meter_sim.cli_sets import overrides_of
from meter_sim.wrong_input import WrongInputError

if TYPE_CHECKING:
    from meter_sim.calibration.calibration import Calibration, Choices
    from meter_sim.calibration.forecast import Forecast
    from meter_sim.calibration.observed import Point
    from meter_sim.calibration.runs import Subject

_MOST_RUNS = 10_000


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What calibrate and forecast share."""
    for option in (
        click.option("--no-plot", is_flag=True, help="Leave out the picture."),
        click.option("--workers", type=click.IntRange(1), default=1, metavar="N", help="Processes side by side [1]."),
        click.option(
            "--engine",
            type=click.Choice(["auto", "reference", "fleet"]),
            default="auto",
            help="What runs the scenario [auto: fleet where it can and there is much to run, else reference].",
        ),
        click.option(
            "--replications",
            type=click.IntRange(2, _MOST_RUNS),
            default=20,
            metavar="N",
            help="Runs of which the bands come [20].",
        ),
        click.option(
            "--seeds",
            type=click.IntRange(1, _MOST_RUNS),
            default=2,
            metavar="N",
            help="Runs with each set of values, whose mean is fitted [2].",
        ),
        click.option(
            "--evaluations",
            type=click.IntRange(3, _MOST_RUNS),
            default=60,
            metavar="N",
            help="Sets of values that are tried at most [60].",
        ),
        click.option(
            "--count",
            type=click.Choice(["register", "confirmed", "true"]),
            default="register",
            help="What counts as migrated [register: its register holds the new key].",
        ),
        click.option("--seed", metavar="N", help="Override the seed."),
        click.option("--set", "sets", multiple=True, metavar="PATH=VALUE", help="Override one value of the scenario."),
        click.option(
            "--fit",
            "fits",
            multiple=True,
            required=True,
            metavar="PATH=LOW..HIGH",
            help="What is fitted, and between what; several with commas or given again.",
        ),
        click.option(
            "--observed",
            type=click.Path(path_type=Path),
            required=True,
            metavar="FILE",
            help="CSV of dated counts: date, and percent or migrated and in_scope.",
        ),
    ):
        command = option(command)
    return click.argument("scenario", type=click.Path(path_type=Path), metavar="SCENARIO")(command)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the shared options ask for."""

    scenario: Path
    observed: Path
    fits: tuple[str, ...]
    sets: tuple[str, ...]
    seed: str | None
    count: str
    evaluations: int
    seeds: int
    replications: int
    engine: str
    workers: int
    no_plot: bool

    def subject(self) -> "tuple[Subject, tuple[Point, ...]]":
        """What is fitted to what, all of it checked. Raises CalibrationError, ScenarioError."""
        from meter_sim.calibration.curve import Count
        from meter_sim.calibration.prepare import prepared

        overrides = overrides_of(self.sets, self.seed)
        count = Count(self.count)
        return prepared(
            self.scenario, self.observed, self.fits, self.choices(), set=overrides, count=count, engine=self.engine
        )

    def choices(self, until: int | None = None) -> "Choices":
        """How it is fitted."""
        from meter_sim.calibration.calibration import Choices

        return Choices(self.evaluations, self.seeds, self.replications, until)

    def calibrated(self, subject: "Subject", points: "Sequence[Point]", until: int | None = None) -> "Calibration":
        """Fit, with a bar or lines that say how far it is. Raises CalibrationError, ScenarioError."""
        from meter_sim.calibration.calibration import calibrate

        choices = self.choices(until)
        most = choices.runs + 2 * len(subject.parameters) * self.seeds
        with _progress(subject.title, most) as on_run:
            return calibrate(subject, points, choices, workers=self.workers, on_run=on_run)


@click.command()
@_options
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where the fit goes [results/NAME_fit].")
def calibrate(out: Path | None, **options: object) -> None:
    """Fit values of a scenario to dated counts.

    Writes the values with intervals, the curve with its bands, and how far each count lies from it.
    """
    with _told():
        wanted = _Wanted(**options)  # type: ignore[arg-type]
        folder = _folder(out, wanted.scenario, "fit")
        subject, points = wanted.subject()
        calibration = wanted.calibrated(subject, points)
        _write(calibration, folder, wanted, None)


@click.command()
@_options
@click.option("--until", required=True, metavar="DATE", help="The last day whose counts are fitted.")
@click.option("--deadline", metavar="DATE", help="The day that is foretold [the last of credit under the old key].")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Where the forecast goes [results/NAME_forecast]."
)
def forecast(until: str, deadline: str | None, out: Path | None, **options: object) -> None:
    """Fit values of a scenario to the counts up to a day, and run on: what comes at the deadline.

    Counts of later days are held back, and it is said how they fall into the bands.
    """
    from meter_sim.calibration.forecast import check_deadline
    from meter_sim.calibration.forecast import forecast as foretell

    with _told():
        wanted = _Wanted(**options)  # type: ignore[arg-type]
        folder = _folder(out, wanted.scenario, "forecast")
        last_fitted = _day("--until", until)
        day = None if deadline is None else _day("--deadline", deadline)
        subject, points = wanted.subject()
        if day is not None:
            check_deadline(day, subject.first_day, subject.last_day)
        calibration = wanted.calibrated(subject, points, last_fitted)
        _write(calibration, folder, wanted, foretell(calibration, day))


@contextmanager
def _told() -> Iterator[None]:
    """A user's mistake in one line."""
    from meter_sim.calibration.error import CalibrationError
    from meter_sim.engine.habits import BehaviourError
    from meter_sim.results.folder import ResultError
    from meter_sim.scenario.error import ScenarioError

    try:
        yield
    except (CalibrationError, ScenarioError, ResultError, BehaviourError) as error:
        raise WrongInputError(str(error)) from None


def _folder(out: Path | None, scenario: Path, what: str) -> Path:
    """Where the files go, which must be free for them. Raises ResultError."""
    from meter_sim.calibration.fit_folder import strange_in
    from meter_sim.results.folder import check_replaceable

    folder = out or Path("results") / f"{scenario.stem}_{what}"
    check_replaceable(folder, "calibration", strange_in)
    return folder


def _day(option: str, text: str) -> int:
    """The local day that a text names, counted from 1970-01-01; of a month or year the last.

    Raises CalibrationError.
    """
    from meter_sim.calibration.observed import days_of

    return days_of(text, option)[1]


def _write(calibration: "Calibration", folder: Path, wanted: _Wanted, forecast: "Forecast | None") -> None:
    from meter_sim.calibration.fit_folder import write_fit
    from meter_sim.calibration.fit_text import fit_lines

    write_fit(calibration, folder, forecast, plot=not wanted.no_plot)
    for line in fit_lines(calibration, forecast):
        click.echo(line)
    click.echo(f"written to {folder}")


@contextmanager
def _progress(title: str, most: int) -> Iterator[Callable[[], None]]:
    """A bar of runs on a terminal, else a line now and then."""
    from tqdm import tqdm

    clean_up_when_terminated()
    if not sys.stderr.isatty():
        yield _Lines(title, most).tell
        return
    with tqdm(total=most, unit="run", desc=title, delay=1, leave=False) as bar:

        def tell() -> None:
            bar.update()

        yield tell


class _Lines:
    """Says on standard error, no more often than every `LINE_EVERY` seconds, how many runs are done."""

    def __init__(self, title: str, most: int) -> None:
        self._title, self._most, self._done = title, most, 0
        self._told = time.monotonic()

    def tell(self) -> None:
        """Note that a run is done."""
        self._done += 1
        now = time.monotonic()
        if now - self._told >= LINE_EVERY:
            self._told = now
            click.echo(f"{self._title}: {self._done} of at most {self._most} runs", err=True)
