"""Files of rows: CSV, Parquet, JSON (an array of objects) and JSON lines, read and written a chunk at a time.

Fields within a field (`new` of a key change) are called `new.dkga` and so on; a CSV may write them so, or hold them as
JSON in one column. Memory goes by the chunk, not by the file. A file is written beside its place and moved there when
it is complete.
"""

import csv
import json
import math
import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ijson
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from meter_sim.arrow_columns import numbers, text, text_lists, texts

if TYPE_CHECKING:
    import pyarrow.parquet as pq

KEY_FIELDS = (
    "dkga",
    "ea",
    "meter_pan",
    "base_date",
    "key_revision_number",
    "tariff_index",
    "key_type",
    "supply_group_code",
    "vending_key",
)
"""The fields that name a decoder key; with `new.` before them, the one after a key change."""
VENDING_KEY = "vending_key"
UNREADABLE = "?"
"""Field of `new` that stands for all of it where it is no JSON object."""

CHUNK_ROWS = 65_536
"""Rows of a chunk, at most; of a JSON file an eighth of it, as its rows take more room."""
_CSV_BLOCK = 1 << 22  # bytes; longer lines than this cannot be read
_ENDINGS = ".csv, .parquet, .json or .jsonl"

Row = dict[str, Any]


class TokenFileError(ValueError):
    """A file that cannot be read or written; one line that says which and why."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows: their numbers in the file (from 1), and their fields as Arrow columns in the file's order.

    All chunks of a file have the same columns. `broken` are rows that could not be read at all, by number, with the
    reason. `place` is how far the file is read, in the units of `RowSource.size`. `rows` are the rows of a JSON file as
    they stand there.
    """

    numbers: NDArray[np.int64]
    columns: Mapping[str, pa.Array]
    broken: tuple[tuple[int, str], ...]
    place: int
    rows: tuple[Row, ...] | None = None

    def __len__(self) -> int:
        return len(self.numbers)


class RowSource(ABC):
    """A file to be read. `size` is what `Chunk.place` comes to at its end."""

    size: int

    @abstractmethod
    def chunks(self) -> Iterator[Chunk]:
        """The rows from the first on, in one chunk or more. Raises TokenFileError."""


def open_rows(path: Path, chunk_rows: int | None = None) -> RowSource:
    """The file behind a path, by its ending, in chunks of so many rows at most. Raises TokenFileError."""
    kinds: dict[str, Callable[[Path, int], RowSource]] = {
        ".csv": _Csv,
        ".parquet": _Parquet,
        ".json": _Json,
        ".jsonl": _Json,
    }
    if path.suffix not in kinds:
        raise TokenFileError(f"{path}: a file of rows ends in {_ENDINGS}")
    try:
        return kinds[path.suffix](path, chunk_rows or CHUNK_ROWS)
    except OSError as error:
        raise TokenFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (pa.ArrowException, ijson.JSONError, UnicodeDecodeError, csv.Error, RecursionError) as error:
        raise TokenFileError(f"{path}: cannot be read: {_one_line(error)}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _check_names(path: Path, names: Sequence[str]) -> None:
    """Refuse a name that stands twice, and one that means a vending key but is not called so, as it would come out."""
    for name in names:
        if names.count(name) > 1:
            raise TokenFileError(f"{path}: the field {name!r} stands there twice")
        if _is_secret(name) and name not in (VENDING_KEY, f"new.{VENDING_KEY}"):
            raise TokenFileError(f"{path}: the field {name!r} holds vending keys, call it {VENDING_KEY}")


def _is_secret(name: str) -> bool:
    return re.sub("[^a-z]", "", name.rpartition(".")[2].lower()) == "vendingkey"


def _stripped(value: object) -> object:
    """A value of JSON without any vending key, however deep."""
    if isinstance(value, dict):
        return {name: _stripped(inner) for name, inner in value.items() if not _is_secret(str(name))}
    return [_stripped(inner) for inner in value] if isinstance(value, list | tuple) else value


class _Csv(RowSource):
    def __init__(self, path: Path, chunk_rows: int) -> None:
        self._path = path
        self._chunk_rows = chunk_rows
        self.size = path.stat().st_size
        with path.open(encoding="utf-8-sig", newline="") as file:
            self._names = tuple(next(csv.reader(file), ()))
        if not self._names:
            raise TokenFileError(f"{path}: a CSV begins with a line of field names")
        _check_names(path, self._names)

    def chunks(self) -> Iterator[Chunk]:
        broken: list[tuple[int, str]] = []

        def skip(row: pa.csv.InvalidRow) -> str:
            broken.append((row.number - 1, f"has {row.actual_columns} fields, not {row.expected_columns}"))
            return "skip"

        number = 1
        empty = _unfolded({name: texts([]) for name in self._names})
        try:
            with pa.OSFile(str(self._path)) as file:
                reader = pa.csv.open_csv(
                    file,
                    read_options=pa.csv.ReadOptions(block_size=_CSV_BLOCK, use_threads=False),
                    parse_options=pa.csv.ParseOptions(invalid_row_handler=skip, newlines_in_values=True),
                    convert_options=pa.csv.ConvertOptions(
                        column_types=dict.fromkeys(self._names, pa.string()),
                        null_values=[""],
                        strings_can_be_null=True,
                        quoted_strings_can_be_null=True,
                    ),
                )
                for batch in reader:
                    for first in range(0, batch.num_rows, self._chunk_rows):
                        part = batch.slice(first, self._chunk_rows)
                        numbers, passed = _numbers(number, part.num_rows, broken)
                        number = int(numbers[-1]) + 1
                        del broken[: len(passed)]
                        columns = _unfolded(dict(zip(self._names, part.columns, strict=True)))
                        yield Chunk(numbers, columns, passed, file.tell())
                if broken or number == 1:
                    yield Chunk(np.empty(0, np.int64), empty, tuple(broken), self.size)
        except pa.ArrowInvalid as error:
            raise TokenFileError(f"{self._path}: cannot be read: {_one_line(error)}") from None


def _numbers(
    first: int, count: int, broken: list[tuple[int, str]]
) -> tuple[NDArray[np.int64], tuple[tuple[int, str], ...]]:
    """The numbers of the next rows, which leave out those of the broken ones between; and these."""
    numbers = np.arange(first, first + count, dtype=np.int64)
    passed = 0
    for number, _ in broken:
        if number > numbers[-1]:
            break
        numbers[numbers >= number] += 1
        passed += 1
    return numbers, tuple(broken[:passed])


def _unfolded(columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Structs, and a column `new` of JSON texts, as one column for each of their fields; all else as plain columns."""
    flat: dict[str, pa.Array] = {}
    for name, column in columns.items():
        if pa.types.is_struct(column.type):
            parts = {
                f"{name}.{field.name}": _plain(pc.struct_field(column, place))
                for place, field in enumerate(column.type)
            }
        else:
            plain = _tokens(column) if name == "tokens" else _plain(column)
            parts = _from_json(plain) if name == "new" else {name: plain}
        for inner, part in parts.items():
            if inner not in flat:
                flat[inner] = part
            elif flat[inner].type == part.type:
                flat[inner] = pc.coalesce(flat[inner], part)
            else:
                flat[inner] = pc.coalesce(_as_texts(flat[inner]), _as_texts(part))
    return flat


def _plain(column: pa.Array) -> pa.Array:
    """A column of a type that every file can hold; nested and binary values as JSON, without any vending key."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    simple = (pa.types.is_string, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    if any(test(kind) for test in (*simple, pa.types.is_timestamp, pa.types.is_date)):
        return column
    return _as_texts(column)


def _tokens(column: pa.Array) -> pa.Array:
    """The field `tokens`: lists of texts, or texts."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        values = column.to_pylist()
        return text_lists([None if value is None else [str(item or "?") for item in value] for value in values])
    return _plain(column)


def _as_texts(column: pa.Array) -> pa.StringArray:
    return texts([_text(_stripped(value)) for value in column.to_pylist()])


def _from_json(column: pa.Array) -> dict[str, pa.Array]:
    rows = [_new_of(said) for said in _as_texts(column).to_pylist()]
    return {f"new.{name}": texts([row.get(name) for row in rows]) for name in (*KEY_FIELDS, UNREADABLE)}


def _new_of(said: str | None) -> dict[str, str | None]:
    """The fields of `new` that stand in one text as JSON; `UNREADABLE` where they do not, or are others."""
    if not said:
        return {}
    try:
        value = json.loads(said)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not set(value) <= set(KEY_FIELDS):
        return {UNREADABLE: "?"}
    return {name: _text(inner) for name, inner in value.items()}


class _Parquet(RowSource):
    def __init__(self, path: Path, chunk_rows: int) -> None:
        import pyarrow.parquet as pq  # it takes a while, and CSV does without

        self._path = path
        self._chunk_rows = chunk_rows
        self._file = pq.ParquetFile(path)
        self.size = self._file.metadata.num_rows
        fields = self._file.schema_arrow
        inner = [
            f"{field.name}.{part.name}" for field in fields if pa.types.is_struct(field.type) for part in field.type
        ]
        _check_names(path, [*fields.names, *inner])

    def chunks(self) -> Iterator[Chunk]:
        names = self._file.schema_arrow.names
        first = 1
        try:
            for batch in self._file.iter_batches(self._chunk_rows):
                columns = dict(zip(names, batch.columns, strict=True))
                numbers = np.arange(first, first + batch.num_rows, dtype=np.int64)
                first += batch.num_rows
                yield Chunk(numbers, _unfolded(columns), (), first - 1)
        except (OSError, pa.ArrowException) as error:
            raise TokenFileError(f"{self._path}: cannot be read: {_one_line(error)}") from None
        if first == 1:
            schema = self._file.schema_arrow
            columns = {name: pa.nulls(0, schema.field(name).type) for name in names}
            yield Chunk(np.empty(0, np.int64), _unfolded(columns), (), 0)


class _Json(RowSource):
    """Read twice: for the names of its fields, then for its rows."""

    def __init__(self, path: Path, chunk_rows: int) -> None:
        self._path = path
        self._chunk_rows = chunk_rows
        names: dict[str, None] = {}
        self.size = 0
        for row in self._rows():
            names |= dict.fromkeys(_flat(row)) if isinstance(row, dict) else {}
            self.size += 1
        self._names = tuple(names)
        _check_names(path, self._names)

    def _rows(self) -> Iterator[Any]:
        with self._path.open("rb") as file:
            if self._path.suffix == ".jsonl":
                if not any(line.strip() for line in file):
                    return
                file.seek(0)
                yield from ijson.items(file, "", multiple_values=True)
                return
            start = file.read(64).lstrip()[:1]
            file.seek(0)
            if start != b"[":
                raise TokenFileError(f"{self._path}: a JSON file of rows is an array of objects; one a line is .jsonl")
            yield from ijson.items(file, "item")

    def chunks(self) -> Iterator[Chunk]:
        rows: list[Row] = []
        numbers: list[int] = []
        broken: list[tuple[int, str]] = []
        number = 0
        for number, row in enumerate(self._rows(), 1):
            if isinstance(row, dict):
                rows.append(row)
                numbers.append(number)
            else:
                broken.append((number, "is not an object"))
            if len(rows) >= max(self._chunk_rows // 8, 1):
                yield self._chunk(rows, numbers, broken, number)
                rows, numbers, broken = [], [], []
        if rows or broken or number == 0:
            yield self._chunk(rows, numbers, broken, number)

    def _chunk(self, rows: list[Row], numbers: list[int], broken: list[tuple[int, str]], place: int) -> Chunk:
        flat = [_flat(row) for row in rows]
        columns = {
            name: text_lists([row.get(name) for row in flat])
            if name == "tokens"
            else texts([_text(row.get(name)) for row in flat])
            for name in self._names
        }
        stripped: Any = _stripped(rows)
        return Chunk(np.array(numbers, dtype=np.int64), columns, tuple(broken), place, tuple(stripped))


def _flat(row: Row) -> Row:
    flat: Row = {}
    for name, value in row.items():
        if name == "new" and isinstance(value, dict):
            flat |= {f"{name}.{inner}": deep for inner, deep in value.items()}
        elif name == "new":
            flat |= {f"{name}.{inner}": deep for inner, deep in _new_of(_text(value)).items()}
        elif name == "tokens":
            flat[name] = [_text(item) or "?" for item in value] if isinstance(value, list) else value and [_text(value)]
        elif isinstance(value, dict):
            flat |= {f"{name}.{inner}": _stripped(deep) for inner, deep in value.items()}
        else:
            flat[name] = _stripped(value)
    return flat


def _text(value: object) -> str | None:
    """A JSON value as the text that a CSV would hold; nothing for an empty one."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, default=_jsonable)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else str(value)


def _jsonable(value: object) -> object:
    """What JSON has for a value of another kind."""
    return float(value) if isinstance(value, Decimal) else str(value)


# -- writing ---------------------------------------------------------------------------------------------------


class RowSink(ABC):
    """A file that is being written. As a context manager it puts the file in its place, or, after an error, nowhere."""

    def __init__(self, path: Path) -> None:
        self._path = path = path.resolve()
        if path.exists() and not path.is_file():
            raise TokenFileError(f"{path}: cannot be written: it is no file")
        try:
            handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        except OSError as error:
            raise TokenFileError(f"{path}: cannot be written: {error.strerror}") from None
        os.close(handle)
        self._draft = Path(draft)

    def __enter__(self) -> "RowSink":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._close()
            if kind is None:
                self._draft.chmod(0o666 & ~_umask())
                self._draft.replace(self._path)
        except OSError as error:
            raise TokenFileError(f"{self._path}: cannot be written: {error.strerror}") from None
        finally:
            self._draft.unlink(missing_ok=True)

    def repeat(self, chunk: Chunk, added: Mapping[str, pa.Array]) -> None:
        """Add a chunk's rows without any vending key, each with its fields of `added`. Raises TokenFileError."""
        kept = {
            name: _without_keys(name, column)
            for name, column in chunk.columns.items()
            if not _is_secret(name) and name != f"new.{UNREADABLE}" and name not in added
        }
        try:
            self._write({**kept, **added}, chunk.rows)
        except OSError as error:
            raise TokenFileError(f"{self._path}: cannot be written: {error.strerror or error}") from None

    @abstractmethod
    def _write(self, columns: Mapping[str, pa.Array], rows: tuple[Row, ...] | None) -> None: ...

    @abstractmethod
    def _close(self) -> None: ...


def _without_keys(name: str, column: pa.Array) -> pa.Array:
    """A column that names a decoder key, without cells so long that a vending key may stand in them by mistake."""
    inner = name.removeprefix("new.")
    if inner not in KEY_FIELDS or not pa.types.is_string(column.type):
        return column
    longest = numbers(np.array([20 if inner == "meter_pan" else 15], dtype=np.int32))[0]
    return pc.if_else(pc.greater(pc.binary_length(column), longest), text(None), column)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def create_rows(path: Path) -> RowSink:
    """A new file at a path, by its ending; what is there stays until the new one is complete. Raises TokenFileError."""
    kinds: dict[str, type[RowSink]] = {
        ".csv": _CsvSink,
        ".parquet": _ParquetSink,
        ".json": _JsonSink,
        ".jsonl": _JsonSink,
    }
    if path.suffix not in kinds:
        raise TokenFileError(f"{path}: a file of rows ends in {_ENDINGS}")
    return kinds[path.suffix](path)


class _TableSink(RowSink):
    _writer: Any = None

    def _write(self, columns: Mapping[str, pa.Array], rows: tuple[Row, ...] | None) -> None:
        table = pa.table({name: self._cell(column) for name, column in columns.items()})
        if self._writer is None:
            self._writer = self._writer_of(table.schema)
        self._writer.write(table)

    @abstractmethod
    def _writer_of(self, schema: pa.Schema) -> "pa.csv.CSVWriter | pq.ParquetWriter": ...

    def _cell(self, column: pa.Array) -> pa.Array:
        return column

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _CsvSink(_TableSink):
    def _writer_of(self, schema: pa.Schema) -> pa.csv.CSVWriter:
        return pa.csv.CSVWriter(str(self._draft), schema)

    def _cell(self, column: pa.Array) -> pa.Array:
        return pc.binary_join(column, text(" ")) if pa.types.is_list(column.type) else column


class _ParquetSink(_TableSink):
    def _writer_of(self, schema: pa.Schema) -> "pq.ParquetWriter":
        import pyarrow.parquet as pq

        return pq.ParquetWriter(str(self._draft), schema)


class _JsonSink(RowSink):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file = self._draft.open("w", encoding="utf-8", newline="\n")
        self._lines = path.suffix == ".jsonl"
        self._empty = True

    def _write(self, columns: Mapping[str, pa.Array], rows: tuple[Row, ...] | None) -> None:
        names = list(columns)
        for place, values in enumerate(zip(*(column.to_pylist() for column in columns.values()), strict=True)):
            row = _nested((name, value) for name, value in zip(names, values, strict=True) if _is_there(value))
            if rows is not None:  # numbers and flags as they stood, not as texts
                row = {name: _as_it_stood(rows[place].get(name), value) for name, value in row.items()}
            start = "" if self._lines else "[\n" if self._empty else ",\n"
            self._file.write(start + json.dumps(row, default=_jsonable) + ("\n" if self._lines else ""))
            self._empty = False

    def _close(self) -> None:
        if not self._lines:
            self._file.write("[]\n" if self._empty else "\n]\n")
        self._file.close()


def _as_it_stood(before: object, value: object) -> object:
    if isinstance(before, dict) and isinstance(value, dict):
        return {name: _as_it_stood(before.get(name), inner) for name, inner in value.items()}
    return before if before is not None and _text(before) == value else value


def _is_there(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def _nested(fields: Iterable[tuple[str, object]]) -> Row:
    row: Row = {}
    for name, value in fields:
        outer, dot, inner = name.partition(".")
        within = row.setdefault(outer, {}) if dot else None
        if isinstance(within, dict):
            within[inner] = value
        else:
            row[name] = value
    return row
