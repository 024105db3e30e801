"""From a scenario file to a `Scenario`: read, override, check, put together.

Faults are raised as one ScenarioError, a line each; nothing is run or written before all is right.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from meter_sim.scenario import schema
from meter_sim.scenario.builder import build
from meter_sim.scenario.error import ScenarioError, one_line, without_keys
from meter_sim.scenario.scenario import Scenario
from meter_sim.scenario.source import Place, Source, Value, parse_set, read_source


def read_scenario(
    path: str | Path, overrides: Mapping[str, str] | None = None, *, allow_code: bool = False
) -> Scenario:
    """The scenario of a file, with `overrides` of single values by path (`meters.0.credit`: `5 kWh`).

    Behaviours that the file names are imported and run only with `allow_code`. Raises ScenarioError with a line for
    each fault.
    """
    file = Path(path)
    source = read_source(file)
    for place, text in (overrides or {}).items():
        _override(source, place, text)
    return build(source, _validated(source), file.parent, allow_code=allow_code)


def _override(source: Source, text: str, value: str) -> None:
    """Put one value into the tree, as `a.b.0.c` or `a.b[0].c` says."""
    where = f"--set {without_keys(one_line(text))}"
    parts = re.sub(r"\[([0-9]+)\]", r".\1", text).split(".")
    if not all(parts):
        raise ScenarioError(f"{where}: write a path such as meters.0.credit")
    new = parse_set(value, where)
    node: Value = source.tree
    path: Place = ()
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if isinstance(node, list):
            if not (part.isascii() and part.isdecimal() and len(part) < 10 and int(part) < len(node)):
                allowed = f"allowed are 0 to {len(node) - 1}" if node else "it is empty"
                raise ScenarioError(f"{where}: {part!r} is no place in the list, {allowed}")
            path = (*path, int(part))
            if last:
                node[int(part)] = new
            else:
                node = node[int(part)]
        elif isinstance(node, dict):
            path = (*path, part)
            if part not in node and not last:
                source.set(path, text)
            if last:
                node[part] = new
            else:
                node = node.setdefault(part, {})
        else:
            raise ScenarioError(f"{where}: there is nothing below {'.'.join(parts[:number])}")
    source.set(path, text)


def _validated(source: Source) -> schema.ScenarioSpec:
    try:
        return schema.ScenarioSpec.model_validate(source.tree)
    except ValidationError as error:
        faults = []
        for detail in error.errors(include_url=False, include_input=False):
            path = _path_in_file(detail["loc"], source.tree)
            message = detail["msg"]
            context = detail.get("ctx", {})
            if detail["type"] == "scenario" and context.get("key"):
                path = (*path, context["key"])
            elif detail["type"] == "missing":
                message = "this key is missing, it is needed"
            elif detail["type"] in ("tuple_type", "list_type"):
                message = "a list is needed"
            elif detail["type"] == "dict_type":
                message = "a mapping is needed"
            faults.append(source.fault(path, message))
        raise ScenarioError(*dict.fromkeys(faults)) from None


def _path_in_file(place: tuple[str | int, ...], tree: Value) -> Place:
    """A pydantic location without the parts that are not keys of the file."""
    path = [part for part in place if part != "[key]"]
    if len(path) > 2 and path[0] == "timeline":
        del path[2]  # the name of the kind of action
    for length, part in enumerate(path):
        if isinstance(tree, str):
            return tuple(path[:length])  # the rest is what a bare text stands for
        if isinstance(tree, dict):
            tree = tree.get(str(part))
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        else:
            break
    return tuple(path)
