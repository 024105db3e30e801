"""Load profiles from CSV: relative weights by hour, for workdays, Saturdays and Sundays, and by season if wanted.

Columns `hour,workday,saturday,sunday`, with `season` (low or high) in front where the seasons differ. Rows may come in
any order; each hour 0 to 23 once a season. Weights are whole numbers; only their proportions matter.
"""

import csv
import io
from importlib.resources import files

from meter_sim.meter.load import HOURS, DayKinds

_KINDS = ("workday", "saturday", "sunday")
GREATEST_WEIGHT = 1 << 40


class ProfileError(ValueError):
    """Says what is wrong with a profile, and in which row."""


def built_in_profile(name: str) -> tuple[DayKinds, DayKinds]:
    """The weights of a profile that ships."""
    text = files("meter_sim.meter").joinpath("profiles", f"{name}.csv").read_text(encoding="utf-8")
    return profile_of(text)


def profile_of(text: str) -> tuple[DayKinds, DayKinds]:
    """The weights of the low and the high season. Raises ProfileError, with the row's number."""
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise ProfileError(f"not CSV: {error}") from None
    header = [name.strip() for name in rows[0]] if rows else []
    with_season = header == ["season", "hour", *_KINDS]
    if not with_season and header != ["hour", *_KINDS]:
        raise ProfileError("row 1: the columns must be hour,workday,saturday,sunday, with season before them if wanted")
    weights: dict[str, dict[int, list[int]]] = {"low": {}, "high": {}}
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        cells = [cell.strip() for cell in row]
        if len(cells) != len(header):
            raise ProfileError(f"row {number}: {len(cells)} cells, {len(header)} are needed")
        seasons = [cells.pop(0)[:40]] if with_season else ["low", "high"]
        if seasons[0] not in weights:
            raise ProfileError(f"row {number}: season {seasons[0]!r} is not low or high")
        hour, *values = (_whole(cell, number) for cell in cells)
        if hour >= HOURS:
            raise ProfileError(f"row {number}: hour {hour} is outside 0 to 23")
        for season in seasons:
            if hour in weights[season]:
                raise ProfileError(f"row {number}: hour {hour} stands here twice")
            weights[season][hour] = values
    return _day_kinds(weights["low"], "low"), _day_kinds(weights["high"], "high")


def _whole(cell: str, number: int) -> int:
    if not (cell.isascii() and cell.isdecimal() and len(cell) < 20) or int(cell) > GREATEST_WEIGHT:
        raise ProfileError(f"row {number}: {cell[:40]!r} is not a whole number from 0 to {GREATEST_WEIGHT}")
    return int(cell)


def _day_kinds(hours: dict[int, list[int]], season: str) -> DayKinds:
    missing = [hour for hour in range(HOURS) if hour not in hours]
    if missing:
        raise ProfileError(f"hour {missing[0]} of the {season} season is missing, 0 to 23 are needed")
    workday, saturday, sunday = (tuple(hours[hour][kind] for hour in range(HOURS)) for kind in range(3))
    return workday, saturday, sunday
