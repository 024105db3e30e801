"""The box of loads, given to the connection that is worked on."""

from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.load import BOX, box_for
from meter_sim.engine.compiled.memory import view_of
from meter_sim.engine.compiled.state import Record

_boxes = view_of("boxes", BOX)


@inner
def box_of(g: Record, c: Record) -> Record:
    """The loads, the box being this connection's."""
    box = _boxes(g)[0]
    if box.connection != c.number or box.load != c.load or box.share != c.load_share:
        box_for(g, c.load, c.load_share, c.number)
    return g
