"""Rows of a run as Arrow tables: the columns of events.parquet, daily.parquet and readings.parquet."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from meter_sim import arrow_columns
from meter_sim.meter.answer import Status
from meter_sim.results.area_counts import AreaCounts, DayColumns, Numbers
from meter_sim.results.area_day import ALL
from meter_sim.results.area_day import COLUMNS as AREA_COLUMNS
from meter_sim.results.outcome import FATES, DeskWait
from meter_sim.results.record import Day, Event, EventKind, Reading, Record

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

AREAS = pa.schema(
    [
        ("date", pa.string()),
        ("area", pa.string()),
        *((name, pa.int64()) for name in (*AREA_COLUMNS, *RESULT_COLUMNS)),
    ]
)
"""Columns of the table of areas, one row an area and local day, and one for all of them where there are several."""

METERS = pa.schema(
    [
        ("connection", pa.int64()),
        *((name, pa.string()) for name in ("meter", "area", "model", "customer", "never_buys")),
        ("dead", pa.int16()),
        ("takes_key_changes", pa.int16()),
        *((name, pa.string()) for name in ("true", "register", "channel")),
        *((name, pa.int64()) for name in ("purchases", "tokens_issued", "lost_tokens", "lost_tenths", "debt_tenths")),
        *((f"tokens_{fate.replace(' ', '_')}", pa.int64()) for fate in FATES),
    ]
)
"""Columns of the table of a population's meters as they stand at the end, one row a meter."""

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


WAITS = pa.schema([("area", pa.string()), ("desk", pa.string()), ("at", pa.int64()), ("waited", pa.int64())])
"""Requests at desks: area, help_desk or office, the second in which it came, and seconds of waiting."""


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
    return events_of_columns(_columns(record.events, EVENTS.names))


def events_of_columns(columns: Mapping[str, Sequence[object]]) -> pa.Table:
    """The event log of columns by name."""
    return _table(columns, EVENTS)


def daily_table(days: Sequence[Day]) -> pa.Table:
    """The daily table."""
    columns = _columns(days, [name for name, _ in _DAY_COLUMNS])
    counts = {name: [day.entries[place] for day in days] for place, name in enumerate(RESULT_COLUMNS)}
    return _table(columns | counts, DAILY)


Codes = tuple[NDArray[np.integer], Sequence[str]]
"""A column of texts as places in a list of them."""


def coded_table(
    columns: Mapping[str, NDArray[np.generic] | Codes | Sequence[str] | pa.Array], schema: pa.Schema
) -> pa.Table:
    """A table of columns by name: whole numbers, texts, or texts as codes; for as many rows as there may be."""
    return pa.Table.from_arrays([_coded(columns[field.name], field.type) for field in schema], schema=schema)


def _coded(values: Any, kind: pa.DataType) -> pa.Array:  # noqa: ANN401
    if isinstance(values, pa.Array):
        return values
    if kind != pa.string():
        return arrow_columns.numbers(np.asarray(values).astype(f"i{kind.bit_width // 8}"))
    if isinstance(values, tuple):
        codes = arrow_columns.numbers(np.asarray(values[0]).astype(np.int32))
        return pa.DictionaryArray.from_arrays(codes, arrow_columns.texts(values[1])).dictionary_decode()
    return arrow_columns.texts(values)


def numbered(prefix: str, numbers: NDArray[np.integer]) -> pa.Array:
    """Texts of a prefix and a whole number from 0, such as m17."""
    digits = np.char.mod(f"{prefix}%d", numbers) if len(numbers) else np.zeros(0, "U1")
    return arrow_columns.texts(digits.tolist())


AREA_ROWS = 1 << 15
"""About how many rows of the table of areas are held or written at a time: whole days."""


def areas_table(areas: AreaCounts) -> pa.Table:
    """The table of areas; no rows for a run without."""
    return pa.Table.from_batches(area_batches(areas), schema=AREAS)


def area_batches(areas: AreaCounts) -> Iterator[pa.RecordBatch]:
    """The table of areas a few days at a time."""
    several = len(areas.areas) > 1
    names = [*areas.areas, ALL] if several else list(areas.areas)
    days = max(AREA_ROWS // max(len(names), 1), 1)
    for first in range(0, len(areas.dates), days):
        dates = areas.dates[first : first + days]
        values = areas.counts[first : first + days]
        if several:
            values = np.concatenate([values, areas.together.values[first : first + days, np.newaxis]], axis=1)
        yield _area_batch([date for date in dates for _ in names], names * len(dates), values.reshape(-1, _WIDTH))


def together_table(areas: AreaCounts | pa.Table) -> pa.Table:
    """The rows of all areas together, or of the only one, of the counts or of a table of areas."""
    if isinstance(areas, AreaCounts):
        days = areas.together if len(areas.areas) > 1 else areas.of_area(areas.areas[0])
        return pa.Table.from_batches([_days_batch(days)], schema=AREAS)
    names = areas.column("area").to_pylist()
    wanted = ALL if ALL in names else names[0]
    rows = np.array([place for place, name in enumerate(names) if name == wanted], dtype=np.int64)
    return areas.take(arrow_columns.numbers(rows))


_WIDTH = len(AREAS) - 2


def _days_batch(days: DayColumns) -> pa.RecordBatch:
    return _area_batch(list(days.dates), [days.area] * len(days), days.values)


def _area_batch(dates: Sequence[str], names: Sequence[str], values: Numbers) -> pa.RecordBatch:
    columns = [arrow_columns.numbers(np.ascontiguousarray(values[:, place])) for place in range(_WIDTH)]
    return pa.RecordBatch.from_arrays([arrow_columns.texts(dates), arrow_columns.texts(names), *columns], schema=AREAS)


def meters_table(record: Record) -> pa.Table:
    """The table of a population's meters; no rows for a run without areas."""
    rows = () if record.outcome is None else record.outcome.meters
    own = [name for name in METERS.names if not name.startswith("tokens_") or name == "tokens_issued"]
    columns = _columns(rows, own)
    for fate in FATES:
        columns[f"tokens_{fate.replace(' ', '_')}"] = [
            sum(number for (state, _), number in row.fates.items() if state == fate) for row in rows
        ]
    return _table(columns, METERS)


def readings_table(readings: Sequence[Reading]) -> pa.Table:
    """The register readings."""
    return _table(_columns(readings, READINGS.names), READINGS)


def waits_table(waits: Sequence[DeskWait]) -> pa.Table:
    """The requests at desks."""
    return _table(_columns(waits, WAITS.names), WAITS)


def events_of(table: pa.Table) -> list[Event]:
    """The rows of an event log."""
    columns = [
        arrow_columns.as_numbers(table.column(name).combine_chunks()).tolist()
        if name == "time"
        else table.column(name).to_pylist()
        for name in EVENTS.names
    ]
    columns[EVENTS.names.index("event")] = [EventKind(kind) for kind in columns[EVENTS.names.index("event")]]
    return [Event(*row) for row in zip(*columns, strict=True)]


def of_meters(table: pa.Table, meters: Collection[str]) -> pa.Table:
    """The rows of a table that are about some meters, in their order."""
    encoded = table.column("meter").combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    wanted = np.array([name in meters for name in names], dtype=np.bool_)
    rows = np.flatnonzero(wanted[arrow_columns.as_numbers(encoded.indices)])
    return table.take(arrow_columns.numbers(rows))
