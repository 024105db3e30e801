"""What a result says of one listed meter: its events, its credit over time, and when it was without supply."""

from datetime import datetime
from typing import TYPE_CHECKING

from meter_sim.results.record import Event, EventKind
from meter_sim.results.tables import events_of, of_meter

if TYPE_CHECKING:
    from meter_sim.results.result import Result


def span_of(result: "Result") -> tuple[int, int]:
    """The run's first second and the first second after it (UTC)."""
    start, end = (int(datetime.fromisoformat(str(result.summary[name])).timestamp()) for name in ("start", "end"))
    return start, end


def events_of_meter(result: "Result", meter: str) -> list[Event]:
    """A meter's events in their order."""
    return events_of(of_meter(result.events_table, meter))


def credit_of_meter(result: "Result", meter: str) -> list[tuple[int, int]]:
    """Instants (seconds, UTC) and the credit register then (watt-seconds), from readings and events."""
    readings = of_meter(result.readings_table, meter).select(["time", "register_ws"]).to_pylist()
    points = [(int(row["time"].timestamp()), int(row["register_ws"])) for row in readings]
    points += [(event.time, event.register_ws) for event in events_of_meter(result, meter)]
    return sorted(points, key=lambda point: point[0])  # stable: several events of a second stay in their order


def spans_without_supply(result: "Result", meter: str) -> list[tuple[int, int]]:
    """The spans (seconds, UTC) in which the load switch was open."""
    start, end = span_of(result)
    moves = [
        event for event in events_of_meter(result, meter) if event.event in (EventKind.SUPPLY_OFF, EventKind.SUPPLY_ON)
    ]
    credit = credit_of_meter(result, meter)
    was_off = moves[0].event is EventKind.SUPPLY_ON if moves else credit[0][1] == 0
    off = start if was_off else None
    spans = []
    for move in moves:
        if move.event is EventKind.SUPPLY_OFF:
            off = move.time
        elif off is not None:
            spans.append((off, move.time))
            off = None
    return spans if off is None else [*spans, (off, end)]
