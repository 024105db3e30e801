"""A comparison of plans as a table, and as files of a folder."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from meter_sim.results.compare import Interval, Row
from meter_sim.results.folder import names_in
from meter_sim.results.picture import write_figure

TABLE = "comparison.parquet"
CSV = "comparison.csv"
PICTURE = "comparison.png"
FILES = (TABLE, CSV, PICTURE)

_NONE = Interval(0, None, None)


def comparison_table(rows: Sequence[Row]) -> pa.Table:
    """One row a measure and plan: the mean with its interval, and the difference to the plan of `baseline` with its.

    `pairs` is the number of runs of both with the same seed. What there is too little for is null.
    """
    paths = list(dict.fromkeys(path for row in rows for path in row.plan.parameters))
    text, whole, number = pa.string(), pa.int64(), pa.float64()
    differences = [row.difference or _NONE for row in rows]
    columns = {
        "measure": pa.array([row.measure for row in rows], text),
        "scenario": pa.array([row.plan.name for row in rows], text),
        "point": pa.array([row.plan.point for row in rows], whole),
        **{path: pa.array([row.plan.parameters.get(path) for row in rows], text) for path in paths},
        "n": pa.array([row.value.n for row in rows], whole),
        "mean": pa.array([row.value.mean for row in rows], number),
        "half_width": pa.array([row.value.half_width for row in rows], number),
        "low": pa.array([row.value.low for row in rows], number),
        "high": pa.array([row.value.high for row in rows], number),
        "baseline": pa.array([row.baseline.label if row.baseline else None for row in rows], text),
        "pairs": pa.array([None if row.difference is None else row.difference.n for row in rows], whole),
        "difference": pa.array([each.mean for each in differences], number),
        "difference_half_width": pa.array([each.half_width for each in differences], number),
        "difference_low": pa.array([each.low for each in differences], number),
        "difference_high": pa.array([each.high for each in differences], number),
    }
    return pa.table(columns)


def write_comparison(rows: Sequence[Row], folder: Path, measures: Sequence[str] = (), *, plot: bool = True) -> None:
    """Write the table as Parquet and CSV, and the picture of the given measures, or of those that differ most."""
    table = comparison_table(rows)
    pq.write_table(table, folder / TABLE)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(tuple(row.values()) for row in table.to_pylist())
    (folder / CSV).write_text(text.getvalue(), encoding="utf-8", newline="\n")
    if plot:
        from meter_sim.results.comparison_plot import comparison_figure

        write_figure(lambda: comparison_figure(rows, measures), folder / PICTURE)


def strange_in(folder: Path) -> str | None:
    """What in a folder is no file of a comparison."""
    return next((name for name in names_in(folder) if name not in FILES), None)
