"""The daily books: what the load drew, seconds without supply, and in which state each meter is at the closing."""

from numpy import int64

from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled.decoder import may_supply, pending_count
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.load import add_days, asks_nothing, demand, of_days, reached, since_midnight
from meter_sim.engine.compiled.loads import box_of
from meter_sim.engine.compiled.memory import numbers
from meter_sim.engine.compiled.register import in_scope, presumed, revision_of
from meter_sim.engine.compiled.state import LATE, UNKNOWN, Number, Record, counts, models
from meter_sim.local_time import DAY

_ELECTRICITY = 0
DAY_COLUMNS = 16
"""Numbers of a listed meter's day, before its entries by result: see `fleet_days.py`."""
(
    DAY_START,
    DAY_CREDITED,
    DAY_USED,
    DAY_CLEARED,
    DAY_REMOVED,
    DAY_END,
    DAY_UNSERVED,
    DAY_OFF_CREDIT,
    DAY_OFF_TAMPER,
    DAY_PURCHASES,
    DAY_BOUGHT,
    DAY_REVISION,
    DAY_PRESUMED,
    DAY_PENDING,
) = range(14)
DAY_ENTRIES = DAY_COLUMNS
DAY_WIDTH = DAY_COLUMNS + 18


@inner
def day_cell(g: Record, c: Record) -> Number:
    """Where the running day of a listed meter begins in its rows of days."""
    return (c.day_row * g.days + c.day) * DAY_WIDTH


@inner
def count(g: Record, c: Record, place: Number, number: Number) -> None:
    """Count something of the area's day."""
    counts(g)[place, c.day] += number


@inner
def _span(g: Record, place: Number, first: Number, after: Number) -> None:
    """One more in this state at the closings of these days; the days are added up in the end."""
    table = counts(g)
    table[place, first] += 1
    if after < g.days:
        table[place, after] -= 1


@inner
def count_states(g: Record, c: Record, after: Number) -> None:
    """Count the states at the closings up to before a day, which are those that the latest event left."""
    first = int64(c.counted_day)
    if first >= after:
        return
    c.counted_day = after
    if c.dead:
        if not c.struck_off:
            _span(g, of.DEAD_RECORDS, first, after)
        return
    _span(g, of.METERS, first, after)
    if not g.programme:
        return
    state = presumed(c)
    true = int64(c.true_state) if in_scope(c) else int64(of.OUT_OF_SCOPE)
    changed = first
    if true == of.OLD and c.pending:
        until = c.pending_latest + models(g)[c.model].kct_timeout
        closes = numbers(g.closes, g.days)
        while changed < after and closes[changed] < until:
            changed += 1
        if changed > first:
            _span(g, of.TRUE + of.PARTLY, first, changed)
    if changed < after:
        _span(g, of.TRUE + true, changed, after)
    _span(g, of.REGISTER + state, first, after)
    if state == of.ISSUED or state == of.PRESUMED:
        if true != of.NEW:
            _span(g, of.PRESUMED_NOT_CHANGED, first, after)
    elif state != of.NOT_IN_SCOPE and true == of.NEW:
        _span(g, of.CHANGED_NOT_PRESUMED, first, after)


@inner
def _book(g: Record, c: Record, wanted: Number, held: Number, seconds: Number) -> None:
    """Book the load of a piece of one day: what was asked for, and what of it a power limit leaves."""
    table, day = counts(g), c.day
    used = int64(0)
    if c.switch_closed:
        used = min(held, c.balance)
        c.balance -= used
        c.used += used
        table[of.USED, day] += used
    elif c.tampered and models(g)[c.model].tamper_opens_switch:
        table[of.OFF_TAMPER_S, day] += seconds
        c.off_tamper += seconds
    else:
        cause = int64(c.cause)
        table[of.OFF_S + cause, day] += seconds
        table[of.UNSERVED_BY_CAUSE + cause, day] += wanted
        c.off_credit += seconds
        if c.off_days[cause] != day + 1:
            c.off_days[cause] = day + 1
            table[of.OFF_METERS_BY_CAUSE + cause, day] += 1
        if c.off_day != day + 1:
            c.off_day = day + 1
            table[of.OFF_METERS, day] += 1
    unserved = wanted - used
    if unserved:
        table[of.UNSERVED, day] += unserved
        c.unserved += unserved
    if c.listed:
        row = numbers(g.day_rows, g.room_day_rows)
        cell = day_cell(g, c)
        row[cell + DAY_USED] += used
        row[cell + DAY_UNSERVED] += unserved
        if not c.switch_closed:
            place = DAY_OFF_TAMPER if c.tampered and models(g)[c.model].tamper_opens_switch else DAY_OFF_CREDIT
            row[cell + place] += seconds


@inner
def _close_listed(g: Record, c: Record) -> None:
    """Close a listed meter's day: what stands on it at the closing."""
    row = numbers(g.day_rows, g.room_day_rows)
    cell = day_cell(g, c)
    row[cell + DAY_END] = c.balance
    row[cell + DAY_REVISION] = c.key_revision
    row[cell + DAY_PRESUMED] = revision_of(c.record)
    row[cell + DAY_PENDING] = pending_count(c, models(g), numbers(g.closes, g.days)[c.day])


@inner
def _read_listed(g: Record, c: Record) -> None:
    """Take a listed meter's reading."""
    row = numbers(g.reading_rows, g.room_reading_rows)
    place = g.n_reading_rows
    row[place] = c.next_reading
    row[place + 1] = c.place
    row[place + 2] = c.balance
    row[place + 3] = c.used
    g.n_reading_rows = place + 4
    c.next_reading += g.readings_every


@inner
def settle(g: Record, c: Record, now: Number) -> None:
    """Book the load up to this second, day by day; what falls on the second in which a day closes is the next day's."""
    if c.listed or c.power_limit >= 0:
        _settle_in_pieces(g, c, now)
    elif c.dead:
        _pass_days(g, c, now)
    else:
        _settle_in_days(g, c, now)
    count_states(g, c, c.day)


@inner
def _pass_days(g: Record, c: Record, now: Number) -> None:
    """Nothing is drawn where there is no meter."""
    closes = numbers(g.closes, g.days)
    c.settled = max(c.settled, now)
    while c.day < g.days - 1 and now >= closes[c.day]:
        c.day += 1


@inner
def _settle_in_pieces(g: Record, c: Record, now: Number) -> None:
    """Settle a meter that is listed, with its readings and rows of days, or one that has a power limit."""
    start = c.settled
    c.settled = max(now, start)
    closes = numbers(g.closes, g.days)
    last = g.days - 1
    while True:
        closing = closes[c.day]
        stop = min(now, closing)
        if c.listed:
            stop = min(stop, max(c.next_reading, start))
        if stop > start:
            if not c.dead:
                loads = box_of(g, c)
                wanted = demand(loads, start, stop, -1)
                held = wanted
                if c.switch_closed and c.power_limit >= 0:
                    held = demand(loads, start, stop, c.power_limit)
                _book(g, c, wanted, held, stop - start)
            start = stop
        if c.listed and c.next_reading == start and start < g.end:
            _read_listed(g, c)
            if start < now:
                continue
        if start >= closing and c.day < last:
            if c.listed:
                _close_listed(g, c)
            c.day += 1
            if c.listed:
                numbers(g.day_rows, g.room_day_rows)[day_cell(g, c) + DAY_START] = c.balance
        elif start >= now:
            break


@inner
def _settle_in_days(g: Record, c: Record, now: Number) -> None:
    """Settle any other meter: days without a change of offset by their sums, and many idle ones in one go."""
    start = c.settled
    closes = numbers(g.closes, g.days)
    if now <= start and now < closes[c.day]:
        return
    c.settled = max(now, start)
    local, midnights = numbers(g.local_days, g.days), numbers(g.midnights, g.days)
    whole = numbers(g.whole_days, g.days)
    last = g.days - 1
    loads = box_of(g, c)
    if asks_nothing(loads) and c.switch_closed:
        while c.day < last and now >= closes[c.day]:
            c.day += 1
        return
    while True:
        closing = closes[c.day]
        stop = min(now, closing)
        if stop > start:
            midnight = midnights[c.day]
            if whole[c.day] >= 0:
                wanted = since_midnight(loads, local[c.day], stop - midnight)
                if start > midnight:
                    wanted -= since_midnight(loads, local[c.day], start - midnight)
            else:
                wanted = demand(loads, start, stop, -1)
            _book(g, c, wanted, wanted, stop - start)
            start = stop
        if start < closing or c.day == last:
            break
        c.day += 1
        idle = min(whole[c.day], (now - start) // DAY)
        if idle > 0 and c.switch_closed:
            day = local[c.day]
            total = of_days(loads, day, day + idle)
            if total <= c.balance:
                add_days(loads, day, day + idle, counts(g)[of.USED], c.day)
                c.balance -= total
                c.used += total
                c.day += idle
                start += idle * DAY


@inner
def finish(g: Record, c: Record) -> None:
    """Close the last day's books at the run's end."""
    settle(g, c, g.end)
    if c.listed:
        _close_listed(g, c)
    count_states(g, c, g.days)


@inner
def count_removed(g: Record, c: Record) -> None:
    """What is left on a register goes with the meter that is taken away."""
    c.removed += c.balance
    count(g, c, of.REMOVED, c.balance)
    if c.listed:
        numbers(g.day_rows, g.room_day_rows)[day_cell(g, c) + DAY_REMOVED] += c.balance


@inner
def set_cause(c: Record, cause: Number) -> None:
    """Say why a connection is without supply from now on, if it is; the books are settled up to now."""
    if c.cause != of.NEVER_BUYS:
        c.cause = cause


@inner
def change(c: Record) -> None:
    """Register, switch or limit changed: instants that follow from them must be reckoned anew."""
    c.low_at = UNKNOWN
    c.ends_at = UNKNOWN


@inner
def _down_to(g: Record, c: Record, level: Number) -> Number:
    """The first second at which the register is down to a level; LATE if not in the run."""
    wanted = c.balance - level
    if wanted > 0 and not c.switch_closed:
        return LATE
    if wanted <= 0:
        return c.settled
    instant = reached(box_of(g, c), c.settled, wanted, g.end, c.power_limit)
    return instant if instant >= 0 else LATE


@inner
def falls_below(g: Record, c: Record, level: Number) -> Number:
    """The first second at which the electricity register is below a level; LATE if not in the run."""
    return _down_to(g, c, level - 1)


@inner
def credit_ends(g: Record, c: Record) -> Number:
    """The first second at which the demand reaches the register; LATE if not in the run, or the switch is open."""
    if not c.switch_closed or c.dead:
        return LATE
    if not models(g)[c.model].services & 1 << _ELECTRICITY:
        return LATE if may_supply(c, models(g)) else c.settled
    return _down_to(g, c, 0)
