"""The form of a scenario file: from its tree of texts to a `ScenarioSpec`, or to a line for each fault."""

from pydantic import ValidationError

from meter_sim.scenario import schema
from meter_sim.scenario.error import ScenarioError
from meter_sim.scenario.source import Place, Source, Value


def validated(source: Source) -> schema.ScenarioSpec:
    """What the file says, every value of the right form. Raises ScenarioError."""
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
