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
from typing import NamedTuple

import numpy as np
from numpy import int64, uint16, uint32, uint64
from numpy.typing import NDArray

from meter_sim.draws import Purpose
from meter_sim.engine.compiled.calendar import month_number, piece, weekday
from meter_sim.engine.compiled.draws import philox, table_of, value
from meter_sim.engine.compiled.jit import Whole, compiled
from meter_sim.local_time import DAY, HOUR, LocalCalendar
from meter_sim.meter.load import HOURS, LoadProfile

BLOCK = 64
"""Days that are filled at a time."""
GREATEST_SLOTS = 64
"""Blocks that a box has room for, at most."""

_BLOCK_BITS = 6
_EMPTY = -(1 << 62)
_LOAD_DAY = int(Purpose.LOAD_DAY)
_SEASONS, _KINDS = 2, 3

LOAD, SHARE, CONNECTION, NOTHING, NARROW, CONSTANT = range(6)
"""Places in a box: load, share of ONE and connection; whether the load asks for nothing at all, whether a day's energy
times any factor stays within 63 bits, whether every day has the same factor."""
_PLACES = 8


class Loads(NamedTuple):
    """The loads of a run, and the box of the connection that is being worked on."""

    starts: NDArray[np.int64]
    """The calendar: from when each offset holds."""
    offsets: NDArray[np.int64]
    seed: np.uint64
    first_day: np.int64
    """The local day with which the first block begins."""
    hours: NDArray[np.int64]
    """Watt-seconds by load, kind of day (season * 3 + workday, Saturday, Sunday) and hour."""
    high_months: NDArray[np.bool_]
    """By load and month, 1 to 12."""
    greatest: NDArray[np.int64]
    """By load the greatest energy of a day, watt-seconds before the factor."""
    variation: NDArray[np.int64]
    """By load the table of day factors."""
    kinds: NDArray[np.int8]
    """By load and day of the blocks the kind of day."""
    lower_bits: NDArray[np.uint16]
    """By load, block, hour and day of the block the lower 16 bits of the hour's energy."""
    energies: NDArray[np.int64]
    """By load, block and day of the block the day's energy."""
    box: NDArray[np.int64]
    held: NDArray[np.int64]
    """By slot the block that lies there."""
    factors: NDArray[np.int64]
    """By slot and day the factor of ONE."""
    sums: NDArray[np.int64]
    """By slot and day the demand from the block's first midnight to that of the day, watt-seconds."""
    words: NDArray[np.uint32]
    lower_factors: NDArray[np.uint16]
    lost: NDArray[np.uint32]


def loads_of(profiles: Sequence[LoadProfile], calendar: LocalCalendar, seed: int, start: int, end: int) -> Loads:
    """The loads of a run from `start` to `end`, with an empty box. Days outside are right too, but slow."""
    first_day = calendar.day(start)
    blocks = max(-(-(calendar.day(end) + 1 - first_day) // BLOCK), 1)
    slots = min(blocks, GREATEST_SLOTS)
    count = len(profiles)
    hours = np.array([[profile.low, profile.high] for profile in profiles], np.int64)
    hours = hours.reshape(count, _SEASONS * _KINDS, HOURS)
    high_months = np.zeros((count, 13), np.bool_)
    for row, profile in enumerate(profiles):
        high_months[row, list(profile.high_months)] = True
    days = np.arange(first_day, first_day + blocks * BLOCK)
    months = (days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12) + 1
    kinds = np.maximum((days + 3) % 7 - 4, 0) + _KINDS * high_months[:, months]
    of_days = np.stack([rows[of_load] for rows, of_load in zip(hours, kinds, strict=True)])
    of_days = of_days.reshape(count, blocks, BLOCK, HOURS)
    return Loads(
        starts=np.array(calendar.starts, np.int64),
        offsets=np.array(calendar.offsets, np.int64),
        seed=np.uint64(seed),
        first_day=np.int64(first_day),
        hours=hours,
        high_months=high_months,
        greatest=hours.sum(axis=2).max(axis=1),
        variation=table_of([profile.variation for profile in profiles]),
        kinds=kinds.astype(np.int8),
        lower_bits=np.ascontiguousarray((of_days & 0xFFFF).astype(np.uint16).transpose(0, 1, 3, 2)),
        energies=np.ascontiguousarray(of_days.sum(axis=3)),
        box=np.zeros(_PLACES, np.int64),
        held=np.full(slots, _EMPTY, np.int64),
        factors=np.zeros((slots, BLOCK), np.int64),
        sums=np.zeros((slots, BLOCK + 1), np.int64),
        words=np.zeros(BLOCK, np.uint32),
        lower_factors=np.zeros(BLOCK, np.uint16),
        lost=np.zeros(BLOCK, np.uint32),
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
def box_for(loads: Loads, load: Whole, share: Whole, connection: Whole) -> None:
    """Give the box to a connection with this load and this share of it (of ONE)."""
    box = loads.box
    box[LOAD], box[SHARE], box[CONNECTION] = load, share, connection
    greatest_factor = _times(loads.variation[load, loads.variation.shape[1] - 1], share)
    box[NOTHING] = loads.greatest[load] == 0 or greatest_factor == 0
    box[NARROW] = loads.greatest[load] < 1 << 32 and greatest_factor < 1 << 31
    box[CONSTANT] = loads.variation[load, 0] == loads.variation[load, loads.variation.shape[1] - 1]
    loads.held[:] = _EMPTY


@compiled
def _draw_days(seed: uint64, connection: Whole, first: Whole, words: NDArray[uint32]) -> None:
    """The words of a block's days; compiled to vector instructions."""
    low, high = uint32(seed), uint32(seed >> uint64(32))
    first_word, name = uint32(first), uint32(connection)
    for place in range(BLOCK):
        words[place] = philox(low, high, uint32(first_word + uint32(place)), uint32(0), uint32(_LOAD_DAY), name)


@compiled
def _kind_of(loads: Loads, load: Whole, day: Whole) -> Whole:
    """Season * 3 + kind of day."""
    place = day - loads.first_day
    if place >= 0 and place < loads.kinds.shape[1]:
        return int64(loads.kinds[load, place])
    kind = max(weekday(day) - 4, 0)
    return kind + _KINDS if loads.high_months[load, month_number(day)] else kind


@compiled
def fill(loads: Loads, block: Whole, slot: Whole) -> None:
    """Fill a slot with a block of days: draw their factors, add up their demand."""
    load, share = loads.box[LOAD], loads.box[SHARE]
    first = loads.first_day + block * BLOCK
    factors, sums = loads.factors, loads.sums
    if loads.box[CONSTANT]:
        factor = _times(loads.variation[load, 0], share)
        for place in range(BLOCK):
            factors[slot, place] = factor
    else:
        _draw_days(loads.seed, loads.box[CONNECTION], first, loads.words)
        for place in range(BLOCK):
            factors[slot, place] = _times(value(loads.variation, load, int64(loads.words[place])), share)
    sums[slot, 0] = 0
    if loads.box[NARROW] and block >= 0 and block < loads.energies.shape[1]:
        _add_up(loads.lower_bits, loads.energies, load, block, slot, factors, sums, loads.lower_factors, loads.lost)
    else:
        total: Whole = 0
        for place in range(BLOCK):
            kind = _kind_of(loads, load, first + place)
            for hour in range(HOURS):
                total += _times(loads.hours[load, kind, hour], factors[slot, place])
            sums[slot, place + 1] = total
    loads.held[slot] = block


@compiled
def _add_up(
    lower_bits: NDArray[uint16],
    energies: NDArray[int64],
    load: Whole,
    block: Whole,
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
            lost[place] += uint32(uint16(lower_bits[load, block, hour, place] * lower_factors[place]))
    total = int64(0)
    for place in range(BLOCK):
        total += (energies[load, block, place] * factors[slot, place] - int64(lost[place])) >> 16
        sums[slot, place + 1] = total


@compiled
def _slot_of(loads: Loads, day: Whole) -> Whole:
    """The slot in which a day's block lies, filled."""
    block = (day - loads.first_day) >> _BLOCK_BITS
    slots = loads.held.size
    slot = block if block >= 0 and block < slots else block % slots
    if loads.held[slot] != block:
        fill(loads, block, slot)
    return slot


@compiled
def _place_of(loads: Loads, day: Whole) -> Whole:
    """The place of a day in its block."""
    return (day - loads.first_day) & (BLOCK - 1)


@compiled
def _energy_of(loads: Loads, day: Whole, hour: Whole) -> Whole:
    """Watt-seconds of a local hour."""
    factor = loads.factors[_slot_of(loads, day), _place_of(loads, day)]
    load = loads.box[LOAD]
    return _times(loads.hours[load, _kind_of(loads, load, day), hour], factor)


@compiled
def _since_midnight(loads: Loads, day: Whole, seconds: Whole) -> Whole:
    """Watt-seconds asked for in the first seconds, less than a day, of a day without a change of offset."""
    if seconds == 0:
        return 0
    factor = loads.factors[_slot_of(loads, day), _place_of(loads, day)]
    load = loads.box[LOAD]
    kind = _kind_of(loads, load, day)
    last = seconds // HOUR
    total: Whole = 0
    if loads.box[NARROW]:
        for hour in range(last):
            total += loads.hours[load, kind, hour] * factor >> 16
    else:
        for hour in range(last):
            total += _times(loads.hours[load, kind, hour], factor)
    return total + _part(_times(loads.hours[load, kind, last], factor), seconds - last * HOUR)


@compiled
def _of_days(loads: Loads, day: Whole, after: Whole) -> Whole:
    """Watt-seconds of the whole days from `day` to before `after`."""
    total: Whole = 0
    while day < after:
        slot, place = _slot_of(loads, day), _place_of(loads, day)
        count = min(BLOCK - place, after - day)
        total += loads.sums[slot, place + count] - loads.sums[slot, place]
        day += count
    return total


@compiled
def _capped(energy: Whole, limit: Whole) -> Whole:
    """The energy of an hour as a power limit leaves it, in watts; -1 is none."""
    return limit * HOUR if limit >= 0 and limit <= energy // HOUR else energy


@compiled
def _stretch(loads: Loads, instant: Whole, limit: Whole) -> tuple[Whole, Whole, Whole]:
    """First second, first second after, and hourly energy of the stretch that an instant lies in."""
    earliest, latest, offset = piece(loads.starts, loads.offsets, instant)
    local = instant + offset
    day = local // DAY
    hour = (local - day * DAY) // HOUR
    first = day * DAY + hour * HOUR - offset
    return max(first, earliest), min(first + HOUR, latest), _capped(_energy_of(loads, day, hour), limit)


@compiled
def demand(loads: Loads, start: Whole, end: Whole, limit: Whole) -> Whole:
    """Watt-seconds asked for from `start` to just before `end`; `limit` in watts, -1 is none."""
    total: Whole = 0
    if loads.box[NOTHING]:
        return total
    while start < end:
        earliest, latest, offset = piece(loads.starts, loads.offsets, start)
        day = (start + offset) // DAY
        midnight = day * DAY - offset
        if limit < 0 and earliest <= midnight and midnight + DAY <= latest:
            last = (min(end, latest) + offset) // DAY
            total += _of_days(loads, day, last) - _since_midnight(loads, day, start - midnight)
            start = last * DAY - offset
            if end <= latest and start + DAY <= latest:
                return total + _since_midnight(loads, last, end - start)
            continue
        first, after, hourly = _stretch(loads, start, limit)
        stop = min(after, end)
        total += _part(hourly, stop - first) - _part(hourly, start - first)
        start = stop
    return total


@compiled
def _within(loads: Loads, day: Whole, wanted: Whole) -> Whole:
    """The seconds after the midnight of a day without a change of offset that ask for so much; the day suffices."""
    factor = loads.factors[_slot_of(loads, day), _place_of(loads, day)]
    load = loads.box[LOAD]
    kind = _kind_of(loads, load, day)
    hour = 0
    hourly = _times(loads.hours[load, kind, 0], factor)
    while wanted > hourly:
        wanted -= hourly
        hour += 1
        hourly = _times(loads.hours[load, kind, hour], factor)
    return hour * HOUR + _seconds_to(wanted, hourly)


@compiled
def reached(loads: Loads, start: Whole, energy: Whole, until: Whole, limit: Whole) -> Whole:
    """The first second at which the demand since `start` is at least `energy`; -1 if that is after `until`."""
    if energy <= 0:
        return start
    if loads.box[NOTHING]:
        return -1
    while start < until:
        earliest, latest, offset = piece(loads.starts, loads.offsets, start)
        day = (start + offset) // DAY
        midnight = day * DAY - offset
        if limit < 0 and earliest <= midnight and midnight + DAY <= latest:
            energy += _since_midnight(loads, day, start - midnight)
            after = min((latest + offset) // DAY, (until - 1 + offset) // DAY + 1)
            while day < after:
                slot, place = _slot_of(loads, day), _place_of(loads, day)
                last = place + min(BLOCK - place, after - day)
                wanted = energy + loads.sums[slot, place]
                if wanted <= loads.sums[slot, last]:
                    low, high = place, last  # sums[low] < wanted <= sums[high]
                    while high - low > 1:
                        middle = (low + high) >> 1
                        if loads.sums[slot, middle] >= wanted:
                            high = middle
                        else:
                            low = middle
                    day += low - place
                    instant = day * DAY - offset + _within(loads, day, wanted - loads.sums[slot, low])
                    return instant if instant <= until else -1
                energy = wanted - loads.sums[slot, last]
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
def power(loads: Loads, instant: Whole, limit: Whole) -> Whole:
    """Watts at a second, rounded down."""
    return 0 if loads.box[NOTHING] else _stretch(loads, instant, limit)[2] // HOUR


@compiled
def binds(loads: Loads, instant: Whole, limit: Whole) -> bool:
    """Whether the household asks for more than the power limit at a second."""
    energy = 0 if loads.box[NOTHING] else _stretch(loads, instant, -1)[2]
    return bool(energy > 0 and (energy - 1) // HOUR >= limit)


@compiled
def binding_changes(loads: Loads, start: Whole, limit: Whole, until: Whole) -> Whole:
    """The first second after `start` at which the limit begins or ceases to bind; -1 if not before `until`."""
    if loads.box[NOTHING]:
        return -1
    now = binds(loads, start, limit)
    while True:
        start = _stretch(loads, start, -1)[1]
        if start >= until:
            return -1
        if binds(loads, start, limit) != now:
            return start
