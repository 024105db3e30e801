"""What the connections of an area are drawn from: models, loads, kinds of customer."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from meter_sim.distribution import Chance, chance
from meter_sim.scenario.areas import area_names
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.population_file import MeterRow
from meter_sim.scenario.population_world import PopulationWorld
from meter_sim.scenario.schema import BUILT_IN_LOADS, ScenarioSpec
from meter_sim.scenario.schema_area import AreaSpec
from meter_sim.scenario.schema_programme import PopulationSpec
from meter_sim.scenario.shares import Choice, choice, complete_shares, some
from meter_sim.scenario.source import Place


@dataclass(frozen=True, slots=True)
class Kinds:
    """What an area's connections are drawn from."""

    models: Choice
    loads: Choice
    customers: Choice | None
    buying: Choice | None
    never: Choice | None
    cannot_change: Chance


class KindsByArea:
    """Looks up what a file says of each area's models, loads and customers."""

    def __init__(self, faults: Faults, spec: ScenarioSpec, population: PopulationSpec, world: PopulationWorld) -> None:
        self._faults = faults
        self._spec = spec
        self._of = population
        self._world = world

    def kinds(self, rows: Iterable[MeterRow]) -> dict[str, Kinds]:
        """The kinds by area, for these rows; what is wrong is noted."""
        spec, of = self._spec, self._of
        models = self._shares(("population", "models"), of.models, "models") or {"keypad": Decimal(1)}
        loads = self._shares(("population", "loads"), of.loads, "loads") or {"township": Decimal(1)}
        drawing = {row.area for row in rows if row.customer is None}
        own = {name for name, area in spec.areas.items() if area.customers}
        customers = self._customer_shares(needed=bool(drawing - own))
        kinds = {}
        for name in area_names(spec):
            area = spec.areas.get(name, AreaSpec())
            path: Place = ("areas", name)
            who = self._shares((*path, "customers"), area.customers, "customers") or customers
            never = {kind for kind, customer in self._world.customers.items() if customer.never is not None}
            cannot = of.cannot_change if area.cannot_change is None else area.cannot_change
            kinds[name] = Kinds(
                models=some(self._shares((*path, "models"), area.models, "models") or models),
                loads=some(self._shares((*path, "loads"), area.loads, "loads") or loads),
                customers=choice(who),
                buying=choice({kind: share for kind, share in who.items() if kind not in never}),
                never=choice({kind: share for kind, share in who.items() if kind in never}),
                cannot_change=chance(cannot),
            )
        return kinds

    def _shares(self, path: Place, shares: Mapping[str, Decimal] | None, what: str) -> dict[str, Decimal]:
        """The shares of a mapping by name, whose names must be known; empty where there are none."""
        if not shares:
            return {}
        names: dict[str, Collection[str]] = {
            "models": self._world.models,
            "loads": BUILT_IN_LOADS | self._spec.loads,
            "customers": self._world.customers,
        }
        singular = {"models": "meter model", "loads": "load", "customers": "customer"}[what]
        known = [self._faults.known(name, names[what], (*path, name), singular) for name in shares]
        complete = complete_shares(self._faults, path, shares, what)
        return {name: share for (name, share), right in zip(complete.items(), known, strict=True) if right}

    def _customer_shares(self, *, needed: bool) -> dict[str, Decimal]:
        """The shares of the kinds of customer; looked at where they are needed or some are given."""
        shares = {name: kind.share for name, kind in self._spec.customers.items()}
        if len(shares) < 2 and not any(share is not None for share in shares.values()):
            return dict.fromkeys(shares, Decimal(1))
        if all(share is None for share in shares.values()):
            if needed:
                self._faults.add(("customers",), "no kind of customer has a share, 100% are needed")
            return {}
        return complete_shares(self._faults, ("customers",), shares, "customers", rest=True)
