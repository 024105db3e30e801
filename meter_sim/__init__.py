"""meter_sim: rehearse STS prepayment, from a token's bits to a household's year.

For rehearsal and tests with test keys; a software module must not serve a live system.
"""

from collections.abc import Mapping
from importlib.metadata import version as _version
from pathlib import Path
from typing import TYPE_CHECKING

from meter_sim.scenario.error import ScenarioError

if TYPE_CHECKING:
    from meter_sim.results.result import Result

__all__ = ["ScenarioError", "__version__", "read_result", "run"]

__version__ = _version("meter_sim")


def run(scenario: str | Path, *, set: Mapping[str, str] | None = None, seed: int | None = None) -> "Result":
    """Run a scenario file and return its result.

    `set` overrides single values by path (`{"meters.0.credit": "5 kWh"}`), `seed` the scenario's seed. Expectations
    that were not met are in `Result.failures`. Raises ScenarioError with a line for each fault of the file.
    """
    from meter_sim.engine.reference import run as run_reference
    from meter_sim.results.result import result_of
    from meter_sim.scenario.reader import read_scenario

    overrides = dict(set or {}) | ({} if seed is None else {"seed": str(seed)})
    read = read_scenario(scenario, overrides)
    return result_of(read, run_reference(read))


def read_result(folder: str | Path) -> "Result":
    """The result in a folder that `meter-sim run` wrote. Raises ResultError."""
    from meter_sim.results.result import read_result as read

    return read(folder)
