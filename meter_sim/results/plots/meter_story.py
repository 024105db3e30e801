"""What a result says of one listed meter: its events, its credit over time, and when it was without supply."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from meter_sim.results.record import Event, EventKind
from meter_sim.results.tables import events_of, of_meters

if TYPE_CHECKING:
    from meter_sim.results.result import Result


@dataclass(frozen=True, slots=True)
class MeterStory:
    """A listed meter over the run; times are seconds (UTC), credit the register in watt-seconds.

    `credit` are instants and the register then, of readings and events; `without_supply` are the spans in which the
    load switch was open.
    """

    meter: str
    events: tuple[Event, ...]
    credit: tuple[tuple[int, int], ...]
    without_supply: tuple[tuple[int, int], ...]

    @property
    def entries(self) -> tuple[Event, ...]:
        """The events in which something was entered."""
        return tuple(event for event in self.events if event.event is EventKind.ENTRY)


def span_of(result: "Result") -> tuple[int, int]:
    """The run's first second and the first second after it (UTC)."""
    start, end = (int(datetime.fromisoformat(str(result.summary[name])).timestamp()) for name in ("start", "end"))
    return start, end


def stories_of(result: "Result", meters: Sequence[str]) -> tuple[MeterStory, ...]:
    """The stories of some listed meters, in their order."""
    wanted = dict.fromkeys(meters)
    events: dict[str, list[Event]] = {meter: [] for meter in wanted}
    credit: dict[str, list[tuple[int, int]]] = {meter: [] for meter in wanted}
    for row in of_meters(result.readings_table, wanted).select(["time", "meter", "register_ws"]).to_pylist():
        credit[row["meter"]].append((int(row["time"].timestamp()), int(row["register_ws"])))
    for event in events_of(of_meters(result.events_table, wanted)):
        events[event.meter].append(event)
        credit[event.meter].append((event.time, event.register_ws))
    span = span_of(result)
    return tuple(_story(meter, events[meter], credit[meter], span) for meter in wanted)


def _story(meter: str, events: list[Event], credit: list[tuple[int, int]], span: tuple[int, int]) -> MeterStory:
    credit.sort(key=lambda point: point[0])  # stable: several events of a second stay in their order
    return MeterStory(meter, tuple(events), tuple(credit), tuple(_without_supply(events, credit, span)))


def _without_supply(events: list[Event], credit: list[tuple[int, int]], span: tuple[int, int]) -> list[tuple[int, int]]:
    moves = [event for event in events if event.event in (EventKind.SUPPLY_OFF, EventKind.SUPPLY_ON)]
    if moves:
        was_off = moves[0].event is EventKind.SUPPLY_ON
    else:  # it stood as any event says; the register of a meter for water or gas is not the one that is kept
        was_off = events[0].switch == "open" if events else credit[0][1] == 0
    off = span[0] if was_off else None
    spans = []
    for move in moves:
        if move.event is EventKind.SUPPLY_OFF:
            off = move.time
        elif off is not None:
            spans.append((off, move.time))
            off = None
    return spans if off is None else [*spans, (off, span[1])]
