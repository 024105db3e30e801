"""What a shard left behind, as files of a folder: tables as Parquet, counts as an array, the rest as JSON."""

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from meter_sim.results import tables
from meter_sim.results.area_counts import AreaCounts
from meter_sim.results.census import Census, Group, Sums
from meter_sim.results.parquet import write_rows
from meter_sim.results.part import Part
from meter_sim.results.record import Finding, MeterTotals
from meter_sim.sharded.store import Store

EVENTS, DAILY, READINGS, METERS = "events.parquet", "daily.parquet", "readings.parquet", "meters.parquet"
WAITS, LISTED = "waits.parquet", "listed_events.parquet"
COUNTS = "areas.npy"
REST = "rest.json"
_TABLES = {
    EVENTS: ("events", tables.EVENTS),
    DAILY: ("daily", tables.DAILY),
    READINGS: ("readings", tables.READINGS),
    METERS: ("meters", tables.METERS),
    WAITS: ("waits", tables.WAITS),
    LISTED: ("listed_events", tables.EVENTS),
}
_ROW_GROUP = 1 << 13
"""Rows of a row group of a shard: of many shards, one of each is in memory while they are merged."""
_SMALL = (WAITS, LISTED)
"""Tables that the summary needs; the others are passed on row by row."""


def write_part(part: Part, folder: Path) -> None:
    """Write all files of a part."""
    for name, (attribute, schema) in _TABLES.items():
        write_rows(folder / name, schema, [getattr(part, attribute)], _ROW_GROUP)
    with (folder / COUNTS).open("wb") as file:
        np.save(file, part.areas.counts, allow_pickle=False)
    rest = {
        "dates": part.areas.dates,
        "areas": part.areas.areas,
        "groups": [[*group, number] for group, number in part.census.groups.items()],
        "sums": {area: list(sums) for area, sums in part.census.sums.items()},
        "fates": [[*key, number] for key, number in part.census.fates.items()],
        "totals": [asdict(totals) for totals in part.totals],
        "findings": [asdict(finding) for finding in part.findings],
        "unlisted_entries": part.unlisted_entries,
    }
    (folder / REST).write_text(json.dumps(rest) + "\n", encoding="utf-8", newline="\n")


def read_summary_part(store: Store, folder: str) -> Part:
    """The part of a shard without the rows of its tables, which `joined` and the summary do without."""
    rest: dict[str, Any] = json.loads(store.read(f"{folder}/{REST}") or b"")
    small = {}
    for name in _SMALL:
        attribute, schema = _TABLES[name]
        with store.open(f"{folder}/{name}") as file:
            small[attribute] = pq.read_table(file).cast(schema)
    counts = np.load(io.BytesIO(store.read(f"{folder}/{COUNTS}") or b""), allow_pickle=False)
    return Part(
        **small,
        areas=AreaCounts(tuple(rest["dates"]), tuple(rest["areas"]), counts),
        census=Census(
            {Group(*row[:-1]): row[-1] for row in rest["groups"]},
            {area: Sums(*sums) for area, sums in rest["sums"].items()},
            {(area, fate, why): number for area, fate, why, number in rest["fates"]},
        ),
        totals=tuple(_totals(row) for row in rest["totals"]),
        findings=tuple(Finding(**row) for row in rest["findings"]),
        unlisted_entries=tuple(rest["unlisted_entries"]),
    )


def _totals(row: dict[str, Any]) -> MeterTotals:
    registers = tuple((str(name), int(value)) for name, value in row["registers"])
    return MeterTotals(**row | {"tokens_not_entered": tuple(row["tokens_not_entered"]), "registers": registers})
