"""Rows of the event log as the kernels write them; the register is settled to the running second."""

from numpy import int64, uint64

from meter_sim.engine.compiled import log as rows
from meter_sim.engine.compiled.decoder import REASON, SHOWN
from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.load import power
from meter_sim.engine.compiled.loads import box_of
from meter_sim.engine.compiled.register import group_of, revision_of
from meter_sim.engine.compiled.state import Number, Record, answer, log_rows, models

NOTHING, REFUSALS, ALL = 0, 1, 2
"""How much is kept of a connection."""


@inner
def begin(g: Record, c: Record, kind: Number) -> Record:
    """Begin a row."""
    row = log_rows(g)[g.n_log]
    g.n_log += 1
    rows.begin_row(row, c, g.now, c.place, kind, revision_of(c.record))
    return row


@inner
def happened(g: Record, c: Record, kind: Number) -> None:
    """Log what happened, by itself."""
    if c.keep == ALL:
        begin(g, c, kind)


@inner
def happened_at(g: Record, c: Record, kind: Number, pos: Number) -> None:
    """Log what happened at a point of sale."""
    if c.keep == ALL:
        begin(g, c, kind).pos = pos


@inner
def happened_since(
    g: Record, c: Record, kind: Number, reason: Number, a: Number, b: Number, third: Number, d: Number
) -> None:
    """Log what happened, and why."""
    if c.keep == ALL:
        rows.put_reason(begin(g, c, kind), reason, a, b, third, d)


@inner
def issued(
    g: Record,
    c: Record,
    kind: Number,
    token_class: Number,
    block: uint64,
    clear: uint64,
    record: Number,
    label: Number,
    pos: Number,
) -> None:
    """Log a token that was handed out."""
    if c.keep != ALL:
        return
    row = begin(g, c, kind)
    row.label = label
    row.digits_high, row.digits_low = rows.digits_of(token_class, block)
    row.result = rows.ISSUED
    row.pos = pos
    rows.put_issued(
        row,
        token_class,
        clear,
        c.pans[record & 3],
        group_of(record),
        revision_of(record),
        models(g)[c.model].is_long,
    )


@inner
def refused(g: Record, c: Record, kind: Number, label: Number, pos: Number) -> None:
    """Log a refusal of the vending side, the latest."""
    if c.keep == NOTHING:
        return
    row = begin(g, c, kind)
    row.label = label
    row.result = g.refusal
    row.pos = pos
    rows.put_reason(row, g.why, g.why_a, g.why_b, g.why_c, g.why_d)


@inner
def power_now(g: Record, c: Record) -> Number:
    """Watts drawn at this second."""
    return power(box_of(g, c), g.now, c.power_limit) if c.switch_closed else int64(0)


@inner
def answered(
    g: Record, c: Record, row: Record, upper: uint64, lower: uint64, token_class: Number, label: Number, status: Number
) -> None:
    """Fill in the row of an entry that was begun; what was issued is said before."""
    row.label = label
    row.digits_high = upper
    row.digits_low = lower
    watts = power_now(g, c) if answer(g)[REASON] == SHOWN else int64(0)
    rows.put_answer(row, models(g), token_class, status, answer(g), watts)
