"""What a report is made of: sections of sentences, tables and pictures. All texts are plain; the template escapes."""

from collections.abc import Sequence
from dataclasses import dataclass

from meter_sim.results.html.pictures import Picture

MOST_ROWS = 60
"""Rows of a table that grows with the areas or events of a run; more are counted, not shown."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first column heads its row. `words` are the further columns that hold words, not numbers."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it. `anchor` names it within the page; `sections` are one level deeper.

    `terms` are words with what they mean.
    """

    anchor: str
    title: str
    sentences: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    sections: tuple["Section", ...] = ()
    terms: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands out at the top, and what it is."""

    value: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What stands at the top about one result, or about the comparison; a title only where there are several."""

    title: str
    sentences: tuple[str, ...]
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report."""

    title: str
    subtitle: str
    briefs: tuple[Brief, ...]
    sections: tuple[Section, ...]
    foot: str


def cut(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], words: Sequence[int] = ()) -> Table:
    """A table of the first rows and the last one, which stands for all together, with a note of what is left out."""
    whole = tuple(map(tuple, rows))
    if len(whole) <= MOST_ROWS:
        return Table(caption, tuple(heads), whole, frozenset(words))
    note = f"{len(whole) - MOST_ROWS:,} more rows are left out; areas.parquet and summary.json have them."
    return Table(caption, tuple(heads), (*whole[: MOST_ROWS - 1], whole[-1]), frozenset(words), note)
