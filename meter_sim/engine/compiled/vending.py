"""Points of sale and secure module: what is sold, under which record, and why not (`vending/`, `engine/site.py`).

A sale leaves in the fleet's record what it printed: `sections` of the latest change, and the token.
"""

from numpy import int64, uint8, uint16, uint64

from meter_sim.draws import Purpose
from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled import ledger
from meter_sim.engine.compiled import log as rows
from meter_sim.engine.compiled.books import DAY_BOUGHT, DAY_PURCHASES, count, day_cell, set_cause
from meter_sim.engine.compiled.draws import draw
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.journal import ALL, happened_at, issued, refused
from meter_sim.engine.compiled.memory import numbers
from meter_sim.engine.compiled.register import (
    MISSING_KEY,
    applied,
    group_of,
    in_scope,
    is_open,
    issued_by_itself,
    key_place,
    revision_of,
    tariff_of,
    vending_key,
)
from meter_sim.engine.compiled.state import (
    MOST_SECTIONS,
    RUNS,
    Number,
    Record,
    customers,
    keys,
    models,
    points_of_sale,
    vending_keys,
)
from meter_sim.sts.compiled import ea07, ea11
from meter_sim.sts.compiled.amount import NONE, decode, encode
from meter_sim.sts.compiled.crc import seal
from meter_sim.sts.tid import GREATEST as _GREATEST
from meter_sim.sts.tid import MINUTES_A_DAY, RESERVED_MINUTE, BaseDate

PAID, SPARE, FREE, LENT, REPLACES = range(5)
"""What units are sold for."""
COUNTER = 0
"""The point of sale at which a programme issues: the first of the file."""

TOO_MANY_RUNS = 3
"""A fault: the counter's clock is so far behind another point of sale's that too many minutes are to be remembered."""

_TOKEN_RND = int(Purpose.TOKEN_RND)
_SECTION_SUBCLASSES = (3, 4, 8, 9)
_ELECTRICITY = 0
_BASE_MINUTES = tuple(base.minute for base in BaseDate)
_BASE_YEARS = tuple(base.value for base in BaseDate)


@inner
def _refuse(g: Record, refusal: Number, why: Number, a: Number, b: Number, third: Number, d: Number) -> bool:
    g.refusal = refusal
    g.why = why
    g.why_a = a
    g.why_b = b
    g.why_c = third
    g.why_d = d
    return False


@inner
def _knows(g: Record, code: Number) -> bool:
    """Whether there is a vending key for a record."""
    if vending_key(g, code) >= 0:
        return True
    return _refuse(g, rows.VENDING_KEY_UNKNOWN, rows.KEY_IS_UNKNOWN, group_of(code), revision_of(code), 0, 0)


@inner
def _may_issue(g: Record, key: Record, code: Number, at: Number) -> bool:
    """Whether the vending key of a record issues at this instant of a point of sale's clock."""
    if at < key.active_from:
        return _refuse(g, rows.VENDING_KEY_NOT_ACTIVE, rows.KEY_IS_NOT_ACTIVE, group_of(code), revision_of(code), 0, 0)
    if at // 60 > key.issue_until:
        return _refuse(g, rows.ISSUE_UNTIL_PASSED, rows.KEY_ISSUES_NO_MORE, group_of(code), revision_of(code), 0, 0)
    return True


@inner
def enciphered(g: Record, c: Record, code: Number, clear: uint64) -> uint64:
    """A block under the decoder key of a record."""
    place = key_place(g, c, code)
    if place < 0 or not keys(g)[place].there:
        g.fault = MISSING_KEY
        return uint64(0)
    key = keys(g)[place]
    if models(g)[c.model].is_long:
        return ea11.encrypt(clear, key.high, key.low)
    return ea07.encrypt(clear, key.high)


@inner
def encipher_held(g: Record, c: Record, held: Record) -> None:
    """Have the digits of a token that lies in a hand."""
    if not held.enciphered:
        held.block = enciphered(g, c, held.record, held.clear)
        held.enciphered = True


# -- key changes ---------------------------------------------------------------------------------------------------


@inner
def _make_sections(g: Record, c: Record, old: Number, new: Number, at: Number) -> Number:
    """Make the sections of a change into the scratch; how many, or -1 if it is refused."""
    if not _knows(g, old) or not _knows(g, new):
        return int64(-1)
    table = vending_keys(g)
    parent, child = table[vending_key(g, old)], table[vending_key(g, new)]
    if at // 60 > parent.change_until:
        _refuse(g, rows.KEY_CHANGE_UNTIL_PASSED, rows.NO_CHANGE_FROM_KEY, group_of(old), revision_of(old), 0, 0)
        return int64(-1)
    if not _may_issue(g, child, new, at):
        return int64(-1)
    place = key_place(g, c, new)
    if place < 0 or not keys(g)[place].there:
        g.fault = MISSING_KEY
        return int64(-1)
    key = keys(g)[place]
    long = models(g)[c.model].is_long
    rollover = child.base_minute > parent.base_minute if g.force_rollover < 0 else g.force_rollover == 1
    expiry = uint64(child.key_expiry if g.to_expiry < 0 else g.to_expiry)
    group = uint64(group_of(new))
    least = key.low if long else key.high
    three = g.three_sections and not long
    content = (
        expiry >> uint64(4) << uint64(40)
        | uint64(revision_of(new)) << uint64(36)
        | uint64(rollover) << uint64(35)
        | uint64(three) << uint64(34)
        | uint64(child.key_type) << uint64(32)
        | key.high >> uint64(32)
    )
    g.made_clear[0] = seal(uint8(2), uint8(_SECTION_SUBCLASSES[0]), content)
    content = (expiry & uint64(15)) << uint64(40) | uint64(tariff_of(new)) << uint64(32) | least & uint64(0xFFFFFFFF)
    g.made_clear[1] = seal(uint8(2), uint8(_SECTION_SUBCLASSES[1]), content)
    number = 2
    if long:
        content = (group & uint64(0xFFF)) << uint64(32) | key.high & uint64(0xFFFFFFFF)
        g.made_clear[2] = seal(uint8(2), uint8(_SECTION_SUBCLASSES[2]), content)
        content = group >> uint64(12) << uint64(32) | key.low >> uint64(32)
        g.made_clear[3] = seal(uint8(2), uint8(_SECTION_SUBCLASSES[3]), content)
        number = 4
    elif three:
        g.made_clear[2] = seal(uint8(2), uint8(_SECTION_SUBCLASSES[2]), group << uint64(20))
        number = 3
    for section in range(number):
        g.made[section] = enciphered(g, c, old, g.made_clear[section])
    return int64(number)


@inner
def _keep_change(g: Record, c: Record, old: Number, number: Number) -> None:
    """Remember the sections that were made as those that were issued last."""
    c.changes_record = old
    c.changes_number = number
    for section in range(MOST_SECTIONS):
        c.changes[section] = g.made[section]
        c.changes_clear[section] = g.made_clear[section]


@inner
def note_token(g: Record, c: Record, token_class: Number, clear: uint64, record: Number, tenths: Number) -> None:
    """Note a token that is handed out for the first time outside a sale."""
    ledger.issue(g, c, token_class, clear, record, tenths)
    count(g, c, of.TOKENS_PRINTED, 1)


@inner
def _sections_out(
    g: Record, c: Record, label: Number, with_purchase: bool, channel: Number, again: bool, pos: Number
) -> None:
    """Note and log the sections of the latest change that a slip has; `channel` is -1 where it does not count."""
    number = int64(c.changes_number)
    count(g, c, of.TOKENS_PRINTED, number)
    if not again:
        count(g, c, of.KEY_CHANGES_ISSUED, 1)
        for section in range(number):
            ledger.issue(g, c, 2, c.changes_clear[section], c.changes_record, 0)
        if g.programme and not c.issued:
            c.issued = channel + 1
    kind = rows.REPRINT if again else rows.KEY_CHANGE_ISSUED
    for section in range(number):
        part = rows.label_kct_part(label, section + 1) if with_purchase else rows.label_part(label, section + 1)
        issued(g, c, kind, 2, c.changes[section], c.changes_clear[section], c.changes_record, part, pos)


@inner
def change_key(g: Record, c: Record, label: Number, channel: Number) -> bool:
    """Issue the programme's key change by itself, at the counter; whether it was not refused."""
    old = c.record
    new = applied(g, old)
    number = _make_sections(g, c, old, new, g.now + points_of_sale(g)[COUNTER].clock_offset)
    if number < 0:
        count(g, c, of.KEY_CHANGES_REFUSED, 1)
        refused(g, c, rows.ISSUE_REFUSED, label, COUNTER)
        return False
    c.record = new
    _keep_change(g, c, old, number)
    issued_by_itself(c)
    _sections_out(g, c, label, False, channel, False, COUNTER)
    return True


@inner
def reprint_key_change(g: Record, c: Record, label: Number, pos: Number) -> bool:
    """Hand out the sections that were issued last once more; whether there are any."""
    if c.changes_number == 0:
        return False
    _sections_out(g, c, label, False, -1, True, pos)
    return True


@inner
def put_down(g: Record, c: Record, times: Number) -> None:
    """Put the programme's change down for a meter's next purchase, where changes are printed with `times` purchases."""
    if not g.programme or not in_scope(c) or not is_open(c) or times == 0:
        return
    c.waiting = True
    c.printings = times
    happened_at(g, c, rows.KEY_CHANGE_WAITING, COUNTER)


# -- TIDs ----------------------------------------------------------------------------------------------------------


@inner
def _tid_of(minute: Number, base: Number, wraps: bool) -> Number:
    """The TID of a minute under a base date; beyond the last one it begins anew where a system wraps."""
    number = minute - base
    return number % (_GREATEST + 1) if wraps and number > _GREATEST else number


@inner
def is_usable(minute: Number, base: Number, wraps: bool) -> bool:
    """Whether a minute has a TID that a credit token may have."""
    number = _tid_of(minute, base, wraps)
    if minute > base and number == 0:
        return False
    return bool(number % MINUTES_A_DAY != RESERVED_MINUTE)


@inner
def _next_free(c: Record, kept: Number, minute: Number, base: Number, wraps: bool) -> Number:
    """The first minute from this one on that no token of this meter has and that is usable."""
    if minute >= c.latest[kept] and is_usable(minute, base, wraps):
        return minute
    while True:
        before = minute
        for run in range(RUNS):
            if c.runs_from[kept, run] <= minute and minute < c.runs_to[kept, run]:
                minute = c.runs_to[kept, run]
        if minute == before:
            if is_usable(minute, base, wraps):
                return minute
            minute += 1


@inner
def note_minute(g: Record, c: Record, kept: Number, now: Number, minute: Number, base: Number, wraps: bool) -> None:
    """Remember that a token was issued now for this minute; one that is not usable before it belongs to its run."""
    oldest = 0
    c.latest[kept] = max(c.latest[kept], minute + 1)
    for run in range(RUNS):
        end = c.runs_to[kept, run]
        if end == minute or (end == minute - 1 and not is_usable(end, base, wraps)):
            c.runs_to[kept, run] = minute + 1
            return
        if end < c.runs_to[kept, oldest]:
            oldest = run
    if g.counter_sells and c.runs_to[kept, oldest] > (now + points_of_sale(g)[COUNTER].clock_offset) // 60:
        g.fault = TOO_MANY_RUNS
    c.runs_from[kept, oldest] = minute
    c.runs_to[kept, oldest] = minute + 1


@inner
def _list_of(g: Record, c: Record, pos: Number) -> Number:
    """Which of a connection's two TID lists a point of sale keeps."""
    if c.customer < 0:
        return int64(0)
    own = customers(g)[c.customer].pos
    table = points_of_sale(g)
    return int64(table[pos].tid_list != table[own].tid_list)


# -- sales ---------------------------------------------------------------------------------------------------------


@inner
def sell_at(g: Record, c: Record, pos: Number, amount: Number, now: Number, with_change: bool) -> bool:
    """A credit token of so many tenths, behind the sections of a waiting change; whether it was not refused.

    A refusal changes nothing. What is printed lies in `sections`, `repeated` and the fields of the token.
    """
    g.sections = 0
    g.repeated = False
    old = c.record
    with_plan = with_change and c.waiting
    again = with_change and not c.waiting and c.to_repeat > 0
    new = applied(g, old) if with_plan else old
    point = points_of_sale(g)[pos]
    at = now + point.clock_offset
    number = int64(0)
    if with_plan:
        number = _make_sections(g, c, old, new, at)
        if number < 0:
            return False
    place = vending_key(g, new)
    if place < 0:
        return _knows(g, new)
    key = vending_keys(g)[place]
    kept = _list_of(g, c, pos)
    minute = _next_free(c, kept, at // 60, key.base_minute, point.wraps)
    tid = _tid_of(minute, key.base_minute, point.wraps)
    if not _may_issue(g, key, new, at):
        return False
    if tid < 1 or tid > _GREATEST:
        year = int64(0)
        for base in range(len(_BASE_MINUTES)):
            if _BASE_MINUTES[base] == key.base_minute:
                year = int64(_BASE_YEARS[base])
        return _refuse(g, rows.TID_OUT_OF_RANGE, rows.TID_IS_OUTSIDE, tid, year, 0, 0)
    if tid >> 16 > key.key_expiry:
        return _refuse(
            g, rows.KEY_EXPIRED, rows.BEYOND_KEN, tid, int64(key.key_expiry), group_of(new), revision_of(new)
        )
    code = int64(encode(amount))
    if code == NONE:
        return _refuse(g, rows.AMOUNT_OUT_OF_RANGE, rows.AMOUNT_IS_OUTSIDE, amount, 0, 0, 0)
    rnd = draw(g.seed, _TOKEN_RND, c.number, minute, pos) >> 28
    clear = seal(uint8(0), uint8(c.main_service), uint64(rnd << 40 | tid << 16 | code))
    g.token_clear = clear
    # Digits are wanted at once for the log alone; else when they are mistyped, or entered under another key.
    g.enciphered = c.keep == ALL
    g.token = enciphered(g, c, new, clear) if g.enciphered else uint64(0)
    g.token_record = new
    g.token_tenths = decode(uint16(code))
    note_minute(g, c, kept, now, minute, key.base_minute, point.wraps)
    c.record = new
    if with_plan:
        c.waiting = False
        _keep_change(g, c, old, number)
        c.to_repeat = max(c.printings - 1, 0)
        c.printings = 0
    elif again:
        c.to_repeat -= 1
    g.repeated = again
    g.sections = c.changes_number if with_plan or again else 0
    return True


@inner
def _event_of(kind: Number) -> Number:
    if kind == FREE:
        return rows.FREE_UNITS
    if kind == LENT:
        return rows.LENT
    return rows.TOKEN_REPLACED if kind == REPLACES else rows.PURCHASE


@inner
def electric_tenths(c: Record, tenths: Number) -> Number:
    """Tenths of a kWh that a token of the main service says; 0 where that is no electricity."""
    return tenths if c.main_service == _ELECTRICITY else int64(0)


@inner
def refuse_sale(g: Record, c: Record, label: Number, pos: Number) -> None:
    """Log a sale that was refused, and say what it means for the supply."""
    refusal = g.refusal
    if (
        refusal == rows.ISSUE_UNTIL_PASSED
        or refusal == rows.KEY_CHANGE_UNTIL_PASSED
        or refusal == rows.KEY_EXPIRED
        or refusal == rows.TID_OUT_OF_RANGE
    ):
        set_cause(c, of.NOT_MIGRATED)
    elif refusal == rows.VENDING_DOWN or refusal == rows.VENDING_BUSY:
        set_cause(c, of.NO_SALE)
        count(g, c, of.SALES_DELAYED, 1)
        refused(g, c, rows.SALE_REFUSED, label, pos)
        return
    count(g, c, of.SALES_REFUSED, 1)
    refused(g, c, rows.SALE_REFUSED, label, pos)


@inner
def sell(g: Record, c: Record, pos: Number, amount: Number, label: Number, kind: Number) -> bool:
    """Sell so many tenths of the main service; whether it was not refused."""
    with_change = kind == PAID or (kind == REPLACES and c.waiting)
    if not sell_at(g, c, pos, amount, g.now, with_change):
        refuse_sale(g, c, label, pos)
        return False
    if g.sections:
        _sections_out(g, c, label, True, of.WITH_PURCHASE, g.repeated, pos)
    tenths = electric_tenths(c, g.token_tenths)
    ledger.issue(g, c, 0, g.token_clear, g.token_record, tenths)
    if kind in (PAID, SPARE):
        c.purchases += 1
        count(g, c, of.PURCHASES, 1)
        count(g, c, of.BOUGHT_TENTHS, tenths)
        if c.listed:
            row = numbers(g.day_rows, g.room_day_rows)
            row[day_cell(g, c) + DAY_PURCHASES] += 1
            row[day_cell(g, c) + DAY_BOUGHT] += tenths
    if kind == PAID and g.programme and c.issued and not c.complains and (g.sections == 0 or g.repeated):
        c.confirmed = True
    count(g, c, of.TOKENS_PRINTED, 1)
    issued(g, c, _event_of(kind), 0, g.token, g.token_clear, g.token_record, label, pos)
    return True
