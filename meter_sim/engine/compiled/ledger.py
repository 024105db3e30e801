"""What becomes of every token that is issued for a connection; those that were accepted are only counted."""

from numpy import int64, uint64

from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled.books import count
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.register import key_place, vending_key
from meter_sim.engine.compiled.state import Number, Record, give_open, keys, opens, take_open


@inner
def _find(g: Record, c: Record, token_class: Number, clear: uint64, record: Number) -> Number:
    """The place of an open token; -1 where it is none."""
    pool = opens(g)
    place = int64(c.opened)
    while place >= 0:
        if pool[place].clear == clear and pool[place].record == record and pool[place].token_class == token_class:
            return place
        place = int64(pool[place].next)
    return int64(-1)


@inner
def issue(g: Record, c: Record, token_class: Number, clear: uint64, record: Number, tenths: Number) -> None:
    """Note a token that is handed out, unless its digits are open already; `tenths` are those of electricity.

    Two credit tokens have the same digits only if they have the same TID, so only sections are looked for where a TID
    is given once.
    """
    if (token_class == 2 or g.wraps_or_lists) and _find(g, c, token_class, clear, record) >= 0:
        return
    place = take_open(g)
    token = opens(g)[place]
    token.token_class = token_class
    token.clear = clear
    token.record = record
    token.tenths = tenths
    token.tried = False
    token.next = c.opened
    c.opened = place
    c.tokens_issued += 1
    count(g, c, of.TOKENS_ISSUED, 1)


@inner
def enter(g: Record, c: Record, token_class: Number, clear: uint64, record: Number, accepted: bool) -> None:
    """Note what the meter answered to a token that somebody meant to enter; mistyped is not accepted."""
    pool = opens(g)
    before, place = int64(-1), int64(c.opened)
    while place >= 0:
        token = pool[place]
        if token.clear == clear and token.record == record and token.token_class == token_class:
            if not accepted:
                token.tried = True
                return
            if before < 0:
                c.opened = token.next
            else:
                pool[before].next = token.next
            give_open(g, place)
            c.tokens_accepted += 1
            return
        before, place = place, int64(token.next)


@inner
def count_lost(g: Record, c: Record) -> None:
    """Note the credit tokens that the meter would have taken before its key changed or it was replaced."""
    pool = opens(g)
    place = int64(c.opened)
    while place >= 0:
        token = pool[place]
        if token.tenths:
            lost = c.pans[token.record & 3] != c.pan
            if not lost and vending_key(g, token.record) >= 0:
                key = keys(g)[key_place(g, c, token.record)]
                lost = key.high != c.key_high or key.low != c.key_low
            if lost:
                c.tokens_lost += 1
                c.tenths_lost += token.tenths
        place = int64(token.next)


@inner
def take_section(g: Record, c: Record, token_class: Number, clear: uint64, record: Number) -> None:
    """Note a section whose change came to its end."""
    if is_taken(g, c, token_class, clear, record):
        return
    place = take_open(g)
    token = opens(g)[place]
    token.token_class = token_class
    token.clear = clear
    token.record = record
    token.next = c.taken
    c.taken = place


@inner
def is_taken(g: Record, c: Record, token_class: Number, clear: uint64, record: Number) -> bool:
    """Whether the change of a section came to its end."""
    pool = opens(g)
    place = int64(c.taken)
    while place >= 0:
        if pool[place].clear == clear and pool[place].record == record and pool[place].token_class == token_class:
            return True
        place = int64(pool[place].next)
    return False
