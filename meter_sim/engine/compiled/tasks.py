"""What a depot has to do: one task at most for each connection, and the openings at which it is looked at."""

from numpy import int64

from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled.calendar import day_of
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.memory import numbers
from meter_sim.engine.compiled.phase import PROGRAMME
from meter_sim.engine.compiled.queue import push
from meter_sim.engine.compiled.register import presumed
from meter_sim.engine.compiled.state import Number, Record, appointments, counts, phases, tasks

NO_TASK, CHANGE_KEY, REPLACE = 0, 1, 2


@inner
def today(g: Record) -> Number:
    """The local day of the running second."""
    return day_of(numbers(g.starts, g.room_starts), numbers(g.offsets, g.room_offsets), g.now)


@inner
def day_index(g: Record, instant: Number) -> Number:
    """The day of the books in which an instant lies."""
    closes = numbers(g.closes, g.days)
    low, high = int64(0), g.days - 1
    while low < high:
        middle = (low + high) >> 1
        if closes[middle] <= instant:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def count_from(g: Record, place: Number, day: Number, number: Number) -> None:
    """So many more from the closing of a day on; the days are added up in the end."""
    counts(g)[place, day] += number


@inner
def active_crews(g: Record, now: Number) -> Number:
    """The phases by crew that go on at an instant, as bits."""
    active = int64(0)
    table = phases(g)
    for place in range(table.size):
        phase = table[place]
        if phase.crew_bit >= 0 and phase.start <= now and (phase.end < 0 or now < phase.end):
            active |= int64(1) << phase.crew_bit
    return active


@inner
def is_sent(g: Record, c: Record, now: Number) -> bool:
    """Whether a phase that goes on sends a crew to this meter, or somebody asked for it."""
    return bool(c.task_asked) or (c.task_phases & active_crews(g, now)) != 0


@inner
def opening_order(g: Record, place: Number) -> Number:
    """When a working day was planned: with the day before it, the first before the run."""
    openings = numbers(g.openings, g.room_openings)
    if place == 0:
        return (int64(1) << 23) + 1
    return (openings[place - 1] - g.start + 1) << 24 | PROGRAMME << 20


@inner
def _seen(g: Record, c: Record) -> None:
    """Let a task that is put down now be looked at from the next opening on."""
    openings = numbers(g.openings, g.room_openings)
    low, high = int64(c.opening), int64(openings.size)
    while low < high:
        middle = (low + high) >> 1
        earlier = openings[middle] < g.now or (openings[middle] == g.now and g.phase >= PROGRAMME)
        if earlier and openings[middle] == g.now and g.phase == PROGRAMME:
            earlier = opening_order(g, middle) < g.order
        if earlier:
            low = middle + 1
        else:
            high = middle
    c.opening = low


@inner
def queue_task(g: Record, c: Record) -> None:
    """Put a connection's task into its list."""
    c.task_version += 1
    if c.task_appointment:
        g.n_appointments = push(appointments(g), g.n_appointments, c.task_due, c.number, c.place, c.task_version)
    else:
        g.n_tasks = push(tasks(g), g.n_tasks, c.task_due, c.number, c.place, c.task_version)


@inner
def put_task(
    g: Record, c: Record, job: Number, due: Number, asked: bool, sent_by: Number, visits: Number, appointment: bool
) -> None:
    """Put a task down, in the place of one that is there."""
    if c.task == NO_TASK:
        count_from(g, of.VISITS_WAITING, c.day, 1)
        _seen(g, c)
    elif c.task == REPLACE:
        count_from(g, of.REPLACEMENTS_WAITING, c.day, -1)
    if job == REPLACE:
        count_from(g, of.REPLACEMENTS_WAITING, c.day, 1)
    c.task = job
    c.task_due = due
    c.task_asked = asked
    c.task_phases = sent_by
    c.task_visits = visits
    c.task_appointment = appointment
    queue_task(g, c)


@inner
def drop_task(g: Record, c: Record, day: Number) -> None:
    """Take a task off the list, on a day of the books."""
    count_from(g, of.VISITS_WAITING, day, -1)
    if c.task == REPLACE:
        count_from(g, of.REPLACEMENTS_WAITING, day, -1)
    c.task = NO_TASK
    c.task_version += 1


@inner
def replace(g: Record, c: Record) -> None:
    """Put a meter down for replacement, if the programme has a model for it."""
    if not g.depot or g.replacement < 0 or c.replaced:
        return
    visits = c.task_visits if c.task != NO_TASK else int64(0)
    put_task(g, c, REPLACE, today(g) + 1, True, 0, visits, False)


@inner
def look_after(g: Record, c: Record) -> None:
    """Put a meter down for a visit, if crews are sent out now."""
    if g.depot and c.task == NO_TASK and active_crews(g, g.now):
        put_task(g, c, CHANGE_KEY, today(g) + 1, True, 0, 0, False)


@inner
def pass_openings(g: Record, c: Record, at: Number, order: Number) -> None:
    """Let a task see the openings before this moment of the programme's phase: a change that is done is dropped.

    The state is that which the latest event left.
    """
    openings = numbers(g.openings, g.room_openings)
    while c.opening < openings.size:
        opening = openings[c.opening]
        if opening > at or (opening == at and opening_order(g, int64(c.opening)) >= order):
            return
        c.opening += 1
        if c.task == CHANGE_KEY:
            state = presumed(c)
            if state == of.PRESUMED or state == of.NOT_IN_SCOPE:
                drop_task(g, c, day_index(g, opening))
                return
        elif c.task == NO_TASK:
            return
