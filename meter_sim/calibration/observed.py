"""Dated counts of a rollout, as a utility publishes them: read from CSV, each a share of the meters in scope."""

import csv
import io
import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from meter_sim.calibration.error import CalibrationError
from meter_sim.scenario.source import bytes_of

WITHIN = 1.0
"""Percentage points by which a count may be off where the file does not say: its standard deviation."""
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Point:
    """One count: at the closing of a local day, or some time in a month or year.

    `first` and `last` are local days counted from 1970-01-01, the same for a count of a day. `share` is what is
    migrated of what is in scope, of 1; `within` its standard deviation, of 1. `date` is as written, `where` file and
    line.
    """

    where: str
    date: str
    first: int
    last: int
    share: float
    within: float
    migrated: int | None = None
    in_scope: int | None = None


def read_observed(path: Path) -> tuple[Point, ...]:
    """The counts of a CSV file by date; those of one date in the order of the file.

    Columns are `date` (2024-11-24, 2024-11 or 2024), `migrated` with `in_scope`, or `percent`, and `within` (percentage
    points); others are not looked at. Where a row has both, `migrated` of `in_scope` counts. Raises CalibrationError.
    """
    try:
        text = bytes_of(path).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        told = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or error
        raise CalibrationError(f"{path}: cannot be read: {told}") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        columns = reader.fieldnames or ()
        if "date" not in columns or not ("percent" in columns or {"migrated", "in_scope"} <= set(columns)):
            needed = "the columns date and percent, or date, migrated and in_scope are needed, parted by commas"
            raise CalibrationError(f"{path}:1: {needed}")
        points = [_point(f"{path}:{reader.line_num}", row) for row in reader if any(row.values())]
    except csv.Error as error:
        raise CalibrationError(f"{path}:{reader.line_num}: no CSV: {error}; see that every quote is closed") from None
    if not points:
        raise CalibrationError(f"{path}: no counts, write a row for each date")
    return tuple(sorted(points, key=lambda point: (point.last, point.first)))


def _point(where: str, row: Mapping[str, str | None]) -> Point:
    text = (row.get("date") or "").strip()
    first, last = days_of(text, f"{where}: date")
    migrated, in_scope = _count(row, "migrated", where), _count(row, "in_scope", where)
    percent = _number(row, "percent", where)
    within = _number(row, "within", where)
    if migrated is not None and in_scope:
        if migrated > in_scope:
            raise CalibrationError(f"{where}: migrated: {migrated} is more than the {in_scope} in scope")
        share = migrated / in_scope
    elif percent is not None:
        if percent > 100:
            raise CalibrationError(f"{where}: percent: {percent:g} is not from 0 to 100")
        share = percent / 100
    else:
        raise CalibrationError(f"{where}: give percent, or migrated with in_scope above 0")
    if within is not None and not 0 < within <= 100:
        raise CalibrationError(f"{where}: within: {within:g} is not above 0 and at most 100 percentage points")
    return Point(where, text, first, last, share, (WITHIN if within is None else within) / 100, migrated, in_scope)


def days_of(text: str, where: str) -> tuple[int, int]:
    """First and last local day, counted from 1970-01-01, of a day, a month or a year. Raises CalibrationError."""
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        year, month, day = (None if part is None else int(part) for part in match.groups())
        assert year is not None
        first = date(year, month or 1, day or 1)
        last_month = month or 12
        last = date(year, last_month, day or monthrange(year, last_month)[1])
    except ValueError:
        raise CalibrationError(f"{where}: {text!r} is no date, write 2024-11-24, 2024-11 or 2024") from None
    return first.toordinal() - _EPOCH, last.toordinal() - _EPOCH


def _count(row: Mapping[str, str | None], name: str, where: str) -> int | None:
    text = (row.get(name) or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 13):
        raise CalibrationError(f"{where}: {name}: {text[:40]!r} is not a whole number, write one such as 3610000")
    return int(text)


def _number(row: Mapping[str, str | None], name: str, where: str) -> float | None:
    text = (row.get(name) or "").strip()
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) is None:
        raise CalibrationError(f"{where}: {name}: {text[:40]!r} is not a number, write one such as 54.2")
    return float(text)


def check_in_run(points: Sequence[Point], first: int, last: int) -> None:
    """Refuse counts of days that are not days of the run. Raises CalibrationError."""
    for point in points:
        if not first <= point.first <= point.last <= last:
            span = f"{date.fromordinal(_EPOCH + first)} to {date.fromordinal(_EPOCH + last)}"
            raise CalibrationError(
                f"{point.where}: date: {point.date} is not within the scenario's run of {span}; move start or end"
            )
