"""A large run on the command line: its engine, its processes or cluster, and how it goes on."""

import os
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
from meter_sim.wrong_input import WrongInputError

if TYPE_CHECKING:
    from meter_sim.detail import Keep
    from meter_sim.scenario.scenario import Scenario
    from meter_sim.sharded.assembly import Assembled
    from meter_sim.sharded.engines import Engine
    from meter_sim.sharded.run import Progress
    from meter_sim.sharded.store import Url

_GIB = 2**30


class PlaceType(click.ParamType[object]):
    """A folder, or a URL that fsspec knows."""

    name = "place"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """A Path, or a Url where the text is one."""
        del param, ctx
        if isinstance(value, str) and "://" in value:
            from meter_sim.sharded.store import Url

            return Url(value)
        return Path(str(value))


def local(places: "Sequence[Path | Url]") -> list[Path]:
    """Folders of this machine; a URL is refused."""
    for place in places:
        if not isinstance(place, Path):
            raise WrongInputError(f"--out: {place}: a URL is for a single run, leave out the options of an experiment")
    return [place for place in places if isinstance(place, Path)]


def fleet_options(command: Callable[..., None]) -> Callable[..., None]:
    """--engine, --resume, --cluster and --memory of `run`."""
    for option in (
        click.option(
            "--memory",
            type=click.FloatRange(0, min_open=True),
            metavar="G",
            help="GiB that a run may take here [what the machine has].",
        ),
        click.option("--cluster", metavar="URL", help="Run on the Dask cluster of this scheduler, as tcp://host:8786."),
        click.option("--resume", is_flag=True, help="Go on with a run that was not over; what is done is kept."),
        click.option(
            "--engine",
            type=click.Choice(["auto", "reference", "fleet"]),
            help="What runs the scenario [auto: fleet for a large run without timeline and Python, else reference].",
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Fleet:
    """What the options of `run` ask for about its engine and its processes; `memory` is GiB."""

    engine: str | None
    resume: bool
    cluster: str | None
    memory: float | None
    workers: int | None

    @classmethod
    def taken_from(cls, options: dict[str, object]) -> "Fleet":
        """Takes its own options out of those of `run`; --workers is an experiment's as well."""
        own = {name: options.pop(name) for name in ("engine", "resume", "cluster", "memory")}
        return cls(**own, workers=options["workers"])  # type: ignore[arg-type]

    def check_no_experiment(self) -> None:
        """Refuse what an experiment does not know."""
        for name in ("engine", "resume", "cluster", "memory"):
            if getattr(self, name):
                raise WrongInputError(f"--{name}: is for a single run, leave out the options of an experiment")

    def engine_of(self, scenario: "Scenario", out: "Path | Url") -> "Engine | None":
        """The engine for a run in shards; None where the reference engine is to run it as a whole."""
        from meter_sim.sharded.engines import FLEET, EngineError, engine_for

        try:
            engine = engine_for(scenario, self.engine or "auto")
        except EngineError as error:
            raise WrongInputError(str(error)) from None
        asked = self.resume or self.workers is not None or self.cluster is not None or not isinstance(out, Path)
        return engine if asked or engine.name == FLEET else None

    def run(
        self, scenario: "Scenario", engine: "Engine", out: "Path | Url", keep: "Keep", *, plot: bool
    ) -> "Assembled":
        """Run a scenario in shards, with a bar or lines that say how far it is."""
        from meter_sim.results.folder import ResultError
        from meter_sim.sharded.run import RunError, Stopped, plan_of, run_sharded

        clean_up_when_terminated()
        try:
            plan = plan_of(
                scenario, engine, keep, workers=self.workers or 1, cluster=self.cluster, memory=self._bytes()
            )
            if plan.workers < (self.workers or 1):
                told = f"{plan.workers} of {self.workers} workers at a time, for more there is not enough memory"
                click.echo(f"{scenario.name}: {told}", err=True)
            if self.cluster is None and not engine.is_ready():
                click.echo("the fleet engine is compiled, which takes a minute or two, once", err=True)
            with _progress(scenario.name, plan.meters) as on_progress:
                return run_sharded(plan, out, resume=self.resume, plot=plot, on_progress=on_progress)
        except Stopped as stop:
            click.echo(str(stop), err=True)
            sys.exit(stop.status)
        except (RunError, ResultError) as error:
            raise WrongInputError(str(error)) from None

    def _bytes(self) -> int | None:
        if self.memory is not None:
            return int(self.memory * _GIB)
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (AttributeError, OSError, ValueError):
            return None


@contextmanager
def _progress(name: str, meters: int) -> "Iterator[Callable[[Progress], None]]":
    """A bar of meters on a terminal, else a line now and then."""
    from tqdm import tqdm

    if not sys.stderr.isatty():
        yield _Lines(name).tell
        return
    with tqdm(total=meters, unit="meter", unit_scale=True, desc=name, delay=1, leave=False) as bar:

        def tell(progress: "Progress") -> None:
            bar.set_postfix_str(f"{progress.events:,} events", refresh=False)
            bar.update(progress.meters - bar.n)

        yield tell


class _Lines:
    """Says on standard error, no more often than every `LINE_EVERY` seconds, how far a run is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told = time.monotonic()

    def tell(self, progress: "Progress") -> None:
        """Note that a shard is done."""
        now = time.monotonic()
        if now - self._told < LINE_EVERY:
            return
        self._told = now
        click.echo(
            f"{self._name}: {progress.shards} of {progress.of_shards} shards, {progress.meters:,} of "
            f"{progress.of_meters:,} meters, {progress.events:,} events",
            err=True,
        )
