"""A population at the end of a run, counted: what the answers and the measures need of its meters. Censuses add up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from meter_sim import arrow_columns
from meter_sim.results.outcome import MeterEnd

FateKey = tuple[str, str, str]
"""Area, end state of a token, and for those refused for ever the result."""


class Group(NamedTuple):
    """What meters that are counted together have in common; `bought` is whether they bought anything in the run."""

    area: str
    model: str
    customer: str
    never_buys: str
    dead: bool
    takes_key_changes: bool
    true: str
    register: str
    bought: bool


class Sums(NamedTuple):
    """Sums over the meters of an area; amounts in tenths of a kWh."""

    tokens_issued: int = 0
    lost_tokens: int = 0
    lost_tenths: int = 0
    debt_tenths: int = 0


@dataclass(frozen=True, slots=True)
class Census:
    """Meters by group, sums by area, and tokens by area, end state and result."""

    groups: Mapping[Group, int] = field(default_factory=dict)
    sums: Mapping[str, Sums] = field(default_factory=dict)
    fates: Mapping[FateKey, int] = field(default_factory=dict)

    def __add__(self, other: "Census") -> "Census":
        return census_of_all((self, other))


def census_of_all(several: Iterable[Census]) -> Census:
    """Censuses added up."""
    groups: Counter[Group] = Counter()
    sums: dict[str, Sums] = {}
    fates: Counter[FateKey] = Counter()
    for one in several:
        groups.update(one.groups)
        fates.update(one.fates)
        for area, more in one.sums.items():
            sums[area] = Sums(*map(sum, zip(sums.get(area, Sums()), more, strict=True)))
    return Census(dict(groups), sums, dict(fates))


def census_of(meters: Iterable[MeterEnd]) -> Census:
    """The census of these meters."""
    groups: Counter[Group] = Counter()
    sums: dict[str, list[int]] = {}
    fates: Counter[FateKey] = Counter()
    for meter in meters:
        group = Group(
            meter.area,
            meter.model,
            meter.customer,
            meter.never_buys,
            meter.dead,
            meter.takes_key_changes,
            meter.true,
            meter.register,
            meter.purchases > 0,
        )
        groups[group] += 1
        row = sums.setdefault(meter.area, [0] * len(Sums._fields))
        for place, name in enumerate(Sums._fields):
            row[place] += getattr(meter, name)
        for (fate, why), number in meter.fates.items():
            fates[meter.area, fate, why] += number
    return Census(dict(groups), {area: Sums(*row) for area, row in sums.items()}, dict(fates))


def census_of_table(meters: pa.Table, fates: Mapping[FateKey, int]) -> Census:
    """The census of a table of meters, and of tokens that were counted already: the table does not say why."""
    if not meters.num_rows:
        return Census(fates=dict(fates))
    kinds = [_texts(meters, name) for name in Group._fields[:4]]
    kinds += [_flags(arrow_columns.as_numbers(_column(meters, name))) for name in ("dead", "takes_key_changes")]
    kinds += [_texts(meters, name) for name in ("true", "register")]
    kinds.append(_flags(arrow_columns.as_numbers(_column(meters, "purchases"))))
    found, number = _counted([codes for codes, _ in kinds], [len(names) for _, names in kinds])
    groups = {
        Group(*(names[code] for (_, names), code in zip(kinds, row, strict=True))): count
        for row, count in zip(found, number, strict=True)
    }
    codes, areas = kinds[0]
    rows = np.zeros((len(areas), len(Sums._fields)), dtype=np.int64)
    for place, name in enumerate(Sums._fields):
        np.add.at(rows[:, place], codes, arrow_columns.as_numbers(_column(meters, name)))
    sums = {str(area): Sums(*row) for area, row in zip(areas, rows.tolist(), strict=True)}
    return Census(groups, sums, dict(fates))


Coded = tuple[NDArray[np.int64], list[Any]]
"""A column as places in a list of its values."""


def _column(table: pa.Table, name: str) -> pa.Array:
    return table.column(name).combine_chunks()


def _texts(table: pa.Table, name: str) -> Coded:
    encoded = _column(table, name).dictionary_encode()
    return arrow_columns.as_numbers(encoded.indices), encoded.dictionary.to_pylist()


def _flags(values: NDArray[np.int64]) -> Coded:
    return (values != 0).astype(np.int64), [False, True]


def _counted(columns: list[NDArray[np.int64]], sizes: list[int]) -> tuple[list[list[int]], list[int]]:
    """The combinations that occur, each as a code of every column, and how often."""
    whole = np.zeros(len(columns[0]), dtype=np.int64)
    for codes, size in zip(columns, sizes, strict=True):
        whole = whole * size + codes
    found, number = np.unique(whole, return_counts=True)
    rows = []
    for left in found.tolist():
        row = []
        for size in reversed(sizes):
            left, code = divmod(left, size)
            row.append(code)
        rows.append(row[::-1])
    return rows, number.tolist()
