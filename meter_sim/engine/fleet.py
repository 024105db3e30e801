"""The fleet engine: the model of docs/model.md compiled, over columns, for millions of meters.

It does what the reference engine does, row for row. What it cannot do it refuses by name: a behaviour in the user's own
Python and a hand-written timeline.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import numba
import numpy as np
from numpy.typing import NDArray

from meter_sim.detail import Detail, Keep
from meter_sim.engine.compiled import jit as kernel
from meter_sim.engine.compiled import loop, state
from meter_sim.engine.event_levels import levels
from meter_sim.engine.fleet_area import AreaRun
from meter_sim.engine.fleet_part import part_of_area
from meter_sim.engine.fleet_world import FleetError, Records, World
from meter_sim.engine.shards import Piece, meters_of, shards_of
from meter_sim.results.part import Part, joined
from meter_sim.scenario.meter_columns import SETUP, columns_of
from meter_sim.scenario.scenario import MeterSetup, Scenario

__all__ = ["FleetError", "against", "compile_kernels", "is_compiled", "run", "run_piece"]


def is_compiled() -> bool:
    """Whether the kernels were compiled before and lie on the disk."""
    return kernel.is_on_disk(loop.run_area)


def compile_kernels() -> None:
    """Compile the kernels, or read them from the disk. The first time this takes a minute or two."""
    cast("Any", loop.run_area).compile((numba.from_dtype(state.FLEET),))


def against(scenario: Scenario) -> str:
    """What stands against running a scenario with this engine; empty where nothing does."""
    if scenario.timeline:
        return "the scenario has a timeline"
    meters = (meter.customer for meter in scenario.meters)
    name = next((one.name for one in meters if one is not None and one.behaviour is not None), "")
    return f"the customer {name} has a behaviour in Python" if name else ""


def run(scenario: Scenario, keep: Keep | Detail = Detail.ALL) -> Part:
    """Run a whole scenario in this process, area by area.

    Raises FleetError for what this engine cannot do.
    """
    pieces = [piece for shard in shards_of(scenario) for piece in shard.pieces]
    return joined([run_piece(scenario, piece, keep) for piece in pieces], scenario)


def run_piece(scenario: Scenario, piece: Piece, keep: Keep | Detail = Detail.ALL) -> Part:
    """Run some connections of one area: a whole area, or of one whose connections share nothing a piece.

    `keep` says which events are kept of meters that are not listed by themselves. Raises FleetError.
    """
    why = against(scenario)
    if why:
        raise FleetError(f"{scenario.name}: {why}, which the fleet engine cannot run; take --engine reference")
    world = _world(scenario)
    listed, setups, names = _meters(world, piece)
    area = next((area for area in scenario.areas if area.name == piece.area), None)
    kept = _levels(Keep.of(keep), scenario, setups, names)
    done = AreaRun(world, area, setups, listed, kept, piece.place, piece.of)
    done.run()
    return part_of_area(done, piece.area, listed, names)


@lru_cache(2)
def _world_of(key: int) -> list[tuple[Scenario, World]]:
    del key
    return []


def _world(scenario: Scenario) -> World:
    """The tables of a scenario, made once."""
    kept = _world_of(id(scenario))
    if not kept or kept[0][0] is not scenario:
        kept[:] = [(scenario, World(scenario))]
    return kept[0][1]


def _meters(world: World, piece: Piece) -> tuple[tuple[MeterSetup, ...], Records, Sequence[str] | None]:
    """The listed meters of a piece, all its setups with those first, and the names of all; None where each is drawn."""
    scenario = world.scenario
    if scenario.population is None:
        own = meters_of(scenario, (piece,))
        listed = tuple(meter for meter in own if meter.listed)
        ordered = (*listed, *(meter for meter in own if not meter.listed))
        return listed, columns_of(ordered, world.kinds), [meter.name for meter in ordered]
    listed = tuple(meter for meter in scenario.meters if piece.listed and meter.area == piece.area)
    drawn = np.zeros(0, SETUP)
    if piece.number:
        drawn = scenario.population.columns(piece.first_connection, piece.number)
    if not listed:
        return listed, drawn, None
    names = [meter.name for meter in listed] + [f"m{number}" for number in drawn["connection"].tolist()]
    return listed, np.concatenate([columns_of(listed, world.kinds), drawn]), names


def _levels(keep: Keep, scenario: Scenario, setups: Records, names: Sequence[str] | None) -> NDArray[np.uint8]:
    """How much is kept of the events of each connection."""
    connections = np.ascontiguousarray(setups["connection"])
    traced: set[int] = set()
    if keep.traced and names is not None:
        traced = {int(connections[row]) for row, name in enumerate(names) if name in keep.traced}
    elif keep.traced:
        traced = {int(name[1:]) for name in keep.traced if name[:1] == "m" and name[1:].isdecimal()}
    return levels(keep, scenario.seed, connections, np.ascontiguousarray(setups["listed"]), traced)
