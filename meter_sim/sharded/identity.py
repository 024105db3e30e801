"""What the result of a run depends on, told in a few short texts that are no secret."""

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import scrypt, sha256

from meter_sim import __version__
from meter_sim.scenario.scenario import Scenario

_WHAT = {
    "version": "version of meter_sim",
    "seed": "seed",
    "scenario": "scenario",
    "population": "file of meter records",
    "vending_keys": "vending keys",
    "code": "code of a behaviour",
    "engine": "engine",
    "events": "choice of events",
    "traced": "choice of meters with a diary",
    "most_meters": "size of a shard",
}
_SHOWN = ("version", "seed", "engine", "events", "most_meters")
"""Those that are told as they are; the others are hashes."""
_SEED = re.compile(r"^seed: .*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a run was asked for beside its scenario: `events` and `traced` as texts, `most_meters` of a shard."""

    engine: str
    events: str
    traced: tuple[str, ...]
    most_meters: int


def identity_of(scenario: Scenario, choices: Choices, salt: str) -> dict[str, str]:
    """The texts by name. Vending keys go through a slow hash with a salt, so that they cannot be found by trying."""
    keys = sorted(
        (key.supply_group, key.key_revision, key.dkga.value, key.value.hex()) for key in scenario.vending_keys
    )
    population = b"" if scenario.population_file is None else scenario.population_file[1]
    return {
        "version": __version__,
        "seed": str(scenario.seed),
        "scenario": sha256(_SEED.sub("", scenario.resolved, count=1).encode()).hexdigest(),
        "population": sha256(population).hexdigest(),
        "vending_keys": scrypt(json.dumps(keys).encode(), salt=bytes.fromhex(salt), n=1 << 14, r=8, p=1).hex(),
        "code": sha256("\n".join(_sources(scenario)).encode()).hexdigest(),
        "engine": choices.engine,
        "events": choices.events,
        "traced": sha256("\n".join(choices.traced).encode()).hexdigest(),
        "most_meters": str(choices.most_meters),
    }


def _sources(scenario: Scenario) -> Iterator[str]:
    """The modules of the behaviours in Python, in the order of their names."""
    found = {one.behaviour for meter in scenario.meters if (one := meter.customer) is not None and one.behaviour}
    for behaviour in sorted(found, key=lambda one: (one.__module__, one.__qualname__)):
        yield f"{behaviour.__module__}.{behaviour.__qualname__}"
        with suppress(OSError, TypeError):
            yield inspect.getsource(sys.modules[behaviour.__module__])


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What differs, in a few words; empty where nothing does."""
    parts = []
    for name, what in _WHAT.items():
        if before.get(name) != now[name]:
            told = f" ({before.get(name)}, now {now[name]})" if name in _SHOWN else ""
            parts.append(f"another {what}{told}")
    return " and ".join(parts)


def digest(identity: Mapping[str, str]) -> str:
    """One text for all of them."""
    return sha256(json.dumps(dict(identity), sort_keys=True).encode()).hexdigest()
