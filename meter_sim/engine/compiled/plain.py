"""The ordinary purchase: bought when the display falls low or on payday, entered rightly, and nothing comes between.

Most of a run is this and nothing else. `household.py`, `vending.py`, `entry.py`, `decoder.py` and `books.py` do a
purchase step by step, and at each step ask what else might be; for most connections the answers stay the same for
months. Here they are asked once (`_is_plain`), and then purchase follows purchase. A purchase is done here from its
sale to its entry, or nothing of it is: whatever is out of the ordinary is left to the other files, from the state that
is found there. Both ways come to the same; `tests/test_fleet_engine.py` holds both to the reference engine.
"""

from numpy import int64, uint8, uint16, uint64

from meter_sim.draws import Purpose
from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled.books import set_cause
from meter_sim.engine.compiled.decoder import add_newest_tid, newest_tid
from meter_sim.engine.compiled.draws import draw, value
from meter_sim.engine.compiled.household import draw_ahead, reckon, word_for
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.journal import ALL
from meter_sim.engine.compiled.load import add_days, asks_nothing, first_second, of_days, since_midnight
from meter_sim.engine.compiled.loads import box_of
from meter_sim.engine.compiled.memory import numbers
from meter_sim.engine.compiled.people import amount_bought
from meter_sim.engine.compiled.register import key_place, vending_key
from meter_sim.engine.compiled.state import (
    FOR_AMOUNT,
    FOR_DELAY,
    FOR_SPARE,
    FOR_WRONG_DIGIT,
    MARGIN,
    RECKONS,
    UNKNOWN,
    Number,
    Record,
    counts,
    customers,
    entries,
    keys,
    models,
    points_of_sale,
    processes,
    proof_clears,
    proof_keys,
    steps,
    tables,
    tids,
    vending_keys,
)
from meter_sim.engine.compiled.tasks import NO_TASK
from meter_sim.engine.compiled.vending import is_usable, note_minute
from meter_sim.meter.answer import Status
from meter_sim.meter.credit import WS_PER_TENTH
from meter_sim.sts.compiled.amount import NONE, decode, encode
from meter_sim.sts.compiled.crc import seal
from meter_sim.sts.identity import KeyType
from meter_sim.sts.tid import GREATEST

_ACCEPT = int(Status.ACCEPT)
_ELECTRICITY = 0
_DEFAULT_KEY_TYPE = int(KeyType.DDTK)
_TOKEN_RND = int(Purpose.TOKEN_RND)


@inner
def _is_plain(g: Record, c: Record) -> bool:
    """Whether the connection buys at a level of its display, and nothing about it is out of the ordinary.

    None of this changes by an ordinary purchase.
    """
    if c.buying != RECKONS or not c.switch_closed or c.task != NO_TASK or c.keep == ALL:
        return False
    if c.gave_up or c.waiting or c.to_repeat or c.listed or c.dead or c.tampered or c.power_limit >= 0:
        return False
    if g.wraps_or_lists or g.lends or g.sales_per_hour >= 0 or g.room_outages:
        return False
    if g.programme and (c.complains or (c.issued and not c.confirmed)):
        return False
    model, who = models(g)[c.model], customers(g)[c.customer]
    if model.is_long or model.main_service != _ELECTRICITY or c.main_service != _ELECTRICITY:
        return False
    return bool(who.when_below > 0 and who.free_tenths == 0 and c.key_type != _DEFAULT_KEY_TYPE)


@inner
def _first_of_others(g: Record, c: Record) -> Number:
    """The first instant at which something goes on besides buying: the run's end, the programme, what is under way."""
    first = g.end
    planned = steps(g)
    if c.next_step < planned.size:
        first = min(first, planned[c.next_step].at)
    pool, place = processes(g), int64(c.processes)
    while place >= 0:
        first = min(first, pool[place].at)
        place = int64(pool[place].next)
    return first


@inner
def _is_special(g: Record, c: Record, who: Record) -> bool:
    """Whether a spare token is bought besides, or the token is mistyped at first."""
    if word_for(g, FOR_SPARE, c.bought) < who.spare_share:
        return True
    return bool(word_for(g, FOR_WRONG_DIGIT, c.bought) < who.wrong_digit)


@inner
def buy_plainly(g: Record, c: Record) -> None:
    """Do one ordinary purchase after the other, as long as they are that and nothing else comes before.

    `low_at` is left as the latest search found it.
    """
    if not _is_plain(g, c):
        return
    loads = box_of(g, c)
    key_at, decoder_key_at = vending_key(g, c.record), key_place(g, c, c.record)
    if asks_nothing(loads) or key_at < 0 or decoder_key_at < 0 or keys(g)[decoder_key_at].high != c.key_high:
        return
    who, key, model = customers(g)[c.customer], vending_keys(g)[key_at], models(g)[c.model]
    pos = int64(who.pos)
    clock_offset = points_of_sale(g)[pos].clock_offset
    stop = _first_of_others(g, c)
    closes, midnights = numbers(g.closes, g.days), numbers(g.midnights, g.days)
    local, whole = numbers(g.local_days, g.days), numbers(g.whole_days, g.days)
    counted, taken = counts(g), entries(g)
    while True:
        # -- when: all days up to the entry are without a change of offset, and no date is left out
        first = int64(c.day)
        day = first
        before = since_midnight(loads, local[first], max(c.settled - midnights[first], 0))
        if c.low_at == UNKNOWN and whole[first] > 0:
            wanted = c.balance - who.when_below + 1
            if wanted > 0:
                seconds = first_second(loads, local[first], before + wanted, whole[first])
                if seconds >= 0:
                    c.low_at = midnights[first] + seconds
        buy_at = reckon(g, c)
        if buy_at >= stop:
            return
        while buy_at >= closes[day]:
            day += 1
        draw_ahead(g, c, c.bought)
        enter_at = buy_at + max(value(tables(g), int64(who.enter_after), word_for(g, FOR_DELAY, c.bought)), 1)
        if enter_at >= stop:
            return
        last = day
        while enter_at >= closes[last]:
            last += 1
        if whole[first] < last - first or whole[last] < 0 or local[last] - local[first] != last - first:
            return
        if _is_special(g, c, who):
            return
        # -- the sale, at a free minute
        at = buy_at + clock_offset
        minute = at // 60
        tid = minute - key.base_minute
        if minute < c.latest[0] or tid < 1 or not is_usable(minute, key.base_minute, False):
            return
        if at < key.active_from or minute > key.issue_until or tid > GREATEST or tid >> 16 > key.key_expiry:
            return
        drawn_amount = value(tables(g), int64(who.amount), word_for(g, FOR_AMOUNT, c.bought))
        bought = amount_bought(drawn_amount, who.amount_is_use, c.mean_use)
        code = int64(encode(int64(bought)))
        if code == NONE:
            return
        # -- the entry, before the credit ends
        until = since_midnight(loads, local[last], enter_at - midnights[last])
        used = of_days(loads, local[first], local[last]) - before + until
        balance = c.balance - used
        tenths = decode(uint16(code))
        credited = tenths * WS_PER_TENTH
        if balance <= 0 or credited > int64(model.caps[_ELECTRICITY]) - balance or enter_at < c.lockout_until:
            return
        if tid <= newest_tid(c, tids(g)) or (model.enforce_key_expiry and tid >> 16 > c.key_expiry):
            return
        if g.n_proof_clears + MARGIN > g.room_proof_clears:
            return
        # -- all of it happens
        rnd = draw(g.seed, _TOKEN_RND, c.number, minute, pos) >> 28
        clear = seal(uint8(0), uint8(_ELECTRICITY), uint64(rnd << 40 | tid << 16 | code))
        proof_clears(g)[g.n_proof_clears] = clear
        proof_keys(g)[g.n_proof_clears] = c.key_high
        g.n_proof_clears += 1
        add_newest_tid(c, tids(g), tid)
        note_minute(g, c, 0, buy_at, minute, key.base_minute, False)
        if c.payday >= 0 and buy_at >= c.payday:
            c.payday = -1
        c.balance = balance + credited
        c.credited += credited
        c.used += used
        c.settled = enter_at
        c.day = last
        c.low_at = UNKNOWN
        c.ends_at = UNKNOWN
        c.lockout_wrong = 0
        c.lockout_until = 0
        c.purchases += 1
        c.bought += 1
        c.tokens_issued += 1
        c.tokens_accepted += 1
        set_cause(c, of.NO_MONEY)
        if last > first:
            add_days(loads, local[first], local[last], counted[of.USED], first)
        counted[of.USED, first] -= before
        counted[of.USED, last] += until
        counted[of.PURCHASES, day] += 1
        counted[of.BOUGHT_TENTHS, day] += tenths
        counted[of.TOKENS_ISSUED, day] += 1
        counted[of.TOKENS_PRINTED, day] += 1
        counted[of.MONEY, day] += bought * g.kwh_price // 10
        counted[of.CREDITED, last] += credited
        taken[_ACCEPT - 1, last] += 1
