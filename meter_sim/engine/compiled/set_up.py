"""Connections as they stand before the first second."""

from typing import Any

from numpy.typing import NDArray

from meter_sim.engine.compiled import columns as of
from meter_sim.engine.compiled.decoder import fill_history, new_meter, set_switch
from meter_sim.engine.compiled.jit import compiled
from meter_sim.engine.compiled.register import (
    applied,
    group_of,
    key_place,
    record_code,
    replacement_code,
    revision_of,
    tariff_of,
)
from meter_sim.engine.compiled.state import (
    UNKNOWN,
    Number,
    Record,
    connections,
    customers,
    keys,
    models,
    tids,
)

FIRST_CODES = 6
"""Records of a connection whose decoder keys are made at first."""


@compiled
def record_codes(g: Record, setups: NDArray[Any], groups: NDArray[Any], codes: NDArray[Any]) -> None:
    """The records whose decoder keys are wanted at first.

    They are the register's, the true one, both after the change, and both of the meter which may replace this one.
    """
    for row in range(setups.size):
        setup = setups[row]
        own = record_code(0, setup.revision, setup.tariff, groups[setup.group])
        kind = 0 if setup.pan == setup.true_pan else 1
        true = record_code(kind, setup.true_revision, setup.true_tariff, groups[setup.true_group])
        codes[row, 0] = own
        codes[row, 1] = true
        codes[row, 2] = applied(g, own) if g.programme else own
        codes[row, 3] = applied(g, true) if g.programme else true
        for place in range(2):
            codes[row, 4 + place] = codes[row, place]
            if g.programme and g.replacement >= 0:
                codes[row, 4 + place] = replacement_code(codes[row, 2 + place])


@compiled
def set_up(
    g: Record,
    setups: NDArray[Any],
    codes: NDArray[Any],
    keep: NDArray[Any],
    room: Number,
    place: Number,
    means: NDArray[Any],
) -> None:
    """Fill the connections in from their setups; the decoder keys are there already."""
    fleet = connections(g)
    for row in range(setups.size):
        setup, c = setups[row], fleet[row]
        true = codes[row, 1]
        c.number = setup.connection
        c.place = row
        c.area_place = place + row
        c.customer = setup.customer
        c.load = setup.load
        c.load_share = setup.load_share
        mean, share = means[setup.load], setup.load_share
        c.mean_use = (mean >> 16) * share + ((mean & 0xFFFF) * share >> 16)
        c.pans[0] = setup.pan
        c.pans[1] = setup.true_pan
        c.drawer_issued_at = setup.drawer_issued_at
        c.drawer_enter_at = setup.drawer_enter_at
        c.drawer_tenths = setup.drawer_tenths
        c.listed = setup.listed
        c.dead = setup.dead
        c.keep = keep[row]
        c.pan_kind = true & 3
        key = keys(g)[key_place(g, c, true)]
        new_meter(
            c,
            models(g),
            tids(g),
            setup.model,
            row * room,
            setup.true_pan,
            key.high,
            key.low,
            setup.key_type,
            group_of(true),
            revision_of(true),
            tariff_of(true),
            setup.key_expiry,
            setup.manufacture_tid,
            setup.credit,
        )
        if setup.tid_latest >= 0:
            fill_history(c, tids(g), setup.manufacture_tid, setup.tid_latest, setup.tid_spacing)
        c.main_service = models(g)[c.model].main_service
        if c.main_service:
            c.others[c.main_service - 1] = setup.other
        set_switch(c, models(g))
        c.record = codes[row, 0]
        c.base = codes[row, 0]
        c.debt = -1
        in_scope = g.programme and revision_of(c.record) == g.from_revision
        c.in_scope = in_scope and (g.scope_group < 0 or group_of(c.record) == g.scope_group)
        c.opened = -1
        c.taken = -1
        c.processes = -1
        c.messages = -1
        c.month = -1
        c.payday = -1
        c.low_at = UNKNOWN
        c.ends_at = UNKNOWN
        c.cause = of.NO_MONEY
        if c.customer >= 0 and customers(g)[c.customer].never:
            c.cause = of.NEVER_BUYS
        c.settled = g.start
        c.next_reading = g.start
        c.off_day = 0
