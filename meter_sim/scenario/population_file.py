"""A population from a file of meter records, CSV or Parquet: a row is a meter, the columns say what is known of it.

`docs/population.md` lists the columns. A row that is wrong is told by its number and left out; a CSV's rows go by the
line that they begin in, the line of names being 1, a Parquet file's count from 1.
"""

import csv
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from re import fullmatch
from typing import TYPE_CHECKING, TypeVar

from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.fields import nearest
from meter_sim.scenario.meter_numbers import GREATEST_CONNECTION
from meter_sim.scenario.quantities import GREATEST_ENERGY, QuantityError, day_of, number, whole
from meter_sim.scenario.source import Place
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import Encryption, MeterPan, luhn, supply_group_code, tariff_index

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

PATH: Place = ("population", "file")
LONGEST_CELL = 40
"""Characters of a cell that a fault repeats."""


@dataclass(frozen=True, slots=True)
class MeterRow:
    """What a row says of a meter; None where it says nothing. `number` is the row's, 0 for a meter of no file.

    `last_purchase` is a local day counted from 1970-01-01, `credit` watt-seconds.
    """

    number: int
    pan: MeterPan
    supply_group: str | None = None
    key_revision: int | None = None
    tariff_index: str | None = None
    encryption: Encryption | None = None
    model: str | None = None
    area: str | None = None
    load: str | None = None
    customer: str | None = None
    kwh_per_month: Decimal | None = None
    last_purchase: int | None = None
    credit: int | None = None
    connection: int | None = None
    name: str | None = None


class _Wrong(ValueError):
    """What is wrong with a cell."""


_ISSUERS = {11: "600727", 13: "0000"}
"""The issuer that goes with a meter number (DRN) of so many digits (C)."""


def _pan(text: str) -> MeterPan:
    """A MeterPAN, also of a meter number alone."""
    if len(text) in _ISSUERS:
        return MeterPan.of(_ISSUERS[len(text)], text)
    try:
        return MeterPan(text)
    except StsError as error:
        if len(text) != 18 or not (text.isascii() and text.isdecimal()):
            raise _Wrong("18 decimal digits are needed, or the 11 or 13 of a meter number") from None
        right = luhn(text[:-1])
        if right != text[-1]:
            raise _Wrong(f"the check digit is {right}, not {text[-1]}") from None
        raise _Wrong(str(error)) from None


def _encryption(text: str) -> Encryption:
    names = {f"EA{ea}": ea for ea in Encryption}
    if text not in names:
        raise _Wrong("use EA07 or EA11")
    return names[text]


def _credit(text: str) -> int:
    energy = number(text) * WS_PER_KWH
    if energy != energy.to_integral_value():
        raise _Wrong("not a whole number of watt-seconds")
    if energy > GREATEST_ENERGY:
        raise _Wrong(f"too large, at most {GREATEST_ENERGY} watt-seconds are allowed")
    return int(energy)


def _name(text: str) -> str:
    if fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", text) is None:
        raise _Wrong("not a name: letters, digits, _ and -, the first a letter")
    return text


_READERS: Mapping[str, Callable[[str], object]] = {
    "pan": _pan,
    "supply_group": supply_group_code,
    "key_revision": lambda text: whole(text, 1, 9),
    "tariff_index": tariff_index,
    "encryption": _encryption,
    "model": str,
    "area": str,
    "load": str,
    "customer": str,
    "kwh_per_month": number,
    "last_purchase": day_of,
    "credit_kwh": _credit,
    "connection": lambda text: whole(text, 0, GREATEST_CONNECTION),
    "name": _name,
}
COLUMNS = tuple(_READERS)
"""The columns that a file may have."""
_FIELDS = {column: "credit" if column == "credit_kwh" else column for column in COLUMNS}
_NUMBERS = ("key_revision", "kwh_per_month", "credit_kwh", "connection")
"""Columns that a Parquet file may hold as numbers."""
_UNIQUE = ("pan", "connection", "name")


class MeterFile:
    """A file of meter records. `name` is how the scenario calls it; faults go by that name and the row's number.

    `known` says for a column of names which there are and what they are names of.
    """

    def __init__(self, faults: Faults, path: Path, name: str, known: Mapping[str, tuple[Collection[str], str]]) -> None:
        self._faults = faults
        self._path = path
        self._name = name
        self._known = known
        self._seen: dict[str, dict[object, int]] = {column: {} for column in _UNIQUE}
        self._count = 0
        self.columns: tuple[str, ...] = ()
        """The file's columns, when it was read."""

    def fault(self, row: int, what: str) -> None:
        """Note what is wrong with a row."""
        self._faults.add(PATH, f"{self._name} row {row}: {what}")

    def rows(self) -> list[MeterRow]:
        """The rows that are right, in the file's order; what is wrong with the others is noted."""
        readers = {".csv": self._of_csv, ".parquet": self._of_parquet}
        reader = readers.get(self._path.suffix.lower())
        if reader is None:
            self._whole(f"{self._name} is neither .csv nor .parquet")
            return []
        try:
            if self._path.exists() and not self._path.is_file():
                raise ValueError("it is no file")
            rows = [row for number, cells in reader() if (row := self._row(number, cells)) is not None]
        except UnicodeDecodeError:
            self._whole(f"{self._name} is not UTF-8 text, save the file as UTF-8")
        except csv.Error as error:
            self._whole(f"{self._name} is not CSV: {error}")
        except (OSError, ValueError, NotImplementedError) as error:  # the last: what Arrow does not read
            self._whole(f"{self._name} cannot be read: {getattr(error, 'strerror', None) or error}")
        else:
            if self.columns and not self._count:
                self._whole(f"{self._name} has no meter")
            return rows
        return []

    def _whole(self, what: str) -> None:
        self._faults.add(PATH, what)

    # -- the two kinds of file ---------------------------------------------------------------------------------

    def _of_csv(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows of a CSV with the lines that they begin in."""
        with self._path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            if len(header) == 1 and ";" in header[0]:
                self._whole(f"{self._name}: the cells are parted by semicolons, save the file with commas")
                return
            if not self._header(header):
                return
            line = reader.line_num + 1
            for cells in reader:
                if cells and len(cells) != len(header):
                    self.fault(line, f"{len(cells)} cells, {len(header)} are needed, as many as there are columns")
                elif any(cell.strip() for cell in cells):
                    yield line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
                line = reader.line_num + 1

    def _of_parquet(self) -> Iterator[tuple[int, dict[str, str]]]:
        """The rows of a Parquet file, counted from 1."""
        import pyarrow.parquet as pq  # a scenario without such a file does not need it

        with self._path.open("rb") as opened, pq.ParquetFile(opened) as file:
            schema = file.schema_arrow
            if not self._header(schema.names) or not self._typed(schema):
                return
            count = 0
            for batch in file.iter_batches():
                for values in batch.to_pylist():
                    count += 1
                    yield count, {name: _as_text(value) for name, value in values.items()}

    def _header(self, names: list[str]) -> bool:
        """Whether the columns are ones that a file may have."""
        wrong = [f"unknown column {name!r}, {nearest(name, list(COLUMNS))}" for name in names if name not in COLUMNS]
        wrong += [f"the column {name} is there twice" for name in COLUMNS if names.count(name) > 1]
        if "pan" not in names:
            wrong.append("the column pan is missing, it is needed")
        for what in wrong:
            self._whole(f"{self._name}: {what}")
        self.columns = () if wrong else tuple(names)
        return not wrong

    def _typed(self, schema: "pa.Schema") -> bool:
        """Whether a Parquet file's columns have types that keep what they say."""
        import pyarrow.types as kinds

        right = True
        for column in schema:
            kind = column.type.value_type if kinds.is_dictionary(column.type) else column.type
            is_number = kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind)
            if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_null(kind):
                continue
            if (column.name in _NUMBERS and is_number) or (column.name == "last_purchase" and kinds.is_date(kind)):
                continue
            why = ", since a number loses the zeros in front" if is_number else ""
            self._whole(f"{self._name}: the column {column.name} holds {kind}, it must hold strings{why}")
            right = False
        if not right:
            self.columns = ()
        return right

    # -- rows --------------------------------------------------------------------------------------------------

    def _row(self, number: int, cells: Mapping[str, str]) -> MeterRow | None:
        """The meter of a row; None if something is wrong with it."""
        self._count += 1
        found: dict[str, object] = {}
        right = True
        for column, text in cells.items():
            if not text:
                continue
            try:
                found[_FIELDS[column]] = self._value(column, text, number)
            except (_Wrong, QuantityError, StsError) as error:
                right = False
                self.fault(number, f"{column} {_cut(text)!r}: {error}")
        if "pan" not in cells or not cells["pan"]:
            self.fault(number, "pan: nothing stands here, it is needed")
            return None
        return MeterRow(number, **found) if right else None  # type: ignore[arg-type]

    def _value(self, column: str, text: str, number: int) -> object:
        value = _READERS[column](text)
        names, what = self._known.get(column, ((text,), ""))
        if text not in names:
            allowed = nearest(text, list(names)) if names else "the file of the scenario defines none"
            raise _Wrong(f"no {what} is called so, {allowed}")
        if column in _UNIQUE:
            first = self._seen[column].setdefault(value, number)
            if first != number:
                raise _Wrong(f"row {first} has the same")
        return value


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}..."


def _as_text(value: object) -> str:
    """A Parquet cell as a CSV would have it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value).strip()
