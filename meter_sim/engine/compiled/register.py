"""The vending side's register of a connection's meter, its decoder keys, and what is true (docs/model.md, section 9).

A record code holds which of the connection's PANs (bits 0 and 1), KRN (2 to 5), TI (6 to 12), SGC (from 13).
"""

from numpy import int64

from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled.decoder import pending_held
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.state import Number, Record, keys, models, vending_keys

NO_KEY = -1
MISSING_KEY = 1
"""A fault of the engine: a decoder key was wanted that was not made before, or cannot be made."""


@inner
def record_code(pan: Number, revision: Number, tariff: Number, group: Number) -> Number:
    """A record as one number."""
    return int64(group) << 13 | int64(tariff) << 6 | int64(revision) << 2 | int64(pan)


@inner
def revision_of(code: Number) -> Number:
    """The key revision of a record."""
    return code >> 2 & 15


@inner
def tariff_of(code: Number) -> Number:
    """The tariff index of a record."""
    return code >> 6 & 127


@inner
def group_of(code: Number) -> Number:
    """The supply group of a record, as a number."""
    return code >> 13


@inner
def shown(c: Record) -> Number:
    """The record that a meter shows."""
    return record_code(c.pan_kind, c.key_revision, c.tariff_index, c.supply_group)


@inner
def with_group(code: Number, group: Number) -> Number:
    """A record in another supply group."""
    return code & (1 << 13) - 1 | int64(group) << 13


@inner
def with_revision(code: Number, revision: Number) -> Number:
    """A record with another key revision."""
    return code & ~int64(15 << 2) | int64(revision) << 2


@inner
def applied(g: Record, code: Number) -> Number:
    """A record after the programme's change."""
    group = g.to_group if g.to_group >= 0 else group_of(code)
    tariff = g.to_tariff if g.to_tariff >= 0 else tariff_of(code)
    return record_code(code & 3, g.to_revision, tariff, group)


@inner
def replacement_code(target: Number) -> Number:
    """The record of the meter that replaces one: the target's, under the new meter's own PAN."""
    return record_code(2, revision_of(target), tariff_of(target), group_of(target))


@inner
def vending_key(g: Record, code: Number) -> Number:
    """The place of a record's vending key; NO_KEY where there is none."""
    group, revision = group_of(code), revision_of(code)
    table = vending_keys(g)
    for place in range(table.size):
        if table[place].group == group and table[place].revision == revision:
            return place
    return NO_KEY


@inner
def key_place(g: Record, c: Record, code: Number) -> Number:
    """The place of a record's decoder key; NO_KEY where it was not made yet."""
    place = int64(c.keys)
    pool = keys(g)
    while place >= 0:
        if pool[place].record == code:
            return place
        place = int64(pool[place].next)
    return NO_KEY


@inner
def holds(g: Record, c: Record, code: Number) -> bool:
    """Whether the meter is what a record says, key and all."""
    if c.pans[code & 3] != c.pan or vending_key(g, code) < 0:
        return False
    place = key_place(g, c, code)
    if place < 0:
        g.fault = MISSING_KEY
        return False
    key = keys(g)[place]
    return bool(key.there and key.high == c.key_high and key.low == c.key_low)


@inner
def holds_target(g: Record, c: Record) -> bool:
    """Whether a meter holds the key that the programme is to give it."""
    return holds(g, c, applied(g, c.base))


@inner
def misses_a_change(g: Record, c: Record) -> bool:
    """Whether sections were issued that the meter would take: it still holds the key that they were made under."""
    return c.changes_number > 0 and holds(g, c, c.changes_record)


@inner
def in_scope(c: Record) -> bool:
    """Whether the programme is to change this meter."""
    return bool(c.in_scope and not c.struck_off)


@inner
def is_open(c: Record) -> bool:
    """Whether a key change may still go out to a meter, as far as the register knows."""
    return not (c.issued or c.cannot or c.confirmed)


@inner
def presumed(c: Record) -> Number:
    """The register's state of a meter, as a number of `columns.py`."""
    if not in_scope(c):
        return of.NOT_IN_SCOPE
    if c.confirmed:
        return of.PRESUMED
    if c.issued:
        return of.ISSUED
    return of.ISSUABLE if c.begun else of.NOT_STARTED


@inner
def look(g: Record, c: Record) -> None:
    """Reckon the true state anew, as far as it goes by keys; needed after every change of key or base."""
    if not g.programme:
        return
    if c.replaced or (not g.replace_all and holds_target(g, c)):
        c.true_state = of.NEW
    elif not holds(g, c, c.base):
        c.true_state = of.WRONG
    elif g.replace_all or not models(g)[c.model].takes_key_changes:
        c.true_state = of.CANNOT
    else:
        c.true_state = of.OLD


@inner
def true_state(g: Record, c: Record, now: Number) -> Number:
    """What the meter holds, as a number of `columns.py`."""
    if not in_scope(c):
        return of.OUT_OF_SCOPE
    if c.true_state == of.OLD and pending_held(c, models(g), now):
        return of.PARTLY
    return int(c.true_state)


@inner
def correct(g: Record, c: Record, code: Number) -> None:
    """Put a record right; a change that waits or was issued on the wrong record's strength is dropped."""
    c.record = code
    c.waiting = False
    c.printings = 0
    c.to_repeat = 0
    c.changes_number = 0
    if not g.programme:
        return
    c.base = code
    c.issued = 0
    c.complains = False
    target = applied(g, code)
    if vending_key(g, target) < 0:
        c.in_scope = False
    c.confirmed = not g.replace_all and target == code
    look(g, c)


@inner
def issued_by_itself(c: Record) -> None:
    """A change went out by another way than a purchase, for which it then waits no more."""
    c.waiting = False
    c.printings = 0


@inner
def reported(c: Record) -> None:
    """A crew reported a meter as changed; nothing more is printed for it."""
    c.confirmed = True
    c.complains = False
    issued_by_itself(c)
    c.to_repeat = 0
