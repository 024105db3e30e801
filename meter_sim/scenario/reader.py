"""From a scenario file to a `Scenario`: read, override, check, put together.

Faults are raised as one ScenarioError, a line each; nothing is run or written before all is right.
"""

from collections.abc import Mapping
from pathlib import Path

from meter_sim.scenario.paths import Override, check_path, put, shown
from meter_sim.scenario.scenario import Scenario
from meter_sim.scenario.scenario_file import ScenarioFile, checked
from meter_sim.scenario.schema_experiment import SECTIONS
from meter_sim.scenario.source import parse_set, read_source


def read_scenario(
    path: str | Path,
    overrides: Mapping[str, str] | None = None,
    *,
    scenario: str | None = None,
    allow_code: bool = False,
    drawn: bool = True,
) -> Scenario:
    """The scenario of a file, with `overrides` of single values by path (`meters.0.credit`: `5 kWh`).

    `scenario` is one of those that the file names, None the file as it is. All that the file says of other scenarios
    and of sweeps is checked too. Behaviours that the file names are imported and run only with `allow_code`. Unless
    `drawn`, a numbered population is not made into meters: `Scenario.population` draws them when they are needed.
    Raises ScenarioError with a line for each fault.
    """
    file, as_it_is = read_scenario_file(path, overrides, allow_code=allow_code, drawn=drawn)
    return as_it_is if scenario is None else file.scenario(file.variant(scenario), drawn=drawn)


def read_scenario_file(
    path: str | Path, overrides: Mapping[str, str] | None = None, *, allow_code: bool = False, drawn: bool = True
) -> tuple[ScenarioFile, Scenario]:
    """A file with all its scenarios and sweeps, every one of them checked, and the scenario that it is as it is.

    `drawn` goes for that scenario, as in `read_scenario`. Raises ScenarioError with a line for each fault.
    """
    source = read_source(Path(path))
    sets = [_set(place, text) for place, text in (overrides or {}).items()]
    of_sections = [override for override in sets if override.parts[0] in SECTIONS]
    of_scenario = [override for override in sets if override.parts[0] not in SECTIONS]
    for override in of_sections:
        put(source, override)
    whole = source.without(())
    for override in of_scenario:
        check_path(override, whole.tree, of_scenario, entries_only=True)
        put(whole, override)
    return checked(source, whole, tuple(of_scenario), Path(path).parent, allow_code=allow_code, drawn=drawn)


def _set(path: str, text: str) -> Override:
    """What a `--set` option says. Raises ScenarioError."""
    where = f"--set {shown(path)}"
    override = Override(path, None, where)
    _ = override.parts
    return Override(path, parse_set(text, where), where)
