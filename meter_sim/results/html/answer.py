"""One of the ten answers of a summary, by area: what its sentences and its table are made from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from meter_sim.results.html.parts import Table, cut
from meter_sim.results.html.wording import day, number, percent
from meter_sim.results.summary_types import Json

Cell = Callable[["Row"], str]


@dataclass(frozen=True, slots=True)
class Row:
    """What an answer says of one area, or of all together."""

    values: dict[str, Json]

    def whole(self, name: str) -> int:
        """A whole number; 0 for one that is not there."""
        value = self.values.get(name)
        return value if isinstance(value, int) else 0

    def part(self, name: str) -> dict[str, Json]:
        """Values by name; none for what is not there."""
        value = self.values.get(name)
        return value if isinstance(value, dict) else {}

    def counts(self, name: str) -> dict[str, int]:
        """Whole numbers by name, those above 0."""
        return {key: value for key, value in self.part(name).items() if isinstance(value, int) and value}

    def below(self, name: str) -> "Row":
        """A part as a row of its own."""
        return Row(self.part(name))

    def __getitem__(self, name: str) -> Json:
        return self.values.get(name)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer by area; the last is the one for all together."""

    areas: dict[str, Json]

    @property
    def all(self) -> Row:
        """Of all areas together."""
        rows = list(self.rows())
        return rows[-1][1] if rows else Row({})

    def rows(self) -> Iterator[tuple[str, Row]]:
        """The rows of a table: each area, and all together where there are several."""
        several = len(self.areas) > 2
        for place, (name, values) in enumerate(self.areas.items(), 1):
            last = place == len(self.areas)
            if not last or several or len(self.areas) == 1:
                yield "all areas" if last and several else name, Row(values if isinstance(values, dict) else {})

    def table(self, caption: str, columns: dict[str, str | Cell], words: tuple[str, ...] = ()) -> Table:
        """A table of a row an area; a column is the name of a number or a function of the row."""
        cells = [
            (area, *(column(row) if callable(column) else number(row[column]) for column in columns.values()))
            for area, row in self.rows()
        ]
        return cut(
            caption, ("area", *columns), cells, [place for place, head in enumerate(columns, 1) if head in words]
        )

    def names(self, part: str) -> list[str]:
        """The names that a part of any area has, with a number above 0, in order."""
        return list(dict.fromkeys(name for _, row in self.rows() for name in row.counts(part)))


def as_day(name: str) -> Cell:
    """A column of dates."""
    return lambda row: day(row[name])


def of_part(part: str, name: str) -> Cell:
    """A column of one number of a part; 0 where the part does not have it."""
    return lambda row: number(row.part(part).get(name, 0))


def sum_of(part: str) -> Cell:
    """A column of the sum of a part."""
    return lambda row: number(sum(row.counts(part).values()))


def with_share(name: str, of: str) -> Cell:
    """A column of numbers, each with its share of another."""
    return lambda row: f"{number(row.whole(name))} ({percent(row.whole(name), row.whole(of))})"
