"""The load of one connection (`meter_sim/meter/load.py`) in compiled code.

A box is the scratch of the connection that is being worked on: the factors of its days and the sums of its days'
demand, filled a block of days at a time, when a day of it is first asked for, and kept until the box is given to
another connection.

Filling is the hottest loop of all. A day's demand is the sum over its hours of energy * factor // ONE, rounded down in
each hour. Without rounding it is the day's energy times the factor; what rounding takes away are the lower 16 bits of
each hour's product, and these follow from the lower 16 bits of energy and factor. So the hours go through narrow
products, many days at once, over a table of lower bits whose columns are the block's days.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import int64, uint16, uint32, uint64
from numpy.typing import NDArray

from meter_sim.distribution import CELLS
from meter_sim.draws import Purpose
from meter_sim.engine.compiled.calendar import month_number, piece, weekday
from meter_sim.engine.compiled.draws import KNOTS, philox, value_of
from meter_sim.engine.compiled.jit import Whole, compiled
from meter_sim.engine.compiled.memory import numbers, rows_of, view_of
from meter_sim.local_time import DAY, HOUR, LocalCalendar
from meter_sim.meter.load import HOURS, LoadProfile

Record = Any
"""A record of a structured array, in a kernel."""
BLOCK = 64
"""Days that are filled at a time."""
SLOTS = 64
"""Blocks that a box has room for."""

_BLOCK_BITS = 6
_NEAR = 8
"""Days that are looked at one by one in a search."""
_EMPTY = -(1 << 62)
_LOAD_DAY = int(Purpose.LOAD_DAY)
_SEASONS, _KINDS = 2, 3

PROFILE = np.dtype(
    [
        ("hours", np.int64, (_SEASONS * _KINDS, HOURS)),
        ("variation", np.int64, (KNOTS,)),
        ("greatest", np.int64),
        ("high_months", np.int8, (13,)),
    ],
    align=True,
)
"""A load: watt-seconds by kind of day (season * 3 + workday, Saturday, Sunday) and hour, the table of day factors, the
greatest energy of a day before the factor, and the months (1 to 12) of the high season."""

DAYS = np.dtype(
    [
        ("lower_bits", np.uint16, (HOURS, BLOCK)),
        ("energies", np.int64, (BLOCK,)),
        ("kinds", np.int8, (BLOCK,)),
    ],
    align=True,
)
"""A block of a load's days before the factor: the lower 16 bits of each hour's energy, by hour and day; each day's
energy; and its kind."""

DAYS_AT_HAND = 4
"""Days of which the sums by hour are kept: that of the latest event and that of the next purchase are among them."""

BOX = np.dtype(
    [
        ("load", np.int64),
        ("share", np.int64),
        ("connection", np.int64),
        ("nothing", np.int64),
        ("narrow", np.int64),
        ("constant", np.int64),
        ("held", np.int64, (SLOTS,)),
        ("factors", np.int64, (SLOTS, BLOCK)),
        ("sums", np.int64, (SLOTS, BLOCK + 1)),
        ("words", np.uint32, (BLOCK,)),
        ("lower_factors", np.uint16, (BLOCK,)),
        ("lost", np.uint32, (BLOCK,)),
        ("hours_of", np.int64, (DAYS_AT_HAND,)),
        ("hours", np.int64, (DAYS_AT_HAND, HOURS + 1)),
    ],
    align=True,
)
"""The connection that is being worked on: its load and its share of it (of ONE); whether it asks for nothing at all,
whether a day's energy times any factor stays within 63 bits, whether every day has the same factor. By slot the block
that lies there; by slot and day the factor of ONE and the demand from the block's first midnight to that of the day,
watt-seconds. `hours_of` are the days whose demand from midnight to each hour is at hand in `hours`. The rest is
scratch."""


LOADS = np.dtype(
    [
        *((name, "i8") for name in ("starts", "offsets", "profiles", "boxes", "load_days")),
        *((f"room_{name}", "i8") for name in ("starts", "offsets", "profiles", "boxes")),
        ("load_blocks", "i8"),
        ("load_first_day", "i8"),
        ("seed", "u8"),
    ]
)
"""The loads of a run, as the kernels take them: addresses of the arrays of `Loads` and how many elements they have.
Any record that has these fields among others will do."""

_box_of = view_of("boxes", BOX)
_profiles = view_of("profiles", PROFILE)
_days_at = rows_of(DAYS)


class Loads(NamedTuple):
    """The loads of a run, and the box of the connection that is being worked on."""

    starts: NDArray[np.int64]
    """The calendar: from when each offset holds."""
    offsets: NDArray[np.int64]
    seed: np.uint64
    first_day: np.int64
    """The local day with which the first block begins."""
    profiles: NDArray[np.void]
    """A PROFILE by load."""
    days: NDArray[np.void]
    """DAYS by load and block."""
    boxes: NDArray[np.void]
    """One BOX."""

    def put_into(self, record: Any) -> None:  # noqa: ANN401
        """Fill the fields of LOADS in; the record's kernels may run as long as these arrays are kept."""
        for name in ("starts", "offsets", "profiles", "boxes"):
            array = getattr(self, name)
            record[name], record[f"room_{name}"] = array.ctypes.data, array.size
        record["load_days"], record["load_blocks"] = self.days.ctypes.data, self.days.shape[1]
        record["load_first_day"], record["seed"] = self.first_day, self.seed


def loads_of(profiles: Sequence[LoadProfile], calendar: LocalCalendar, seed: int, start: int, end: int) -> Loads:
    """The loads of a run from `start` to `end`, with an empty box. Days outside are right too, but slow."""
    first_day = calendar.day(start)
    blocks = max(-(-(calendar.day(end) + 1 - first_day) // BLOCK), 1)
    days = np.arange(first_day, first_day + blocks * BLOCK)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    table = np.zeros(len(profiles), PROFILE)
    of_days = np.zeros((len(profiles), blocks), DAYS)
    for row, profile in enumerate(profiles):
        hours = np.array([profile.low, profile.high], np.int64).reshape(_SEASONS * _KINDS, HOURS)
        high_months = np.isin(np.arange(13), profile.high_months)
        kinds = np.maximum((days + 3) % 7 - 4, 0) + _KINDS * high_months[months]
        energies = hours[kinds].reshape(blocks, BLOCK, HOURS)
        table[row] = hours, profile.variation.knots, hours.sum(axis=1).max(), high_months
        of_days["lower_bits"][row] = (energies & 0xFFFF).transpose(0, 2, 1)
        of_days["energies"][row] = energies.sum(axis=2)
        of_days["kinds"][row] = kinds.reshape(blocks, BLOCK)
    boxes = np.zeros(1, BOX)
    boxes["held"] = _EMPTY
    boxes["hours_of"] = _EMPTY
    return Loads(
        starts=np.array(calendar.starts, np.int64),
        offsets=np.array(calendar.offsets, np.int64),
        seed=np.uint64(seed),
        first_day=np.int64(first_day),
        profiles=table,
        days=of_days,
        boxes=boxes,
    )


@compiled
def _times(energy: Whole, factor: Whole) -> Whole:
    """The product energy * factor // ONE; only the result must fit into 64 bits."""
    return (energy >> 16) * factor + ((energy & 0xFFFF) * factor >> 16)


@compiled
def _part(hourly: Whole, seconds: Whole) -> Whole:
    """The quotient hourly * seconds // HOUR of up to an hour; only the result must fit into 64 bits."""
    if hourly < 1 << 50:
        return int64(uint64(hourly) * uint64(seconds) // uint64(HOUR))
    return hourly // HOUR * seconds + hourly % HOUR * seconds // HOUR


@compiled
def _seconds_to(energy: Whole, hourly: Whole) -> Whole:
    """The least seconds in which `hourly` watt-seconds an hour make up `energy`, which is at most `hourly`."""
    if energy < 1 << 50 and hourly < 1 << 50:
        return int64((uint64(energy) * uint64(HOUR) + uint64(hourly) - uint64(1)) // uint64(hourly))
    low, high = 0, HOUR
    while low < high:
        middle = (low + high) >> 1
        if _part(hourly, middle) >= energy:
            high = middle
        else:
            low = middle + 1
    return low


@compiled
def box_for(loads: Record, load: Whole, share: Whole, connection: Whole) -> None:
    """Give the box to a connection with this load and this share of it (of ONE)."""
    box, profile = _box_of(loads)[0], _profiles(loads)[load]
    box.load, box.share, box.connection = load, share, connection
    greatest_factor = _times(profile.variation[CELLS], share)
    box.nothing = int64(profile.greatest == 0 or greatest_factor == 0)
    box.narrow = int64(profile.greatest < 1 << 32 and greatest_factor < 1 << 31)
    box.constant = int64(profile.variation[0] == profile.variation[CELLS])
    held = box.held
    for slot in range(SLOTS):
        held[slot] = _EMPTY
    for place in range(DAYS_AT_HAND):
        box.hours_of[place] = _EMPTY


@compiled
def asks_nothing(loads: Record) -> bool:
    """Whether the connection asks for nothing at all, ever."""
    return bool(_box_of(loads)[0].nothing)


@compiled
def _draw_days(seed: uint64, connection: Whole, first: Whole, words: NDArray[uint32]) -> None:
    """The words of a block's days; compiled to vector instructions."""
    low, high = uint32(seed), uint32(seed >> uint64(32))
    first_word, name = uint32(first), uint32(connection)
    for place in range(BLOCK):
        words[place] = philox(low, high, uint32(first_word + uint32(place)), uint32(0), uint32(_LOAD_DAY), name)


@compiled
def _turn_into_factors(
    words: NDArray[uint32], knots: NDArray[int64], share: Whole, factors: NDArray[int64], slot: Whole
) -> None:
    """The factors of a block's days from their words."""
    for place in range(BLOCK):
        factors[slot, place] = _times(value_of(knots, int64(words[place])), share)


@compiled
def _add_up(
    lower_bits: NDArray[uint16],
    energies: NDArray[int64],
    slot: Whole,
    factors: NDArray[int64],
    sums: NDArray[int64],
    lower_factors: NDArray[uint16],
    lost: NDArray[uint32],
) -> None:
    """The sums of a block's days, from energies and the lower bits that rounding down loses; in vector instructions."""
    for place in range(BLOCK):
        lower_factors[place] = uint16(factors[slot, place])
        lost[place] = uint32(0)
    for hour in range(HOURS):
        for place in range(BLOCK):
            lost[place] += uint32(uint16(lower_bits[hour, place] * lower_factors[place]))
    total = int64(0)
    for place in range(BLOCK):
        total += (energies[place] * factors[slot, place] - int64(lost[place])) >> 16
        sums[slot, place + 1] = total


@compiled
def fill(loads: Record, block: Whole, slot: Whole) -> None:
    """Fill a slot with a block of days: draw their factors, add up their demand."""
    box, profile = _box_of(loads)[0], _profiles(loads)[_box_of(loads)[0].load]
    first = loads.load_first_day + block * BLOCK
    factors, sums = box.factors, box.sums
    if box.constant:
        factor = _times(profile.variation[0], box.share)
        for place in range(BLOCK):
            factors[slot, place] = factor
    else:
        _draw_days(loads.seed, box.connection, first, box.words)
        _turn_into_factors(box.words, profile.variation, box.share, factors, slot)
    sums[slot, 0] = 0
    if box.narrow and block >= 0 and block < loads.load_blocks:
        days = _days_at(loads.load_days, loads.room_profiles, loads.load_blocks)[box.load, block]
        _add_up(days.lower_bits, days.energies, slot, factors, sums, box.lower_factors, box.lost)
    else:
        total: Whole = 0
        for place in range(BLOCK):
            kind = _kind_of(loads, first + place)
            for hour in range(HOURS):
                total += _times(profile.hours[kind, hour], factors[slot, place])
            sums[slot, place + 1] = total
    box.held[slot] = block


@compiled
def _kind_of(loads: Record, day: Whole) -> Whole:
    """Season * 3 + kind of day."""
    load = _box_of(loads)[0].load
    block = (day - loads.load_first_day) >> _BLOCK_BITS
    if block >= 0 and block < loads.load_blocks:
        days = _days_at(loads.load_days, loads.room_profiles, loads.load_blocks)[load, block]
        return int64(days.kinds[(day - loads.load_first_day) & (BLOCK - 1)])
    kind = max(weekday(day) - 4, 0)
    return kind + _KINDS if _profiles(loads)[load].high_months[month_number(day)] else kind


@compiled
def _slot_of(loads: Record, day: Whole) -> Whole:
    """The slot in which a day's block lies, filled."""
    block = (day - loads.load_first_day) >> _BLOCK_BITS
    slot = block & (SLOTS - 1)
    if _box_of(loads)[0].held[slot] != block:
        fill(loads, block, slot)
    return int64(slot)


@compiled
def _place_of(loads: Record, day: Whole) -> Whole:
    """The place of a day in its block."""
    return int64((day - loads.load_first_day) & (BLOCK - 1))


@compiled
def _energy_of(loads: Record, day: Whole, hour: Whole) -> Whole:
    """Watt-seconds of a local hour."""
    box = _box_of(loads)[0]
    factor = box.factors[_slot_of(loads, day), _place_of(loads, day)]
    return _times(_profiles(loads)[box.load].hours[_kind_of(loads, day), hour], factor)


@compiled
def _hours_of(loads: Record, day: Whole) -> Whole:
    """Where the sums of a day's demand by hour are at hand."""
    box = _box_of(loads)[0]
    place = day & (DAYS_AT_HAND - 1)
    if box.hours_of[place] == day:
        return place
    factor = box.factors[_slot_of(loads, day), _place_of(loads, day)]
    hours, kind = _profiles(loads)[box.load].hours, _kind_of(loads, day)
    total: Whole = 0
    box.hours[place, 0] = 0
    if box.narrow:
        for hour in range(HOURS):
            total += hours[kind, hour] * factor >> 16
            box.hours[place, hour + 1] = total
    else:
        for hour in range(HOURS):
            total += _times(hours[kind, hour], factor)
            box.hours[place, hour + 1] = total
    box.hours_of[place] = day
    return place


@compiled
def since_midnight(loads: Record, day: Whole, seconds: Whole) -> Whole:
    """Watt-seconds asked for in the first seconds, a whole day at most, of a day without a change of offset."""
    if seconds == 0 or _box_of(loads)[0].nothing:
        return 0
    sums = _box_of(loads)[0].hours[_hours_of(loads, day)]
    hour = min(seconds // HOUR, HOURS - 1)
    return int64(sums[hour] + _part(sums[hour + 1] - sums[hour], seconds - hour * HOUR))


@compiled
def add_days(loads: Record, day: Whole, after: Whole, into: NDArray[int64], place: Whole) -> Whole:
    """Add the demand of the whole days from `day` to before `after`, each to its place from `place` on; the sum."""
    total: Whole = 0
    if _box_of(loads)[0].nothing:
        return total
    while day < after:
        slot, first = _slot_of(loads, day), _place_of(loads, day)
        count = min(BLOCK - first, after - day)
        sums = _box_of(loads)[0].sums[slot]
        for step in range(count):
            into[place + step] += sums[first + step + 1] - sums[first + step]
        total += sums[first + count] - sums[first]
        day += count
        place += count
    return total


@compiled
def of_days(loads: Record, day: Whole, after: Whole) -> Whole:
    """Watt-seconds of the whole days from `day` to before `after`."""
    total: Whole = 0
    while day < after:
        slot, place = _slot_of(loads, day), _place_of(loads, day)
        count = min(BLOCK - place, after - day)
        total += _box_of(loads)[0].sums[slot, place + count] - _box_of(loads)[0].sums[slot, place]
        day += count
    return total


@compiled
def _capped(energy: Whole, limit: Whole) -> Whole:
    """The energy of an hour as a power limit leaves it, in watts; -1 is none."""
    return limit * HOUR if limit >= 0 and limit <= energy // HOUR else energy


@compiled
def _piece(loads: Record, instant: Whole) -> tuple[Whole, Whole, Whole]:
    """The span of one offset that an instant lies in: first second, first second after, offset."""
    return piece(numbers(loads.starts, loads.room_starts), numbers(loads.offsets, loads.room_offsets), instant)


@compiled
def _stretch(loads: Record, instant: Whole, limit: Whole) -> tuple[Whole, Whole, Whole]:
    """First second, first second after, and hourly energy of the stretch that an instant lies in."""
    earliest, latest, offset = _piece(loads, instant)
    local = instant + offset
    day = local // DAY
    hour = (local - day * DAY) // HOUR
    first = day * DAY + hour * HOUR - offset
    return max(first, earliest), min(first + HOUR, latest), _capped(_energy_of(loads, day, hour), limit)


@compiled
def demand(loads: Record, start: Whole, end: Whole, limit: Whole) -> Whole:
    """Watt-seconds asked for from `start` to just before `end`; `limit` in watts, -1 is none."""
    total: Whole = 0
    if _box_of(loads)[0].nothing:
        return total
    while start < end:
        earliest, latest, offset = _piece(loads, start)
        day = (start + offset) // DAY
        midnight = day * DAY - offset
        if limit < 0 and earliest <= midnight and midnight + DAY <= latest:
            last = (min(end, latest) + offset) // DAY
            total += of_days(loads, day, last) - since_midnight(loads, day, start - midnight)
            start = last * DAY - offset
            if end <= latest and start + DAY <= latest:
                return total + since_midnight(loads, last, end - start)
            continue
        first, after, hourly = _stretch(loads, start, limit)
        stop = min(after, end)
        total += _part(hourly, stop - first) - _part(hourly, start - first)
        start = stop
    return total


@compiled
def _within(loads: Record, day: Whole, wanted: Whole) -> Whole:
    """The seconds after the midnight of a day without a change of offset that ask for so much; the day suffices."""
    sums = _box_of(loads)[0].hours[_hours_of(loads, day)]
    hour: Whole = 0
    for step in (16, 8, 4, 2, 1):  # the last hour before which less than that is asked for
        if hour + step < HOURS and sums[hour + step] < wanted:
            hour += step
    return hour * HOUR + _seconds_to(wanted - sums[hour], sums[hour + 1] - sums[hour])


@compiled
def _day_before(sums: NDArray[int64], low: Whole, high: Whole, wanted: Whole) -> Whole:
    """The last place with sums[place] < wanted, where sums[low] < wanted <= sums[high]; mostly it is near `low`."""
    near = min(low + _NEAR, high)
    while low < near and sums[low + 1] < wanted:
        low += 1
    if low < near:
        return low
    while high - low > 1:
        middle = (low + high) >> 1
        if sums[middle] >= wanted:
            high = middle
        else:
            low = middle
    return low


@compiled
def first_second(loads: Record, day: Whole, wanted: Whole, days: Whole) -> Whole:
    """The seconds after the midnight of a day in which `wanted` is asked for; -1 if that is more than so many days.

    None of these days has a change of offset, and `wanted` is above 0.
    """
    first, after = day, day + days
    while day < after:
        slot, place = _slot_of(loads, day), _place_of(loads, day)
        last = place + min(BLOCK - place, after - day)
        sums = _box_of(loads)[0].sums[slot]
        level = wanted + sums[place]
        if level <= sums[last]:
            low = _day_before(sums, place, last, level)
            day += low - place
            return (day - first) * DAY + _within(loads, day, level - sums[low])
        wanted = level - sums[last]
        day += last - place
    return -1


@compiled
def reached(loads: Record, start: Whole, energy: Whole, until: Whole, limit: Whole) -> Whole:
    """The first second at which the demand since `start` is at least `energy`; -1 if that is after `until`."""
    if energy <= 0:
        return start
    if _box_of(loads)[0].nothing:
        return -1
    while start < until:
        earliest, latest, offset = _piece(loads, start)
        day = (start + offset) // DAY
        midnight = day * DAY - offset
        if limit < 0 and earliest <= midnight and midnight + DAY <= latest:
            energy += since_midnight(loads, day, start - midnight)
            after = min((latest + offset) // DAY, (until - 1 + offset) // DAY + 1)
            while day < after:
                slot, place = _slot_of(loads, day), _place_of(loads, day)
                last = place + min(BLOCK - place, after - day)
                wanted = energy + _box_of(loads)[0].sums[slot, place]
                if wanted <= _box_of(loads)[0].sums[slot, last]:
                    low = _day_before(_box_of(loads)[0].sums[slot], place, last, wanted)
                    day += low - place
                    instant = day * DAY - offset + _within(loads, day, wanted - _box_of(loads)[0].sums[slot, low])
                    return instant if instant <= until else -1
                energy = wanted - _box_of(loads)[0].sums[slot, last]
                day += last - place
            start = day * DAY - offset
            continue
        first, end, hourly = _stretch(loads, start, limit)
        before = _part(hourly, start - first)
        if energy + before <= hourly:
            instant = first + _seconds_to(energy + before, hourly)
            if instant <= end:
                return instant if instant <= until else -1
        energy -= _part(hourly, end - first) - before
        start = end
    return -1


@compiled
def power(loads: Record, instant: Whole, limit: Whole) -> Whole:
    """Watts at a second, rounded down."""
    return 0 if _box_of(loads)[0].nothing else _stretch(loads, instant, limit)[2] // HOUR


@compiled
def binds(loads: Record, instant: Whole, limit: Whole) -> bool:
    """Whether the household asks for more than the power limit at a second."""
    energy = 0 if _box_of(loads)[0].nothing else _stretch(loads, instant, -1)[2]
    return bool(energy > 0 and (energy - 1) // HOUR >= limit)


@compiled
def binding_changes(loads: Record, start: Whole, limit: Whole, until: Whole) -> Whole:
    """The first second after `start` at which the limit begins or ceases to bind; -1 if not before `until`."""
    if _box_of(loads)[0].nothing:
        return -1
    now = binds(loads, start, limit)
    while True:
        start = _stretch(loads, start, -1)[1]
        if start >= until:
            return -1
        if binds(loads, start, limit) != now:
            return start
