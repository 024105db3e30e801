"""A programme's channels at one connection: what is printed, sent, fetched and asked for (`engine/outreach.py`)."""

from numpy import int64

from meter_sim.draws import Purpose
from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled import log as rows
from meter_sim.engine.compiled.books import count
from meter_sim.engine.compiled.draws import value
from meter_sim.engine.compiled.hands import add_sections
from meter_sim.engine.compiled.household import (
    ACT,
    OUTSIDE_PURCHASES,
    TELL,
    go_to_desk,
    use_hand,
    word_of,
)
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.journal import happened_since
from meter_sim.engine.compiled.people import campaign_answer
from meter_sim.engine.compiled.phase import DELIVERY, PROGRAMME
from meter_sim.engine.compiled.register import is_open, issued_by_itself, presumed
from meter_sim.engine.compiled.state import (
    Number,
    Record,
    customers,
    end_process,
    hands,
    phases,
    plan,
    processes,
    steps,
    tables,
    take_hand,
    take_process,
)
from meter_sim.engine.compiled.tasks import (
    CHANGE_KEY,
    NO_TASK,
    REPLACE,
    day_index,
    drop_task,
    is_sent,
    put_task,
    today,
)
from meter_sim.engine.compiled.vending import change_key, put_down, reprint_key_change

BEGIN_PRINTING, END_PRINTING, AFTER_CREDIT, BEGIN_TELLING, BEGIN_CREWS, END_CREWS, BEGIN_NOTHING = range(7)
"""Steps of a programme in an area."""

_DELAY = int(Purpose.ENTRY_DELAY)
_CAMPAIGN = int(Purpose.CAMPAIGN)
_CAMPAIGN_TIME = int(Purpose.CAMPAIGN_TIME)
_REACHED = int(Purpose.REACHED)


@inner
def take_step(g: Record, c: Record) -> None:
    """What the programme does next in the area, at this connection."""
    step = steps(g)[c.next_step]
    c.next_step += 1
    kind = step.kind
    if kind in (BEGIN_PRINTING, AFTER_CREDIT):
        c.begun = True
        if step.times and not c.waiting:
            put_down(g, c, int64(step.times))
    elif kind == END_PRINTING:
        if step.times == 0:
            issued_by_itself(c)
    elif kind == BEGIN_TELLING:
        c.begun = True
        phase = phases(g)[step.phase]
        place = take_process(g, c, TELL)
        processes(g)[place].argument = step.phase
        told = phase.start + phase.send_over * c.area_place // g.in_area
        plan(g, c, place, told, PROGRAMME)
    elif kind == BEGIN_CREWS:
        c.begun = True
        _want_visit(g, c, phases(g)[step.phase])
    elif kind == END_CREWS:
        if c.task != NO_TASK and not is_sent(g, c, g.now):
            drop_task(g, c, day_index(g, g.now))
    else:
        c.begun = True


@inner
def _want_visit(g: Record, c: Record, phase: Record) -> None:
    """Put down a meter that a phase sends crews to."""
    state = presumed(c)
    if c.cannot and not g.replace_all:
        return
    wanted = state == of.NOT_STARTED or state == of.ISSUABLE
    if state == of.ISSUED:
        wanted = phase.unconfirmed
    if not wanted:
        return
    bit = int64(1) << phase.crew_bit
    if c.task == NO_TASK:
        put_task(g, c, REPLACE if g.replace_all else CHANGE_KEY, today(g), False, bit, 0, False)
    elif not c.task_asked:
        c.task_phases |= bit


@inner
def _is_wanted(c: Record) -> bool:
    state = presumed(c)
    return (state == of.NOT_STARTED or state == of.ISSUABLE) and is_open(c)


@inner
def _answers(g: Record, c: Record, phase: Record, told: Number) -> Number:
    """When this customer acts on what a phase told; -1 for never."""
    who = customers(g)[c.customer]
    time_word = word_of(g, c, _CAMPAIGN_TIME, phase.number, 0)
    return campaign_answer(
        who.answers,
        who.at_deadline,
        who.deadline_within,
        value(tables(g), int64(who.answers_after), time_word),
        told,
        g.credit_until,
        word_of(g, c, _CAMPAIGN, phase.number, 0),
        time_word,
    )


@inner
def tell(g: Record, c: Record, place: Number) -> None:
    """A message to one customer: the sections themselves, or how to come by them."""
    process = processes(g)[place]
    which = process.argument
    end_process(g, c, place)
    phase = phases(g)[which]
    if (phase.end >= 0 and g.now >= phase.end) or not _is_wanted(c):
        return
    count(g, c, of.MESSAGES, 1)
    happened_since(g, c, rows.MESSAGE, rows.CHANNEL, int64(phase.channel), 0, 0, 0)
    label = rows.label_phase(phase.channel, phase.number)
    sent = phase.channel == of.SENT
    there = change_key(g, c, label, of.SENT) if sent else False
    if c.customer < 0 or word_of(g, c, _REACHED, phase.number, 0) >= phase.reaches:
        return
    if sent:
        if there:
            _receive(g, c, phase, label)
        return
    instant = _answers(g, c, phase, g.now)
    if instant < 0:
        return
    acts = take_process(g, c, ACT)
    processes(g)[acts].number = which
    plan(g, c, acts, instant, DELIVERY)


@inner
def _receive(g: Record, c: Record, phase: Record, label: Number) -> None:
    """A message with key change sections: enter them when the campaign is answered, else keep them."""
    hand = take_hand(g, OUTSIDE_PURCHASES + phase.number)
    hands(g)[hand].kept = True
    add_sections(g, c, hand, label, False)
    if c.messages < 0:
        c.messages = hand
    else:
        last = int64(c.messages)
        while hands(g)[last].next >= 0:
            last = int64(hands(g)[last].next)
        hands(g)[last].next = hand
    instant = _answers(g, c, phase, g.now)
    if instant >= 0:
        use_hand(g, c, hand, instant, False)


@inner
def act(g: Record, c: Record, place: Number) -> None:
    """The customer acts on a message: fetches the sections, or sets out for the office."""
    if phases(g)[processes(g)[place].number].channel == of.OFFICE:
        go_to_desk(g, c, place)
    else:
        fetch(g, c, place)


@inner
def fetch(g: Record, c: Record, place: Number) -> None:
    """The sections of a change are handed out to a customer who came for them."""
    phase = phases(g)[processes(g)[place].number]
    end_process(g, c, place)
    if phase.end >= 0 and g.now >= phase.end:
        return
    label = rows.label_phase(phase.channel, phase.number)
    if _is_wanted(c):
        there = change_key(g, c, label, int64(phase.channel))
    elif presumed(c) == of.PRESUMED:
        return
    else:
        there = reprint_key_change(g, c, label, 0)
    if not there:
        return
    number = OUTSIDE_PURCHASES + phase.number
    hand = take_hand(g, number)
    add_sections(g, c, hand, label, False)
    table = int64(customers(g)[c.customer].enter_after)
    after = max(value(tables(g), table, word_of(g, c, _DELAY, number, 0)), 1)
    use_hand(g, c, hand, g.now + after, False)
