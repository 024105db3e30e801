"""Rows of a run as Arrow tables: the columns of events.parquet, daily.parquet and readings.parquet."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from meter_sim import arrow_columns
from meter_sim.meter.answer import Status
from meter_sim.results.record import Record

_TIME = pa.timestamp("s", tz="UTC")

EVENTS = pa.schema(
    [
        ("time", _TIME),
        ("connection", pa.int64()),
        ("meter", pa.string()),
        ("event", pa.string()),
        ("label", pa.string()),
        ("digits", pa.string()),
        ("says", pa.string()),
        ("result", pa.string()),
        ("status", pa.int16()),
        ("reason", pa.string()),
        ("display", pa.string()),
        ("credited_ws", pa.int64()),
        ("register_ws", pa.int64()),
        ("switch", pa.string()),
        ("key_revision", pa.int16()),
        ("presumed_key_revision", pa.int16()),
        ("point_of_sale", pa.string()),
    ]
)
"""Columns of the event log, one row an event; `status` is null but for entries that the meter answered."""

_DAY_COLUMNS = [
    ("date", pa.string()),
    ("connection", pa.int64()),
    ("meter", pa.string()),
    ("register_start_ws", pa.int64()),
    ("credited_ws", pa.int64()),
    ("used_ws", pa.int64()),
    ("cleared_ws", pa.int64()),
    ("removed_ws", pa.int64()),
    ("register_end_ws", pa.int64()),
    ("unserved_ws", pa.int64()),
    ("off_credit_s", pa.int64()),
    ("off_tamper_s", pa.int64()),
    ("off_power_s", pa.int64()),
    ("purchases", pa.int64()),
    ("bought_tenths", pa.int64()),
    ("key_revision", pa.int16()),
    ("presumed_key_revision", pa.int16()),
    ("pending_sections", pa.int16()),
]
RESULT_COLUMNS = tuple(status.standard_name for status in Status)
"""The daily table counts entries by result in columns of these names."""
DAILY = pa.schema([*_DAY_COLUMNS, *((name, pa.int64()) for name in RESULT_COLUMNS)])
"""Columns of the daily table, one row a connection and local day."""

READINGS = pa.schema(
    [
        ("time", _TIME),
        ("connection", pa.int64()),
        ("meter", pa.string()),
        ("register_ws", pa.int64()),
        ("used_ws", pa.int64()),
    ]
)
"""Columns of the register readings."""


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """A column of texts, or of whole numbers of which some may be None."""
    if kind == pa.string():
        return arrow_columns.texts(values)
    data = np.array([0 if value is None else value for value in values], dtype=f"i{kind.bit_width // 8}")
    known = np.array([value is not None for value in values], dtype=np.bool_)
    column = arrow_columns.numbers(data, known)
    return column if column.type == kind else column.view(kind)


def _table(columns: Mapping[str, Sequence[object]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_arrays(
        [_column(columns[name], schema.field(name).type) for name in schema.names], schema=schema
    )


def _columns(rows: Sequence[object], names: Sequence[str]) -> dict[str, Sequence[object]]:
    return {name: [getattr(row, name) for row in rows] for name in names}


def events_table(record: Record) -> pa.Table:
    """The event log."""
    return _table(_columns(record.events, EVENTS.names), EVENTS)


def daily_table(record: Record) -> pa.Table:
    """The daily table."""
    columns = _columns(record.days, [name for name, _ in _DAY_COLUMNS])
    counts = {name: [day.entries[place] for day in record.days] for place, name in enumerate(RESULT_COLUMNS)}
    return _table(columns | counts, DAILY)


def readings_table(record: Record) -> pa.Table:
    """The register readings."""
    return _table(_columns(record.readings, READINGS.names), READINGS)
