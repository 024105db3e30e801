"""Plans compared on the command line: the options that make `run` an experiment, and the command compare."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from meter_sim.cli_bulk import clean_up_when_terminated
from meter_sim.detail import Keep
from meter_sim.wrong_input import WrongInputError

if TYPE_CHECKING:
    from tqdm import tqdm

    from meter_sim.experiments.design import Design
    from meter_sim.experiments.experiment import Experiment
    from meter_sim.experiments.pool import Job
    from meter_sim.results.compare import Row

_MOST_REPLICATIONS = 1_000_000


def experiment_options(command: Callable[..., None]) -> Callable[..., None]:
    """--scenario, --sweep, --pairs, --replications, --workers and --baseline of `run`."""
    for option in (
        click.option("--baseline", metavar="NAME", help="The scenario to compare with [base, or the first]."),
        click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes that run side by side [1]."),
        click.option(
            "--replications",
            type=click.IntRange(1, _MOST_REPLICATIONS),
            metavar="N",
            help="Runs of each scenario and point, each with a seed of its own [1].",
        ),
        click.option("--pairs", is_flag=True, help="Take several --sweep side by side, not each with each."),
        click.option(
            "--sweep",
            "sweeps",
            multiple=True,
            metavar="NAME|PATH=VALUES",
            help="A sweep of the file, or PATH=V1,V2,... or PATH=FROM..TO..STEP.",
        ),
        click.option(
            "--scenario", "scenarios", multiple=True, metavar="NAME", help="A scenario of the file; all for every one."
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Experiments:
    """What the options of `run` ask for beyond a single run."""

    scenarios: tuple[str, ...]
    sweeps: tuple[str, ...]
    pairs: bool
    replications: int | None
    workers: int | None
    baseline: str | None

    @classmethod
    def of(cls, options: Mapping[str, object]) -> "Experiments | None":
        """The experiments of these options; None where none of them is given, or only the workers of a single run."""
        wanted = any(value for name, value in options.items() if name != "workers")
        return cls(**options) if wanted else None  # type: ignore[arg-type]

    def run(
        self,
        files: Sequence[Path],
        folders: Sequence[Path],
        overrides: Mapping[str, str],
        *,
        plot: bool,
        detail: Keep | None,
        allow_code: bool,
    ) -> bool:
        """Run an experiment of each file, write and report it; whether an expectation was not met."""
        from meter_sim.results.experiment_folder import strange_in
        from meter_sim.results.folder import ResultError, check_replaceable
        from meter_sim.scenario.error import ScenarioError

        try:
            designs = [self._design(file, overrides, allow_code) for file in files]
            for folder in folders:
                check_replaceable(folder, "experiment", strange_in)
        except (ScenarioError, ResultError) as error:
            raise WrongInputError(str(error)) from None
        clean_up_when_terminated()
        failed = False
        for design, folder in zip(designs, folders, strict=True):
            failed |= self._run_one(design, folder, plot, detail)
        return failed

    def _design(self, file: Path, overrides: Mapping[str, str], allow_code: bool) -> "Design":
        from meter_sim.experiments.design import design
        from meter_sim.scenario.reader import read_scenario_file

        return design(
            *read_scenario_file(file, overrides, allow_code=allow_code),
            scenarios=self.scenarios,
            sweeps=self.sweeps,
            pairs=self.pairs,
            replications=self.replications or 1,
            baseline=self.baseline,
        )

    def _run_one(self, design: "Design", folder: Path, plot: bool, detail: Keep | None) -> bool:
        from meter_sim.engine.habits import BehaviourError
        from meter_sim.experiments.experiment import write_experiment
        from meter_sim.experiments.pool import ExperimentError
        from meter_sim.results.folder import ResultError
        from meter_sim.scenario.error import ScenarioError

        try:
            with _progress(design) as on_run:
                experiment = write_experiment(
                    design, folder, workers=self.workers or 1, on_run=on_run, plot=plot, detail=detail
                )
        except (ExperimentError, ResultError, ScenarioError, BehaviourError) as error:
            raise WrongInputError(str(error)) from None
        _report(design, experiment)
        click.echo(f"written to {folder}")
        for failure in experiment.failures:
            click.echo(failure, err=True)
        return bool(experiment.failures)


@contextmanager
def _progress(design: "Design") -> "Iterator[Callable[[Job], None]]":
    """A bar on a terminal, else a line for each run that is done."""
    from tqdm import tqdm

    each = len(design.seeds)
    if not sys.stderr.isatty():
        yield lambda job: click.echo(_done(job, each), err=True)
        return
    with tqdm(total=len(design.variants) * each, unit="run", desc=design.title, delay=1, leave=False) as bar:
        yield lambda _: _advance(bar)


def _done(job: "Job", each: int) -> str:
    return f"{job.variant.label}, replication {job.replication + 1} of {each}: done"


def _report(design: "Design", experiment: "Experiment") -> None:
    from meter_sim.results.compare import LEVEL
    from meter_sim.results.summary import utc_text

    start, end = design.spans[0]
    runs = f"{len(design.variants)} plans, {len(design.seeds)} runs of each"
    click.echo(f"{design.title}: {utc_text(start)} to {utc_text(end)}, seed {design.seeds[0]}, {runs}")
    _print(experiment.compared(), LEVEL)
    click.echo(f"expectations: {len(experiment.failures)} not met" if experiment.failures else "expectations: all met")


def _print(rows: "Sequence[Row]", level: float) -> None:
    from meter_sim.results.comparison_text import comparison_lines

    for line in comparison_lines(rows, level):
        click.echo(line)


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option("--baseline", metavar="NAME", help="What the others are compared with [base, or the first].")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write the comparison into this folder.")
@click.option("--level", default="95%", metavar="P%", help="How sure the intervals are [95%].")
@click.option("--measure", "measures", multiple=True, metavar="NAME", help="Only this measure; may be given again.")
def compare(
    folders: tuple[Path, ...], baseline: str | None, out: Path | None, level: str, measures: tuple[str, ...]
) -> None:
    """Compare experiments and single results: means, and differences of runs with the same seed.

    Each has its interval; what is not comparable is said on standard error.
    """
    from meter_sim.results.compare import CompareError, compared
    from meter_sim.results.comparison import strange_in, write_comparison
    from meter_sim.results.experiment_folder import named_apart, read_compared, warnings_of
    from meter_sim.results.folder import ResultError, check_replaceable, complete_or_not_there

    share = share_of_level(level)
    try:
        if out is not None:
            check_replaceable(out, "comparison", strange_in)
        several = [read_compared(folder) for folder in dict.fromkeys(folders)]
        plans = named_apart(several)
        rows = _only(compared(plans, baseline, share), measures)
        for line in warnings_of(several, plans):
            click.echo(line, err=True)
        _print(rows, share)
        if out is not None:
            with complete_or_not_there(out, "comparison", strange_in) as draft:
                write_comparison(rows, draft, measures)
            click.echo(f"written to {out}")
    except (CompareError, ResultError) as error:
        raise WrongInputError(str(error)) from None


def share_of_level(text: str) -> float:
    """What --level asks for."""
    from meter_sim.scenario.quantities import QuantityError, percentage

    try:
        share = float(percentage(text))
    except QuantityError as error:
        raise WrongInputError(f"--level: {error}") from None
    if not 0.5 <= share < 1:
        raise WrongInputError(f"--level: {text} is not from 50% to below 100%")
    return share


def _only(rows: "Sequence[Row]", measures: Sequence[str]) -> "tuple[Row, ...]":
    """The rows of the given measures, all where none is given."""
    from meter_sim.scenario.fields import nearest

    names = list(dict.fromkeys(row.measure for row in rows))
    for measure in measures:
        if measure not in names:
            raise WrongInputError(f"--measure: {measure!r} is no measure here, {nearest(measure, names)}")
    return tuple(row for row in rows if not measures or row.measure in measures)


def _advance(bar: "tqdm[NoReturn]") -> None:
    bar.update()
