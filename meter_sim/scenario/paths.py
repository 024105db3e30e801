"""Paths into a scenario file, as `a.b.0.c` or `a.b[0].c` say: found in the schema, and values put there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from meter_sim.scenario.error import ScenarioError, one_line, without_keys
from meter_sim.scenario.schema import ScenarioSpec
from meter_sim.scenario.schema_customer import CustomerSpec
from meter_sim.scenario.schema_programme import OneAlone
from meter_sim.scenario.source import Place, Source, Value, copied

Parts = tuple[str, ...]
MOST_NAMED = 5000
"""Paths among which the nearest one is looked for."""
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Override:
    """One value for one path; `origin` is what an error says of where it comes from."""

    path: str
    value: Value
    origin: str

    @property
    def parts(self) -> Parts:
        """The keys and list places on the way. Raises ScenarioError."""
        parts = parts_of(self.path)
        if not all(parts):
            raise ScenarioError(f"{self.origin}: write a path such as meters.0.credit")
        return parts


def parts_of(path: str) -> Parts:
    """The keys and list places of a path."""
    return tuple(re.sub(r"\[([0-9]+)\]", r".\1", path).split("."))


def shown(text: str) -> str:
    """A path or value that a user gave, fit for one line and without what may be a vending key."""
    return without_keys(one_line(text))


def put(source: Source, override: Override) -> None:
    """Put a value into the tree; mappings on the way are made. Raises ScenarioError."""
    parts, where = override.parts, override.origin
    node: Value = source.tree
    path: Place = ()
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if isinstance(node, list):
            if not _is_place(part, node):
                allowed = f"allowed are 0 to {len(node) - 1}" if node else "it is empty"
                raise ScenarioError(f"{where}: {shown(repr(part))} is no place in the list, {allowed}")
            path = (*path, int(part))
            if last:
                node[int(part)] = copied(override.value)
            else:
                node = node[int(part)]
        elif isinstance(node, dict):
            path = (*path, part)
            if part not in node and not last:
                source.set(path, where)
            if last:
                node[part] = copied(override.value)
            else:
                node = node.setdefault(part, {})
        else:
            raise ScenarioError(f"{where}: there is nothing below {shown('.'.join(parts[:number]))}")
    source.set(path, where)


def _is_place(part: str, node: list[Value]) -> bool:
    return part.isascii() and part.isdecimal() and len(part) < 10 and int(part) < len(node)


def check_path(
    override: Override, tree: Value, together: Iterable[Override] = (), *, entries_only: bool = False
) -> None:
    """Refuse a path that the schema does not know, or that leads through an entry which the file does not have.

    `together` are overrides that go with it: an entry that is new is allowed where they give all that it needs. With
    `entries_only` unknown keys are left to the reading of the file, which names the allowed ones. Raises ScenarioError
    with the nearest path.
    """
    parts = override.parts
    others = [other.parts for other in together]
    kinds: list[object] = [ScenarioSpec]
    node: Value = tree
    for number, part in enumerate(parts):
        inside = number < len(parts) - 1
        is_new = inside and isinstance(node, dict) and node and part not in node and not _is_known(kinds, part)
        if is_new and not any(_given(kind, parts[: number + 1], others) for kind in _entry_kinds(kinds)):
            raise _unknown(override, tree)
        below = list(_below(kinds, part))
        if not below:
            if entries_only or (isinstance(node, list) and not _is_place(part, node)):
                return  # told when the value is put there, or when the file is read
            raise _unknown(override, tree)
        kinds = below
        node = _child(node, part)


def _child(node: Value, part: str) -> Value:
    if isinstance(node, dict):
        return node.get(part)
    return node[int(part)] if isinstance(node, list) and _is_place(part, node) else None


def _kinds(annotation: object) -> Iterator[object]:
    """The types that an annotation allows, without their validators."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *marks = get_args(annotation)
        yield from _kinds(inner)
        if any(isinstance(mark, OneAlone) for mark in marks):
            yield from _kinds(get_args(inner)[0])
    elif origin in (Union, UnionType):
        for part in get_args(annotation):
            yield from _kinds(part)
    elif annotation is not NoneType:
        yield annotation


def _keys(kind: object) -> dict[str, object]:
    """The keys of a model, with what may stand there."""
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return {}
    return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}


def _entries(kind: object) -> object | None:
    """What an entry of a mapping with free names may be; None of what is no such mapping."""
    entry: object = None
    if get_origin(kind) is dict:
        entry = get_args(kind)[1]
    elif isinstance(kind, type) and issubclass(kind, BaseModel) and kind.model_config.get("extra") == "allow":
        entry = get_args(kind.__annotations__["__pydantic_extra__"])[1]
    return entry


def _entry_kinds(kinds: Iterable[object]) -> list[object]:
    return [kind for parent in kinds if (entry := _entries(parent)) is not None for kind in _kinds(entry)]


def _is_known(kinds: Iterable[object], part: str) -> bool:
    """Whether a part is a key of a model, or the kinds have no entries with free names."""
    kinds = list(kinds)
    return any(part in _keys(kind) for kind in kinds) or not _entry_kinds(kinds)


def _below(kinds: Iterable[object], part: str) -> Iterator[object]:
    """The types that may stand below."""
    for kind in kinds:
        if kind in (object, Any):
            yield kind
        elif part in _keys(kind):
            yield from _kinds(_keys(kind)[part])
        elif (entry := _entries(kind)) is not None:
            yield from _kinds(entry)
        elif get_origin(kind) in (tuple, list) and part.isdecimal():
            yield from _kinds(get_args(kind)[0])


def _given(kind: object, parts: Parts, others: Iterable[Parts]) -> bool:
    """Whether overrides that go together give all that an entry needs."""
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return False
    needed = {field.alias or name for name, field in kind.model_fields.items() if field.is_required()}
    given = {other[len(parts)] for other in others if other[: len(parts)] == parts and len(other) > len(parts)}
    if issubclass(kind, CustomerSpec):
        return any(set(keys) <= given for keys in kind.WHOLE)
    return bool(needed) and needed <= given


def _unknown(override: Override, tree: Value) -> ScenarioError:
    """What is said of a path that leads nowhere, with the nearest one that does not."""
    written = ".".join(override.parts)
    known: list[str] = []
    for path in _paths([ScenarioSpec], tree, ()):
        known.append(path)
        if len(known) == MOST_NAMED:
            break
    close = get_close_matches(written, known, 1, cutoff=0.5)
    hint = f", did you mean {shown(close[0])}?" if close else ", write one such as meters.0.credit"
    return ScenarioError(f"{override.origin}: there is no such path{hint}")


def _paths(kinds: Iterable[object], node: Value, above: Parts) -> Iterator[str]:
    """The paths below, of what stands in the tree and of what the schema allows besides."""
    if above:
        yield ".".join(above)
    if len(above) == _DEEPEST:
        return
    kinds = list(kinds)
    names = [key for kind in kinds for key in _keys(kind)]
    if isinstance(node, dict):
        names += [str(key) for key in node]
    elif isinstance(node, list):
        names += [str(place) for place in range(len(node))]
    for name in dict.fromkeys(names):
        below = list(_below(kinds, name))
        if below and object not in below:
            yield from _paths(below, _child(node, name), (*above, name))
