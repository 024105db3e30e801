"""A population whose meters are drawn when they are needed, as columns: any range of connections by itself."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meter_sim.distribution import CELLS, Chance, Distribution
from meter_sim.people.customer import Customer, NeverBuys
from meter_sim.scenario.meter_columns import SETUP, MeterKinds, Setups, drawn_meter
from meter_sim.scenario.scenario import MeterSetup
from meter_sim.scenario.steady_state import MONTH
from meter_sim.sts.identity import Encryption, KeyType
from meter_sim.sts.token import Service

GREATEST_VALUE = 1 << 39
"""The greatest amount or time in a table with which all products stay within 64 bits."""
GREATEST_CREDIT = 1 << 60
"""The same for a drawn credit, watt-seconds."""
MOST_KINDS = 1 << 15
"""Kinds of one sort that a record can name."""

Picks = tuple[tuple[Chance, int], ...]
"""What a draw picks from: bounds of 2^32, each with a place in `MeterKinds`."""
Payday = tuple[int, int, int]
"""A local day, its first second, and its last second counted from that."""


@dataclass(frozen=True, slots=True)
class AreaDraws:
    """What an area's connections are drawn from."""

    models: Picks
    loads: Picks
    customers: Picks
    cannot_change: Chance


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A vending key that meters hold: place of its supply group, KRN, its base date's minute, key type and KEN."""

    supply_group: int
    key_revision: int
    base: int
    key_type: KeyType
    key_expiry: int


@dataclass(frozen=True)
class DrawnPopulation:
    """The meters of a population, drawn as columns. It can go to another process.

    `areas` are name, first connection and number of meters, in the order of `kinds.areas`; `draws` belong to them.
    `rigid` has for each model the one that takes no key change (itself: none is drawn), `paydays` for each customer the
    days until one that begins after the start. `keys` are those of the record, of a record with another supply group,
    and of one with another key revision. `errors` are the bounds of the register's errors.
    """

    seed: int
    start: int
    kinds: MeterKinds
    areas: tuple[tuple[str, int, int], ...]
    draws: tuple[AreaDraws, ...]
    rigid: tuple[int, ...]
    no_load: int
    paydays: tuple[tuple[Payday, ...], ...]
    keys: tuple[HeldKey, HeldKey, HeldKey]
    tariff: int
    errors: tuple[Chance, ...]
    use: Distribution | None
    credit: Distribution | None
    drawer: Chance
    bought_before: Distribution
    entered_after: Distribution

    @property
    def first_connection(self) -> int:
        """The first connection."""
        return self.areas[0][1]

    @property
    def count(self) -> int:
        """Meters in all."""
        return sum(number for _, _, number in self.areas)

    @property
    def is_exact(self) -> bool:
        """Whether 64 bits hold all that is computed; tables that a scenario brings along may be too great for that."""
        of_customers = [table for customer in self.kinds.customers for table in _tables_of(customer)]
        bounded = [(table, GREATEST_VALUE) for table in (*of_customers, self.bought_before, self.entered_after)]
        bounded += [(table, GREATEST_CREDIT) for table in (self.credit, self.use) if table is not None]
        few = all(len(kinds) < MOST_KINDS for kinds in (getattr(self.kinds, of.name) for of in fields(self.kinds)))
        return few and all(-most <= table.knots[0] and table.knots[-1] <= most for table, most in bounded)

    def columns(self, first_connection: int, number: int) -> Setups:
        """So many meters from a connection on as records of `SETUP`. Raises ValueError outside the population."""
        behind = first_connection + number
        if number < 0 or first_connection < self.first_connection or behind > self.first_connection + self.count:
            last = self.first_connection + self.count - 1
            what = f"{number} connections from {first_connection} on are not within {self.first_connection} to {last}"
            raise ValueError(what)
        columns = np.zeros(number, SETUP)
        for place, (_, first, size) in enumerate(self.areas):
            start, end = max(first, first_connection), min(first + size, behind)
            if start < end:
                self._draw(place, start, columns[start - first_connection : end - first_connection])
        return columns

    def meter(self, connection: int) -> MeterSetup:
        """The meter of one connection. Raises ValueError outside the population."""
        return drawn_meter(self.columns(connection, 1)[0], self.kinds)

    def _draw(self, area: int, start: int, out: Setups) -> None:
        """Draw meters of one area from a connection on."""
        from meter_sim.scenario.compiled_population import draw_meters

        of = self._layout
        pairs = self._pairs(area)
        pairs = pairs[np.searchsorted(pairs[:, 0], start) :]
        draw_meters(
            out, start, area, of.areas[area], of.world, of.keys, of.models, of.means, of.customers, of.picks,
            of.paydays, of.tables, pairs,
        )  # fmt: skip

    def _pairs(self, area: int) -> NDArray[np.int64]:
        """The connections of an area whose records are swapped, and their partners (-1: none)."""
        from meter_sim.scenario.compiled_population import swapped_in

        of = self._layout
        known = of.pairs.get(area)
        if known is not None:
            return known
        _, first, number = self.areas[area]
        pairs = np.empty((0, 2), np.int64)
        if self.errors[-1]:
            arguments = of.world, of.areas[area], of.models, of.picks, first, number
            pairs = np.empty((swapped_in(*arguments, pairs), 2), np.int64)
            swapped_in(*arguments, pairs)
        of.pairs = {area: pairs}  # one area only: ranges are asked for area by area
        return pairs

    @cached_property
    def _layout(self) -> "_Layout":
        return _Layout(self)

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _tables_of(customer: Customer) -> tuple[Distribution, ...]:
    """The tables of a kind of customer that a population is drawn from."""
    paydays = () if customer.paydays is None else (customer.paydays.after_midnight,)
    return (customer.amount, *(() if customer.every is None else (customer.every,)), *paydays)


class _Tables:
    """Distributions as rows of whole numbers, equal ones once."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, ...], int] = {}

    def row(self, table: Distribution | None) -> int:
        """The row of a table; -1 for none."""
        return -1 if table is None else self._rows.setdefault(table.knots, len(self._rows))

    def array(self) -> NDArray[np.int64]:
        """All rows."""
        return np.array(list(self._rows), np.int64).reshape(-1, CELLS + 1)


class _Layout:
    """A population's tables as the kernels take them."""

    def __init__(self, population: DrawnPopulation) -> None:
        from meter_sim.scenario import compiled_population as kernels

        kinds, tables = population.kinds, _Tables()
        self.customers = _records(kernels.CUSTOMER, (_customer(who, tables) for who in kinds.customers))
        self.world = _records(
            kernels.WORLD,
            [
                {
                    "seed": population.seed,
                    "start": population.start,
                    "drawer": population.drawer,
                    "errors": population.errors,
                    "tariff": population.tariff,
                    "no_load": population.no_load,
                    "use": tables.row(population.use),
                    "credit": tables.row(population.credit),
                    "bought_before": tables.row(population.bought_before),
                    "entered_after": tables.row(population.entered_after),
                }
            ],
        )
        self.tables = tables.array()
        self.models = _records(
            kernels.MODEL,
            (
                {
                    "rigid": rigid,
                    "tid_store": model.tid_store,
                    "credit_cap": model.credit_cap,
                    "cap": model.cap(model.services[0]),
                    "electricity": Service.ELECTRICITY in model.services,
                    "is_ea11": model.encryption is Encryption.EA11,
                }
                for model, rigid in zip(kinds.models, population.rigid, strict=True)
            ),
        )
        self.means = np.array([load.mean for load in kinds.loads], np.int64)
        self.keys = _records(
            kernels.KEY,
            (
                {
                    "group": key.supply_group,
                    "revision": key.key_revision,
                    "base": key.base,
                    "key_type": int(key.key_type),
                    "key_expiry": key.key_expiry,
                }
                for key in population.keys
            ),
        )
        rows: list[tuple[int, int]] = []
        areas = []
        for draws in population.draws:
            area = {"cannot_change": draws.cannot_change}
            for name, picks in (("models", draws.models), ("loads", draws.loads), ("customers", draws.customers)):
                area[name] = len(rows)
                rows += picks
            areas.append(area | {"behind": len(rows)})
        self.areas = _records(kernels.AREA, areas)
        self.picks = np.array(rows, np.int64).reshape(-1, 2)
        most = max((len(days) for days in population.paydays), default=0)
        self.paydays = np.zeros((len(population.paydays), most, 3), np.int64)
        for place, days in enumerate(population.paydays):
            self.paydays[place, : len(days)] = days or 0
        self.pairs: dict[int, NDArray[np.int64]] = {}


def _records(dtype: np.dtype[np.void], rows: Iterable[dict[str, Any]]) -> NDArray[np.void]:
    """Records of their fields by name; one of zeros where there is none, so that there is a first."""
    listed = [tuple(row[name] for name in dtype.names or ()) for row in rows]
    return np.array(listed, dtype) if listed else np.zeros(1, dtype)


def _customer(customer: Customer, tables: _Tables) -> dict[str, Any]:
    days = () if customer.paydays is None else customer.paydays.days
    return {
        "when_below": customer.when_below or 0,
        "every": tables.row(customer.every),
        "first": customer.first or 0,
        "after_midnight": -1 if customer.paydays is None else tables.row(customer.paydays.after_midnight),
        "amount": tables.row(customer.amount),
        "mean_amount": int(customer.amount.mean),
        "mean_every": 0 if customer.every is None else int(customer.every.mean),
        "payday_span": MONTH // len(set(days)) if days else 0,
        "amount_is_use": customer.amount_is_use,
        "has_level": customer.when_below is not None,
        "has_first": customer.first is not None,
        "never": customer.never is not None,
        "blocked": customer.never is NeverBuys.BLOCKED,
        "no_load": customer.never in (NeverBuys.VACANT, NeverBuys.BYPASSED),
    }
