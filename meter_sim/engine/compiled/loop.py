"""The run of an area: each connection by itself up to what it shares with others (docs/model.md, sections 3 and 8).

Between two points at which something shared is decided a connection is alone. So it runs ahead by itself, event by
event, until it asks for a desk or for a vending with a bound of sales, or until it has a task for a crew and comes to
the next opening of the depot. Those who wait stand in a heap, by second, phase and what decides between equal ones;
who is first there goes on next.
"""

from numpy import int64

from meter_sim.engine.compiled import log as rows
from meter_sim.engine.compiled.books import change, credit_ends, finish, set_cause, settle
from meter_sim.engine.compiled.clerk import clear_up, keys_are_there
from meter_sim.engine.compiled.columns import NO_MONEY
from meter_sim.engine.compiled.decoder import set_switch, would_answer
from meter_sim.engine.compiled.desk import ask, is_served
from meter_sim.engine.compiled.entry import is_accepted, supply_changed
from meter_sim.engine.compiled.field_work import plan_day, visit
from meter_sim.engine.compiled.hands import is_left
from meter_sim.engine.compiled.household import (
    ACT,
    LEAVES,
    TELL,
    VISIT,
    begin_buying,
    begin_sitting,
    buying_phase,
    due_to_buy,
    end_use,
    go_to_buy,
    key_in,
    open_drawer,
    take_turn,
)
from meter_sim.engine.compiled.jit import compiled, inner
from meter_sim.engine.compiled.journal import happened
from meter_sim.engine.compiled.load import binding_changes, binds
from meter_sim.engine.compiled.loads import box_of
from meter_sim.engine.compiled.memory import numbers
from meter_sim.engine.compiled.outreach import act, fetch, take_step, tell
from meter_sim.engine.compiled.phase import LIMIT, LOAD, PROGRAMME, SHARED
from meter_sim.engine.compiled.plain import buy_plainly
from meter_sim.engine.compiled.queue import drop_first, push
from meter_sim.engine.compiled.register import look, presumed, true_state
from meter_sim.engine.compiled.state import (
    LATE,
    MARGIN,
    NO_BUYER,
    RECKONS,
    UNKNOWN,
    Number,
    Record,
    answer,
    connections,
    customers,
    heap,
    models,
    opens,
    processes,
    put_back,
    steps,
    tids,
)
from meter_sim.engine.compiled.tasks import NO_TASK, opening_order, pass_openings
from meter_sim.engine.compiled.vending import enciphered

DONE, WAITS, NEEDS = range(3)
"""What came of going on: nothing is left to do before the run's end; it waits in the heap; there is no room, or a
decoder key is missing, and the same call is to be made again when there is."""
STEP, PROCESS, BUYING, CREDIT, LIMITS = range(5)
FATE_ACCEPTED, FATE_STILL_VALID, FATE_FOR_EVER, FATE_UNENTERED = range(4)


@inner
def _offer(g: Record, at: Number, phase: Number, order: Number, what: Number, place: Number) -> None:
    """Take this event if it comes before the one that was first up to now."""
    if at > g.next_at:
        return
    if at == g.next_at and (phase > g.next_phase or (phase == g.next_phase and order >= g.next_order)):
        return
    g.next_at = at
    g.next_phase = phase
    g.next_order = order
    g.next_what = what
    g.next_place = place


@inner
def find_next(g: Record, c: Record) -> None:
    """Find a connection's next event, as far as it is known now."""
    g.next_at = LATE
    g.next_phase = 0
    g.next_order = 0
    table = steps(g)
    if c.next_step < table.size:
        step = table[c.next_step]
        _offer(g, step.at, PROGRAMME, step.order, STEP, 0)
    place = int64(c.processes)
    pool = processes(g)
    while place >= 0:
        process = pool[place]
        _offer(g, process.at, int64(process.phase), process.order, PROCESS, place)
        place = int64(process.next)
    by_level = False
    if c.buying != NO_BUYER:
        at = due_to_buy(g, c)
        _offer(g, at, int64(buying_phase(c)), c.buy_order, BUYING, 0)
        by_level = c.buying == RECKONS and c.low_at < LATE and customers(g)[c.customer].when_below >= 0
    if c.switch_closed and not by_level:
        if c.ends_at == UNKNOWN:
            c.ends_at = credit_ends(g, c)
        _offer(g, c.ends_at, LOAD, 0, CREDIT, 0)
    if c.listed and c.power_limit >= 0:
        loads = box_of(g, c)
        if (c.switch_closed and binds(loads, c.settled, c.power_limit)) != c.limited:
            _offer(g, c.settled, LIMIT, 0, LIMITS, 1)
        else:
            at = binding_changes(loads, c.settled, c.power_limit, g.end)
            if at >= 0:
                _offer(g, at, LIMIT, 0, LIMITS, 0)


@inner
def has_room(g: Record) -> bool:
    """Whether one more event finds room for all that it may leave behind."""
    return bool(
        g.left_helds >= MARGIN
        and g.left_hands >= MARGIN
        and g.left_opens >= MARGIN
        and g.left_processes >= MARGIN
        and g.left_keys >= MARGIN
        and g.room_log - g.n_log >= MARGIN
        and g.room_waits - g.n_waits >= MARGIN
        and g.room_heap - g.n_heap >= MARGIN
        and g.room_tasks - g.n_tasks >= MARGIN
        and g.room_appointments - g.n_appointments >= MARGIN
        and g.room_returns - g.n_returns >= MARGIN
        and g.room_wanted - g.n_wanted >= MARGIN
        and g.room_proof_clears - g.n_proof_clears >= MARGIN
    )


@inner
def begin(g: Record, c: Record) -> None:
    """What is planned before the first second: purchases, and tokens from drawers."""
    g.now = g.start
    g.phase = 0
    settle(g, c, g.start)
    look(g, c)
    begin_buying(g, c)
    open_drawer(g, c)
    c.is_begun = True


@inner
def _credit_ended(g: Record, c: Record) -> None:
    happened(g, c, rows.CREDIT_ENDED)
    if set_switch(c, models(g)):
        supply_changed(g, c)
    else:
        change(c)


@inner
def _limit(g: Record, c: Record, is_due: bool) -> None:
    """The power limit begins or ceases to bind."""
    if is_due:
        c.limited = not c.limited
        happened(g, c, rows.LIMIT_BINDS if c.limited else rows.LIMIT_CEASES)


@inner
def _leave_desk(g: Record, c: Record, place: Number) -> None:
    """Who is done with at a desk: the clerk acts, or the sections are handed out; who was not served asks again."""
    if not is_served(g, c, place):
        return
    process = processes(g)[place]
    if process.kind == ACT:
        fetch(g, c, place)
        return
    who = customers(g)[c.customer]
    hand = int64(process.hand)
    clear_up(g, c, hand, int64(who.pos))
    if not is_left(g, hand):
        set_cause(c, NO_MONEY)
        end_use(g, c, place, True)
        return
    process.instant = g.now + who.between_entries
    process.guided = True
    begin_sitting(g, c, place)


@inner
def _goes_on(g: Record, c: Record, place: Number) -> None:
    process = processes(g)[place]
    if process.kind == TELL:
        tell(g, c, place)
    elif process.kind == VISIT:
        visit(g, c, place)
    elif process.state == LEAVES:
        _leave_desk(g, c, place)
    elif process.kind == ACT:
        act(g, c, place)
    else:
        key_in(g, c, place)


@inner
def _looks_at_keys(g: Record, place: Number) -> bool:
    """Whether a process brings staff who compare meter and register."""
    process = processes(g)[place]
    return bool(process.kind == VISIT or process.state == LEAVES)


@inner
def do_next(g: Record, c: Record) -> None:
    """Let the event happen that was found."""
    g.now = g.next_at
    g.phase = g.next_phase
    g.order = g.next_order
    settle(g, c, g.now)
    what = g.next_what
    if what == PROCESS:
        _goes_on(g, c, g.next_place)
    elif what == BUYING:
        go_to_buy(g, c)
    elif what == CREDIT:
        _credit_ended(g, c)
    elif what == STEP:
        take_step(g, c)
    else:
        _limit(g, c, g.next_place == 1)


@inner
def serve(g: Record, c: Record) -> None:
    """Decide what is shared, for a connection whose turn it is."""
    find_next(g, c)
    g.now = g.next_at
    g.phase = SHARED
    g.order = g.next_order
    settle(g, c, g.now)
    if g.next_what == BUYING:
        take_turn(g, c)
    else:
        ask(g, c, g.next_place)


@inner
def go_on(g: Record, row: Number) -> Number:
    """Let a connection run ahead as far as it is alone."""
    c = connections(g)[row]
    while True:
        buy_plainly(g, c)
        find_next(g, c)
        at, phase, order = g.next_at, g.next_phase, g.next_order
        if at >= g.end:
            return DONE
        if c.task != NO_TASK:
            beyond = at > g.barrier_at or (
                at == g.barrier_at and (phase > PROGRAMME or (phase == PROGRAMME and order >= g.barrier_order))
            )
            if beyond:
                return WAITS
            pass_openings(g, c, at, order if phase == PROGRAMME else LATE)
        if phase == SHARED:
            return WAITS
        if not has_room(g):
            return NEEDS
        if g.next_what == PROCESS and _looks_at_keys(g, g.next_place) and not keys_are_there(g, c):
            return NEEDS
        do_next(g, c)
        if g.fault:
            return DONE


@inner
def _wait(g: Record, row: Number) -> None:
    """Put a connection into the heap, by its next event; `find_next` was called for it."""
    c = connections(g)[row]
    c.in_heap += 1
    order = c.number if g.next_phase == SHARED else g.next_order
    g.n_heap = push(heap(g), g.n_heap, g.next_at << 4 | g.next_phase, order, row, c.in_heap)


@inner
def _open_depot(g: Record) -> None:
    """Plan the working day that is next, and set the barrier to the one behind it."""
    openings = numbers(g.openings, g.room_openings)
    opening = g.next_opening
    g.now = openings[opening]
    g.phase = PROGRAMME
    g.order = opening_order(g, opening)
    g.picked = plan_day(g, opening, 0)
    g.next_opening = opening + 1
    set_barrier(g)


@compiled
def set_barrier(g: Record) -> None:
    """Nobody with a task goes beyond the next opening."""
    openings = numbers(g.openings, g.room_openings)
    g.barrier_at = openings[g.next_opening] if g.next_opening < openings.size else LATE
    g.barrier_order = opening_order(g, g.next_opening) if g.next_opening < openings.size else 0


@inner
def _is_opening_first(g: Record) -> bool:
    """Whether the depot opens before anybody in the heap goes on."""
    if g.barrier_at >= g.end:
        return False
    if g.n_heap == 0:
        return True
    first = heap(g)[0]
    opening = g.barrier_at << 4 | PROGRAMME
    return bool(first.at > opening or (first.at == opening and first.order >= g.barrier_order))


@inner
def _fates(g: Record, c: Record) -> None:
    """Into which end state each token of a connection comes."""
    c.fates[FATE_ACCEPTED] = c.tokens_accepted
    pool = opens(g)
    place = int64(c.opened)
    while place >= 0:
        token = pool[place]
        if not token.tried:
            c.fates[FATE_UNENTERED] += 1
        else:
            block = enciphered(g, c, token.record, token.clear)
            status = would_answer(c, models(g), tids(g), int64(token.token_class), block, g.end, answer(g))
            if is_accepted(status):
                c.fates[FATE_STILL_VALID] += 1
            else:
                c.fates[FATE_FOR_EVER] += 1
                g.why_refused[status] += 1
        place = int64(token.next)


@inner
def _finish(g: Record, c: Record) -> None:
    if c.task != NO_TASK:
        pass_openings(g, c, g.end, 0)
    finish(g, c)
    c.end_true = true_state(g, c, g.end)
    c.end_register = presumed(c)
    _fates(g, c)


@compiled
def run_area(g: Record) -> Number:
    """Run the area to its end; NEEDS where room or keys are wanted and the call is to be repeated."""
    fleet = connections(g)
    while g.begun < fleet.size:
        c = fleet[g.begun]
        if not has_room(g):
            return NEEDS
        if not c.is_begun:
            begin(g, c)
        came = go_on(g, g.begun)
        if came == NEEDS:
            return NEEDS
        if came == WAITS:
            _wait(g, g.begun)
        elif not g.depot:
            _finish(g, c)
        if g.fault:
            return DONE
        g.begun += 1
    while not g.fault:
        if not has_room(g):
            return NEEDS
        if g.current < 0 and g.picked > 0:
            g.current = put_back(g)[g.room_put_back - g.picked].row
            fleet[g.current].in_heap += 1
            g.picked -= 1
        if g.current >= 0:
            came = go_on(g, g.current)
            if came == NEEDS:
                return NEEDS
            if came == WAITS:
                _wait(g, g.current)
            elif not g.depot:
                _finish(g, fleet[g.current])
            g.current = -1
            continue
        if g.left_processes < MARGIN + g.crews * g.visits_per_day:
            return NEEDS
        if _is_opening_first(g):
            _open_depot(g)
            continue
        if g.n_heap == 0:
            break
        first = heap(g)[0]
        row, stamp, shared = first.row, first.stamp, first.at & 15 == SHARED
        g.n_heap = drop_first(heap(g), g.n_heap)
        if fleet[row].in_heap != stamp:
            continue
        if shared:
            serve(g, fleet[row])
        g.current = row
    if g.depot:
        while g.finished < fleet.size and not g.fault:
            _finish(g, fleet[g.finished])
            g.finished += 1
    return DONE


@compiled
def refresh_switch(g: Record, row: Number) -> None:
    """Set a connection's switch by its registers."""
    set_switch(connections(g)[row], models(g))
