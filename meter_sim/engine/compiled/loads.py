"""The loads of a run by their addresses, and the box given to the connection that is worked on."""


import numpy as np
from numba import carray

from meter_sim.engine.compiled.jit import compiled
from meter_sim.engine.compiled.load import CONNECTION, LOAD, SHARE, Loads, box_for
from meter_sim.engine.compiled.memory import pointer
from meter_sim.engine.compiled.state import Record


@compiled
def loads_of_fleet(g: Record) -> Loads:
    """The loads of the run, with its one box."""
    return Loads(
        carray(pointer(g.load_starts[0]), g.load_starts[1], np.int64),
        carray(pointer(g.load_offsets[0]), g.load_offsets[1], np.int64),
        g.seed,
        g.load_first_day,
        carray(pointer(g.load_hours[0]), (g.load_hours[1], g.load_hours[2], g.load_hours[3]), np.int64),
        carray(pointer(g.load_high_months[0]), (g.load_high_months[1], g.load_high_months[2]), np.bool_),
        carray(pointer(g.load_greatest[0]), g.load_greatest[1], np.int64),
        carray(pointer(g.load_variation[0]), (g.load_variation[1], g.load_variation[2]), np.int64),
        carray(pointer(g.load_kinds[0]), (g.load_kinds[1], g.load_kinds[2]), np.int8),
        carray(
            pointer(g.load_lower_bits[0]),
            (g.load_lower_bits[1], g.load_lower_bits[2], g.load_lower_bits[3], g.load_lower_bits[4]),
            np.uint16,
        ),
        carray(pointer(g.load_energies[0]), (g.load_energies[1], g.load_energies[2], g.load_energies[3]), np.int64),
        carray(pointer(g.load_box[0]), g.load_box[1], np.int64),
        carray(pointer(g.load_held[0]), g.load_held[1], np.int64),
        carray(pointer(g.load_factors[0]), (g.load_factors[1], g.load_factors[2]), np.int64),
        carray(pointer(g.load_sums[0]), (g.load_sums[1], g.load_sums[2]), np.int64),
        carray(pointer(g.load_words[0]), g.load_words[1], np.uint32),
        carray(pointer(g.load_lower_factors[0]), g.load_lower_factors[1], np.uint16),
        carray(pointer(g.load_lost[0]), g.load_lost[1], np.uint32),
    )


@compiled
def box_of(g: Record, c: Record) -> Loads:
    """The loads, the box being this connection's."""
    loads = loads_of_fleet(g)
    box = loads.box
    if box[CONNECTION] != c.number or box[LOAD] != c.load or box[SHARE] != c.load_share:
        box_for(loads, c.load, c.load_share, c.number)
    return loads
