"""Customers: they buy, keep, enter, mistype, ask and give up (`engine/households.py`, docs/model.md section 7)."""

import numpy as np
from numpy import int64, uint32, uint64

from meter_sim.draws import Purpose
from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled import log as rows
from meter_sim.engine.compiled.books import count, falls_below, set_cause, settle
from meter_sim.engine.compiled.calendar import arrival, day_of, midnight, month_of
from meter_sim.engine.compiled.draws import draw, philox, value
from meter_sim.engine.compiled.entry import ACCEPT, BY_CHANNEL, enter, enter_mistyped, is_accepted
from meter_sim.engine.compiled.hands import (
    CREDIT_FIRST,
    FIRST_SECTION_ONLY,
    PRINTED,
    add_token,
    credit_is_left,
    has_sections,
    is_left,
    put_in_front,
    take_slip,
    token_at,
)
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.journal import issued, refused
from meter_sim.engine.compiled.ledger import is_taken, take_section
from meter_sim.engine.compiled.load import since_midnight
from meter_sim.engine.compiled.loads import box_of
from meter_sim.engine.compiled.memory import numbers
from meter_sim.engine.compiled.people import amount_bought, next_payday, payday_instant
from meter_sim.engine.compiled.phase import ENTRY, PURCHASE, SHARED
from meter_sim.engine.compiled.register import holds, in_scope, misses_a_change
from meter_sim.engine.compiled.state import (
    AHEAD,
    FOR_AMOUNT,
    FOR_DELAY,
    FOR_SPARE,
    FOR_WRONG_DIGIT,
    GOES,
    IN_TURN,
    LATE,
    NO_BUYER,
    RECKONS,
    RESTS,
    UNDER_WAY,
    UNKNOWN,
    WAITS_FOR_SALE,
    Number,
    Record,
    customers,
    desks,
    end_process,
    give_hand,
    hands,
    helds,
    order_now,
    plan,
    processes,
    steps,
    tables,
    take_hand,
    take_process,
)
from meter_sim.engine.compiled.tasks import look_after
from meter_sim.engine.compiled.vending import (
    FREE,
    LENT,
    PAID,
    SPARE,
    electric_tenths,
    note_token,
    refuse_sale,
    sell,
    sell_at,
)

OUTSIDE_PURCHASES = 1 << 31
OLD_DRAWER = 3 << 30
_SPARE_TRIES = 1 << 16
_ELECTRICITY = 0

HAND, TELL, ACT, VISIT = range(4)
"""Kinds of processes: a hand is used; a message is sent; a customer acts on one; a crew comes."""
ENTERS, ASKS, LEAVES = range(3)
"""What a hand, or a customer who goes to the office, is at: the next entry, the turn at a desk, leaving it."""
HELP_DESK, AT_OFFICE = 0, 1

_AMOUNT = int(Purpose.PURCHASE_AMOUNT)
_DELAY = int(Purpose.ENTRY_DELAY)
_INTERVAL = int(Purpose.PURCHASE_INTERVAL)
_FIRST = int(Purpose.FIRST_PURCHASE)
_SPARE = int(Purpose.SPARE)
_SPARE_KEPT = int(Purpose.SPARE_KEPT)
_WRONG_DIGIT = int(Purpose.WRONG_DIGIT)
_WHICH_DIGIT = int(Purpose.WHICH_DIGIT)
_MANNER = int(Purpose.MANNER)
_TROUBLE = int(Purpose.TROUBLE)
_COME_BACK = int(Purpose.COME_BACK)
_PAYDAY_TIME = int(Purpose.PAYDAY_TIME)
_DESK_SERVICE = int(Purpose.DESK_SERVICE)
_DESK_ARRIVAL = int(Purpose.DESK_ARRIVAL)
_PURPOSES = np.array([_AMOUNT, _DELAY, _SPARE, _WRONG_DIGIT], np.uint32).repeat(AHEAD)
"""What the draws are for that are made for many purchases side by side; one loop over all becomes vector
instructions."""
_LANES = _PURPOSES.size


@inner
def word_of(g: Record, c: Record, purpose: Number, number: Number, sub: Number) -> Number:
    """A draw of the connection."""
    return draw(g.seed, purpose, c.number, number, sub)


@inner
def draw_ahead(g: Record, c: Record, number: Number) -> None:
    """Have the draws of the purchase of this number, and of those that follow."""
    if g.words_of == c.number and g.words_from <= number and number < g.words_from + AHEAD:
        return
    low, high, name, first = uint32(g.seed), uint32(g.seed >> uint64(32)), uint32(c.number), uint32(number)
    words = g.words
    for lane in range(_LANES):
        later = uint32(first + uint32(lane & (AHEAD - 1)))
        words[lane] = philox(low, high, later, uint32(0), _PURPOSES[lane], name)
    g.words_of = c.number
    g.words_from = number


@inner
def word_for(g: Record, purpose: Number, number: Number) -> Number:
    """One of the draws of a purchase that `draw_ahead` was called for."""
    return int64(g.words[purpose * AHEAD + number - g.words_from])


# -- when to buy ---------------------------------------------------------------------------------------------------


@inner
def begin_buying(g: Record, c: Record) -> None:
    """Plan the first purchase of a customer, before the run's first second."""
    c.buying = NO_BUYER
    c.buy_at = LATE
    if c.customer < 0:
        return
    who = customers(g)[c.customer]
    if who.never:
        return
    if who.every >= 0:
        first = who.first
        if first < 0:
            interval = max(value(tables(g), int64(who.every), word_of(g, c, _INTERVAL, 0, 0)), 1)
            word = word_of(g, c, _FIRST, 0, 0)
            # A product of an interval and a word may be beyond 63 bits.
            first = g.start + (interval >> 32) * word + ((interval & 0xFFFFFFFF) * word >> 32)
        c.interval_at = first
        c.buying = GOES
        c.buy_at = first
        c.buy_order = order_now(g, c)
        return
    c.buying = RECKONS
    c.payday = -1
    starts, offsets = numbers(g.starts, g.room_starts), numbers(g.offsets, g.room_offsets)
    c.paydays_after = midnight(starts, offsets, day_of(starts, offsets, g.start)) - 1


@inner
def _reckon_payday(g: Record, c: Record, who: Record) -> None:
    """Know the next payday that is not past."""
    starts, offsets = numbers(g.starts, g.room_starts), numbers(g.offsets, g.room_offsets)
    while c.payday < 0 or c.payday < c.settled:
        day = next_payday(starts, offsets, who.payday_mask, who.payday_greatest, c.paydays_after)
        c.paydays_after = midnight(starts, offsets, day)
        after = value(tables(g), int64(who.paydays_at), word_of(g, c, _PAYDAY_TIME, day, 0))
        c.payday = payday_instant(starts, offsets, day, after)


@inner
def reckon(g: Record, c: Record) -> Number:
    """The instant of the next purchase as far as is known; LATE for none."""
    who = customers(g)[c.customer]
    instant = int64(LATE)
    if who.when_below >= 0:
        if c.low_at == UNKNOWN:
            c.low_at = falls_below(g, c, who.when_below)
        instant = c.low_at
    if who.paydays_at >= 0:
        _reckon_payday(g, c, who)
        instant = min(instant, c.payday)
    return instant


# -- buying --------------------------------------------------------------------------------------------------------


@inner
def _complain(g: Record, c: Record) -> None:
    """The meter refused what was bought: the register presumes no more that it changed."""
    if not g.programme or not in_scope(c) or not c.issued or c.complains:
        return
    c.complains = True
    c.confirmed = False
    count(g, c, of.COMPLAINTS, 1)
    look_after(g, c)


@inner
def _pay(g: Record, c: Record, tenths: Number) -> None:
    if c.main_service == _ELECTRICITY:
        count(g, c, of.MONEY, tenths * g.kwh_price // 10)


@inner
def _buy_besides(g: Record, c: Record, who: Record, hand: Number, tenths: Number, number: Number) -> None:
    """What comes with a purchase: free units, lent units, and a spare token for the drawer."""
    pos = int64(who.pos)
    if who.free_tenths:
        month = month_of(numbers(g.starts, g.room_starts), numbers(g.offsets, g.room_offsets), g.now)
        if month != c.month and sell(g, c, pos, who.free_tenths, rows.label_free(number), FREE):
            c.month = month
            add_token(g, hand, rows.label_free(number))
            count(g, c, of.FREE_TENTHS, who.free_tenths)
    if (
        g.lends
        and c.debt < 0
        and g.lend_start <= g.now
        and g.now < g.lend_until
        and not c.issued
        and in_scope(c)
        and sell(g, c, pos, g.lend_tenths, rows.label_lent(number), LENT)
    ):
        add_token(g, hand, rows.label_lent(number))
        c.debt = g.lend_tenths
        count(g, c, of.LENT_TENTHS, g.lend_tenths)
    if (
        who.spare_share
        and word_for(g, FOR_SPARE, number) < who.spare_share
        and sell(g, c, pos, tenths, rows.label_spare(number), SPARE)
    ):
        _pay(g, c, tenths)
        spare = take_hand(g, number)
        hands(g)[spare].tries = _SPARE_TRIES
        add_token(g, spare, rows.label_spare(number))
        kept = max(value(tables(g), int64(who.spare_kept), word_of(g, c, _SPARE_KEPT, number, 0)), 1)
        g.spare_hand = spare
        g.spare_at = g.now + kept


@inner
def _buy(g: Record, c: Record, number: Number) -> Number:
    """The purchase of this count, when vending serves: what it puts into the hand, or -1 where nothing was sold."""
    who = customers(g)[c.customer]
    g.spare_hand = -1
    if c.gave_up:
        c.gave_up = False
        _complain(g, c)
    drawn = value(tables(g), int64(who.amount), word_for(g, FOR_AMOUNT, number))
    tenths = amount_bought(drawn, who.amount_is_use, c.mean_use)
    debt: Number = max(c.debt, 0)
    withheld: Number = int64(0)
    if g.lends and debt:
        share = (tenths >> 32) * g.pay_back + ((tenths & 0xFFFFFFFF) * g.pay_back >> 32)
        withheld = min(debt, share, tenths - 1)
    label = rows.label_purchase(number)
    if not sell(g, c, int64(who.pos), tenths - withheld, label, PAID):
        return int64(-1)
    if withheld:
        c.debt = debt - withheld
        count(g, c, of.PAID_BACK_TENTHS, withheld)
    _pay(g, c, tenths)
    c.bought += 1
    hand = take_hand(g, number)
    hands(g)[hand].first_word = word_for(g, FOR_WRONG_DIGIT, number)
    take_slip(g, c, hand, label)
    _buy_besides(g, c, who, hand, tenths, number)
    set_cause(c, of.NOT_ENTERED)
    return hand


@inner
def _is_down(g: Record) -> bool:
    """Whether the area's vending has an outage."""
    spans = numbers(g.outages, g.room_outages)
    place = 0
    while place < spans.size and not (spans[place] <= g.now and g.now < spans[place + 1]):
        place += 2
    return bool(place < spans.size)


@inner
def _put_off(g: Record, c: Record, refusal: Number, why: Number, most: Number) -> None:
    """Vending does not serve: try the same purchase again later."""
    g.refusal = refusal
    g.why = why
    g.why_a = most
    g.why_b = 0
    g.why_c = 0
    g.why_d = 0
    refuse_sale(g, c, rows.label_purchase(_number(g, c)), int64(customers(g)[c.customer].pos))
    c.buying = WAITS_FOR_SALE
    c.buy_at = g.now + g.busy_retry
    c.buy_order = order_now(g, c)


@inner
def _number(g: Record, c: Record) -> Number:
    """The number of the purchase under way: sales count, or of who buys at intervals the intervals."""
    return c.intervals if customers(g)[c.customer].every >= 0 else c.bought


@inner
def go_to_buy(g: Record, c: Record) -> None:
    """The second of a purchase, in the purchase phase."""
    if c.buying == RESTS:
        c.buying = RECKONS
        c.low_at = UNKNOWN
        return
    if c.buying == RECKONS and c.payday >= 0 and g.now >= c.payday:
        c.payday = -1
    if _is_down(g):
        _put_off(g, c, rows.VENDING_DOWN, rows.AREA_IS_DOWN, 0)
    elif g.sales_per_hour >= 0:
        c.buying = IN_TURN
        c.buy_at = g.now
        c.buy_order = order_now(g, c)
    else:
        make_purchase(g, c)


@inner
def take_turn(g: Record, c: Record) -> None:
    """The turn at a vending with a bound of sales, in the shared phase."""
    hour = g.now // 3600
    if hour != g.sales_hour:
        g.sales_hour = hour
        g.sales = 0
    if g.sales >= g.sales_per_hour:
        _put_off(g, c, rows.VENDING_BUSY, rows.AREA_IS_BUSY, g.sales_per_hour)
        return
    g.sales += 1
    make_purchase(g, c)


@inner
def use_hand(g: Record, c: Record, hand: Number, start: Number, purchase: bool) -> None:
    """Let a hand be entered from an instant on."""
    place = take_process(g, c, HAND)
    process = processes(g)[place]
    process.hand = hand
    process.purchase = purchase
    process.instant = start
    begin_sitting(g, c, place)


@inner
def _delay(g: Record, c: Record, number: Number) -> Number:
    """Seconds from the purchase of this number to its first entry."""
    word = word_for(g, FOR_DELAY, number)
    return max(value(tables(g), int64(customers(g)[c.customer].enter_after), word), 1)


@inner
def make_purchase(g: Record, c: Record) -> None:
    """Buy now, and plan what follows."""
    who = customers(g)[c.customer]
    by_interval = who.every >= 0
    number = _number(g, c)
    draw_ahead(g, c, number)
    hand = _buy(g, c, number)
    spare, spare_at = g.spare_hand, g.spare_at
    if by_interval:
        if hand >= 0 and spare >= 0:
            use_hand(g, c, spare, spare_at, False)
        c.intervals = number + 1
        interval = max(value(tables(g), int64(who.every), word_of(g, c, _INTERVAL, number + 1, 0)), 1)
        c.interval_at += interval
        c.buying = GOES
        c.buy_at = max(c.interval_at, g.now) if c.interval_at < g.end else LATE
        c.buy_order = order_now(g, c)
        if hand >= 0:
            use_hand(g, c, hand, g.now + _delay(g, c, number), True)
        return
    if hand < 0:
        c.buying = RESTS
        c.buy_at = g.now + who.retry_after
        c.buy_order = order_now(g, c)
        return
    c.buying = UNDER_WAY
    c.buy_at = LATE
    start = g.now + _delay(g, c, number)
    if spare < 0 and _nothing_comes_between(g, c, hand, start):
        _enter_at(g, c, who, hand, start)
        return
    use_hand(g, c, hand, start, True)
    if spare >= 0:
        use_hand(g, c, spare, spare_at, False)


@inner
def _nothing_comes_between(g: Record, c: Record, hand: Number, start: Number) -> bool:
    """Whether the next thing to happen at a connection is that the one token that was bought is entered."""
    if c.processes >= 0 or c.task or c.listed or c.power_limit >= 0 or hands(g)[hand].number != 1:
        return False
    if start >= g.end or start >= numbers(g.closes, g.days)[c.day] or numbers(g.whole_days, g.days)[c.day] < 0:
        return False
    table = steps(g)
    if c.next_step < table.size and table[c.next_step].at <= start:
        return False
    if not c.switch_closed:
        return True
    loads = box_of(g, c)
    day, midnight = numbers(g.local_days, g.days)[c.day], numbers(g.midnights, g.days)[c.day]
    wanted = since_midnight(loads, day, start - midnight) - since_midnight(loads, day, g.now - midnight)
    return bool(wanted < c.balance)


@inner
def _enter_at(g: Record, c: Record, who: Record, hand_place: Number, start: Number) -> None:
    """Enter the one token that was bought, as nothing comes before that; what is refused goes on as any sitting."""
    g.now = start
    g.phase = ENTRY
    settle(g, c, start)
    hand = hands(g)[hand_place]
    token = int64(hand.tokens[0])
    held = helds(g)[token]
    hand.tries = 1
    if who.wrong_digit and hand.first_word < who.wrong_digit:
        enter_mistyped(g, c, token, held.label, word_of(g, c, _WHICH_DIGIT, hand.count, 0))
    elif is_accepted(enter(g, c, token, held.label, BY_CHANNEL)):
        held.done = True
        set_cause(c, of.NO_MONEY)
        _end_purchase(g, c, who, True)
        give_hand(g, hand_place)
        return
    place = take_process(g, c, HAND)
    process = processes(g)[place]
    process.hand = hand_place
    process.purchase = True
    process.manner = PRINTED
    process.place = 0 if who.tries > 1 else 1
    process.tried = 1 if who.tries > 1 else 0
    process.instant = start + who.between_entries
    sit_on(g, c, place)


@inner
def open_drawer(g: Record, c: Record) -> None:
    """A token that lies in a drawer when the run begins: issued with the time of its purchase."""
    if c.drawer_tenths == 0 or c.customer < 0:
        return
    pos = int64(customers(g)[c.customer].pos)
    if not sell_at(g, c, pos, c.drawer_tenths, c.drawer_issued_at, True):
        refused(g, c, rows.ISSUE_REFUSED, rows.label_drawer(), pos)
        return
    note_token(g, c, 0, g.token_clear, g.token_record, electric_tenths(c, g.token_tenths))
    issued(g, c, rows.HELD, 0, g.token, g.token_clear, g.token_record, rows.label_drawer(), pos)
    hand = take_hand(g, OLD_DRAWER)
    add_token(g, hand, rows.label_drawer())
    use_hand(g, c, hand, c.drawer_enter_at, False)


# -- entering ------------------------------------------------------------------------------------------------------


@inner
def begin_sitting(g: Record, c: Record, place: Number) -> None:
    """Sit down to enter what is in the hand, at the instant of the process."""
    process = processes(g)[place]
    who = customers(g)[c.customer]
    process.state = ENTERS
    process.manner = PRINTED
    if process.sitting == 0 and (who.credit_first or who.one_section) and has_sections(g, process.hand):
        word = word_of(g, c, _MANNER, hands(g)[process.hand].count, 0)
        if word < who.one_section:
            process.manner = FIRST_SECTION_ONLY
        elif word < who.one_section + who.credit_first:
            process.manner = CREDIT_FIRST
    process.place = 0
    process.tried = 0
    sit_on(g, c, place)


@inner
def sit_on(g: Record, c: Record, place: Number) -> None:
    """Plan the next entry; where a sitting ends, what comes of it, and with the next sitting the same again."""
    process = processes(g)[place]
    hand = int64(process.hand)
    while True:
        token = token_at(g, hand, int64(process.manner), int64(process.place))
        if token >= 0:
            held = helds(g)[token]
            if process.tried == 0 and (
                held.done or (held.section and is_taken(g, c, int64(held.token_class), held.clear, held.record))
            ):
                held.done = True
                process.place += 1
                continue
            if process.guided:
                process.instant = max(process.instant, c.lockout_until)
            plan(g, c, place, process.instant, ENTRY)
            return
        if not _after_sitting(g, c, place):
            return


@inner
def _after_sitting(g: Record, c: Record, place: Number) -> bool:
    """What comes of a sitting that has ended; whether the next one begins by itself."""
    process = processes(g)[place]
    who = customers(g)[c.customer]
    hand_place = int64(process.hand)
    hand = hands(g)[hand_place]
    for position in range(hand.number):
        held = helds(g)[hand.tokens[position]]
        if held.section:
            held.done = is_taken(g, c, int64(held.token_class), held.clear, held.record)
    process.sitting += 1
    if not is_left(g, hand_place):
        set_cause(c, of.NO_MONEY)
        end_use(g, c, place, True)
        return False
    if not holds(g, c, c.record) and misses_a_change(g, c):
        set_cause(c, of.NOT_MIGRATED)
    elif credit_is_left(g, hand_place):
        set_cause(c, of.REFUSED)
    asks = False
    if desks(g)[HELP_DESK].there or desks(g)[AT_OFFICE].there:
        asks = word_of(g, c, _TROUBLE, hand.count, hand.tries) < who.asks
    if process.sitting > who.sittings - (0 if asks else 1):
        end_use(g, c, place, False)
        return False
    if asks:
        go_to_desk(g, c, place)
        return False
    later = value(tables(g), int64(who.tries_again_after), word_of(g, c, _COME_BACK, hand.count, hand.tries))
    process.instant = g.now + max(later, 1)
    process.guided = False
    process.manner = PRINTED
    process.place = 0
    process.tried = 0
    if not has_sections(g, hand_place):
        _look_for_message(g, c, hand_place)
    return True


@inner
def _look_for_message(g: Record, c: Record, hand_place: Number) -> None:
    """Remember the sections of a message that were never entered, and enter them first the next time."""
    before, message = int64(-1), int64(c.messages)
    while message >= 0:
        after = int64(hands(g)[message].next)
        if put_in_front(g, hand_place, message):
            if before < 0:
                c.messages = after
            else:
                hands(g)[before].next = after
            return
        before, message = message, after


@inner
def _end_purchase(g: Record, c: Record, who: Record, accepted: bool) -> None:
    """What was bought is accepted or given up: the next purchase is reckoned, now or after a rest."""
    c.gave_up = not accepted
    if accepted and g.programme:
        c.complains = False
    if who.every >= 0:
        return
    if accepted:
        c.buying = RECKONS
        c.low_at = UNKNOWN
    else:
        c.buying = RESTS
        c.buy_at = g.now + who.retry_after
        c.buy_order = order_now(g, c)


@inner
def end_use(g: Record, c: Record, place: Number, accepted: bool) -> None:
    """A hand is accepted or given up."""
    process = processes(g)[place]
    if process.purchase:
        _end_purchase(g, c, customers(g)[c.customer], accepted)
    hand = int64(process.hand)
    end_process(g, c, place)
    if not hands(g)[hand].kept:
        give_hand(g, hand)


@inner
def key_in(g: Record, c: Record, place: Number) -> None:
    """The second of an entry: key one token in, perhaps with a wrong digit, and go on."""
    process = processes(g)[place]
    who = customers(g)[c.customer]
    hand = hands(g)[process.hand]
    token = token_at(g, int64(process.hand), int64(process.manner), int64(process.place))
    held = helds(g)[token]
    number = hand.tries
    hand.tries += 1
    accepted = False
    mistyped = False
    if not process.guided and who.wrong_digit:
        word = hand.first_word
        if number > 0 or word < 0:
            word = word_of(g, c, _WRONG_DIGIT, hand.count, number)
        mistyped = word < who.wrong_digit
    if mistyped:
        enter_mistyped(g, c, token, held.label, word_of(g, c, _WHICH_DIGIT, hand.count, number))
    else:
        status = enter(g, c, token, held.label, of.BY_HELP if process.guided else BY_CHANNEL)
        if is_accepted(status):
            held.done = True
            if held.section and status == ACCEPT:
                for position in range(hand.number):
                    other = helds(g)[hand.tokens[position]]
                    if other.section:
                        take_section(g, c, int64(other.token_class), other.clear, other.record)
        accepted = bool(held.done)  # also a section of a message that another hand saw done with meanwhile
    process.tried += 1
    if accepted or process.tried >= who.tries:
        process.place += 1
        process.tried = 0
        process.instant = g.now + who.between_entries
    else:
        process.instant += who.between_entries
    sit_on(g, c, place)


# -- desks ---------------------------------------------------------------------------------------------------------


@inner
def desk_of(g: Record, c: Record, place: Number) -> Number:
    """The desk that a process goes to: the office for who fetches a change there, else where refusals are helped."""
    if processes(g)[place].kind == ACT:
        return int64(AT_OFFICE)
    return int64(HELP_DESK) if desks(g)[HELP_DESK].there else int64(AT_OFFICE)


@inner
def go_to_desk(g: Record, c: Record, place: Number) -> None:
    """Plan the next request at a desk; one request a day."""
    process = processes(g)[place]
    desk = desks(g)[desk_of(g, c, place)]
    number = c.requests
    c.requests += 1
    process.argument = word_of(g, c, _DESK_SERVICE, number, 0)
    starts, offsets = numbers(g.starts, g.room_starts), numbers(g.offsets, g.room_offsets)
    comes = arrival(
        starts,
        offsets,
        desk.opens,
        desk.closes,
        desk.weekdays,
        numbers(g.holidays, g.room_holidays),
        g.now + 1,
        word_of(g, c, _DESK_ARRIVAL, number, 0),
        c.not_before_day,
    )
    c.not_before_day = day_of(starts, offsets, comes) + 1
    process.state = ASKS
    plan(g, c, place, comes, SHARED)


@inner
def due_to_buy(g: Record, c: Record) -> Number:
    """The instant at which buying goes on; LATE for none that is known."""
    if c.buying == RECKONS:
        return reckon(g, c)
    return c.buy_at


@inner
def buying_phase(c: Record) -> Number:
    """The phase in which buying goes on."""
    return SHARED if c.buying == IN_TURN else PURCHASE
