"""Crews: the day's work of a depot, and a visit to one connection (`engine/field_work.py`)."""

from numpy import int64

from meter_sim.draws import Purpose
from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled import ledger
from meter_sim.engine.compiled import log as rows
from meter_sim.engine.compiled.books import change, count, count_removed
from meter_sim.engine.compiled.calendar import day_of
from meter_sim.engine.compiled.clerk import put_register_right
from meter_sim.engine.compiled.decoder import new_meter
from meter_sim.engine.compiled.entry import enter, supply_changed
from meter_sim.engine.compiled.hands import add_sections, add_token
from meter_sim.engine.compiled.household import VISIT, word_of
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.journal import happened_since
from meter_sim.engine.compiled.memory import numbers
from meter_sim.engine.compiled.phase import ENTRY
from meter_sim.engine.compiled.queue import drop_first, push
from meter_sim.engine.compiled.register import (
    MISSING_KEY,
    applied,
    correct,
    group_of,
    holds_target,
    key_place,
    look,
    replacement_code,
    reported,
    revision_of,
    tariff_of,
    true_state,
    vending_key,
    with_revision,
)
from meter_sim.engine.compiled.state import (
    Number,
    Record,
    appointments,
    connections,
    end_process,
    give_hand,
    hands,
    keys,
    models,
    plan,
    processes,
    put_back,
    take_hand,
    take_process,
    tasks,
    tids,
    vending_keys,
)
from meter_sim.engine.compiled.tasks import (
    NO_TASK,
    REPLACE,
    active_crews,
    count_from,
    day_index,
    drop_task,
    is_sent,
    opening_order,
    pass_openings,
    put_task,
    replace,
    today,
)
from meter_sim.engine.compiled.vending import (
    COUNTER,
    REPLACES,
    change_key,
    reprint_key_change,
    sell,
)
from meter_sim.local_time import DAY
from meter_sim.meter.credit import WS_PER_TENTH
from meter_sim.sts.tid import GREATEST as _GREATEST

ENTRY_TAKES = 40
"""Seconds in which a crew enters a token (G)."""
ARRIVES, KEYS_IN = range(2)

_ACCESS = int(Purpose.ACCESS)
_CALLS_BACK = int(Purpose.CALLS_BACK)
_ELECTRICITY = 0


# -- the day's work ------------------------------------------------------------------------------------------------


@inner
def _receive(g: Record) -> None:
    """Take in what was delivered up to the opening, and the meters that came back."""
    pairs = numbers(g.deliveries, g.room_deliveries)
    day = day_index(g, g.now)
    for place in range(0, pairs.size, 2):
        if g.delivered <= pairs[place] and pairs[place] < g.now + 1:
            g.stock += pairs[place + 1]
            count_from(g, of.STOCK, day, pairs[place + 1])
    g.delivered = g.now + 1
    back = numbers(g.returns, g.room_returns)
    kept = int64(0)
    for place in range(g.n_returns):
        if back[place] <= g.now:
            g.stock += 1
        else:
            back[kept] = back[place]
            kept += 1
    g.n_returns = kept


@inner
def plan_day(g: Record, opening: Number, picked: Number) -> Number:
    """Take the day's work: what is due, appointments first, then by the day on which it became due.

    `opening` is the place of the working day. The rows of those who are visited lie in `put_back` from behind; how
    many is returned.
    """
    _receive(g)
    opens = g.now
    closes = numbers(g.closings, g.room_closings)[opening]
    busy = numbers(g.busy, g.crews)
    for other in range(g.crews):
        busy[other] = 0
    day, index, left = today(g), day_index(g, opens), g.stock
    aside, kept = put_back(g), int64(0)
    fleet = connections(g)
    order = opening_order(g, opening) + 1
    full = g.crews == 0
    while not full:
        with_appointment = g.n_appointments > 0 and appointments(g)[0].at <= day
        if with_appointment:
            first = appointments(g)[0]
        elif g.n_tasks > 0 and tasks(g)[0].at <= day:
            first = tasks(g)[0]
        else:
            break
        crew: Number = int64(0)
        for other in range(g.crews):
            if busy[other] < busy[crew]:
                crew = int64(other)
        if busy[crew] >= g.visits_per_day:
            break
        due, number, row, stamp = first.at, first.order, first.row, first.stamp
        if with_appointment:
            g.n_appointments = drop_first(appointments(g), g.n_appointments)
        else:
            g.n_tasks = drop_first(tasks(g), g.n_tasks)
        c = fleet[row]
        if c.task == NO_TASK or c.task_version != stamp:
            continue
        pass_openings(g, c, opens, order)
        if c.task == NO_TASK or c.task_version != stamp:
            continue
        takes = g.replacement_takes if c.task == REPLACE else int64(1)
        fits = is_sent(g, c, opens)
        if fits and c.task == REPLACE:
            if left > 0:
                left -= 1
            else:
                fits = False
        room = max(g.visits_per_day, takes if busy[crew] == 0 else 0)
        if not fits or busy[crew] + takes > room:
            aside[kept].at = due
            aside[kept].order = number
            aside[kept].row = row
            aside[kept].stamp = stamp
            kept += 1
            continue
        slot = busy[crew]
        busy[crew] += takes
        place = take_process(g, c, VISIT)
        process = processes(g)[place]
        process.state = ARRIVES
        process.job = c.task
        process.argument = c.task_visits
        process.number = c.task_phases
        process.guided = c.task_asked
        process.served = c.task_appointment
        plan(g, c, place, opens + (closes - opens) * slot // g.visits_per_day, ENTRY)
        if c.task == REPLACE:
            g.stock -= 1
            count_from(g, of.STOCK, index, -1)
        drop_task(g, c, index)
        count_from(g, of.VISITS_TIME_FOR, index, takes)
        picked += 1
        aside[g.room_put_back - picked].row = row
    for place in range(kept):
        entry = aside[place]
        if fleet[entry.row].task_appointment:
            g.n_appointments = push(appointments(g), g.n_appointments, entry.at, entry.order, entry.row, entry.stamp)
        else:
            g.n_tasks = push(tasks(g), g.n_tasks, entry.at, entry.order, entry.row, entry.stamp)
    return picked


# -- a visit -------------------------------------------------------------------------------------------------------


@inner
def visit(g: Record, c: Record, place: Number) -> None:
    """A crew is there, or has entered a section: go on."""
    process = processes(g)[place]
    if process.state == KEYS_IN:
        _key_in(g, c, place)
        return
    process.instant = c.visits
    c.visits += 1
    process.argument += 1
    if c.dead:
        c.struck_off = True
        _end_visit(g, c, place, of.VISIT_NOT_FOUND)
        return
    if not process.served and word_of(g, c, _ACCESS, process.instant, 0) < g.no_access:
        _end_visit(g, c, place, of.VISIT_NO_ACCESS)
    elif true_state(g, c, g.now) == of.NEW:
        put_register_right(g, c)
        reported(c)
        _end_visit(g, c, place, of.VISIT_ALREADY)
    elif process.job == REPLACE:
        _end_visit(g, c, place, _replace_meter(g, c))
    else:
        process.tried = 0
        if _hand_out(g, c, place):
            _key_in(g, c, place)


@inner
def _hand_out(g: Record, c: Record, place: Number) -> bool:
    """The crew has the sections that were issued last handed out again, or new ones issued; whether it has some."""
    process = processes(g)[place]
    if not reprint_key_change(g, c, rows.label_crew(), COUNTER) and not change_key(g, c, rows.label_crew(), of.CREW):
        _end_visit(g, c, place, of.VISIT_NOT_ISSUED)
        return False
    hand = take_hand(g, 0)
    add_sections(g, c, hand, rows.label_crew(), False)
    process.hand = hand
    process.place = 0
    process.state = KEYS_IN
    return True


@inner
def _key_in(g: Record, c: Record, place: Number) -> None:
    """Enter the next section, or see what came of it."""
    process = processes(g)[place]
    while True:
        hand = hands(g)[process.hand]
        if process.place < hand.number:
            token = int64(hand.tokens[process.place])
            process.place += 1
            enter(g, c, token, rows.label_part(rows.label_crew(), process.place), of.CREW)
            plan(g, c, place, g.now + ENTRY_TAKES, ENTRY)
            return
        give_hand(g, int64(process.hand))
        if holds_target(g, c):
            reported(c)
            _end_visit(g, c, place, of.VISIT_CHANGED)
            return
        if not models(g)[c.model].takes_key_changes:
            put_register_right(g, c)
            _end_visit(g, c, place, of.VISIT_CANNOT_CHANGE)
            return
        if process.tried > 0 or not put_register_right(g, c):
            _end_visit(g, c, place, of.VISIT_NOT_TAKEN)
            return
        process.tried = 1
        if not _hand_out(g, c, place):
            return


@inner
def _end_visit(g: Record, c: Record, place: Number, outcome: Number) -> None:
    """The row of a visit, and what follows from it."""
    process = processes(g)[place]
    job, visits, phases_of, asked = int64(process.job), process.argument, process.number, process.guided
    number = process.instant
    end_process(g, c, place)
    count(g, c, of.VISITS, 1)
    if c.locked:
        count(g, c, of.REVISITS, 1)
    if outcome == of.VISIT_NO_ACCESS:
        c.locked = True
    count(g, c, of.VISITS_BY_OUTCOME + outcome, 1)
    happened_since(g, c, rows.VISIT, rows.VISITED, int64(outcome), 0, 0, 0)
    if job == REPLACE and outcome != of.VISIT_REPLACED:
        numbers(g.returns, g.room_returns)[g.n_returns] = g.now
        g.n_returns += 1
        count_from(g, of.STOCK, c.day, 1)
    if outcome == of.VISIT_NO_ACCESS:
        _come_back(g, c, job, visits, phases_of, asked, number)
    elif outcome == of.VISIT_CANNOT_CHANGE:
        c.cannot = True
        replace(g, c)


@inner
def _come_back(
    g: Record, c: Record, job: Number, visits: Number, phases_of: Number, asked: bool, number: Number
) -> None:
    """After a visit without access: an appointment, a later visit, or none any more."""
    if visits >= g.most_visits or not (asked or phases_of & active_crews(g, g.now)):
        return
    appointment = word_of(g, c, _CALLS_BACK, number, 0) < g.calls_back
    after = g.revisit_after
    if appointment:
        after = g.appointment_after
        count(g, c, of.APPOINTMENTS, 1)
    starts, offsets = numbers(g.starts, g.room_starts), numbers(g.offsets, g.room_offsets)
    due = day_of(starts, offsets, g.now + max(after, DAY))
    put_task(g, c, job, due, asked, phases_of, visits, appointment)


@inner
def _replace_meter(g: Record, c: Record) -> Number:
    """Put a new meter in place, made with the new key, and credit what was left on the old one."""
    target = applied(g, c.base)
    record = replacement_code(target)
    made_under = vending_keys(g)[vending_key(g, record)]
    if g.now < made_under.active_from:
        return of.VISIT_NOT_ISSUED
    key_at = key_place(g, c, record)
    if key_at < 0:
        g.fault = MISSING_KEY
        return of.VISIT_NOT_ISSUED
    key = keys(g)[key_at]
    tid = min(max(g.now // 60 - DAY // 60 - made_under.base_minute, 0), _GREATEST)
    was_closed = c.switch_closed
    electric = models(g)[c.model].services & 1 << _ELECTRICITY != 0
    left = -(-c.balance // WS_PER_TENTH) if electric else c.others[int64(c.main_service) - 1]
    c.past_credited += c.credited
    c.past_used += c.used
    c.past_cleared += c.cleared
    count_removed(g, c)
    c.replaced += 1
    c.pan_kind = 2
    new_meter(
        c,
        models(g),
        tids(g),
        g.replacement,
        c.tids_at,
        c.pans[2],
        key.high,
        key.low,
        int64(made_under.key_type),
        group_of(record),
        revision_of(record),
        tariff_of(record),
        int64(made_under.key_expiry),
        tid,
        int64(0),
    )
    ledger.count_lost(g, c)
    had_issued, had_complained = c.issued, c.complains
    correct(g, c, record)
    c.issued, c.complains = had_issued, had_complained
    c.base = with_revision(record, g.from_revision)
    c.confirmed = True
    look(g, c)
    count(g, c, of.CHANGED + of.BY_REPLACEMENT, 1)
    happened_since(g, c, rows.REPLACED, rows.NEW_METER, int64(c.pans[2]), 0, 0, 0)
    if was_closed:
        supply_changed(g, c)
    else:
        change(c)
    if left and sell(g, c, COUNTER, left, rows.label_crew_credit(), REPLACES):
        count(g, c, of.REPLACED_TOKENS, 1)
        count(g, c, of.REPLACED_TENTHS, g.token_tenths if electric else 0)
        hand = take_hand(g, 0)
        add_token(g, hand, rows.label_crew_credit())
        enter(g, c, int64(hands(g)[hand].tokens[0]), rows.label_crew_credit(), of.BY_REPLACEMENT)
        give_hand(g, hand)
    return of.VISIT_REPLACED
