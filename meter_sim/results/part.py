"""What a run of some areas, or of a piece of one, left behind, as columns. Parts add up to the whole run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from meter_sim import arrow_columns
from meter_sim.meter.answer import Status
from meter_sim.results import tables
from meter_sim.results.area_counts import AreaCounts, joined_counts
from meter_sim.results.census import Census, census_of, census_of_all
from meter_sim.results.record import Finding, MeterTotals, Record

if TYPE_CHECKING:
    from meter_sim.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Part:
    """The tables of a part, sorted as those of a result, and what its summary is made of.

    `events`, `daily`, `readings`, `meters` and `waits` have the schemas of `tables`; `listed_events` are those events
    that happened at listed meters. `unlisted_entries` counts the entries at the others, in the order of `Status`.
    The summary needs neither `events` nor `meters`: a part may be without them once they are written (`without_rows`).
    """

    events: pa.Table = field(default_factory=tables.EVENTS.empty_table, repr=False)
    daily: pa.Table = field(default_factory=tables.DAILY.empty_table, repr=False)
    readings: pa.Table = field(default_factory=tables.READINGS.empty_table, repr=False)
    meters: pa.Table = field(default_factory=tables.METERS.empty_table, repr=False)
    waits: pa.Table = field(default_factory=tables.WAITS.empty_table, repr=False)
    listed_events: pa.Table = field(default_factory=tables.EVENTS.empty_table, repr=False)
    areas: AreaCounts = field(default_factory=AreaCounts)
    census: Census = field(default_factory=Census, repr=False)
    totals: tuple[MeterTotals, ...] = ()
    findings: tuple[Finding, ...] = ()
    unlisted_entries: tuple[int, ...] = (0,) * len(Status)

    def without_rows(self) -> "Part":
        """The same without the rows of `events`, `daily`, `readings` and `meters`, of which there may be many."""
        return replace(
            self,
            events=tables.EVENTS.empty_table(),
            daily=tables.DAILY.empty_table(),
            readings=tables.READINGS.empty_table(),
            meters=tables.METERS.empty_table(),
        )


def part_of(record: Record) -> Part:
    """The rows of a run as a part that is the whole."""
    outcome = record.outcome
    meters = () if outcome is None else outcome.meters
    events = tables.events_table(record)
    return Part(
        events=events,
        daily=tables.daily_table(record.days),
        readings=tables.readings_table(record.readings),
        meters=tables.meters_table(record),
        waits=tables.waits_table(() if outcome is None else outcome.waits),
        listed_events=listed_of(events, record.totals),
        areas=AreaCounts.of(record.area_days),
        census=census_of(meters),
        totals=record.totals,
        findings=record.findings,
        unlisted_entries=record.unlisted_entries,
    )


def listed_of(events: pa.Table, totals: Sequence[MeterTotals]) -> pa.Table:
    """The events at the meters that have these totals, which are the listed ones."""
    there = np.isin(_numbers(events, "connection"), np.array([one.connection for one in totals], dtype=np.int64))
    return events if there.all() else _taken(events, np.flatnonzero(there))


def joined(parts: Sequence[Part], scenario: "Scenario") -> Part:
    """The whole of several parts, whatever their order: each area's days added up and its costs reckoned.

    Areas come in the order of the file, meters as listed and then by connection, events and readings by time and
    connection, days by date and connection. No connection may be in two parts.
    """
    listed = {meter.connection: place for place, meter in enumerate(scenario.meters) if meter.listed}
    totals = [one for part in parts for one in part.totals]
    order = np.array(list(listed), dtype=np.int64)
    return Part(
        events=_sorted(tables.EVENTS, (part.events for part in parts), "time"),
        daily=_sorted(tables.DAILY, (part.daily for part in parts), "date"),
        readings=_sorted(tables.READINGS, (part.readings for part in parts), "time"),
        meters=_sorted_meters([part.meters for part in parts], order),
        waits=_waits([part.waits for part in parts], [area.name for area in scenario.areas]),
        listed_events=_sorted(tables.EVENTS, (part.listed_events for part in parts), "time"),
        areas=joined_counts([part.areas for part in parts], [area.name for area in scenario.areas], scenario.costs),
        census=census_of_all(part.census for part in parts),
        totals=tuple(sorted(totals, key=lambda one: listed[one.connection])),
        findings=tuple(finding for part in parts for finding in part.findings),
        unlisted_entries=tuple(map(sum, zip(*(part.unlisted_entries for part in parts), strict=True))),
    )


def _numbers(table: pa.Table, name: str) -> NDArray[np.int64]:
    return arrow_columns.as_numbers(table.column(name).combine_chunks())


def _taken(table: pa.Table, rows: NDArray[np.int64]) -> pa.Table:
    return table.take(arrow_columns.numbers(rows.astype(np.int64)))


def _together(schema: pa.Schema, several: Iterable[pa.Table]) -> pa.Table:
    filled = [table for table in several if table.num_rows]
    return pa.concat_tables(filled) if filled else schema.empty_table()


def _sorted(schema: pa.Schema, several: Iterable[pa.Table], first: str) -> pa.Table:
    """The rows of sorted tables by this column, then by connection; what is alike stays in its order."""
    filled = [table for table in several if table.num_rows]
    whole = _together(schema, filled)
    if len(filled) <= 1:
        return whole
    leads = np.array(whole.column(first).to_pylist()) if first == "date" else _numbers(whole, first)
    return _taken(whole, np.lexsort((_numbers(whole, "connection"), leads)))


def _sorted_meters(several: Sequence[pa.Table], listed: NDArray[np.int64]) -> pa.Table:
    """The meters: those that are listed in their order, then the others by connection."""
    whole = _together(tables.METERS, several)
    connections = _numbers(whole, "connection")
    places = np.full(len(connections), len(listed), dtype=np.int64)
    if len(listed):
        by_connection = np.argsort(listed)
        near = np.minimum(np.searchsorted(listed, connections, sorter=by_connection), len(listed) - 1)
        places = np.where(listed[by_connection[near]] == connections, by_connection[near], places)
    order = np.lexsort((connections, places))
    return whole if (np.diff(order) > 0).all() else _taken(whole, order)


def _waits(several: Sequence[pa.Table], areas: Sequence[str]) -> pa.Table:
    """The requests at desks in the order of areas."""
    whole = _together(tables.WAITS, several)
    if sum(bool(table.num_rows) for table in several) <= 1:
        return whole
    places = {area: place for place, area in enumerate(areas)}
    encoded = whole.column("area").combine_chunks().dictionary_encode()
    ranks = np.array([places[area] for area in encoded.dictionary.to_pylist()], dtype=np.int64)
    return _taken(whole, np.argsort(ranks[arrow_columns.as_numbers(encoded.indices)], kind="stable"))
