"""The numbers by which runs are compared: one of each name for a run, taken from its summary."""

from meter_sim.meter.answer import Status
from meter_sim.meter.credit import WS_PER_KWH
from meter_sim.results.summary_types import Json

ACCEPTED = frozenset(status.standard_name for status in Status if status.accepted)
"""Results of an entry that did what it was made for."""


def measures(summary: dict[str, Json]) -> dict[str, int | float]:
    """The measures of a run by name: totals over its meters, and whatever its summary lists under `measures`.

    Energies are in kWh, times in hours, the others are counts. A measure that the summary lists stands in place of a
    total of the same name.
    """
    meters = [_mapping(meter) for meter in _mapping(summary.get("meters")).values()]
    entries = [_mapping(meter["entries"]) for meter in meters]
    totals: dict[str, int | float] = {
        "purchases": sum(_whole(meter["purchases"]) for meter in meters),
        "entries_accepted": sum(_whole(count) for row in entries for name, count in row.items() if name in ACCEPTED),
        "entries_refused": sum(_whole(count) for row in entries for name, count in row.items() if name not in ACCEPTED),
        "credited_kwh": sum(_whole(meter["credited_ws"]) for meter in meters) / WS_PER_KWH,
        "used_kwh": sum(_whole(meter["used_ws"]) for meter in meters) / WS_PER_KWH,
        "unserved_kwh": sum(_whole(meter["unserved_ws"]) for meter in meters) / WS_PER_KWH,
        "hours_without_supply": sum(
            _whole(seconds) for meter in meters for seconds in _mapping(meter["seconds_without_supply"]).values()
        )
        / 3600,
        "tokens_not_entered": sum(len(_list(meter["tokens_not_entered"])) for meter in meters),
    }
    listed = {
        name: value for name, value in _mapping(summary.get("measures")).items() if isinstance(value, int | float)
    }
    return {name: value for name, value in totals.items() if meters and name not in listed} | listed


def _mapping(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _whole(value: Json) -> int:
    return value if isinstance(value, int) else 0
