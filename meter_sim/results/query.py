"""SQL on the tables of a result, by DuckDB: it reads them and reaches nothing else."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from meter_sim.results import result, tables
from meter_sim.results.folder import ResultError

if TYPE_CHECKING:
    import duckdb

TABLES = {
    "events": (result.EVENTS, tables.EVENTS),
    "daily": (result.DAILY, tables.DAILY),
    "readings": (result.READINGS, tables.READINGS),
    "areas": (result.AREAS, tables.AREAS),
    "meters": (result.METERS, tables.METERS),
}
"""What can be asked: the name of each table, its file or folder of files, and its columns."""
_ROWS = 4096
"""Rows that are held at a time."""
_LOCKED = (
    "SET allow_persistent_secrets = false",
    "SET TimeZone = 'UTC'",
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
"""After these a query reads no file, loads nothing and cannot change that."""


class QueryError(Exception):
    """Why there is no answer to a query; one line."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The columns of an answer, which of them hold numbers, and its rows, which are read as they are taken."""

    names: tuple[str, ...]
    are_numbers: tuple[bool, ...]
    rows: Iterator[tuple[object, ...]]


@contextmanager
def asked(folder: Path, sql: str) -> Iterator[Answer]:
    """The answer to one statement that reads. Raises QueryError, also from the rows, and ResultError for the folder."""
    if not (folder / result.SUMMARY).is_file():
        raise ResultError(f"{folder}: not a result, {result.SUMMARY} is missing; name a folder that run wrote")
    try:
        import duckdb
    except ImportError:
        raise QueryError("query: DuckDB is not installed; it comes with pip install 'meter_sim[query]'") from None
    with tempfile.TemporaryDirectory() as spill:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": spill,
        }
        with duckdb.connect(":memory:", config=config) as connection, _in_one_line():
            _make_tables(connection, folder)
            yield _answer(connection, sql)


def _make_tables(connection: "duckdb.DuckDBPyConnection", folder: Path) -> None:
    """The tables by name; one that the result does not have is empty."""
    from pyarrow import dataset

    for name, (file, schema) in TABLES.items():
        path = folder / file
        held = dataset.dataset(path, schema=schema, format="parquet") if path.exists() else schema.empty_table()
        connection.register(name, held)
    for statement in _LOCKED:
        connection.execute(statement)


def _answer(connection: "duckdb.DuckDBPyConnection", sql: str) -> Answer:
    import duckdb

    statements = connection.extract_statements(sql)
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise QueryError('query: write one statement that reads, such as "select * from events"; nothing is changed')
    relation = connection.sql(sql)
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader  # the latter before DuckDB 2
    reader = read(_ROWS)
    kinds = [field.type for field in reader.schema]
    are_numbers = tuple(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) for kind in kinds
    )
    return Answer(tuple(reader.schema.names), are_numbers, _rows(reader))


def _rows(reader: pa.RecordBatchReader) -> Iterator[tuple[object, ...]]:
    with _in_one_line():
        for batch in reader:
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """What DuckDB finds wrong, as a QueryError."""
    import duckdb

    try:
        yield
    except duckdb.PermissionException as error:
        told = f"{_line(error)}; only the tables {', '.join(TABLES)} can be read"
        raise QueryError(told) from None
    except (duckdb.Error, pa.ArrowException) as error:
        raise QueryError(_line(error)) from None


def _line(error: Exception) -> str:
    """What DuckDB says, without the statement that it quotes."""
    return "query: " + " ".join(str(error).split("\nLINE ")[0].split())
