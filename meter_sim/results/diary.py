"""One meter's diary: a line an event, in local time, with the reason for every refusal."""

from collections.abc import Iterator

import pyarrow as pa

from meter_sim.local_time import LocalCalendar
from meter_sim.results.record import Event, EventKind
from meter_sim.results.summary import kwh_text
from meter_sim.results.tables import events_of, of_meters
from meter_sim.sts.token import grouped

_WIDTH = 18


def diary(events: pa.Table, meter: str, calendar: LocalCalendar) -> Iterator[str]:
    """The lines of a meter's diary, from a table of events."""
    for event in events_of(of_meters(events, {meter})):
        yield f"{calendar.text(event.time)}  {_register(event)}  {event.event:<{_WIDTH}}  {what(event)}".rstrip()


def _register(event: Event) -> str:
    return f"{kwh_text(event.register_ws):>9} kWh {event.key_revision}/{event.presumed_key_revision}"


def what(event: Event) -> str:
    """What happened, with the reason for a refusal."""
    if event.event is EventKind.ENTRY:
        shown = f" [{event.display}]" if event.display else ""
        name = f"{event.label}: " if event.label else ""
        why = f": {event.reason}" if event.reason else ""
        says = f" ({event.says})" if event.says else ""
        return f"{name}{grouped(event.digits)}{says} -> {event.result}{shown}{why}"
    if event.digits:
        return f"{event.label}: {grouped(event.digits)} ({event.says}) at {event.point_of_sale}"
    if event.result not in ("", "Issued"):
        return f"{event.label}: {event.result}: {event.reason}"
    return event.reason
