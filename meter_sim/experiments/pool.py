"""The runs of an experiment, one after the other or several at a time; what comes of them does not depend on it."""

from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from meter_sim.detail import NO_EVENTS, Keep, fitting
from meter_sim.engine.reference import run
from meter_sim.results.measures import measures
from meter_sim.results.result import result_of
from meter_sim.scenario.experiment import Variant
from meter_sim.scenario.scenario_file import ScenarioFile
from meter_sim.worker_process import worker_pool


class ExperimentError(Exception):
    """Why an experiment could not be carried out; one line."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run: a variant of a file with a seed; `folder` is where its whole result is written, None for nowhere.

    `detail` is which events of meters that are not listed it keeps, None for what fits the size of the run.
    """

    file: ScenarioFile
    variant: Variant
    replication: int
    seed: int
    folder: Path | None
    plot: bool
    detail: Keep | None = NO_EVENTS


@dataclass(frozen=True, slots=True)
class Unmet:
    """An expectation that was not met: file and line, path, and what came instead."""

    where: str
    place: str
    failure: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    measures: dict[str, int | float]
    unmet: tuple[Unmet, ...]


def outcome(job: Job) -> Outcome:
    """Carry out one run. Raises ResultError where its folder cannot be written."""
    scenario = job.file.scenario(job.variant, job.seed if job.replication else None)
    record = run(scenario, detail=fitting(job.detail, scenario.meter_days))
    result = result_of(scenario, record)
    if job.folder is not None:
        result.write(job.folder, plot=job.plot)
    unmet = (Unmet(finding.where, finding.place, finding.failure) for finding in record.findings if finding.failure)
    return Outcome(measures(result.summary), tuple(unmet))


def outcomes(jobs: tuple[Job, ...], workers: int, on_run: Callable[[Job], None]) -> tuple[Outcome, ...]:
    """What the runs came to, in their order; `on_run` is told of each as it is done.

    Raises ExperimentError if a worker process ends before its work does.
    """
    done: dict[int, Outcome] = {}
    for place, result in _each(jobs, min(workers, len(jobs))):
        done[place] = result
        on_run(jobs[place])
    return tuple(done[place] for place in range(len(jobs)))


def _each(jobs: tuple[Job, ...], workers: int) -> Iterator[tuple[int, Outcome]]:
    if workers <= 1:
        for place, job in enumerate(jobs):
            yield place, outcome(job)
        return
    pool = worker_pool(workers)
    try:
        futures = {pool.submit(outcome, job): place for place, job in enumerate(jobs)}
        for future in as_completed(futures):
            yield futures[future], future.result()
    except BrokenProcessPool:
        raise ExperimentError(
            f"a worker process was ended from outside, nothing is written; if memory ran out, take fewer than {workers}"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)
