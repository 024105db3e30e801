"""A help desk or an office: first come, first served (`people/help_desk.py`)."""

from numpy import int64

from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled.calendar import day_of, span
from meter_sim.engine.compiled.draws import value
from meter_sim.engine.compiled.household import LEAVES, desk_of, go_to_desk
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.memory import numbers
from meter_sim.engine.compiled.phase import LOAD, PROGRAMME
from meter_sim.engine.compiled.queue import drop_first_instant, push_instant
from meter_sim.engine.compiled.state import (
    Number,
    Record,
    counts,
    desks,
    plan,
    processes,
    tables,
    waits,
)


@inner
def ask(g: Record, c: Record, place: Number) -> None:
    """A request in this second, which lies within the opening hours; plan when its asker leaves."""
    process = processes(g)[place]
    which = desk_of(g, c, place)
    desk = desks(g)[which]
    free, waiting = numbers(desk.free, desk.staff), numbers(desk.waiting, desk.waiting_room)
    arrival = g.now
    starts, offsets = numbers(g.starts, g.room_starts), numbers(g.offsets, g.room_offsets)
    closes = span(starts, offsets, desk.opens, desk.closes, day_of(starts, offsets, arrival))[1]
    number = desk.waiting_number
    while number > 0 and waiting[0] <= arrival:
        number = drop_first_instant(waiting, number)
    start = max(arrival, free[0])
    leaves = closes if desk.patience < 0 else min(arrival + desk.patience, closes)
    if start > leaves or start >= closes:
        outcome = of.ASKER_TURNED_AWAY if leaves == closes else of.ASKER_GAVE_UP
        number = push_instant(waiting, number, leaves)
        finish, waited = leaves, leaves - arrival
        process.served = False
    else:
        outcome = of.ASKER_SERVED
        finish = start + max(value(tables(g), int64(desk.service), process.argument), 1)
        drop_first_instant(free, desk.staff)
        push_instant(free, desk.staff - 1, finish)
        if start > arrival:
            number = push_instant(waiting, number, start)
        waited = start - arrival
        process.served = True
    desk.waiting_number = number
    table = counts(g)
    base = which * of.DESK_STRIDE
    table[of.REQUESTS + base, c.day] += 1
    table[of.SERVED + base + outcome, c.day] += 1
    table[of.WAIT_S + base, c.day] += waited
    longest = which * of.LONGEST_STRIDE
    table[of.LONGEST_WAIT_S + longest, c.day] = max(table[of.LONGEST_WAIT_S + longest, c.day], waited)
    table[of.LONGEST_QUEUE + longest, c.day] = max(table[of.LONGEST_QUEUE + longest, c.day], number)
    row = waits(g)[g.n_waits]
    row.desk = which
    row.at = arrival
    row.waited = waited
    g.n_waits += 1
    process.state = LEAVES
    plan(g, c, place, finish, PROGRAMME if finish > arrival else LOAD)


@inner
def is_served(g: Record, c: Record, place: Number) -> bool:
    """In the second of leaving a desk: whether the asker got an answer; who did not asks again."""
    if processes(g)[place].served:
        return True
    go_to_desk(g, c, place)
    return False
