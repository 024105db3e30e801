"""The reference of scenario files as a page: every key with its meaning, form and default, made from the schema."""

import json
import re
from collections.abc import Iterator

from pydantic.json_schema import JsonSchemaValue

from meter_sim.scenario.json_schema import Meanings, class_name, key_meanings, mappings, plain_schema

SPREADS = ("Spread", "Uniform", "Lognormal")
_NAMED = {"supply_groups": "SGC"}
"""What the names of a mapping are, where they are not just names."""
_FORMS = {"boolean": "`true` or `false`", "integer": "whole number", "number": "number"}
_HEAD = """\
# Reference of keys

<!-- Made by `meter-sim schema --as reference`; do not edit. -->

Every key of a scenario file, as the schema has it. [The guide](scenario.md) says how values are written, what the keys
do together and which rule of the standard stands behind them. `NAME` stands for a name of your own, `[]` for an entry
of a list. Where no default is told, leaving the key out means that there is none of it, or that the rest of the file
decides.
"""
_SPREADS = """
## Spreads

A quantity that is always the same, written as it is, or drawn: one of these keys.

| key | meaning | form |
|---|---|---|
"""


def reference_text() -> str:
    """The page, in Markdown."""
    schema = plain_schema()
    meanings = key_meanings()
    places = dict(_places(schema, schema, "", set()))
    text = _HEAD + "".join(_section(schema, name, places, meanings) for name in places) + _SPREADS
    for name in SPREADS:
        for key, meaning in meanings[name].items():
            path = key if name == "Spread" else f"{name.lower()}.{key}"
            form = "number" if key == "sigma" else "quantity" if name != "Spread" or key == "constant" else "mapping"
            text += f"| `{path}` | {meaning} | {form} |\n"
    return text


def _places(schema: JsonSchemaValue, node: JsonSchemaValue, path: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Each mapping of the file by the name of its class, with the first place where it may stand."""
    if path == "":
        yield "ScenarioSpec", "the file itself"
    for key, said in node["properties"].items():
        for name, form, below in _mappings_in(schema, said, f"{path}.{key}" if path else key):
            if name not in seen and name not in SPREADS:
                seen.add(name)
                yield name, _titled(name, form, below)
                yield from _places(schema, form, below, seen)


def _titled(name: str, form: JsonSchemaValue, path: str) -> str:
    if path != "timeline[]":
        return f"`{path}`"
    [verb] = set(form["required"]) - {"at", "meter"}
    return f"`timeline[]` with `{verb}`"


def _mappings_in(
    schema: JsonSchemaValue, node: JsonSchemaValue, path: str
) -> Iterator[tuple[str, JsonSchemaValue, str]]:
    """The mappings with known keys that a value may be, or hold."""
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        for each in schema["$defs"][name].get("anyOf", [schema["$defs"][name]]):
            if "properties" in each:
                yield class_name(name), each, path
                if isinstance(each.get("additionalProperties"), dict):
                    yield from _mappings_in(schema, each["additionalProperties"], f"{path}.NAME")
    for each in [*node.get("anyOf", []), *node.get("oneOf", [])]:
        yield from _mappings_in(schema, each, path)
    if isinstance(node.get("items"), dict):
        yield from _mappings_in(schema, node["items"], f"{path}[]")
    if isinstance(node.get("additionalProperties"), dict):
        yield from _mappings_in(schema, node["additionalProperties"], f"{path}.{_NAMED.get(path, 'NAME')}")


def _section(schema: JsonSchemaValue, name: str, places: dict[str, str], meanings: Meanings) -> str:
    [form] = [form for each, form in mappings(schema) if each == name]
    text = f"\n## {places[name][0].upper()}{places[name][1:]}\n\n{form['description']}\n\n"
    text += "| key | meaning | form | default |\n|---|---|---|---|\n"
    for key, said in form["properties"].items():
        default = "needed" if key in form.get("required", ()) else _default(said)
        text += f"| `{key}` | {meanings[name][key]} | {_form(schema, said, places)} | {default} |\n"
    return text


def _default(said: JsonSchemaValue) -> str:
    value = said.get("default")
    if value is None or value in ({}, []):
        return ""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`".replace('"', "")


def _form(schema: JsonSchemaValue, node: JsonSchemaValue, places: dict[str, str]) -> str:
    """How a value is written, with what is allowed."""
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        if class_name(name) == "Spread":
            return _form(schema, schema["$defs"][name]["anyOf"][0], places) + ", or [drawn](#spreads)"
        forms = schema["$defs"][name].get("anyOf", [schema["$defs"][name]])
        return " or ".join(_form(schema, form, places) for form in forms)
    if "properties" in node:
        if node["title"] not in places:
            return "[mapping](#spreads)"
        place = places[node["title"]]
        return f"[{place.rpartition(' with ')[2] if ' with ' in place else 'mapping'}](#{_slug(place)})"
    if "anyOf" in node:
        forms = [_form(schema, form, places) for form in node["anyOf"] if form.get("type") != "null"]
        return " or ".join(dict.fromkeys(forms))
    if "oneOf" in node:
        return "one of " + ", ".join(_form(schema, form, places) for form in node["oneOf"])
    if "enum" in node or "const" in node:
        return ", ".join(f"`{value}`" for value in node.get("enum", [node.get("const")]))
    if node.get("type") == "array":
        return f"list of {_form(schema, node['items'], places)}"
    if node.get("type") == "object":
        return f"from name to {_form(schema, node['additionalProperties'], places)}"
    if "description" in node:
        return str(node["description"])
    if "maximum" in node:
        return f"whole number, {node['minimum']} to {node['maximum']}"
    return {"boolean": "`true` or `false`", "integer": "whole number", "number": "number"}.get(
        node.get("type", ""), "text"
    )


def _slug(heading: str) -> str:
    """The anchor of a heading, as Markdown readers make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
