"""The summary of a run: a few whole numbers per meter, by name. The same input gives the same bytes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from meter_sim import __version__
from meter_sim.meter.answer import Status
from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.results.part import Part
from meter_sim.results.population_summary import population_summary
from meter_sim.results.record import Event, EventKind, MeterTotals
from meter_sim.results.summary_types import Json
from meter_sim.results.tables import events_of
from meter_sim.scenario.scenario import Scenario


def utc_text(instant: int) -> str:
    """An instant as `2024-11-24 20:15:00Z`."""
    return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%d %H:%M:%S}Z"


def kwh_text(energy: int) -> str:
    """Watt-seconds as kWh with two decimals, rounded down."""
    sign, hundredths = ("-" if energy < 0 else ""), abs(energy) * 100 // WS_PER_KWH
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d}"


def summary(scenario: Scenario, part: Part, engine: str = "reference") -> dict[str, Json]:
    """What a run of this engine came to. Energies are watt-seconds, amounts tenths of a kWh, times UTC."""
    by_meter: dict[str, list[Event]] = {totals.meter: [] for totals in part.totals}
    for event in events_of(part.listed_events):
        by_meter[event.meter].append(event)
    failures: list[Json] = [
        {"expectation": finding.place, "failure": finding.failure} for finding in part.findings if finding.failure
    ]
    whole: dict[str, Json] = {
        "scenario": scenario.name,
        "meter_sim": __version__,
        "engine": engine,
        "seed": scenario.seed,
        "start": utc_text(scenario.start),
        "end": utc_text(scenario.end),
        "timezone": scenario.timezone,
        "utc_offsets": [
            [start, offset] for start, offset in zip(scenario.calendar.starts, scenario.calendar.offsets, strict=True)
        ],
        "rollovers": _rollovers(scenario),
        "entries": _all_entries(by_meter, part.unlisted_entries),
        "meters": {totals.meter: _meter(totals, by_meter[totals.meter]) for totals in part.totals},
        "expectations": {"met": sum(not finding.failure for finding in part.findings), "failed": failures},
    }
    return whole | population_summary(scenario, part)


def _rollovers(scenario: Scenario) -> list[Json]:
    """The base dates of the run's vending keys whose count ends within it."""
    return [
        {"base_date": base.value, "last_minute": utc_text(base.first_impossible - 60)}
        for base in sorted({key.base_date for key in scenario.vending_keys})
        if scenario.start <= base.first_impossible - 60 < scenario.end
    ]


def _entries(events: Iterable[Event]) -> Iterable[str]:
    return (event.result for event in events if event.event is EventKind.ENTRY)


def _all_entries(by_meter: Mapping[str, Iterable[Event]], unlisted: Iterable[int]) -> dict[str, Json]:
    """Entries by result, at listed meters and at the others."""
    counted = Counter(name for events in by_meter.values() for name in _entries(events))
    for status, number in zip(Status, unlisted, strict=True):
        if number:
            counted[status.standard_name] += number
    return dict(sorted(counted.items()))


def _counted(names: Iterable[str]) -> dict[str, Json]:
    return dict(sorted(Counter(names).items()))


def _times(events: list[Event], kind: EventKind) -> list[Json]:
    return [utc_text(event.time) for event in events if event.event is kind]


def _meter(totals: MeterTotals, events: list[Event]) -> dict[str, Json]:
    registers: dict[str, Json] = dict(totals.registers)
    other_services: dict[str, Json] = {"registers": registers} if registers else {}
    return other_services | {
        "connection": totals.connection,
        "initial_ws": totals.initial_ws,
        "credited_ws": totals.credited_ws,
        "used_ws": totals.used_ws,
        "cleared_ws": totals.cleared_ws,
        "removed_ws": totals.removed_ws,
        "register_ws": totals.register_ws,
        "unserved_ws": totals.unserved_ws,
        "seconds_without_supply": {
            "credit": totals.off_credit_s,
            "tamper": totals.off_tamper_s,
            "power": totals.off_power_s,
        },
        "purchases": sum(event.event is EventKind.PURCHASE for event in events),
        "refused_by_vending": _counted(
            event.result for event in events if event.event in (EventKind.SALE_REFUSED, EventKind.ISSUE_REFUSED)
        ),
        "entries": _counted(_entries(events)),
        "tokens_not_entered": list(totals.tokens_not_entered),
        "credit_ended": _times(events, EventKind.CREDIT_ENDED),
        "key_changed": _times(events, EventKind.KEY_CHANGED),
        "key_revision": totals.key_revision,
        "key_type": totals.key_type,
        "tariff_index": totals.tariff_index,
        "presumed_key_revision": totals.presumed_key_revision,
        "pending_sections": totals.pending_sections,
    }
