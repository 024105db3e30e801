"""Which meters a population has: numbered ones, or those of a file of meter records; each as a row."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import accumulate
from re import fullmatch

from meter_sim.scenario.areas import area_names
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.meter_numbers import GREATEST_CONNECTION, pan_of, replaced_in
from meter_sim.scenario.population_file import MeterFile, MeterRow
from meter_sim.scenario.population_world import PopulationWorld
from meter_sim.scenario.schema import BUILT_IN_LOADS, ScenarioSpec
from meter_sim.scenario.schema_programme import PopulationSpec
from meter_sim.scenario.shares import area_counts, complete_shares


class MeterRows:
    """The rows of a population's meters, in order of connection; what is wrong is noted in `faults`."""

    def __init__(self, faults: Faults, spec: ScenarioSpec, population: PopulationSpec, world: PopulationWorld) -> None:
        self._faults = faults
        self._spec = spec
        self._of = population
        self._world = world
        self._areas = area_names(spec)
        self._file: MeterFile | None = None

    def rows(self) -> list[MeterRow]:
        """The rows, each with its connection and its area. Raises ScenarioError."""
        rows = self._numbered() if self._of.file is None else self._of_file(self._of.file)
        self._faults.stop()
        self._check_areas({row.area for row in rows if row.area})
        self._check_taken(rows)
        self._check_replacements(rows)
        return rows

    def blocks(self) -> tuple[tuple[str, int, int], ...]:
        """Areas, first connections and numbers of numbered meters, looked at as `rows` does. Raises ScenarioError."""
        blocks = self._blocks()
        self._check_areas({area for area, _, number in blocks if number})
        self._check_taken(self._suspects(blocks[0][1], sum(number for _, _, number in blocks)))
        return blocks

    def _suspects(self, first: int, count: int) -> list[MeterRow]:
        """Those numbered meters that have the PAN or the name of a listed one."""
        pans = (int(pan[8:16]) for pan in self._world.taken_pans if pan == pan_of(int(pan[8:16])).digits)
        names = (int(meter.name[1:]) for meter in self._spec.meters if fullmatch("m[1-9][0-9]{0,7}", meter.name))
        return [numbered(connection) for connection in sorted({*pans, *names}) if first <= connection < first + count]

    def _numbered(self) -> list[MeterRow]:
        blocks = self._blocks()
        return [numbered(first + place, area) for area, first, number in blocks for place in range(number)]

    def _blocks(self) -> tuple[tuple[str, int, int], ...]:
        shares = {name: area.share for name, area in self._spec.areas.items()} or dict.fromkeys(self._areas)
        complete = complete_shares(self._faults, ("areas",), shares, "areas", rest=True)
        count, first = self._of.count or 0, self._world.first_connection
        if first + count - 1 > GREATEST_CONNECTION:
            behind = f" behind connection {first - 1} of the listed meters" if first > 1 else ""
            self._faults.add(("population", "count"), f"meters have the numbers up to {GREATEST_CONNECTION}{behind}")
        self._faults.stop()
        counts = area_counts(complete, count)
        firsts = accumulate(counts.values(), initial=first)
        return tuple((area, start, number) for (area, number), start in zip(counts.items(), firsts, strict=False))

    def _of_file(self, name: str) -> list[MeterRow]:
        spec, areas = self._spec, self._areas
        known: dict[str, tuple[Collection[str], str]] = {
            "supply_group": (spec.supply_groups, "supply group"),
            "model": (self._world.models, "meter model"),
            "area": (areas, "area"),
            "load": (BUILT_IN_LOADS | spec.loads, "load"),
            "customer": (self._world.customers, "customer"),
        }
        for area, area_spec in spec.areas.items():
            if area_spec.share is not None:
                self._faults.add(
                    ("areas", area, "share"), "the file of meter records says the areas, leave the share out"
                )
        self._file = MeterFile(self._faults, self._world.folder / name, name, known)
        rows = self._file.rows()
        if len(areas) > 1 and self._file.columns and "area" not in self._file.columns:
            self._faults.add(("population", "file"), f"{name}: the column area is missing, there are several areas")
        self._faults.stop()
        complete = [self._placed(row, place) for place, row in enumerate(rows)]
        first_rows: dict[int, int] = {}
        for row in complete:
            first = first_rows.setdefault(row.connection or 0, row.number)
            if first != row.number:
                self.tell(row, f"connection {row.connection}: row {first} has the same")
        return sorted(complete, key=lambda row: row.connection or 0)

    def _placed(self, row: MeterRow, place: int) -> MeterRow:
        """A row of the file with its connection and its area."""
        areas = self._areas
        connection = self._world.first_connection + place if row.connection is None else row.connection
        if connection < self._world.first_connection and self._spec.meters:
            self.tell(row, f"connection {connection}: those below {self._world.first_connection} have listed meters")
        if connection > GREATEST_CONNECTION:
            self.tell(row, f"connection {connection}: the greatest is {GREATEST_CONNECTION}")
        if row.area is None and len(areas) > 1:
            self.tell(row, f"area: nothing stands here, allowed are {', '.join(areas)}")
        return replace(row, connection=connection, area=row.area or areas[0])

    def tell(self, row: MeterRow, what: str, instead: str = "", key: str = "count") -> None:
        """Note what is wrong with a meter: at its row, or for one of no file (`instead`) at a key of the population."""
        if self._file is not None and row.number:
            self._file.fault(row.number, what)
        else:
            self._faults.add(("population", key), instead or what)

    def _check_areas(self, having: Iterable[str]) -> None:
        named = {meter.area for meter in self._spec.meters} | set(having)
        for area in self._spec.areas:
            if area not in named:
                self._faults.add(("areas", area), "no meter is in this area")

    def _check_taken(self, rows: Iterable[MeterRow]) -> None:
        """Note meters that have the PAN or the name of a listed one."""
        names = {meter.name for meter in self._spec.meters}
        by_pan = {meter.pan: meter.name for meter in self._spec.meters}
        seen: set[str] = set()
        for row in rows:
            name = name_of(row)
            if row.pan.digits in self._world.taken_pans:
                listed = by_pan.get(row.pan.digits, "?")
                what = f"the listed meter {listed!r} has the PAN {row.pan} that the population's {name} would have"
                self.tell(row, f"pan '{row.pan}': the listed meter {listed!r} has the same", what)
            if name in names:
                what = f"a listed meter is called {name!r} as one of the population would be"
                self.tell(row, f"name {name!r}: a listed meter is called so", what)
            if name in seen:
                self.tell(row, f"name {name!r}: another row is called so, by its connection or its name")
            seen.add(name)

    def _check_replacements(self, rows: Collection[MeterRow]) -> None:
        """Note meters of a file that have the PAN of one that the programme may put into another's place."""
        if self._of.file is None or self._spec.programme is None or self._spec.programme.replace_with is None:
            return
        connections = {row.connection for row in rows}
        for row in rows:
            connection = replaced_in(row.pan)
            if connection in connections:
                what = f"a meter that replaces that of connection {connection} would have the same"
                self.tell(row, f"pan '{row.pan}': {what}, number the connections otherwise")


def numbered(connection: int, area: str | None = None) -> MeterRow:
    """The row of a meter of no file."""
    return MeterRow(0, pan_of(connection), area=area, connection=connection)


def name_of(row: MeterRow) -> str:
    """What a row's meter is called."""
    return row.name or f"m{row.connection}"
