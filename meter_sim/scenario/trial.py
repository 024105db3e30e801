"""Several ways of putting a file together, tried one after the other: what is wrong is told once for all of them."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from meter_sim.scenario.error import ScenarioError

T = TypeVar("T")
_MOST_NAMED = 3


class Trial:
    """Gathers the faults of many attempts, and where each was found."""

    def __init__(self) -> None:
        self._faults: dict[str, list[str]] = {}

    def tried(self, what: str, make: Callable[[], T]) -> T | None:
        """What `make` returns; None, and the faults noted as found in `what`, if it raises ScenarioError."""
        try:
            return make()
        except ScenarioError as error:
            for fault in error.faults:
                told = self._faults.setdefault(fault, [])
                if what not in told:
                    told.append(what)
            return None

    def stop(self) -> None:
        """Raise ScenarioError if there are faults; one that several attempts share is one line."""
        if self._faults:
            raise ScenarioError(*(f"{fault} (in {_few(told)})" for fault, told in self._faults.items()))


def _few(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
