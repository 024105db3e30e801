"""What staff with the register in front of them do about a meter that refuses tokens (`engine/clerk.py`)."""

from numpy import int64

from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled import log as rows
from meter_sim.engine.compiled.books import count
from meter_sim.engine.compiled.decoder import would_answer
from meter_sim.engine.compiled.entry import is_accepted
from meter_sim.engine.compiled.hands import drop_sections, take_sections
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.journal import happened, happened_since
from meter_sim.engine.compiled.memory import numbers
from meter_sim.engine.compiled.register import (
    applied,
    correct,
    group_of,
    holds,
    key_place,
    misses_a_change,
    replacement_code,
    revision_of,
    shown,
    tariff_of,
    vending_key,
    with_group,
)
from meter_sim.engine.compiled.state import Number, Record, answer, hands, helds, models, steps, tids
from meter_sim.engine.compiled.tasks import replace
from meter_sim.engine.compiled.vending import REPLACES, encipher_held, put_down, reprint_key_change, sell


@inner
def prints_with_purchases(g: Record, c: Record) -> Number:
    """With how many purchases changes are printed now in the connection's area; 0 is not at all."""
    return int64(steps(g)[c.next_step - 1].times) if c.next_step > 0 else int64(0)


@inner
def _want(g: Record, c: Record, code: Number) -> bool:
    """Ask for a record's decoder key if it was not made yet; whether it is there."""
    if vending_key(g, code) < 0 or key_place(g, c, code) >= 0:
        return True
    column = numbers(g.wanted, g.room_wanted)
    column[g.n_wanted] = c.place
    column[g.n_wanted + 1] = code
    g.n_wanted += 2
    return False


@inner
def keys_are_there(g: Record, c: Record) -> bool:
    """Whether all decoder keys are made that staff may look at; those that are not are asked for."""
    there = _want(g, c, c.record)
    if g.programme:
        there &= _want(g, c, c.base)
        there &= _want(g, c, applied(g, c.record))
        there &= _want(g, c, applied(g, c.base))
        if g.replacement >= 0:
            there &= _want(g, c, replacement_code(applied(g, c.base)))
    if c.changes_number:
        there &= _want(g, c, c.changes_record)
    if not there:
        return False
    if holds(g, c, c.record) or misses_a_change(g, c):
        return True
    code = shown(c)
    groups = numbers(g.groups, g.room_groups)
    there = _want(g, c, code)
    if g.programme:
        there &= _want(g, c, applied(g, code))
    for place in range(-1, groups.size):
        other = with_group(code, group_of(c.record) if place < 0 else groups[place])
        there &= _want(g, c, other)
        if g.programme:
            there &= _want(g, c, applied(g, other))
    return there


@inner
def _truth(g: Record, c: Record) -> Number:
    """What the meter is found to be: as it shows, or in another supply group if only that gives its key."""
    code = shown(c)
    if holds(g, c, code):
        return code
    other = with_group(code, group_of(c.record))
    if holds(g, c, other):
        return other
    groups = numbers(g.groups, g.room_groups)
    for place in range(groups.size):
        other = with_group(code, groups[place])
        if holds(g, c, other):
            return other
    return code


@inner
def put_register_right(g: Record, c: Record) -> bool:
    """Correct the record if the meter is not what it says; whether something was corrected."""
    before = c.record
    if holds(g, c, before):
        return False
    if misses_a_change(g, c):
        if models(g)[c.model].takes_key_changes or not g.programme:
            return False
        correct(g, c, c.base)
        c.cannot = True
        count(g, c, of.CORRECTED_RECORDS, 1)
        happened_since(g, c, rows.CORRECTED, rows.TAKES_NO_CHANGES, 0, 0, 0, 0)
        replace(g, c)
        return True
    truth = _truth(g, c)
    correct(g, c, truth)
    put_down(g, c, prints_with_purchases(g, c))
    count(g, c, of.CORRECTED_RECORDS, 1)
    happened_since(
        g,
        c,
        rows.CORRECTED,
        rows.RECORD_WAS_WRONG,
        int64(c.pans[before & 3]),
        int64(c.pans[truth & 3]),
        rows.packed_record(group_of(before), revision_of(before), tariff_of(before)),
        rows.packed_record(group_of(truth), revision_of(truth), tariff_of(truth)),
    )
    return True


@inner
def _is_lost(g: Record, c: Record, held: Record) -> bool:
    """Whether a token was made under another record than the register's, or the meter calls it old."""
    if held.record != c.record:
        return True
    if not holds(g, c, c.record):
        return False
    encipher_held(g, c, held)
    status = would_answer(c, models(g), tids(g), int64(held.token_class), held.block, g.now, answer(g))
    return not is_accepted(status)


@inner
def _replace_tokens(g: Record, c: Record, hand_place: Number, pos: Number) -> None:
    """New tokens for those that the meter would not accept even after its key change."""
    hand = hands(g)[hand_place]
    with_sections = False
    for position in range(hand.number):
        held = helds(g)[hand.tokens[position]]
        if held.section or held.done or not _is_lost(g, c, held):
            continue
        tenths, label = held.tenths, rows.label_again(held.label)
        if sell(g, c, pos, tenths, label, REPLACES):
            with_sections = with_sections or g.sections > 0
            held.label = label
            held.block = g.token
            held.enciphered = g.enciphered
            held.clear = g.token_clear
            held.record = g.token_record
            held.tenths = g.token_tenths
            count(g, c, of.REPLACED_TOKENS, 1)
            count(g, c, of.REPLACED_TENTHS, tenths)
    if with_sections:
        take_sections(g, c, hand_place, rows.label_help())


@inner
def clear_up(g: Record, c: Record, hand_place: Number, pos: Number) -> None:
    """Put right what can be put right for a customer who asks; the hand then holds what is to be entered."""
    happened(g, c, rows.HELP)
    put_register_right(g, c)
    if holds(g, c, c.record) or not misses_a_change(g, c):
        drop_sections(g, hand_place)
    else:
        reprint_key_change(g, c, rows.label_help(), pos)
        take_sections(g, c, hand_place, rows.label_help())
    _replace_tokens(g, c, hand_place, pos)
