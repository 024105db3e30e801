"""Faults of a scenario file, collected while it is put together, each with its line."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import NoReturn, TypeVar
from zoneinfo import ZoneInfo

from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.profile_file import ProfileError
from meter_sim.scenario.quantities import Time
from meter_sim.scenario.source import Place, Source
from meter_sim.scenario.zone import ZoneError, instant
from meter_sim.sts.errors import StsError

T = TypeVar("T")


class Faults:
    """What is wrong so far. `stop` raises it all at once, so that a user sees every fault of a step together."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._faults: list[str] = []

    @property
    def found(self) -> bool:
        """Whether there are faults."""
        return bool(self._faults)

    def add(self, path: Place, what: str) -> None:
        """Note a fault."""
        self._faults.append(self.source.fault(path, what))

    def stop(self) -> None:
        """Raise ScenarioError if there are faults."""
        if self._faults:
            raise ScenarioError(*dict.fromkeys(self._faults))

    def tried(self, path: Place, make: Callable[[], T]) -> T:
        """What `make` returns; a fault of its own stops at once."""
        try:
            return make()
        except (ZoneError, StsError, ProfileError) as error:
            self.end(path, str(error))

    def end(self, path: Place, what: str) -> NoReturn:
        """Note a fault behind which nothing can be looked at, and stop."""
        self.add(path, what)
        raise ScenarioError(*dict.fromkeys(self._faults)) from None

    def instant(self, time: Time, zone: ZoneInfo, path: Place) -> int:
        """Seconds of an instant as written."""
        return self.tried(path, lambda: instant(time, zone))

    def known(self, name: str, names: Iterable[str], path: Place, what: str) -> bool:
        """Whether a name is one of those that the file defines; a fault with the nearest one if not."""
        allowed = list(names)
        if name in allowed:
            return True
        if not allowed:
            self.add(path, f"no {what} is called {name!r}, the file defines none")
            return False
        close = get_close_matches(name, allowed, 1, cutoff=0.5)
        hint = f"did you mean {close[0]}? " if close else ""
        self.add(path, f"no {what} is called {name!r}, {hint}allowed are {', '.join(allowed)}")
        return False
