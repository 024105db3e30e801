"""The loads of a run by their addresses, and the box given to the connection that is worked on."""



from meter_sim.engine.compiled.jit import inner
from meter_sim.engine.compiled.load import BOX, DAYS, PROFILE, Loads, box_for
from meter_sim.engine.compiled.memory import numbers, rows_of, view_of
from meter_sim.engine.compiled.state import Record

_profiles = view_of("profiles", PROFILE)
_days = rows_of(DAYS)
_boxes = view_of("boxes", BOX)


@inner
def box_of(g: Record, c: Record) -> Loads:
    """The loads, the box being this connection's."""
    loads = Loads(
        numbers(g.starts, g.room_starts),
        numbers(g.offsets, g.room_offsets),
        g.seed,
        g.load_first_day,
        _profiles(g),
        _days(g.load_days, g.room_profiles, g.load_blocks),
        _boxes(g),
    )
    box = loads.boxes[0]
    if box.connection != c.number or box.load != c.load or box.share != c.load_share:
        box_for(loads, c.load, c.load_share, c.number)
    return loads


