"""The runs of an experiment as a table, and the plans whose runs they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from meter_sim.results.compare import Plan

SCENARIO, POINT, REPLICATION, SEED = "scenario", "point", "replication", "seed"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: which plan it follows, its seed, and what it came to by measure."""

    scenario: str
    point: int
    replication: int
    seed: int
    parameters: Mapping[str, str]
    measures: Mapping[str, int | float]


def runs_table(runs: Sequence[Run]) -> pa.Table:
    """One row a run: its plan, replication (from 0) and seed, each parameter as text, each measure as a number.

    A measure that a run does not have is null.
    """
    columns: dict[str, pa.Array] = {
        SCENARIO: pa.array([run.scenario for run in runs], pa.string()),
        POINT: pa.array([run.point for run in runs], pa.int64()),
        REPLICATION: pa.array([run.replication for run in runs], pa.int64()),
        SEED: pa.array([run.seed for run in runs], pa.uint64()),
    }
    for path in _keys(run.parameters for run in runs):
        columns[path] = pa.array([run.parameters.get(path) for run in runs], pa.string())
    for name in _keys(run.measures for run in runs):
        values = [run.measures.get(name) for run in runs]
        kind = pa.int64() if all(value is None or isinstance(value, int) for value in values) else pa.float64()
        columns[name] = pa.array(values, kind)
    return pa.table(columns)


def plans_of(table: pa.Table) -> tuple[Plan, ...]:
    """The plans of a table of runs, in the order of their first rows; columns of text are their parameters."""
    numbers = table.schema.names[4:]
    paths = [name for name in numbers if pa.types.is_string(table.schema.field(name).type)]
    measures = [name for name in numbers if name not in paths]
    plans: dict[tuple[str, int], Plan] = {}
    values: dict[tuple[str, int], dict[str, dict[int, float]]] = {}
    for row in table.to_pylist():
        key = row[SCENARIO], row[POINT]
        if key not in plans:
            values[key] = {name: {} for name in measures}
            parameters = {path: row[path] for path in paths if row[path] is not None}
            plans[key] = Plan(row[SCENARIO], row[POINT], parameters, values[key])
        for name in measures:
            if row[name] is not None:
                values[key][name][row[SEED]] = float(row[name])
    return tuple(plans.values())


def _keys(mappings: Iterable[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))
