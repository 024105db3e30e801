"""The engines that a shard can be run with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from meter_sim.detail import Keep
from meter_sim.engine.shards import Piece, meters_of
from meter_sim.results.part import Part, joined, part_of
from meter_sim.scenario.scenario import Scenario

REFERENCE, FLEET, AUTO = "reference", "fleet", "auto"
LARGE = 1_000_000
"""Meter-days from which on `auto` takes the fleet engine; below it the other one has done in a minute or two, which is
what compiling takes where that was not done before."""


class EngineError(Exception):
    """An engine that cannot run a scenario; one line."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to run pieces: `run` gives what they left behind together.

    `knows_places` is whether it can run a piece of an area that a programme goes through by place; `bytes_per_meter` is
    an estimate of what it holds of each meter at a time, with its events. `is_ready` says whether it can begin at once;
    if not, `prepare` makes it so, which takes minutes and is done once on a machine.
    """

    name: str
    run: Callable[[Scenario, Sequence[Piece], Keep], Part]
    knows_places: bool
    bytes_per_meter: int
    is_ready: Callable[[], bool] = lambda: True
    prepare: Callable[[], None] = lambda: None


def _run_reference(scenario: Scenario, pieces: Sequence[Piece], keep: Keep) -> Part:
    """Pieces as a scenario of their own: they share nothing with the others."""
    from meter_sim.engine.reference import run

    names = {piece.area for piece in pieces}
    areas = tuple(area for area in scenario.areas if area.name in names)
    return part_of(run(replace(scenario, meters=meters_of(scenario, tuple(pieces)), areas=areas), detail=keep))


def _run_fleet(scenario: Scenario, pieces: Sequence[Piece], keep: Keep) -> Part:
    from meter_sim.engine.fleet import FleetError, run_piece

    try:
        return joined([run_piece(scenario, piece, keep) for piece in pieces], scenario)
    except FleetError as error:
        raise EngineError(str(error)) from None


def _is_fleet_ready() -> bool:
    from meter_sim.engine.fleet import is_compiled

    return is_compiled()


def _prepare_fleet() -> None:
    from meter_sim.engine.fleet import compile_kernels

    compile_kernels()


ENGINES = {
    REFERENCE: Engine(REFERENCE, _run_reference, knows_places=False, bytes_per_meter=60_000),
    FLEET: Engine(
        FLEET,
        _run_fleet,
        knows_places=True,
        bytes_per_meter=6_000,
        is_ready=_is_fleet_ready,
        prepare=_prepare_fleet,
    ),
}


def against_fleet(scenario: Scenario) -> str:
    """What stands against running a scenario with the fleet engine; empty where nothing does."""
    if scenario.timeline:
        return "the scenario has a timeline"
    if scenario.population is not None and not scenario.population.is_exact:
        return "64 bits do not hold all that its population's tables may give"
    name = _behaviour(scenario)
    return f"the customer {name} has a behaviour in Python" if name else ""


def _behaviour(scenario: Scenario) -> str:
    """A customer that decides by Python code."""
    customers = [meter.customer for meter in scenario.meters]
    customers += () if scenario.population is None else scenario.population.kinds.customers
    return next((one.name for one in customers if one is not None and one.behaviour is not None), "")


def needs_meters(scenario: Scenario, engine: Engine | None) -> bool:
    """Whether a population that was read to be drawn later has to be drawn before the run; None runs it as a whole."""
    return scenario.population is not None and (engine is None or not scenario.population.is_exact)


def check_spread(scenario: Scenario) -> None:
    """Raise EngineError where a scenario cannot be handed to other processes."""
    name = _behaviour(scenario)
    if name:
        what = f"the customer {name} has a behaviour in Python, which runs in one process"
        raise EngineError(f"{scenario.name}: {what}; leave out --workers, --cluster and --resume")


def engine_for(scenario: Scenario, wanted: str) -> Engine:
    """The engine that is wanted, or with `auto` the one that fits. Raises EngineError."""
    against = against_fleet(scenario)
    if wanted == FLEET and against:
        raise EngineError(f"--engine fleet: {against}; take --engine reference")
    if wanted == AUTO:
        wanted = REFERENCE if against or scenario.meter_days < LARGE else FLEET
    return ENGINES[wanted]
