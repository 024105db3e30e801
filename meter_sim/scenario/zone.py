"""Time zones, from the `tzdata` package alone, so that every machine has the same rules."""

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from meter_sim.local_time import LocalCalendar
from meter_sim.scenario.quantities import Time, utc_seconds


class ZoneError(ValueError):
    """Says what is wrong with a zone or a local time."""


def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name such as Africa/Windhoek. Raises ZoneError."""
    parts = name.split("/")
    place = files("tzdata").joinpath("zoneinfo", *parts)
    well_formed = len(name) <= 60 and all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*", part) for part in parts)
    if not well_formed or not place.is_file():
        raise ZoneError(f"{name!r} is no time zone, write a name such as Africa/Windhoek or UTC")
    with place.open("rb") as data:
        try:
            return ZoneInfo.from_file(data, key=name)
        except ValueError:
            raise ZoneError(f"{name!r} is no time zone, write a name such as Africa/Windhoek or UTC") from None


def instant(time: Time, zone: ZoneInfo) -> int:
    """Seconds of an instant as written. Raises ZoneError for a local time that the zone skips or has twice."""
    if time.utc:
        return utc_seconds(time.naive)
    readings = {int(time.naive.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)}
    true = [reading for reading in readings if _local(reading, zone) == time.naive]
    if not true:
        raise ZoneError(f"{time} does not exist in {zone.key}, the clock is put forward over it; write UTC with a Z")
    if len(true) > 1:
        raise ZoneError(f"{time} comes twice in {zone.key}, the clock is put back over it; write UTC with a Z")
    return true[0]


def _local(reading: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(reading, UTC).astimezone(zone).replace(tzinfo=None)


def calendar(zone: ZoneInfo, start: int, end: int) -> LocalCalendar:
    """The offsets of a zone from a day before `start` to a day after `end`."""

    def offset(reading: int) -> int:
        span = datetime.fromtimestamp(reading, UTC).astimezone(zone).utcoffset() or timedelta()
        return int(span.total_seconds())

    low, last = start - 86_400, end + 86_400
    starts, offsets = [low], [offset(low)]
    while low < last:
        high = min(low + 86_400, last)
        if offset(high) != offsets[-1]:
            known, new = low, high  # the change lies in (known, new]
            while new - known > 1:
                middle = (known + new) // 2
                known, new = (middle, new) if offset(middle) == offsets[-1] else (known, middle)
            starts.append(new)
            offsets.append(offset(new))
            low = new
        else:
            low = high
    return LocalCalendar(tuple(starts), tuple(offsets))
