"""An entry at a meter, and what follows from it (`engine/site.py`)."""

from numpy import int64, uint64

from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled import ledger
from meter_sim.engine.compiled import log as rows
from meter_sim.engine.compiled.books import (
    DAY_CLEARED,
    DAY_CREDITED,
    DAY_ENTRIES,
    change,
    count,
    day_cell,
)
from meter_sim.engine.compiled.decoder import CLEARED, CREDITED, KEY_CHANGED, READ, enter_clear, may_supply
from meter_sim.engine.compiled.decoder import enter as decode_entry
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.journal import ALL, NOTHING, answered, begin, happened, happened_since
from meter_sim.engine.compiled.memory import numbers
from meter_sim.engine.compiled.register import group_of, holds_target, in_scope, key_place, look, revision_of
from meter_sim.engine.compiled.state import (
    Number,
    Record,
    answer,
    entries,
    helds,
    keys,
    models,
    proof_clears,
    proof_keys,
    tids,
)
from meter_sim.engine.compiled.vending import encipher_held
from meter_sim.meter.answer import Status

ACCEPT = int(Status.ACCEPT)
FIRST_KCT = int(Status.FIRST_KCT)
SECOND_KCT = int(Status.SECOND_KCT)
THIRD_KCT = int(Status.THIRD_KCT)
FOURTH_KCT = int(Status.FOURTH_KCT)
BY_CHANNEL = -1
"""A key change is booked to the channel that issued it."""


@inner
def is_accepted(status: Number) -> bool:
    """Whether an entry did what it was made for."""
    return bool(status in (ACCEPT, FIRST_KCT, SECOND_KCT) or status >= THIRD_KCT)


@inner
def supply_changed(g: Record, c: Record) -> None:
    """The load switch moved."""
    happened(g, c, rows.SUPPLY_ON if c.switch_closed else rows.SUPPLY_OFF)
    change(c)


@inner
def _count_change(g: Record, c: Record, by: Number) -> None:
    """Count a key change by how it came about."""
    if not g.programme or not in_scope(c) or not holds_target(g, c):
        return
    how = by
    if how == BY_CHANNEL:
        how = c.issued - 1 if c.issued else of.BY_TIMELINE
    count(g, c, of.CHANGED + how, 1)
    c.complains = False
    ledger.count_lost(g, c)


@inner
def _enter(
    g: Record,
    c: Record,
    token_class: Number,
    block: uint64,
    upper: uint64,
    lower: uint64,
    label: Number,
    meant: Number,
    mistyped: bool,
    proved: bool,
    by: Number,
) -> Number:
    """Enter digits and note what the meter answers; `meant` is the place of the token in the pool of those in hands."""
    closed, limit = c.switch_closed, c.power_limit
    before_revision, before_type = c.key_revision, c.key_type
    held = helds(g)[meant]
    if proved:
        status = enter_clear(c, models(g), tids(g), token_class, held.clear, g.now, answer(g))
        if answer(g)[READ]:
            proof_clears(g)[g.n_proof_clears] = held.clear
            proof_keys(g)[g.n_proof_clears] = c.key_high
            g.n_proof_clears += 1
    else:
        status = decode_entry(c, models(g), tids(g), token_class, block, g.now, answer(g))
    credited, cleared = answer(g)[CREDITED], answer(g)[CLEARED]
    key_changed = answer(g)[KEY_CHANGED]
    entries(g)[status - 1, c.day] += 1
    if credited:
        count(g, c, of.CREDITED, credited)
    if cleared:
        count(g, c, of.CLEARED, cleared)
    if c.listed:
        row = numbers(g.day_rows, g.room_day_rows)
        cell = day_cell(g, c)
        row[cell + DAY_CREDITED] += credited
        row[cell + DAY_CLEARED] += cleared
        row[cell + DAY_ENTRIES + status - 1] += 1
    accepted = is_accepted(status)
    ledger.enter(g, c, held.token_class, held.clear, held.record, accepted and not mistyped)
    if c.keep == ALL or (c.keep != NOTHING and not accepted):
        if proved:
            encipher_held(g, c, held)
            upper, lower = rows.digits_of(held.token_class, held.block)
        event = begin(g, c, rows.ENTRY)
        if not mistyped:
            rows.put_issued(
                event,
                held.token_class,
                held.clear,
                c.pans[held.record & 3],
                group_of(held.record),
                revision_of(held.record),
                models(g)[c.model].is_long,
            )
        answered(g, c, event, upper, lower, token_class, label, status)
    if key_changed:
        look(g, c)
        happened_since(
            g,
            c,
            rows.KEY_CHANGED,
            rows.KEY_WENT,
            int64(before_revision),
            int64(before_type),
            int64(c.key_revision),
            int64(c.key_type),
        )
        _count_change(g, c, by)
    if c.switch_closed != closed:
        supply_changed(g, c)
    elif credited or cleared or c.power_limit != limit or c.switch_closed != may_supply(c, models(g)):
        change(c)
    return status


@inner
def enter(g: Record, c: Record, meant: Number, label: Number, by: Number) -> Number:
    """Enter a token as it was printed; the status."""
    held = helds(g)[meant]
    upper, lower = uint64(0), uint64(0)
    proved = not held.enciphered and _is_under_its_key(g, c, held.record)
    if not proved:
        encipher_held(g, c, held)
        if c.keep != NOTHING:
            upper, lower = rows.digits_of(held.token_class, held.block)
    return _enter(g, c, int64(held.token_class), held.block, upper, lower, label, meant, False, proved, by)


@inner
def _is_under_its_key(g: Record, c: Record, record: Number) -> bool:
    """Whether a meter with 64-bit keys holds the key that tokens are made under for this record."""
    if models(g)[c.model].is_long:
        return False
    place = key_place(g, c, record)
    return bool(place >= 0 and keys(g)[place].high == c.key_high)


@inner
def enter_mistyped(g: Record, c: Record, meant: Number, label: Number, word: Number) -> Number:
    """Enter a token with a wrong digit; the status."""
    held = helds(g)[meant]
    encipher_held(g, c, held)
    upper, lower = rows.digits_of(held.token_class, held.block)
    upper, lower = rows.mistyped(upper, lower, word)
    token_class, block = rows.class_and_block(upper, lower)
    return _enter(g, c, token_class, block, upper, lower, label, meant, True, False, BY_CHANNEL)
