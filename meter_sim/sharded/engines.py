"""The engines that a shard can be run with."""

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from meter_sim.detail import Keep
from meter_sim.engine.shards import Piece, meters_of
from meter_sim.results.part import Part, joined, part_of
from meter_sim.scenario.scenario import Scenario

REFERENCE, FLEET, AUTO = "reference", "fleet", "auto"
LARGE = 100_000
"""Meter-days from which on `auto` takes the fleet engine; below it compiling takes longer than the run."""
_FLEET = "meter_sim.engine.fleet"


class EngineError(Exception):
    """An engine that cannot run a scenario; one line."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A way to run pieces: `run` gives what they left behind together.

    `knows_places` is whether it can run a piece of an area that a programme goes through by place; `bytes_per_meter` is
    an estimate of what it holds of each meter at a time, with its events.
    """

    name: str
    run: Callable[[Scenario, Sequence[Piece], Keep], Part]
    knows_places: bool
    bytes_per_meter: int


def _run_reference(scenario: Scenario, pieces: Sequence[Piece], keep: Keep) -> Part:
    """Pieces as a scenario of their own: they share nothing with the others."""
    from meter_sim.engine.reference import run

    names = {piece.area for piece in pieces}
    areas = tuple(area for area in scenario.areas if area.name in names)
    return part_of(run(replace(scenario, meters=meters_of(scenario, tuple(pieces)), areas=areas), detail=keep))


def _run_fleet(scenario: Scenario, pieces: Sequence[Piece], keep: Keep) -> Part:
    run_piece = importlib.import_module(_FLEET).run_piece
    return joined([run_piece(scenario, piece, keep) for piece in pieces], scenario)


ENGINES = {
    REFERENCE: Engine(REFERENCE, _run_reference, knows_places=False, bytes_per_meter=60_000),
    FLEET: Engine(FLEET, _run_fleet, knows_places=True, bytes_per_meter=4_000),
}


def is_there(name: str) -> bool:
    """Whether this installation has an engine."""
    return name == REFERENCE or importlib.util.find_spec(_FLEET) is not None


def against_fleet(scenario: Scenario) -> str:
    """What stands against running a scenario with the fleet engine; empty where nothing does."""
    if not is_there(FLEET):
        return "this version has no fleet engine"
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
