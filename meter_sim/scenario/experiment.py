"""Experiments: which runs come of the chosen scenarios, the points of sweeps and single values that are set."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, product

from meter_sim.scenario.error import ScenarioError, without_keys
from meter_sim.scenario.paths import Override, parts_of, shown
from meter_sim.scenario.quantities import QuantityError
from meter_sim.scenario.ranges import range_values
from meter_sim.scenario.schema_experiment import MOST_POINTS, SECTIONS
from meter_sim.scenario.source import Value, parse_set

Point = tuple[Override, ...]
"""The values of one point of a sweep."""

_THE_SAME = {
    "seed": "the seed is the same in all scenarios; choose it with --seed, or more seeds with --replications",
    "version": "the version belongs to the file",
} | dict.fromkeys(SECTIONS, "an override or a sweep sets values of the scenario only")


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of running a file: a scenario of a name, at one point of a sweep.

    `parameters` are the values of the point by path, in the order of the sweep, as text; `point` counts from 0.
    `overrides` are all that is put over the file, in their order.
    """

    scenario: str
    point: int
    parameters: Mapping[str, str]
    overrides: tuple[Override, ...]

    @property
    def label(self) -> str:
        """The name of its folder: the scenario, with the number of the point if there is a sweep."""
        return f"{self.scenario}.{self.point}" if self.parameters else self.scenario


def variants(
    scenarios: Mapping[str, Sequence[Override]], points: Sequence[Point], sets: Sequence[Override]
) -> tuple[Variant, ...]:
    """Every scenario at every point: its overrides first, then the single values that are set, then the point's.

    Raises ScenarioError where a value is both set and swept.
    """
    for override in sets:
        for swept in points[0]:
            if _above(parts_of(swept.path), parts_of(override.path)):
                raise ScenarioError(f"{override.origin}: the sweep over {shown(swept.path)} sets it too, leave one out")
    return tuple(
        Variant(name, number, _parameters(point), (*overrides, *sets, *point))
        for name, overrides in scenarios.items()
        for number, point in enumerate(points)
    )


def _parameters(point: Point) -> dict[str, str]:
    return {".".join(override.parts): value_text(override.value) for override in point}


def value_text(value: Value) -> str:
    """A value as a parameter is written in results: a text as it is, lists and mappings as JSON."""
    return str(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def combined(sweeps: Sequence[Sequence[Point]], *, pairs: bool) -> tuple[Point, ...]:
    """The points of several sweeps: every combination, the first sweep slowest, or side by side; one if there is none.

    Raises ScenarioError where they do not go together.
    """
    lengths = [len(points) for points in sweeps]
    if pairs:
        if len(sweeps) < 2:
            raise ScenarioError("--pairs: goes with two or more --sweep")
        if len(set(lengths)) > 1:
            told = ", ".join(map(str, lengths))
            raise ScenarioError(f"--pairs: the sweeps are equally long, here they have {told} values")
    count = 1
    for length in lengths:
        count *= length
    if not pairs and count > MOST_POINTS:
        raise ScenarioError(f"--sweep: the grid has {count} points, at most {MOST_POINTS} are allowed")
    together = zip(*sweeps, strict=True) if pairs else product(*sweeps)
    points = tuple(tuple(chain.from_iterable(parts)) for parts in together)
    check_apart(points[0])
    return points


def swept(text: str) -> tuple[Point, ...]:
    """The points of `PATH=V1,V2,...` or `PATH=FROM..TO..STEP`. Raises ScenarioError."""
    path, _, values = text.partition("=")
    origin = f"--sweep {shown(path)}"
    ends = values.split("..")
    try:
        texts = range_values(*ends) if len(ends) == 3 and not values.startswith(("[", "{")) else _split(values)
    except QuantityError as error:
        raise ScenarioError(f"{origin}: {without_keys(str(error))}") from None
    if "" in texts:
        raise ScenarioError(f"{origin}: write PATH=V1,V2,... or PATH=FROM..TO..STEP")
    return swept_values(path, texts)


def swept_values(path: str, texts: Sequence[str]) -> tuple[Point, ...]:
    """The points of a path with its values, each as `--set` takes it. Raises ScenarioError."""
    origin = f"--sweep {shown(path)}"
    points = []
    for text in texts:
        override = Override(path, parse_set(text, origin), origin)
        check_parameter(override)
        points.append((override,))
    if not points:
        raise ScenarioError(f"{origin}: give at least one value")
    return tuple(points)


def _split(text: str) -> list[str]:
    """The parts between commas that do not stand in brackets."""
    parts = [""]
    depth = 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def check_reachable(overrides: Iterable[Override]) -> None:
    """Refuse what no override may change: what must be the same in all runs. Raises ScenarioError."""
    for override in overrides:
        first = override.parts[0]
        if first in _THE_SAME:
            raise ScenarioError(f"{override.origin}: {_THE_SAME[first]}")


def check_parameter(override: Override) -> None:
    """Refuse what cannot be swept: results repeat the value, so it is no vending key. Raises ScenarioError."""
    check_reachable([override])
    parts = override.parts
    if parts[0] == "supply_groups" and (len(parts) < 5 or parts[4] == "key"):
        raise ScenarioError(
            f"{override.origin}: results repeat what is swept, and never a vending key; write an override for each"
        )
    text = value_text(override.value)
    if override.value is None or not text:
        raise ScenarioError(f"{override.origin}: an empty value, write one")
    if without_keys(text) != text or re.search(r"[^\x20-\x7e\xa0-\U0010ffff]", text):
        raise ScenarioError(f"{override.origin}: {shown(repr(text))} cannot be repeated in results, sweep other values")


def check_apart(point: Point) -> None:
    """Refuse paths of a sweep of which one is the other, or leads through it. Raises ScenarioError."""
    for place, override in enumerate(point):
        for other in point[:place]:
            one, two = override.parts, other.parts
            if _above(one, two) or _above(two, one):
                raise ScenarioError(f"{override.origin}: {shown(other.path)} is swept too, leave one out")


def _above(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a path is another, or leads to where it is."""
    return tuple(other[: len(one)]) == tuple(one)
