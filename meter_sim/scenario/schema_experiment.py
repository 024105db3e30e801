"""What a scenario file may say of experiments: overrides by name, scenarios made of them, sweeps over values."""

from itertools import product
from typing import Annotated

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from meter_sim.scenario.fields import Model, Name, Text, entries, wrong
from meter_sim.scenario.quantities import QuantityError
from meter_sim.scenario.ranges import range_values

SECTIONS = ("overrides", "scenarios", "sweeps")
"""The keys of a file that speak of experiments; a resolved scenario has none of them."""
ALL = "all"
"""Stands for all named scenarios on the command line."""
MOST_POINTS = 10_000
"""Points of a sweep, at most."""

AnyValue = Annotated[object, WithJsonSchema({"description": "the value that is to stand at the path"})]


class AxisSpec(Model):
    """The values of one path: a list, or a range with both ends in it."""

    values: Annotated[tuple[AnyValue, ...], entries(1)] | None = None
    start: Annotated[Text | None, Field(alias="from")] = None
    to: Text | None = None
    step: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _list(cls, data: object) -> object:
        if not isinstance(data, list | dict):
            raise wrong("a list of values is needed, or a range such as {from: 4, to: 12, step: 2}")
        return {"values": data} if isinstance(data, list) else data

    @model_validator(mode="after")
    def _one(self) -> "AxisSpec":
        ends = (self.start, self.to, self.step)
        if (self.values is None) == all(end is None for end in ends):
            raise wrong("give a list of values, or from, to and step")
        if self.values is None and None in ends:
            raise wrong("a range has from, to and step, such as {from: 4, to: 12, step: 2}")
        if self.values is not None and None in self.values:
            raise wrong("an entry of the list is empty, write a value")
        try:
            _ = self.texts
        except QuantityError as error:
            raise wrong(str(error)) from None
        return self

    @property
    def texts(self) -> tuple[object, ...]:
        """The values in their order; those of a range as texts."""
        if self.values is not None:
            return self.values
        return range_values(str(self.start), str(self.to), str(self.step))

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        reference = handler(core)
        full = handler.resolve_ref_schema(reference)
        full_copy = dict(full)
        full.clear()
        full.update({"anyOf": [{"type": "array", "items": {}, "minItems": 1}, full_copy]})
        return reference


Axes = Annotated[dict[Text, AxisSpec], AfterValidator(lambda axes: _some(axes))]


def _some(axes: dict[str, AxisSpec]) -> dict[str, AxisSpec]:
    if not axes:
        raise wrong("give at least one path with its values")
    return axes


class SweepSpec(Model):
    """Values that are tried: every combination of a grid, or lists side by side."""

    grid: Axes | None = None
    pairs: Axes | None = None

    @model_validator(mode="after")
    def _one(self) -> "SweepSpec":
        if (self.grid is None) == (self.pairs is None):
            raise wrong("give one of grid and pairs")
        lengths = {path: len(axis.texts) for path, axis in (self.pairs or {}).items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{path} has {length}" for path, length in lengths.items())
            raise wrong(f"the lists of pairs are equally long, here {told} values", "pairs")
        points = 1
        for axis in (self.grid or {}).values():
            points *= len(axis.texts)
        if points > MOST_POINTS:
            raise wrong(f"the grid has {points} points, at most {MOST_POINTS} are allowed", "grid")
        return self

    @property
    def axes(self) -> dict[str, AxisSpec]:
        """The paths that are swept."""
        return (self.grid if self.grid is not None else self.pairs) or {}

    @property
    def points(self) -> tuple[tuple[tuple[str, object], ...], ...]:
        """The points in their order, each as pairs of path and value; of a grid the first path is the slowest."""
        columns = [[(path, value) for value in axis.texts] for path, axis in self.axes.items()]
        return tuple(zip(*columns, strict=True) if self.grid is None else product(*columns))


def _named_apart(names: dict[str, object]) -> dict[str, object]:
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() == ALL:
            raise wrong(f"the name {name} stands for all scenarios, choose another", name)
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise wrong(f"differs from {other} in capital letters only, and both name a folder", name)
    return names


Overrides = dict[Name, dict[Text, AnyValue]]
Scenarios = Annotated[dict[Name, tuple[Name, ...]], AfterValidator(_named_apart)]
Sweeps = dict[Name, SweepSpec]
