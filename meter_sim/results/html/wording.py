"""Numbers, dates and lists as a report writes them in English sentences. Numbers and their units stay in one line."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from meter_sim.local_time import LocalCalendar
from meter_sim.results.summary_types import Json

SPACE = "\u00a0"
"""Between a number and its unit."""
NOTHING = "\N{EN DASH}"
"""In a cell where there is no value."""
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)  # not those of strftime, which follow the locale


def number(value: Json, decimals: int | None = None) -> str:
    """A number with its thousands separated: whole ones as they are, others with at most two decimals."""
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, float):
        return NOTHING
    if decimals is not None:
        return f"{value:,.{decimals}f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def count(value: int, thing: str, things: str | None = None) -> str:
    """`1 meter`, `2,297 meters`, `no meters`."""
    if value == 0:
        return f"no {things or f'{thing}s'}"
    return f"{value:,}{SPACE}{thing if value == 1 else things or f'{thing}s'}"


def percent(part: int, whole: int) -> str:
    """A part as a share of the whole, with one decimal; never 100.0 or 0.0 for what is not all or nothing."""
    if not whole:
        return NOTHING
    tenths = round(1000 * part / whole)
    if 0 < part < whole:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths // 10:,}.{tenths % 10}{SPACE}%"


def kwh(value: Json) -> str:
    """An energy in kWh."""
    return f"{number(value)}{SPACE}kWh"


def hours(value: Json) -> str:
    """A time in whole hours."""
    return f"{number(value)}{SPACE}h"


def wait(seconds: Json) -> str:
    """Seconds as people say them: `40 s`, `12 min`, `1 h 05 min`."""
    if not isinstance(seconds, int):
        return NOTHING
    if seconds < 60:
        return f"{seconds}{SPACE}s"
    minutes = (seconds + 30) // 60
    if minutes < 60:
        return f"{minutes}{SPACE}min"
    return f"{minutes // 60:,}{SPACE}h{SPACE}{minutes % 60:02d}{SPACE}min"


def day(text: Json) -> str:
    """An ISO date as `24 November 2024`."""
    if not isinstance(text, str):
        return NOTHING
    value = date.fromisoformat(text[:10])
    return f"{value.day}{SPACE}{_MONTHS[value.month - 1]}{SPACE}{value.year}"


def listed(parts: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    texts = list(parts)
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def spaced(name: str) -> str:
    """A name of a column or a state as words."""
    return name.replace("_", " ").replace("kwh", "kWh")


def calendar_of(summary: dict[str, Json]) -> LocalCalendar:
    """The local time of a run."""
    offsets = summary["utc_offsets"]
    assert isinstance(offsets, list)
    pairs = [pair for pair in offsets if isinstance(pair, list)]
    starts, shifts = ([each for pair in pairs if isinstance(each := pair[place], int)] for place in (0, 1))
    return LocalCalendar(tuple(starts), tuple(shifts))


def seconds_of(instant: Json) -> int:
    """The second of an instant such as `2024-11-24 20:15:00Z`."""
    return round(datetime.fromisoformat(str(instant)).timestamp())


def first_and_last_day(summary: dict[str, Json]) -> tuple[str, str]:
    """The local dates of a run's first and last second, ISO."""
    calendar = calendar_of(summary)
    first, last = seconds_of(summary["start"]), seconds_of(summary["end"]) - 1
    return calendar.text(first)[:10], calendar.text(last)[:10]


def days_after(later: str, earlier: str) -> int:
    """Days from one ISO date to a later one."""
    return (date.fromisoformat(later) - date.fromisoformat(earlier)) // timedelta(days=1)


def capital(text: str) -> str:
    """A sentence's first letter as a capital."""
    return text[:1].upper() + text[1:]


def local_text(instant: Json, calendar: LocalCalendar) -> str:
    """An instant of a summary, which is UTC, as local date and time to the minute."""
    text = calendar.text(seconds_of(instant))
    return f"{day(text)} {text[11:16]}"


def month(text: str) -> str:
    """`2024-07` as `July 2024`."""
    return day(f"{text}-01").removeprefix(f"1{SPACE}")
