"""Local days and opening hours (`meter_sim/local_time.py`, `meter_sim/people/opening_hours.py`) in compiled code.

A calendar is two arrays: `offsets[i]` seconds hold from the second `starts[i]` on; the first also before it. Opening
hours are seconds after local midnight, a mask with bit d for weekday d (0 is Monday) and the holidays in order.
"""

from numpy import int64
from numpy.typing import NDArray

from meter_sim.engine.compiled.jit import Whole, compiled
from meter_sim.local_time import DAY

OPEN_START, OPEN_END = -(1 << 62), 1 << 62
"""In place of the first and the last instant of a span that has none."""

_DAYS_TO_EPOCH = 719_468
"""Days from 0000-03-01 to 1970-01-01."""
_ERA, _CENTURY, _LEAP_CYCLE, _YEAR = 146_097, 36_524, 1_460, 365


@compiled
def place_of(starts: NDArray[int64], instant: Whole) -> Whole:
    """Which of the offsets holds at an instant."""
    low, high = 0, starts.size
    while high - low > 1:
        middle = (low + high) >> 1
        if starts[middle] <= instant:
            low = middle
        else:
            high = middle
    return low


@compiled
def piece(starts: NDArray[int64], offsets: NDArray[int64], instant: Whole) -> tuple[Whole, Whole, Whole]:
    """The span of one offset that an instant lies in: first second, first second after, offset."""
    place = place_of(starts, instant)
    first = starts[place] if place > 0 else OPEN_START
    after = starts[place + 1] if place + 1 < starts.size else OPEN_END
    return first, after, offsets[place]


@compiled
def offset_of(starts: NDArray[int64], offsets: NDArray[int64], instant: Whole) -> Whole:
    """Seconds that local time is ahead of UTC."""
    return int64(offsets[place_of(starts, instant)])


@compiled
def day_of(starts: NDArray[int64], offsets: NDArray[int64], instant: Whole) -> Whole:
    """The local day, counted from 1970-01-01."""
    return int64((instant + offsets[place_of(starts, instant)]) // DAY)


@compiled
def midnight(starts: NDArray[int64], offsets: NDArray[int64], day: Whole) -> Whole:
    """The first second of a local day."""
    last = starts.size - 1
    for place in range(last):
        first = day * DAY - offsets[place]
        if place > 0:
            first = max(first, starts[place])
        if first < starts[place + 1]:
            return int64(first)
    first = day * DAY - offsets[last]
    return int64(max(first, starts[last])) if last > 0 else int64(first)


@compiled
def civil(day: Whole) -> tuple[Whole, Whole, Whole]:
    """Year, month and day of the month of a day, counted from 1970-01-01 (years begin in March on the way)."""
    days = day + _DAYS_TO_EPOCH
    era = days // _ERA
    of_era = days - era * _ERA
    year = (of_era - of_era // _LEAP_CYCLE + of_era // _CENTURY - of_era // (_ERA - 1)) // _YEAR
    of_year = of_era - (_YEAR * year + year // 4 - year // 100)
    from_march = (5 * of_year + 2) // 153
    month = from_march + 3 if from_march < 10 else from_march - 9
    return year + era * 400 + (1 if month <= 2 else 0), month, of_year - (153 * from_march + 2) // 5 + 1


@compiled
def month_number(day: Whole) -> Whole:
    """1 for January to 12 for December."""
    return civil(day)[1]


@compiled
def weekday(day: Whole) -> Whole:
    """0 for Monday to 6 for Sunday."""
    return (day + 3) % 7


@compiled
def month_of(starts: NDArray[int64], offsets: NDArray[int64], instant: Whole) -> Whole:
    """The local calendar month of an instant, counted in months since year 0."""
    year, month, _ = civil(day_of(starts, offsets, instant))
    return year * 12 + month - 1


@compiled
def _is_among(days: NDArray[int64], day: Whole) -> bool:
    """Whether a day is one of these days, which stand in order."""
    low, high = 0, days.size
    while low < high:
        middle = (low + high) >> 1
        if days[middle] < day:
            low = middle + 1
        else:
            high = middle
    return low < days.size and days[low] == day


@compiled
def open_on(mask: Whole, holidays: NDArray[int64], day: Whole) -> bool:
    """Whether a local day is one on which it opens."""
    return (mask >> weekday(day)) & 1 == 1 and not _is_among(holidays, day)


@compiled
def span(
    starts: NDArray[int64], offsets: NDArray[int64], opens: Whole, closes: Whole, day: Whole
) -> tuple[Whole, Whole]:
    """The instants of opening and closing on a local day; a closing at 24:00 is the next midnight."""
    begins = midnight(starts, offsets, day)
    end = midnight(starts, offsets, day + 1) if closes == DAY else begins + closes
    return min(begins + opens, end), end


@compiled
def day_open_after(
    starts: NDArray[int64],
    offsets: NDArray[int64],
    opens: Whole,
    closes: Whole,
    mask: Whole,
    holidays: NDArray[int64],
    instant: Whole,
) -> Whole:
    """The first local day, this one included, whose closing lies after the instant and on which it opens."""
    day = day_of(starts, offsets, instant)
    if instant >= span(starts, offsets, opens, closes, day)[1]:
        day += 1
    while not open_on(mask, holidays, day):
        day += 1
    return day


@compiled
def arrival(
    starts: NDArray[int64],
    offsets: NDArray[int64],
    opens: Whole,
    closes: Whole,
    mask: Whole,
    holidays: NDArray[int64],
    instant: Whole,
    word: Whole,
    not_before_day: Whole,
) -> Whole:
    """When somebody arrives who wants to come at `instant`, but not before a local day: then, or when it next opens."""
    day = day_of(starts, offsets, instant)
    first, end = span(starts, offsets, opens, closes, day)
    if day >= not_before_day and first <= instant and instant < end and open_on(mask, holidays, day):
        return instant
    later = max(instant, midnight(starts, offsets, not_before_day))
    day = day_open_after(starts, offsets, opens, closes, mask, holidays, later)
    first, end = span(starts, offsets, opens, closes, day)
    first = max(first, later)
    return first + ((end - first) * word >> 32)
