"""Runs of a scenario at values of its parameters: each gives a curve, and none is run twice."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from meter_sim.calibration.curve import Count, Shares, shares_of
from meter_sim.calibration.error import CalibrationError
from meter_sim.calibration.parameter import Parameter, varied
from meter_sim.detail import NO_EVENTS
from meter_sim.experiments.seeds import replication_seed
from meter_sim.results.area_counts import AreaCounts
from meter_sim.scenario.experiment import Variant
from meter_sim.scenario.scenario_file import ScenarioFile
from meter_sim.sharded.engines import AUTO, FLEET, LARGE, REFERENCE, EngineError, against_fleet, engine_for
from meter_sim.worker_process import worker_pool

Texts = tuple[str, ...]
"""The values of all parameters, as a scenario writes them."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is run: a file with its parameters, what counts as migrated, and the engine.

    `first_day` and `last_day` are the local days of the run, counted from 1970-01-01; `deadline` is the day of the last
    credit under the old key, the last day where there is none within the run.
    """

    file: ScenarioFile
    variant: Variant
    parameters: tuple[Parameter, ...]
    count: Count
    engine: str
    title: str
    timezone: str
    meters: int
    seed: int
    first_day: int
    last_day: int
    deadline: int

    def seeds(self, number: int) -> tuple[int, ...]:
        """The seeds of so many replications, the scenario's own first."""
        return tuple(replication_seed(self.seed, replication) for replication in range(number))


def subject_of(file: ScenarioFile, parameters: tuple[Parameter, ...], count: Count, engine: str, runs: int) -> Subject:
    """What is to be run about so many times; `engine` is auto, reference or fleet.

    `auto` takes the fleet engine where it can run the scenario and the runs together are large. Raises
    CalibrationError, ScenarioError.
    """
    variant = file.variant()
    scenario = file.scenario(variant, drawn=False, resolved=False)
    if scenario.programme is None or not scenario.areas:
        raise CalibrationError(
            f"{file.source.name}: no programme in areas, so nothing migrates; add programme and areas"
        )
    if engine == AUTO:
        large = not against_fleet(scenario) and scenario.meter_days * runs >= LARGE
        engine = FLEET if large else REFERENCE
    try:
        engine_for(scenario, engine)
    except EngineError as error:
        raise CalibrationError(str(error)) from None
    calendar = scenario.calendar
    last = calendar.day(scenario.end - 1)
    until = scenario.programme.credit_until
    deadline = last if until is None else min(calendar.day(until), last)
    return Subject(
        file, variant, parameters, count, engine, scenario.name, scenario.timezone, scenario.meter_count, scenario.seed,
        calendar.day(scenario.start), last, deadline,
    )  # fmt: skip


def curve_of(subject: Subject, texts: Texts, seed: int) -> Shares:
    """The curve of one run. Raises ScenarioError for values that the scenario refuses."""
    point = [each.override(text) for each, text in zip(subject.parameters, texts, strict=True)]
    variant = varied(subject.variant, point)
    scenario = subject.file.scenario(variant, seed, drawn=subject.engine == REFERENCE, resolved=False)
    if subject.engine == REFERENCE:
        from meter_sim.engine.reference import run as run_reference

        counts = AreaCounts.of(run_reference(scenario, detail=NO_EVENTS).area_days)
    else:
        from meter_sim.engine.fleet import run as run_fleet

        counts = run_fleet(scenario, NO_EVENTS).areas
    return shares_of(counts, subject.count)


OneRun = Callable[[Subject, Texts, int], Shares]


@dataclass
class Runs:
    """Carries out runs, in this process or several, and keeps their curves; `on_run` is told of each that is done."""

    subject: Subject
    workers: int = 1
    on_run: Callable[[], None] = lambda: None
    one_run: OneRun = curve_of
    _done: dict[tuple[Texts, int], Shares] = field(default_factory=dict, repr=False)
    _pool: ProcessPoolExecutor | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        """Begin; the processes end with the block."""
        if self.workers > 1:
            self._pool = worker_pool(self.workers)
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def curves(self, wanted: Sequence[tuple[Texts, int]]) -> list[Shares]:
        """The curves for values and seeds, in their order. Raises ScenarioError, CalibrationError."""
        left = [each for each in dict.fromkeys(wanted) if each not in self._done]
        if self._pool is None:
            for texts, seed in left:
                self._keep((texts, seed), self.one_run(self.subject, texts, seed))
        else:
            futures = {self._pool.submit(self.one_run, self.subject, *each): each for each in left}
            try:
                for future in as_completed(futures):
                    self._keep(futures[future], future.result())
            except BrokenProcessPool:
                raise CalibrationError(
                    "a worker process was ended from outside, nothing is written; take fewer workers"
                ) from None
        return [self._done[each] for each in wanted]

    def _keep(self, which: tuple[Texts, int], curve: Shares) -> None:
        self._done[which] = curve
        self.on_run()

    def mean(self, several: Sequence[Texts], seeds: Sequence[int]) -> list[Shares]:
        """For each set of values the mean curve over the seeds."""
        curves = self.curves([(texts, seed) for texts in several for seed in seeds])
        number = len(seeds)
        return [np.mean(curves[start : start + number], axis=0) for start in range(0, len(curves), number)]
