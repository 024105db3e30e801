"""A numbered population that is looked at but not drawn: its meters come later, as columns.

What can be wrong with a meter depends on few things: its model, its customer, what is wrong in the register. So one
example of each combination that the shares allow is tried. Only where such an example has a fault all meters are
looked through for the first of each combination that there is, and these tell what is wrong, as all of them would.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from meter_sim.distribution import Chance
from meter_sim.draws import Purpose, Trait
from meter_sim.meter.load import LoadProfile
from meter_sim.meter.model import MeterModel
from meter_sim.people.customer import Customer
from meter_sim.programme import Programme
from meter_sim.scenario.area_kinds import Kinds
from meter_sim.scenario.areas import area_names, check_targets
from meter_sim.scenario.drawn_population import AreaDraws, DrawnPopulation, HeldKey, Payday, Picks
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.household import Household
from meter_sim.scenario.meter_columns import MeterKinds, Places
from meter_sim.scenario.meter_rows import numbered
from meter_sim.scenario.population import Population
from meter_sim.scenario.population_world import PopulationWorld
from meter_sim.scenario.scenario import MeterSetup
from meter_sim.scenario.schema import ScenarioSpec
from meter_sim.scenario.shares import Choice
from meter_sim.scenario.steady_state import paydays_from

_AT_ONCE = 1 << 17
"""Meters that are looked through at once."""


@dataclass(frozen=True, slots=True)
class Later:
    """A population with the meters that stand for all others when they are looked at; none where nothing is wrong."""

    population: DrawnPopulation
    examples: tuple[MeterSetup, ...]


def population_later(
    faults: Faults, spec: ScenarioSpec, world: PopulationWorld, programme: Programme | None
) -> Later | None:
    """The numbered population of a file; None where there is none, or one whose tables hold too great numbers.

    What is wrong is noted in `faults`; raises ScenarioError where nothing behind it can be looked at.
    """
    if spec.population is None or spec.population.count is None:
        return None
    return _Looked(faults, spec, world, programme).later()


class _Example(Household):
    """A connection whose draws are chosen; what is not named is the least."""

    __slots__ = ("_words",)

    def __init__(self, connection: int, words: dict[Trait, int]) -> None:
        super().__init__(0, connection)
        self._words = words

    def word(self, trait: Trait, sub: int = 0) -> int:
        return self._words.get(trait, 0)

    def draw(self, purpose: Purpose, count: int) -> int:
        return 0


class _Looked:
    """Looks at the population of one file."""

    def __init__(self, faults: Faults, spec: ScenarioSpec, world: PopulationWorld, programme: Programme | None) -> None:
        self._faults = faults
        self._spec = spec
        self._world = world
        self._programme = programme
        self._meters = Population(faults, spec, world)

    def later(self) -> Later | None:
        blocks = self._meters.rows.blocks()
        rows = [numbered(first, area) for area, first, number in blocks if number]
        self._of = self._meters.registered(rows)[0]
        population = self._population(blocks)
        if not population.is_exact:
            return None
        examples: tuple[MeterSetup, ...] = ()
        if self._example_fails(population):
            at = self._firsts(population)
            rows = [numbered(connection, area) for connection, area in at]
            examples = tuple(self._meters.meter(row, self._of, 0, []) for row in rows)
            self._faults.stop()
        return Later(population, examples)

    # -- what is drawn from ------------------------------------------------------------------------------------

    def _population(self, blocks: tuple[tuple[str, int, int], ...]) -> DrawnPopulation:
        world, meters, steady = self._world, self._meters, self._meters.steady
        models, loads, customers = Places[MeterModel](), Places[LoadProfile](), Places[Customer]()

        def model_place(name: str) -> int:
            return models.add(world.models[name])

        def load_place(name: str) -> int:
            return loads.add(world.loads[name])

        def customer_place(name: str) -> int:
            return customers.add(world.customers[name])

        draws = []
        for name in area_names(self._spec):
            kinds = meters.kinds[name]
            draws.append(
                AreaDraws(
                    models=_picks(kinds.models, model_place),
                    loads=_picks(kinds.loads, load_place),
                    customers=() if kinds.customers is None else _picks(kinds.customers, customer_place),
                    cannot_change=kinds.cannot_change,
                )
            )
        no_load = load_place("none")
        plain = models.known
        some_rigid = any(area.cannot_change for area in draws)
        rigid = [models.add(meters.rigid(model)) if some_rigid else models.add(model) for model in plain]
        rigid += range(len(rigid), len(models.known))
        groups = world.module.supply_groups
        group, revision, tariff = self._of
        others = meters.errors.other_keys(group, revision)
        return DrawnPopulation(
            seed=self._spec.seed,
            start=world.start,
            kinds=MeterKinds(models.known, loads.known, customers.known, area_names(self._spec), groups),
            areas=blocks,
            draws=tuple(draws),
            rigid=tuple(rigid),
            no_load=no_load,
            paydays=tuple(self._paydays(customer) for customer in customers.known),
            keys=(self._key(groups, group, revision), self._key(groups, *others[0]), self._key(groups, *others[1])),
            tariff=int(tariff),
            errors=meters.errors.bounds,
            use=meters.use,
            credit=steady.drawn_credit,
            drawer=steady.drawers,
            bought_before=steady.bought_before,
            entered_after=steady.entered_after,
        )

    def _paydays(self, customer: Customer) -> tuple[Payday, ...]:
        if customer.paydays is None:
            return ()
        midnight = self._world.calendar.midnight
        return tuple(
            (day, midnight(day), midnight(day + 1) - midnight(day) - 1)
            for day in paydays_from(customer.paydays, self._world.calendar, self._world.start)
        )

    def _key(self, groups: tuple[str, ...], group: str, revision: int) -> HeldKey:
        key = self._world.module.vending_key(group, revision)
        return HeldKey(groups.index(group), revision, key.base_date.minute, key.key_type, key.key_expiry)

    # -- what may be wrong -------------------------------------------------------------------------------------

    def _example_fails(self, population: DrawnPopulation) -> bool:
        """Whether an example of a combination has a fault."""
        faults = Faults(self._faults.source)
        meters = Population(faults, self._spec, self._world)
        rows = [numbered(first, area) for area, first, number in population.areas if number]
        meters.registered(rows)
        examples = []
        seen: set[tuple[tuple[str, ...], ...]] = set()
        for row in rows:
            kinds = meters.kinds[row.area or ""]
            names = kinds.models.names, () if kinds.customers is None else kinds.customers.names
            if names not in seen:
                seen.add(names)
                for words in _words(kinds, population.errors):
                    household = _Example(row.connection or 0, words)
                    examples.append(meters.meter(row, self._of, 0, [], household))
        check_targets(faults, self._programme, examples, self._world.module)
        return faults.found

    def _firsts(self, population: DrawnPopulation) -> list[tuple[int, str]]:
        """The first connection of each combination that there is, with its area."""
        firsts: dict[int, tuple[int, str]] = {}
        for area, first, number in population.areas:
            for start in range(first, first + number, _AT_ONCE):
                columns = population.columns(start, min(_AT_ONCE, first + number - start))
                combination = np.zeros(columns.size, np.int64)
                for name in ("model", "customer", "true_group"):
                    combination = combination << 16 | columns[name] + 1
                combination = combination << 8 | columns["true_revision"].astype(np.int64) << 1 | columns["dead"]
                for found, place in zip(*np.unique(combination, return_index=True), strict=True):
                    firsts.setdefault(int(found), (start + int(place), area))
        return sorted(firsts.values())


def _picks(choice: Choice, place: Callable[[str], int]) -> Picks:
    return tuple((bound, place(name)) for name, bound in zip(choice.names, choice.bounds, strict=True))


def _words(kinds: Kinds, errors: tuple[Chance, ...]) -> Iterator[dict[Trait, int]]:
    """Draws that make each combination of a model, a kind of customer and an error of the register."""
    customers = (0,) if kinds.customers is None else _least(kinds.customers.bounds)
    registers = (*_least(errors), min(errors[-1], (1 << 32) - 1))
    for model, customer, register in product(_least(kinds.models.bounds), customers, registers):
        yield {Trait.MODEL: model, Trait.CUSTOMER: customer, Trait.REGISTER: register}


def _least(bounds: Iterable[Chance]) -> tuple[int, ...]:
    """The least draw below each of these bounds, if there is one."""
    below = (0, *bounds)
    return tuple(least for least, bound in pairwise(below) if least < bound)
