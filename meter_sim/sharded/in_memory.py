"""A scenario file run to a result in memory, by whatever engine and processes."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from meter_sim.detail import Keep, fitting
from meter_sim.results.result import Result, read_result, result_of
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.kept_events import kept_events
from meter_sim.scenario.quantities import QuantityError
from meter_sim.scenario.reader import read_scenario
from meter_sim.scenario.scenario import Scenario
from meter_sim.sharded.engines import AUTO, ENGINES, REFERENCE, Engine, EngineError, engine_for, needs_meters
from meter_sim.sharded.run import RunError, Stopped, plan_of, run_sharded


def run_file(
    path: str | Path,
    overrides: Mapping[str, str],
    *,
    scenario: str | None = None,
    engine: str = AUTO,
    workers: int = 1,
    events: str | None = None,
    allow_code: bool = False,
) -> Result:
    """Run a scenario file; of it what `scenario` names, None the file as it is.

    `engine` is auto, reference or fleet, `events` none, refusals, all or a share such as sample:1%. Raises
    ScenarioError also for an engine that cannot run the scenario, and for fewer than one of `workers`.
    """
    wanted = None if events is None else _kept(events)
    if engine not in (AUTO, *ENGINES):
        raise ScenarioError(f"engine: {engine!r} is not known, allowed are {', '.join((AUTO, *ENGINES))}")
    if workers < 1:
        raise ScenarioError(f"workers: {workers} is below 1")
    read = read_scenario(path, overrides, scenario=scenario, allow_code=allow_code, drawn=False)
    try:
        chosen = engine_for(read, engine)
    except EngineError as error:
        raise ScenarioError(str(error)) from None
    as_a_whole = chosen.name == REFERENCE and workers == 1
    if needs_meters(read, None if as_a_whole else chosen):
        read = read_scenario(path, overrides, scenario=scenario, allow_code=allow_code)
    keep = fitting(wanted, read.meter_days)
    if as_a_whole:
        from meter_sim.engine.reference import run as run_reference

        return result_of(read, run_reference(read, detail=keep))
    return _in_shards(read, chosen, keep, workers)


def _kept(events: str) -> Keep:
    try:
        return kept_events(events)
    except QuantityError as error:
        raise ScenarioError(f"events: {error}") from None


def _in_shards(scenario: Scenario, engine: Engine, keep: Keep, workers: int) -> Result:
    """Shards lie on the disk until they are put together."""
    with TemporaryDirectory(prefix="meter_sim-") as place:
        folder = Path(place) / "result"
        try:
            run_sharded(plan_of(scenario, engine, keep, workers=workers), folder, plot=False)
        except RunError as error:
            raise ScenarioError(str(error)) from None
        except Stopped:
            raise KeyboardInterrupt from None
        return read_result(folder)
