"""A result: what a run left behind, in memory or in a folder."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from meter_sim.results import folder as folders
from meter_sim.results import tables
from meter_sim.results.area_counts import AreaCounts
from meter_sim.results.folder import ResultError, complete_or_not_there, names_in
from meter_sim.results.parquet import write_rows
from meter_sim.results.part import Part, part_of
from meter_sim.results.picture import write_figure
from meter_sim.results.record import Record
from meter_sim.results.summary import summary
from meter_sim.results.summary_types import Json
from meter_sim.scenario.scenario import Scenario

__all__ = ["FILES", "Result", "ResultError", "check_replaceable", "read_result", "result_of", "write_pictures"]

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SUMMARY = "summary.json"
EVENTS = "events.parquet"
DAILY = "daily.parquet"
READINGS = "readings.parquet"
AREAS = "areas.parquet"
METERS = "meters.parquet"
SCENARIO = "scenario.yaml"
PICTURE = "timeline.png"
PROGRAMME_PICTURE = "programme.png"
POPULATIONS = ("population.csv", "population.parquet")
"""Names under which a result keeps the file of its population, which its scenario reads."""
NEEDED = (SUMMARY, EVENTS, DAILY, READINGS, SCENARIO)
OF_AREAS = (AREAS, METERS)
"""Files that only a run with areas has."""
FILES = (*NEEDED, *OF_AREAS, PICTURE, PROGRAMME_PICTURE, *POPULATIONS)


@dataclass(frozen=True, slots=True)
class Result:
    """Events, days, readings and summary of a run.

    `events`, `daily`, `readings`, `areas` and `meters` are pandas DataFrames with the columns of `results/tables.py`;
    energies are watt-seconds, times UTC. `record` holds the rows as they were made, and is None for a result read from
    a folder and for one of another engine than the reference. `areas_kept` are the counts of the areas, or their table.
    """

    events_table: pa.Table = field(repr=False)
    daily_table: pa.Table = field(repr=False)
    readings_table: pa.Table = field(repr=False)
    areas_kept: AreaCounts | pa.Table = field(repr=False)
    meters_table: pa.Table = field(repr=False)
    summary: dict[str, Json] = field(repr=False)
    scenario_text: str = field(repr=False)
    population_file: tuple[str, bytes] | None = field(default=None, repr=False)
    record: Record | None = field(default=None, repr=False)

    @property
    def events(self) -> "pd.DataFrame":
        """The event log, one row an event."""
        frame: pd.DataFrame = self.events_table.to_pandas()
        return frame

    @property
    def daily(self) -> "pd.DataFrame":
        """The daily table, one row a connection and local day."""
        frame: pd.DataFrame = self.daily_table.to_pandas()
        return frame

    @property
    def readings(self) -> "pd.DataFrame":
        """The register readings."""
        frame: pd.DataFrame = self.readings_table.to_pandas()
        return frame

    @property
    def areas_table(self) -> pa.Table:
        """The table of areas; it is made anew each time."""
        return tables.areas_table(self.areas_kept) if isinstance(self.areas_kept, AreaCounts) else self.areas_kept

    @property
    def areas(self) -> "pd.DataFrame":
        """The table of areas, one row an area and local day; empty for a run without areas."""
        frame: pd.DataFrame = self.areas_table.to_pandas()
        return frame

    @property
    def meters(self) -> "pd.DataFrame":
        """A population's meters as they stand at the end; empty for a run without areas."""
        frame: pd.DataFrame = self.meters_table.to_pandas()
        return frame

    @property
    def has_areas(self) -> bool:
        """Whether the run had areas."""
        kept = self.areas_kept
        return bool(kept.areas if isinstance(kept, AreaCounts) else kept.num_rows)

    @property
    def failures(self) -> tuple[str, ...]:
        """The expectations of the scenario that were not met, a line each."""
        expectations = self.summary["expectations"]
        assert isinstance(expectations, dict)
        failed = expectations["failed"]
        assert isinstance(failed, list)
        return tuple(f"{row['expectation']}: {row['failure']}" for row in failed if isinstance(row, dict))

    def plot(self) -> "Figure":
        """Credit over time, entries by result, key changes and rollovers, as a matplotlib figure."""
        from meter_sim.results.plots import timeline

        return timeline(self)

    def plot_programme(self) -> "Figure":
        """Meters by state, tokens refused, meters without supply, crews and desks, as a matplotlib figure."""
        from meter_sim.results.plots import programme

        return programme(self)

    def write(self, folder: str | Path, *, plot: bool = True) -> Path:
        """Write all files into a folder, at once: it is complete or not there.

        An earlier result in the folder is replaced. Raises ResultError if the folder holds something else or cannot be
        written.
        """
        with complete_or_not_there(Path(folder), "result", strange_in) as draft:
            self._write_files(draft, plot)
        return Path(folder)

    def _write_files(self, folder: Path, plot: bool) -> None:
        self.write_heads(folder)
        write_rows(folder / EVENTS, tables.EVENTS, [self.events_table])
        write_rows(folder / DAILY, tables.DAILY, [self.daily_table])
        write_rows(folder / READINGS, tables.READINGS, [self.readings_table])
        if self.has_areas:
            write_rows(folder / METERS, tables.METERS, [self.meters_table])
        if plot:
            write_pictures(self, folder)

    def write_heads(self, folder: Path) -> None:
        """Write what does not grow with the number of meters: summary, scenario with its population, areas."""
        (folder / SUMMARY).write_text(json.dumps(self.summary, indent=2) + "\n", encoding="utf-8", newline="\n")
        (folder / SCENARIO).write_text(self.scenario_text, encoding="utf-8", newline="\n")
        if self.population_file is not None:
            name, content = self.population_file
            (folder / name).write_bytes(content)
        if self.has_areas:
            self._write_areas(folder / AREAS)

    def _write_areas(self, path: Path) -> None:
        """The table of areas, some days at a time."""
        with pq.ParquetWriter(path, tables.AREAS) as writer:
            if isinstance(self.areas_kept, AreaCounts):
                for batch in tables.area_batches(self.areas_kept):
                    writer.write_batch(batch)
            else:
                writer.write_table(self.areas_kept)


def result_of(scenario: Scenario, run: Record | Part, engine: str = "reference") -> Result:
    """The result of a run: of its rows, or of the whole of its parts; `engine` is the one that ran."""
    part = run if isinstance(run, Part) else part_of(run)
    return Result(
        part.events,
        part.daily,
        part.readings,
        part.areas,
        part.meters,
        summary(scenario, part, engine),
        scenario.resolved,
        scenario.population_file,
        None if isinstance(run, Part) else run,
    )


def read_result(folder: str | Path) -> Result:
    """A result from a folder that `write` made. Raises ResultError."""
    place = Path(folder)
    for name in NEEDED:
        if not (place / name).is_file():
            raise ResultError(f"{place}: not a result, {name} is missing; name a folder that run wrote")
    try:
        return Result(
            pq.read_table(place / EVENTS).cast(tables.EVENTS),
            pq.read_table(place / DAILY).cast(tables.DAILY),
            pq.read_table(place / READINGS).cast(tables.READINGS),
            _read_optional(place / AREAS, tables.AREAS),
            _read_optional(place / METERS, tables.METERS),
            json.loads((place / SUMMARY).read_text(encoding="utf-8")),
            (place / SCENARIO).read_text(encoding="utf-8"),
            next(((name, (place / name).read_bytes()) for name in POPULATIONS if (place / name).is_file()), None),
        )
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ResultError(f"{place}: cannot be read as a result: {' '.join(str(error).split())}") from None


def _read_optional(path: Path, schema: pa.Schema) -> pa.Table:
    """A table that only some results have; one without rows where it is not there."""
    return pq.read_table(path).cast(schema) if path.is_file() else schema.empty_table()


def write_pictures(result: Result, folder: Path) -> tuple[Path, ...]:
    """Write the pictures of a result: credit over time of its listed meters, the programme of its areas."""
    drawn: list[tuple[Callable[[], Figure], Path]] = []
    if result.readings_table.num_rows:
        drawn.append((result.plot, folder / PICTURE))
    if result.has_areas:
        drawn.append((result.plot_programme, folder / PROGRAMME_PICTURE))
    for draw, path in drawn:
        write_figure(draw, path)
    return tuple(path for _, path in drawn)


def strange_in(folder: Path) -> str | None:
    """What in a folder is no file of a result."""
    return next((name for name in names_in(folder) if name not in FILES), None)


def check_replaceable(target: Path) -> None:
    """Refuse, with a ResultError, a folder that a result may not replace."""
    folders.check_replaceable(target, "result", strange_in)
