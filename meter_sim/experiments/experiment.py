"""An experiment: plans that were run with the same seeds, in memory and in its folder."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from meter_sim import __version__
from meter_sim.detail import NO_EVENTS, Keep
from meter_sim.experiments.design import Design
from meter_sim.experiments.pool import Job, Outcome, outcomes
from meter_sim.results.compare import LEVEL, Row, compared
from meter_sim.results.comparison import comparison_table, write_comparison
from meter_sim.results.experiment_folder import EXPERIMENT, RUNS, strange_in
from meter_sim.results.folder import complete_or_not_there
from meter_sim.results.runs import Run, plans_of, runs_table
from meter_sim.results.summary import utc_text
from meter_sim.results.summary_types import Json

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Experiment:
    """The runs of an experiment and what they came to.

    `baseline` is the scenario that the others are compared with, where no other is asked for. `failures` are the
    expectations that were not met, each told once with the first run that did not meet it.
    """

    runs_table: pa.Table = field(repr=False)
    baseline: str
    failures: tuple[str, ...]

    @property
    def runs(self) -> "pd.DataFrame":
        """One row a run: scenario, point, replication, seed, each parameter, each measure."""
        frame: pd.DataFrame = self.runs_table.to_pandas()
        return frame

    def compared(self, baseline: str | None = None, level: float = LEVEL) -> tuple[Row, ...]:
        """A row for each measure and plan. Raises CompareError for a baseline that was not run."""
        return compared(plans_of(self.runs_table), baseline or self.baseline, level)

    def comparison(self, baseline: str | None = None, level: float = LEVEL) -> "pd.DataFrame":
        """Means and paired differences with their intervals, one row a measure and plan; `level` is a share of 1.

        Raises CompareError for a baseline that was not run.
        """
        frame: pd.DataFrame = comparison_table(self.compared(baseline, level)).to_pandas()
        return frame


def carry_out(design: Design, *, workers: int = 1, on_run: Callable[[Job], None] = lambda _: None) -> Experiment:
    """Run everything, with so many processes. Raises ExperimentError."""
    return _carried_out(design, workers, on_run, None, plot=False)


def write_experiment(
    design: Design,
    folder: Path,
    *,
    workers: int = 1,
    on_run: Callable[[Job], None] = lambda _: None,
    plot: bool = True,
    detail: Keep | None = None,
) -> Experiment:
    """Run everything and write the folder of the experiment, which is complete or not there.

    For each variant replication 0 is written as a result of its own, with the events that `detail` says.

    Raises ExperimentError, and ResultError if the folder holds something else or cannot be written.
    """
    with complete_or_not_there(folder, "experiment", strange_in) as draft:
        experiment = _carried_out(design, workers, on_run, draft, plot=plot, detail=detail)
        text = json.dumps(_description(design), indent=2, ensure_ascii=False) + "\n"
        (draft / EXPERIMENT).write_text(text, encoding="utf-8", newline="\n")
        pq.write_table(experiment.runs_table, draft / RUNS)
        write_comparison(experiment.compared(), draft, plot=plot)
    return experiment


def _carried_out(
    design: Design,
    workers: int,
    on_run: Callable[[Job], None],
    folder: Path | None,
    *,
    plot: bool,
    detail: Keep | None = None,
) -> Experiment:
    jobs = tuple(
        Job(
            design.file,
            variant,
            replication,
            seed,
            folder / variant.label if folder is not None and replication == 0 else None,
            plot,
            detail if replication == 0 and folder is not None else NO_EVENTS,
        )
        for variant in design.variants
        for replication, seed in enumerate(design.seeds)
    )
    done = outcomes(jobs, workers, on_run)
    runs = [
        Run(job.variant.scenario, job.variant.point, job.replication, job.seed, job.variant.parameters, each.measures)
        for job, each in zip(jobs, done, strict=True)
    ]
    return Experiment(runs_table(runs), design.baseline, tuple(_told_once(design, jobs, done)))


def _told_once(design: Design, jobs: Sequence[Job], done: Sequence[Outcome]) -> list[str]:
    """A line for each expectation that was not met: what came of it in the first such run, and how many there are."""
    lines: dict[tuple[str, str], str] = {}
    times: dict[tuple[str, str], int] = {}
    for job, each in zip(jobs, done, strict=True):
        for unmet in each.unmet:
            key = unmet.where, unmet.place
            times[key] = times.get(key, 0) + 1
            run = f"{job.variant.label}, replication {job.replication}"
            lines.setdefault(key, f"{unmet.where}: {unmet.place}: {unmet.failure} ({run}")
    return [f"{line}; in {times[key]} of {len(jobs)} runs)" for key, line in lines.items()]


def _description(design: Design) -> dict[str, Json]:
    """What was run, for experiment.json."""
    parameters: list[Json] = list(design.variants[0].parameters)
    plans: list[Json] = [
        {
            "folder": variant.label,
            "scenario": variant.scenario,
            "point": variant.point,
            "parameters": dict(variant.parameters),
            "start": utc_text(start),
            "end": utc_text(end),
        }
        for variant, (start, end) in zip(design.variants, design.spans, strict=True)
    ]
    return {
        "meter_sim": __version__,
        "scenario": design.title,
        "start": utc_text(design.spans[0][0]),
        "end": utc_text(design.spans[0][1]),
        "timezone": design.timezone,
        "scenarios": {name: list(design.file.scenarios.get(name, ())) for name in design.scenarios},
        "baseline": design.baseline,
        "parameters": parameters,
        "replications": len(design.seeds),
        "seeds": list(design.seeds),
        "runs": plans,
    }
