"""The result of a run, put together from its shards: tables go by in windows, never as a whole."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from meter_sim import arrow_columns
from meter_sim.results import result as files
from meter_sim.results import tables
from meter_sim.results.parquet import write_rows
from meter_sim.results.part import joined
from meter_sim.results.record import EventKind, Finding
from meter_sim.results.result import Result, result_of, write_pictures
from meter_sim.scenario.scenario import Scenario
from meter_sim.sharded.merge import Keys, merged
from meter_sim.sharded.part_files import DAILY, EVENTS, METERS, READINGS, read_summary_part
from meter_sim.sharded.run_folder import shard_name
from meter_sim.sharded.store import Store

MOST_FILES = 200
"""Files that are read side by side; more are merged in groups first."""
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Assembled:
    """What a run came to. `result` has summary and areas; of rows only the events of meters that are traced."""

    result: Result
    findings: tuple[Finding, ...]


def assemble(
    scenario: Scenario, engine: str, store: Store, shards: int, draft: Path, *, traced: Collection[str], plot: bool
) -> Assembled:
    """Write the files of a result into an empty folder. They are, byte for byte, those of a run in one piece."""
    names = [shard_name(number) for number in range(shards)]
    whole = joined([read_summary_part(store, name) for name in names], scenario)
    result = result_of(scenario, whole, engine)
    result.write_heads(draft)
    merge = _Merge(store, names, draft)
    listed = bool(whole.totals)
    by_time = _by_time(scenario.start)
    readings = _Kept()
    write_rows(draft / files.READINGS, tables.READINGS, readings.all(merge.rows(READINGS, tables.READINGS, by_time)))
    write_rows(draft / files.DAILY, tables.DAILY, merge.rows(DAILY, tables.DAILY, _by_date(scenario.start)))
    events, diaries = _ForPicture(whole.listed_events), _Traced(traced)
    rows = merge.rows(EVENTS, tables.EVENTS, by_time)
    rows = diaries.all(rows) if traced else rows
    write_rows(draft / files.EVENTS, tables.EVENTS, events.all(rows) if plot and listed else rows)
    if result.has_areas:
        write_rows(draft / files.METERS, tables.METERS, merge.rows(METERS, tables.METERS, _by_place(scenario)))
    if plot:
        drawn = replace(result, readings_table=readings.table(tables.READINGS), events_table=events.table())
        write_pictures(drawn, draft)
    return Assembled(replace(result, events_table=diaries.table()), whole.findings)


class _Merge:
    """Reads the tables of a run's shards, each as one sorted sequence of rows."""

    def __init__(self, store: Store, names: Sequence[str], draft: Path) -> None:
        self._store = store
        self._names = names
        self._draft = draft

    def rows(self, file: str, schema: pa.Schema, keys: Keys) -> Iterator[pa.Table]:
        """The rows of all shards' files of a name."""
        groups = [self._names[first : first + MOST_FILES] for first in range(0, len(self._names), MOST_FILES)]
        if len(groups) == 1:
            yield from self._merged(self._names, file, schema, keys)
            return
        between = [self._draft / f".{number}.{file}" for number in range(len(groups))]
        try:
            for path, group in zip(between, groups, strict=True):
                write_rows(path, schema, self._merged(group, file, schema, keys))
            with ExitStack() as opened:
                handles: list[IO[bytes]] = [opened.enter_context(path.open("rb")) for path in between]
                yield from merged(handles, schema, keys)
        finally:
            for path in between:
                path.unlink(missing_ok=True)

    def _merged(self, names: Sequence[str], file: str, schema: pa.Schema, keys: Keys) -> Iterator[pa.Table]:
        with ExitStack() as opened:
            handles = [opened.enter_context(self._store.open(f"{name}/{file}")) for name in names]
            filled = [handle for handle in handles if pq.ParquetFile(handle).metadata.num_rows]
            yield from merged(filled, schema, keys)


class _Kept:
    """Keeps rows that go by."""

    def __init__(self) -> None:
        self._rows: list[pa.Table] = []

    def all(self, rows: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """The rows, as they are."""
        for table in rows:
            self._rows.append(table)
            yield table

    def table(self, schema: pa.Schema) -> pa.Table:
        """The rows that went by."""
        return pa.concat_tables([schema.empty_table(), *self._rows]).combine_chunks()


class _Traced:
    """Keeps of the events that go by those of some meters."""

    def __init__(self, meters: Collection[str]) -> None:
        self._meters = arrow_columns.texts(list(meters))
        self._rows = [tables.EVENTS.empty_table()]

    def all(self, rows: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """The rows, as they are."""
        for table in rows:
            self._rows.append(table.filter(pc.is_in(table.column("meter"), value_set=self._meters)))
            yield table

    def table(self) -> pa.Table:
        """The rows that were kept."""
        return pa.concat_tables(self._rows).combine_chunks()


class _ForPicture:
    """Keeps of the events that go by what the picture of the listed meters shows: theirs, and all entries."""

    def __init__(self, listed: pa.Table) -> None:
        self._listed = np.unique(_numbers(listed, "connection"))
        self._kinds: set[str] = set()
        self._rows = [tables.EVENTS.empty_table()]

    def all(self, rows: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """The rows, as they are."""
        for table in rows:
            kinds = table.column("event").to_pylist()
            wanted = np.isin(_numbers(table, "connection"), self._listed)
            for place, kind in enumerate(kinds):
                if kind == EventKind.ENTRY or kind not in self._kinds:
                    wanted[place] = True
                    self._kinds.add(kind)
            self._rows.append(table.take(arrow_columns.numbers(np.flatnonzero(wanted).astype(np.int64))))
            yield table

    def table(self) -> pa.Table:
        """The rows that were kept."""
        return pa.concat_tables(self._rows).combine_chunks()


def _numbers(table: pa.Table, name: str) -> NDArray[np.int64]:
    return arrow_columns.as_numbers(table.column(name).combine_chunks())


def _by_time(start: int) -> Keys:
    def keys(table: pa.Table) -> NDArray[np.int64]:
        return (_numbers(table, "time") - start << 32) + _numbers(table, "connection")

    return keys


def _by_date(start: int) -> Keys:
    first = start // _DAY - 2

    def keys(table: pa.Table) -> NDArray[np.int64]:
        encoded = table.column("date").combine_chunks().dictionary_encode()
        days = np.array(encoded.dictionary.to_pylist(), dtype="datetime64[D]").astype(np.int64) - first
        return (days[arrow_columns.as_numbers(encoded.indices)] << 32) + _numbers(table, "connection")

    return keys


def _by_place(scenario: Scenario) -> Keys:
    """Listed meters as they are listed, then the others by connection, which is greater than theirs."""
    listed = [meter.connection for meter in scenario.meters if meter.listed]
    order = np.argsort(np.array(listed, dtype=np.int64), kind="stable")
    connections = np.array(listed, dtype=np.int64)[order]

    def keys(table: pa.Table) -> NDArray[np.int64]:
        numbers = _numbers(table, "connection")
        if not len(connections):
            return numbers
        found = np.minimum(np.searchsorted(connections, numbers), len(connections) - 1)
        return np.where(connections[found] == numbers, order[found], numbers)

    return keys
