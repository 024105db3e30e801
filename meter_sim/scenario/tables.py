"""The distributions of a scenario as tables: saved ones where a resolved file has them, else made now and saved."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import pairwise

from meter_sim.distribution import CELLS, Distribution, constant, lognormal, share_of_mean, uniform
from meter_sim.scenario.faults import Faults
from meter_sim.scenario.quantities import plain
from meter_sim.scenario.spread import Spread


class Tables:
    """Makes distributions, each definition once; `made` is what the resolved scenario saves."""

    def __init__(self, faults: Faults, saved: Mapping[str, tuple[int, ...]]) -> None:
        self._faults = faults
        self._saved = saved
        self.made: dict[str, tuple[int, ...]] = {}

    def spread(self, spread: Spread[int]) -> Distribution:
        """The distribution of a quantity as written."""
        if spread.constant is not None:
            return constant(spread.constant)
        if spread.uniform is not None:
            return uniform(spread.uniform.least, spread.uniform.greatest)
        assert spread.lognormal is not None  # the schema sees to it
        median, sigma = spread.lognormal.median, spread.lognormal.sigma
        return self._table(f"lognormal median {median} sigma {plain(sigma)}", lambda: lognormal(median, sigma))

    def variation(self, variation: Decimal) -> Distribution:
        """Shares of a mean with this coefficient of variation."""
        return self._table(f"share with variation {plain(variation)}", lambda: share_of_mean(variation))

    def check(self) -> None:
        """Note saved tables that no distribution of the file has."""
        for definition in self._saved:
            if definition not in self.made:
                self._faults.known(definition, self.made, ("tables", definition), "distribution of this scenario")

    def _table(self, definition: str, make: Callable[[], Distribution]) -> Distribution:
        saved = self._saved.get(definition)
        if saved is not None:
            if len(saved) != CELLS + 1 or any(low > high for low, high in pairwise(saved)):
                self._faults.add(("tables", definition), f"a table has {CELLS + 1} whole numbers that do not fall")
                return make()
            self.made[definition] = saved
        if definition not in self.made:
            self.made[definition] = make().knots
        return Distribution(self.made[definition])
