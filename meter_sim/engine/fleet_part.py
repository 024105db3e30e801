"""What a run of the kernel left behind, as a part of a result."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from meter_sim.engine.compiled import books, loop
from meter_sim.engine.compiled import columns as of
from meter_sim.engine.fleet_area import AreaRun
from meter_sim.engine.fleet_rows import World as Names
from meter_sim.engine.fleet_rows import events_table
from meter_sim.local_time import date_of
from meter_sim.meter.answer import Status
from meter_sim.programme import Channel, RegisterState, TrueState
from meter_sim.results import tables
from meter_sim.results.area_counts import AreaCounts
from meter_sim.results.area_day import COLUMNS
from meter_sim.results.census import Census, FateKey, census_of_table
from meter_sim.results.outcome import Fate
from meter_sim.results.part import Part, listed_of
from meter_sim.results.record import Day, EventKind, MeterTotals, Reading
from meter_sim.scenario.scenario import MeterSetup
from meter_sim.sts.identity import KeyType
from meter_sim.sts.token import Service

_FATES = {
    loop.FATE_ACCEPTED: Fate.ACCEPTED,
    loop.FATE_STILL_VALID: Fate.STILL_VALID,
    loop.FATE_FOR_EVER: Fate.FOR_EVER,
    loop.FATE_UNENTERED: Fate.UNENTERED,
}


def part_of_area(done: AreaRun, area: str, listed: Sequence[MeterSetup], names: Sequence[str] | None) -> Part:
    """The part that a run of the kernel is; `names` are the meters' where they do not follow from the connections."""
    events = _events(done, area, names)
    totals = tuple(_totals(done, row, meter, events) for row, meter in enumerate(listed))
    entries = done.array("entries").sum(axis=1)
    for row in range(len(listed)):
        entries = entries - done.array("day_rows")[row, :, books.DAY_ENTRIES :].sum(axis=0)
    meters = _meters(done, area, names) if area else tables.METERS.empty_table()
    return Part(
        events=events,
        daily=tables.daily_table(_days(done, listed)),
        readings=tables.readings_table(_readings(done, listed)),
        meters=meters,
        waits=_waits(done, area),
        listed_events=listed_of(events, totals),
        areas=_counts(done, area),
        census=_census(done, area, meters),
        totals=totals,
        unlisted_entries=tuple(entries.tolist()),
    )


def _dates(done: AreaRun) -> tuple[str, ...]:
    return tuple(date_of(day).isoformat() for day, _ in done.world.days)


def _counts(done: AreaRun, area: str) -> AreaCounts:
    """The counts of the area's days."""
    if not area:
        return AreaCounts()
    counts = done.array("counts").T.copy()
    flows = counts[:, of.CREDITED] - counts[:, of.USED] - counts[:, of.CLEARED] - counts[:, of.REMOVED]
    living = ~done.setups["dead"]
    start = int(done.setups["credit"][living].sum())
    ends = start + flows.cumsum()
    counts[:, COLUMNS.index("register_end_ws")] = ends
    counts[1:, COLUMNS.index("register_start_ws")] = ends[:-1]
    counts[0, COLUMNS.index("register_start_ws")] = int(done.setups["credit"].sum())
    whole = np.concatenate([counts, done.array("entries").T], axis=1)
    return AreaCounts(_dates(done), (area,), np.ascontiguousarray(whole[:, np.newaxis, :]))


def _waits(done: AreaRun, area: str) -> pa.Table:
    rows = done.filled("waits")
    rows = rows[np.argsort(rows["desk"], kind="stable")]
    nothing = np.zeros(len(rows), np.int64)
    columns = {
        "area": (nothing, [area]),
        "desk": (rows["desk"], list(of.DESKS)),
        "at": rows["at"],
        "waited": rows["waited"],
    }
    return tables.coded_table(columns, tables.WAITS)


# -- meters at the end ---------------------------------------------------------------------------------------------


def _meter_names(done: AreaRun, names: Sequence[str] | None) -> Any:  # noqa: ANN401
    connections = done.setups["connection"]
    if names is not None:
        return names
    return tables.numbered("m", connections)


def _meters(done: AreaRun, area: str, names: Sequence[str] | None) -> pa.Table:
    """The table of the meters as they stand at the end."""
    kinds, setups, fleet = done.world.kinds, done.setups, done.array("connections")
    programme = done.world.scenario.programme is not None
    customers = ["", *(customer.name for customer in kinds.customers)]
    never = ["", *("" if one.never is None else one.never.value for one in kinds.customers)]
    number = len(setups)
    nothing = np.zeros(number, np.int64)
    true = [state.value for state in TrueState] if programme else [""]
    register = [state.value for state in RegisterState] if programme else [""]
    channels = ["", *(channel.value for channel in Channel)]
    who = setups["customer"].astype(np.int64) + 1
    columns: dict[str, Any] = {
        "connection": setups["connection"],
        "meter": _meter_names(done, names),
        "area": (nothing, [area]),
        "model": (setups["model"], [model.name for model in kinds.models]),
        "customer": (who, customers),
        "never_buys": (who, never),
        "dead": setups["dead"],
        "takes_key_changes": done.world.models["takes_key_changes"][setups["model"]],
        "true": (fleet["end_true"] if programme else nothing, true),
        "register": (fleet["end_register"] if programme else nothing, register),
        "channel": (fleet["issued"], channels),
        "purchases": fleet["purchases"],
        "tokens_issued": fleet["tokens_issued"],
        "lost_tokens": fleet["tokens_lost"],
        "lost_tenths": fleet["tenths_lost"],
        "debt_tenths": np.maximum(fleet["debt"], 0),
    }
    for place, fate in _FATES.items():
        columns[f"tokens_{fate.value.replace(' ', '_')}"] = fleet["fates"][:, place]
    return tables.coded_table(columns, tables.METERS)


def _census(done: AreaRun, area: str, meters: pa.Table) -> Census:
    if not area:
        return Census()
    fates: Counter[FateKey] = Counter()
    for place, fate in _FATES.items():
        number = int(done.array("connections")["fates"][:, place].sum())
        if fate is not Fate.FOR_EVER and number:
            fates[area, fate.value, ""] += number
    for status in Status:
        number = int(done.fleet["why_refused"][status])
        if number:
            fates[area, Fate.FOR_EVER.value, status.standard_name] += number
    return census_of_table(meters, fates)


# -- rows ----------------------------------------------------------------------------------------------------------


def _events(done: AreaRun, area: str, names: Sequence[str] | None) -> pa.Table:
    log = done.filled("log")
    if not len(log):
        return tables.EVENTS.empty_table()
    kinds, scenario = done.world.kinds, done.world.scenario
    customers = [customer.name for customer in kinds.customers]
    meters = names or [f"m{number}" for number in done.setups["connection"].tolist()]
    return events_table(
        log,
        Names(
            connections=np.ascontiguousarray(done.setups["connection"]),
            meters=meters,
            customers=["" if place < 0 else customers[place] for place in done.setups["customer"].tolist()],
            areas=[area] * len(meters),
            models=kinds.models,
            points_of_sale=[point.name for point in scenario.points_of_sale],
            base_dates={(int(key.supply_group), key.key_revision): key.base_date for key in scenario.vending_keys},
        ),
    )


def _days(done: AreaRun, listed: Sequence[MeterSetup]) -> list[Day]:
    """The days of listed meters by date, then by connection."""
    dates = _dates(done)
    order = sorted(range(len(listed)), key=lambda row: listed[row].connection)
    rows: NDArray[np.int64] = done.array("day_rows")
    return [_day(date, listed[row], rows[row, day].tolist()) for day, date in enumerate(dates) for row in order]


def _day(date: str, meter: MeterSetup, row: list[int]) -> Day:
    return Day(
        date=date,
        connection=meter.connection,
        meter=meter.name,
        register_start_ws=row[books.DAY_START],
        credited_ws=row[books.DAY_CREDITED],
        used_ws=row[books.DAY_USED],
        cleared_ws=row[books.DAY_CLEARED],
        removed_ws=row[books.DAY_REMOVED],
        register_end_ws=row[books.DAY_END],
        unserved_ws=row[books.DAY_UNSERVED],
        off_credit_s=row[books.DAY_OFF_CREDIT],
        off_tamper_s=row[books.DAY_OFF_TAMPER],
        off_power_s=0,
        purchases=row[books.DAY_PURCHASES],
        bought_tenths=row[books.DAY_BOUGHT],
        key_revision=row[books.DAY_REVISION],
        presumed_key_revision=row[books.DAY_PRESUMED],
        pending_sections=row[books.DAY_PENDING],
        entries=tuple(row[books.DAY_ENTRIES :]),
    )


def _readings(done: AreaRun, listed: Sequence[MeterSetup]) -> list[Reading]:
    """The readings of listed meters by time, then by connection; the last are those of the run's end."""
    rows = done.filled("reading_rows").reshape(-1, 4).tolist()
    fleet, end = done.array("connections"), done.world.scenario.end
    rows += [[end, row, int(fleet[row]["balance"]), int(fleet[row]["used"])] for row in range(len(listed))]
    found = [Reading(at, listed[row].connection, listed[row].name, register, used) for at, row, register, used in rows]
    return sorted(found, key=lambda one: (one.time, one.connection))


def _totals(done: AreaRun, row: int, meter: MeterSetup, events: pa.Table) -> MeterTotals:
    one = done.array("connections")[row]
    model = done.world.kinds.models[int(one["model"])]
    end = done.array("day_rows")[row, -1].tolist()
    return MeterTotals(
        meter=meter.name,
        connection=meter.connection,
        initial_ws=meter.credit,
        credited_ws=int(one["credited"] + one["past_credited"]),
        used_ws=int(one["used"] + one["past_used"]),
        cleared_ws=int(one["cleared"] + one["past_cleared"]),
        removed_ws=int(one["removed"]),
        register_ws=int(one["balance"]),
        unserved_ws=int(one["unserved"]),
        off_credit_s=int(one["off_credit"]),
        off_tamper_s=int(one["off_tamper"]),
        off_power_s=0,
        key_revision=int(one["key_revision"]),
        key_type=KeyType(int(one["key_type"])).name,
        tariff_index=f"{int(one['tariff_index']):02d}",
        presumed_key_revision=end[books.DAY_PRESUMED],
        pending_sections=end[books.DAY_PENDING],
        tokens_not_entered=_not_entered(events, meter.connection),
        registers=tuple(
            (service.name.lower(), int(one["others"][service - 1]))
            for service in model.services
            if service is not Service.ELECTRICITY
        ),
    )


def _not_entered(events: pa.Table, connection: int) -> tuple[str, ...]:
    """The labels of the tokens that were issued to a connection and never entered."""
    names = ("connection", "event", "label", "digits", "result")
    columns = (events.column(name).to_pylist() for name in names)
    issued: dict[str, str] = {}
    entered: set[str] = set()
    for number, event, label, digits, result in zip(*columns, strict=True):
        if number != connection:
            continue
        if event == EventKind.ENTRY.value:
            entered.add(digits)
        elif result == "Issued":
            issued[label] = digits
    return tuple(label for label, digits in issued.items() if digits not in entered)
