"""Meters that are listed by themselves: their balance, their diary, and what they refused."""

from collections.abc import Iterator, Sequence

from meter_sim.local_time import LocalCalendar
from meter_sim.results.diary import what
from meter_sim.results.html.answer import Row
from meter_sim.results.html.parts import Section, Table, cut
from meter_sim.results.html.pictures import Picture
from meter_sim.results.html.pictures_of_result import MOST_METERS
from meter_sim.results.html.short import kwh_of, mapping, seconds_off
from meter_sim.results.html.wording import calendar_of, count, number, wait
from meter_sim.results.measures import ACCEPTED
from meter_sim.results.record import Event, EventKind
from meter_sim.results.result import Result
from meter_sim.results.summary import kwh_text
from meter_sim.results.summary_types import Json
from meter_sim.results.tables import events_of, of_meters
from meter_sim.sts.token import grouped

MOST_TOLD = 60
"""Meters whose refused tokens are looked at; of more, the first ones."""
MOST_LINES = 250
"""Lines of a diary; of more, the first ones."""
_ENERGIES = {"initial": "initial_ws", "credited": "credited_ws", "used": "used_ws", "cleared": "cleared_ws"}


def meter_sections(result: Result, lead: str, pictures: dict[str, tuple[Picture, ...]]) -> Iterator[Section]:
    """Balance, refused tokens and diaries of the listed meters; none for a run without."""
    meters = mapping(result.summary["meters"])
    if not meters:
        return
    calendar = calendar_of(result.summary)
    yield Section(
        f"{lead}balance",
        "The balance of each meter",
        (
            "Initial credit and what was credited is what was used, cleared, removed with the meter, and left "
            "on the register.",
        ),
        tables=(_balance(meters),),
    )
    events = _events_by_meter(result)
    yield _refused_section(events, calendar, f"{lead}refused")
    for place, name in enumerate(list(meters)[:MOST_METERS]):
        yield _diary(name, events.get(name, []), calendar, f"{lead}diary-{place + 1}", pictures.get(name, ()))


def _balance(meters: dict[str, Json]) -> Table:
    rows = []
    for name, values in meters.items():
        meter = Row(mapping(values))
        energies = [number(kwh_of(meter[column]), 2) for column in _ENERGIES.values()]
        left = number(kwh_of(meter["register_ws"]), 2)
        key = f"{meter['key_revision']} (presumed {meter['presumed_key_revision']})"
        rows.append((name, *energies, left, wait(seconds_off(meter)), key))
    heads = ("meter", *(f"{name}, kWh" for name in _ENERGIES), "left, kWh", "without supply", "key revision")
    return cut("Energy over the run, and how things stand at its end", heads, rows)


def _events_by_meter(result: Result) -> dict[str, list[Event]]:
    """The events of the listed meters."""
    names = mapping(result.summary["meters"])
    return {name: events_of(of_meters(result.events_table, {name})) for name in list(names)[:MOST_TOLD]}


def _refused_section(events: dict[str, list[Event]], calendar: LocalCalendar, anchor: str) -> Section:
    rows = [
        (calendar.text(event.time)[:16], event.meter, grouped(event.digits), event.says, event.result, event.reason)
        for several in events.values()
        for event in several
        if event.event is EventKind.ENTRY and event.result not in ACCEPTED
    ]
    rows.sort(key=lambda row: row[0])
    title = "Tokens that meters refused"
    if not rows:
        return Section(anchor, title, ("No entry at a meter that is listed by itself was refused.",))
    heads = ("local time", "meter", "token", "what it is", "result", "why")
    told = f"{count(len(rows), 'entry', 'entries')} {'was' if len(rows) == 1 else 'were'} refused."
    return Section(anchor, title, (told,), tables=(_cut(title, heads, rows, (1, 2, 3, 4, 5)),))


def _diary(
    name: str, events: list[Event], calendar: LocalCalendar, anchor: str, pictures: tuple[Picture, ...]
) -> Section:
    rows = [
        (calendar.text(event.time)[:16], str(event.event), what(event), kwh_text(event.register_ws)) for event in events
    ]
    heads = ("local time", "event", "what", "credit, kWh")
    told = f"{count(len(rows), 'event')}, times are local."
    return Section(
        anchor, f"Diary of {name}", (told,), tables=(_cut(f"Diary of {name}", heads, rows, (1, 2)),), pictures=pictures
    )


def _cut(caption: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], words: tuple[int, ...]) -> Table:
    left = len(rows) - MOST_LINES
    note = f"{left:,} later ones are left out; events.parquet has them." if left > 0 else ""
    return Table(caption, heads, tuple(rows[:MOST_LINES]), frozenset(words), note)
