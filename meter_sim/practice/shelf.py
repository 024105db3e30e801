"""The scenarios that can be practised: free practice, the lessons, and the file that the server was started with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path

from meter_sim.practice.put_up import practised
from meter_sim.scenario.reader import read_scenario
from meter_sim.scenario.scenario import Scenario

PRACTICE = "practice"
"""The name of free practice."""
LESSONS = ("top_up", "key_change", "wrong_order", "drawer")
"""The lessons that come with the package, in the order in which they are learnt."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Scenarios by name; `first` is the one that a session takes unless another is asked for."""

    scenarios: Mapping[str, Scenario]
    first: str

    def __iter__(self) -> Iterator[str]:
        return iter(self.scenarios)


@cache
def built_in() -> Mapping[str, Scenario]:
    """Free practice and the lessons that come with the package."""
    folder = files("meter_sim.practice").joinpath("lessons")
    with as_file(folder) as place:
        return {name: read_scenario(place / f"{name}.yaml") for name in (PRACTICE, *LESSONS)}


def shelf(own: Path | None = None) -> Shelf:
    """The shelf, with a scenario file of the user's own in front if there is one; it goes by the file's name.

    Raises ScenarioError if the file is wrong, PracticeError if it lists no meter.
    """
    if own is None:
        return Shelf(built_in(), PRACTICE)
    scenario = read_scenario(own, drawn=False)
    practised(scenario)
    return Shelf({own.stem: scenario} | {name: kept for name, kept in built_in().items() if name != own.stem}, own.stem)


def fingerprint(scenario: Scenario) -> str:
    """What tells a scenario from another: a hash of its text in full, in which no vending key given in hex stands."""
    return sha256(scenario.resolved.encode()).hexdigest()
