"""Fields of a chunk as arrays of numbers, with the first fault of every row that has one.

What a field may say is told by the scalar code: each distinct text is read once, by a function that raises what is
wrong with it. MeterPANs, tokens and instants, which are all distinct, have a quick way for the ordinary form.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from meter_sim.arrow_columns import as_numbers, known, text, texts
from meter_sim.bulk.token_file import Chunk
from meter_sim.sts import batch
from meter_sim.sts.errors import StsError
from meter_sim.sts.identity import MeterPan
from meter_sim.sts.token import DIGITS

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class FieldError(ValueError):
    """What is wrong with the text of a field."""


class Columns:
    """The fields of a chunk by name. What is wrong with a row is noted in `faults`, the first fault of each row."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self.rows = len(chunk)
        self.faults: dict[int, str] = {}
        self._texts: dict[str, pa.StringArray] = {}

    @property
    def good(self) -> Mask:
        """The rows without a fault so far."""
        mask = np.ones(self.rows, dtype=np.bool_)
        mask[list(self.faults)] = False
        return mask

    @property
    def errors(self) -> pa.Array:
        """The faults as a column."""
        if not self.faults:
            return pa.nulls(self.rows, pa.string())
        return texts([self.faults.get(row) for row in range(self.rows)])

    def fault(self, row: int, text: str) -> None:
        """Note a fault of a row, unless it has one; what looks like a key in hex is not repeated."""
        self.faults.setdefault(row, _shown(text))

    def all(self) -> Mask:
        """Every row."""
        return np.ones(self.rows, dtype=np.bool_)

    def given(self, name: str) -> Mask:
        """The rows in which a field is there and not empty."""
        if name not in self._chunk.columns:
            return np.zeros(self.rows, dtype=np.bool_)
        return known(self.texts(name))

    def any_given(self, prefix: str) -> Mask:
        """The rows in which some field that begins so is there."""
        mask = np.zeros(self.rows, dtype=np.bool_)
        for name in self._chunk.columns:
            if name.startswith(prefix):
                mask |= self.given(name)
        return mask

    def texts(self, name: str) -> pa.StringArray:
        """A field as texts; nulls where it is not there or empty."""
        if name not in self._texts:
            self._texts[name] = self._as_texts(name)
        return self._texts[name]

    def _as_texts(self, name: str) -> pa.StringArray:
        column = self._chunk.columns.get(name)
        if column is None:
            return pa.nulls(self.rows, pa.string())
        if pa.types.is_list(column.type):
            column = pc.binary_join(column, text(" "))
        if pa.types.is_boolean(column.type):
            return pc.if_else(column, text("true"), text("false"))
        column = column if pa.types.is_string(column.type) else column.cast(pa.string())
        return pc.if_else(pc.equal(column, text("")), text(None), column)

    def distinct(
        self, name: str, read: Callable[[str], int], *, where: Mask | None = None, default: int | Ints | None = None
    ) -> Ints:
        """A field, each of its distinct texts read once.

        Where the field is not there the default stands, or, without one, a fault is noted for the rows of `where`
        (all). So it is where the text is refused; the value is 0 then.
        """
        coded = pc.dictionary_encode(self.texts(name))
        places = np.where(known(coded.indices), as_numbers(coded.indices), -1)
        values = np.zeros(len(coded.dictionary) + 1, dtype=np.int64)  # the last one: not there
        wrong: dict[int, str] = {}
        for place, said in enumerate(coded.dictionary.to_pylist()):
            try:
                values[place] = read(said.strip())
            except (StsError, FieldError) as error:
                wrong[place] = str(error)
        if default is None:
            wrong[-1] = "is missing"
        found = values[places]
        if default is not None:
            found = np.where(places < 0, default, found)
        for place, reason in wrong.items():
            rows = np.flatnonzero(places == place if where is None else (places == place) & where)
            for row in rows:
                self.fault(int(row), f"{name}: {reason}" if place >= 0 else f"{name} is missing")
        return found

    def whole(
        self,
        name: str,
        least: int,
        greatest: int,
        *,
        where: Mask | None = None,
        default: int | Ints | None = None,
    ) -> Ints:
        """A field of whole numbers within bounds."""
        return self.distinct(name, lambda text: whole(text, least, greatest), where=where, default=default)

    def flags(self, name: str, *, where: Mask | None = None, default: int | Ints | None = 0) -> Mask:
        """A field of true or false."""
        return self.distinct(name, flag, where=where, default=default).astype(np.bool_)

    def digits(self, name: str, length: int) -> tuple[NDArray[np.bytes_], Mask]:
        """A field of texts of so many bytes as an array of them, and where the field has this length."""
        column = self.texts(name)
        if len(column) == 0:
            return np.empty(0, dtype=f"S{length}"), np.empty(0, dtype=np.bool_)
        there = known(column)
        if not there.any():
            return np.zeros(len(column), dtype=f"S{length}"), there
        ends = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]
        offsets = ends[:-1]
        fits = there & (np.diff(ends) == length)
        buffer = column.buffers()[2]
        data = np.frombuffer(buffer if buffer is not None else b"", dtype=np.uint8)
        starts = np.where(fits, offsets, 0)[:, None]
        if len(data) < length:
            return np.zeros(len(column), dtype=f"S{length}"), np.zeros(len(column), dtype=np.bool_)
        taken = data[starts + np.arange(length)]
        return np.ascontiguousarray(taken).view(f"S{length}").ravel(), fits

    def pans(self, name: str, *, where: Mask, default: NDArray[np.uint64] | None = None) -> NDArray[np.uint64]:
        """A field of MeterPANs as integers, their check digits looked at."""
        digits, fits = self.digits(name, 18)
        values, decimal = numbers_of(digits, 18)
        there = self.given(name)
        right = fits & decimal & _right_pans(values)
        if default is not None:
            values = np.where(there, values, default)
            right |= ~there
        column = self.texts(name)
        for row in np.flatnonzero(~right & where):
            if not there[row]:
                self.fault(int(row), f"{name} is missing")
                continue
            try:
                values[row] = int(MeterPan(column[int(row)].as_py().strip()).digits)
            except StsError as error:
                self.fault(int(row), f"{name}: {error}")
        return values

    def tokens(self, name: str) -> NDArray[np.bytes_]:
        """A field of tokens, in groups or not; what is not 20 digits becomes a text that is no token either."""
        digits, fits = self.digits(name, DIGITS)
        there = self.given(name)
        column = self.texts(name)
        for row in np.flatnonzero(~fits & there):
            joined = re.sub(r"[\s-]", "", column[int(row)].as_py())
            digits[row] = joined.encode() if len(joined) == DIGITS and joined.isascii() else b"-"
        digits[~there] = b"-"
        return digits

    def instants(self, name: str, *, where: Mask) -> Ints:
        """A field of UTC instants, such as 2004-03-01 13:55:00, as seconds since 1970."""
        column, there = self.texts(name), self.given(name)
        raw = self._chunk.columns.get(name)
        if raw is not None and pa.types.is_timestamp(raw.type):
            column = raw.cast(pa.timestamp("s", tz=raw.type.tz), safe=False)
        try:
            seconds = np.where(
                there, as_numbers(column if pa.types.is_timestamp(column.type) else column.cast(pa.timestamp("s"))), 0
            )
            wrong = np.flatnonzero(~there & where)
        except pa.ArrowInvalid:
            seconds = np.zeros(self.rows, dtype=np.int64)
            wrong = np.flatnonzero(where)
        for row in wrong:
            said = self.texts(name)[int(row)].as_py()
            if said is None:
                self.fault(int(row), f"{name} is missing")
                continue
            try:
                seconds[row] = instant(said)
            except FieldError as error:
                self.fault(int(row), f"{name}: {error}")
        return seconds


def _right_pans(pans: NDArray[np.uint64]) -> Mask:
    none, one = np.zeros(len(pans), dtype=np.uint8), np.ones(len(pans), dtype=np.uint8)
    return batch.valid(batch.Meters(pans, none.astype(np.uint32), none, one, none))


def _shown(reason: str) -> str:
    """A reason as it may be told: not longer than a line, without what looks like a key in hex."""

    def masked(match: re.Match[str]) -> str:
        return match[0] if match[0].isdecimal() and len(match[0]) not in (16, 32, 40) else "(not shown)"

    masked_reason = re.sub("[0-9a-fA-F]{16,}", masked, reason)
    return masked_reason if len(masked_reason) <= 300 else masked_reason[:297] + "..."


def whole(text: str, least: int, greatest: int) -> int:
    """A whole number within bounds; `2.0` counts, as tables with gaps write it. Raises FieldError."""
    match = re.fullmatch(r"(-?[0-9]{1,25})(\.0+)?", text)
    if match is None or not least <= int(match[1]) <= greatest:
        raise FieldError(f"{text!r} is not a whole number from {least} to {greatest}")
    return int(match[1])


def flag(text: str) -> int:
    """1 for true, 0 for false. Raises FieldError."""
    values = {"true": 1, "false": 0, "1": 1, "0": 0}
    if text.lower() not in values:
        raise FieldError(f"{text!r} is neither true nor false")
    return values[text.lower()]


def instant(text: str) -> int:
    """Seconds of a UTC instant such as 2004-03-01 13:55:00, 2004-03-01T13:55Z or 2004-03-01. Raises FieldError."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if moment.utcoffset() != UTC.utcoffset(None):
            raise ValueError
    except ValueError:
        raise FieldError(f"{text!r} is no UTC instant, such as 2004-03-01 13:55:00") from None
    return int(moment.timestamp() // 1)


def numbers_of(digits: NDArray[np.bytes_], length: int) -> tuple[NDArray[np.uint64], Mask]:
    """Texts of so many digits (at most 18) as integers, and where they are decimal."""
    values = digits.view(np.uint8).reshape(len(digits), length) - np.uint8(ord("0"))
    decimal = np.asarray((values <= 9).all(axis=1), dtype=np.bool_)
    powers = 10 ** np.arange(length - 1, -1, -1, dtype=np.int64)
    return (values.astype(np.int64) * decimal[:, None] @ powers).astype(np.uint64), decimal
