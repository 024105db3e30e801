"""The folder of an experiment: what lies in it, and what `meter-sim compare` reads of it or of a single result."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from meter_sim.results import comparison, result
from meter_sim.results.compare import Plan
from meter_sim.results.folder import ResultError, names_in
from meter_sim.results.measures import measures
from meter_sim.results.runs import plans_of

EXPERIMENT = "experiment.json"
RUNS = "runs.parquet"
FILES = (EXPERIMENT, RUNS, *comparison.FILES)


def strange_in(folder: Path) -> str | None:
    """What in a folder belongs to no experiment: results lie in folders below it."""
    names = names_in(folder)
    for name in names:
        below = folder / name
        is_result = EXPERIMENT in names and below.is_dir() and not below.is_symlink() and not result.strange_in(below)
        if not (is_result or (name in FILES and not below.is_dir())):
            return name
    return None


@dataclass(frozen=True, slots=True)
class Compared:
    """An experiment or a single result, to be compared: its title, its span and its plans."""

    folder: str
    title: str
    span: str
    plans: tuple[Plan, ...]


def read_compared(folder: Path) -> Compared:
    """What a folder holds that `run` wrote. Raises ResultError."""
    try:
        if (folder / EXPERIMENT).is_file():
            return _experiment(folder)
        if (folder / result.SUMMARY).is_file():
            return _single(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, pa.ArrowException) as error:
        what = " ".join(str(error).split())[:200]
        raise ResultError(f"{folder}: cannot be read as an experiment or a result: {what}") from None
    raise ResultError(f"{folder}: neither an experiment nor a result; name a folder that run wrote")


def _experiment(folder: Path) -> Compared:
    told = json.loads((folder / EXPERIMENT).read_text(encoding="utf-8"))
    spans = dict.fromkeys(f"{run['start']} to {run['end']}" for run in told["runs"])
    return Compared(str(folder), str(told["scenario"]), ", ".join(spans), plans_of(pq.read_table(folder / RUNS)))


def _single(folder: Path) -> Compared:
    summary = json.loads((folder / result.SUMMARY).read_text(encoding="utf-8"))
    values = {name: {int(summary["seed"]): float(value)} for name, value in measures(summary).items()}
    plan = Plan(folder.resolve().name, 0, {}, values)
    return Compared(str(folder), str(summary["scenario"]), f"{summary['start']} to {summary['end']}", (plan,))


def named_apart(several: Sequence[Compared]) -> tuple[Plan, ...]:
    """The plans of all, each under its own name; a name that several have is led by its folder's, `b/base`."""
    names = [{plan.name for plan in each.plans} for each in several]
    plans: list[Plan] = []
    for place, (each, lead) in enumerate(zip(several, _leads(several), strict=True)):
        others = {name for number, set_of in enumerate(names) if number != place for name in set_of}
        short = Path(each.folder).resolve().name
        for plan in each.plans:
            own = lead if plan.name == short else f"{lead}/{plan.name}"  # a single result has its folder's name already
            plans.append(replace(plan, name=own) if plan.name in others else plan)
    return tuple(plans)


def _leads(several: Sequence[Compared]) -> list[str]:
    """What each is called by: the last name of its folder, or the whole path where two end alike."""
    names = [Path(each.folder).resolve().name for each in several]
    return [each.folder if names.count(name) > 1 else name for each, name in zip(several, names, strict=True)]


def warnings_of(several: Sequence[Compared], plans: Sequence[Plan]) -> list[str]:
    """What should be known of a comparison: other spans, other scenarios, other seeds; a line each."""
    lines = []
    for what, values in (("span", [each.span for each in several]), ("scenario", [each.title for each in several])):
        if len(set(values)) > 1:
            told = "; ".join(f"{name}: {value}" for name, value in zip(_leads(several), values, strict=True))
            lines.append(f"not the same {what}: {told}")
    seeds = [plan.seeds for plan in plans]
    common = frozenset.intersection(*seeds)
    if any(each != common for each in seeds):
        lines.append(f"not the same seeds: {len(common)} are in all plans, runs without a partner are in no difference")
    return lines
