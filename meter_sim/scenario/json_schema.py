"""The JSON schema of scenario files, for editors and for other programs."""

import json
import re
from collections.abc import Iterator
from importlib import resources

import yaml
from pydantic.json_schema import JsonSchemaValue

from meter_sim.scenario.fields import Model
from meter_sim.scenario.schema import ScenarioSpec

Meanings = dict[str, dict[str, str]]
_TOP = ScenarioSpec.__name__


def json_schema_text() -> str:
    """The schema as JSON text; `scenario.schema.json` in the package is the same text."""
    schema = plain_schema()
    meanings = key_meanings()
    for name, definition in mappings(schema):
        for key, said in definition["properties"].items():
            form = said.get("description")
            said["description"] = meanings[name][key] + (f" ({form})" if form else "")
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "meter_sim scenario"}
    return json.dumps(schema, indent=2) + "\n"


def plain_schema() -> JsonSchemaValue:
    """Form, bounds and default of every key, defaults as a file says them."""
    schema = ScenarioSpec.model_json_schema(by_alias=True)
    models = {model.__name__: model for model in _models(Model)}
    for name, definition in mappings(schema):
        if name in models:
            texts = models[name].model_construct().model_dump(mode="json", by_alias=True, exclude_none=True)
            for key, said in definition["properties"].items():
                if said.get("default") is not None:
                    said["default"] = texts[key]
    return schema


def mappings(schema: JsonSchemaValue) -> Iterator[tuple[str, JsonSchemaValue]]:
    """The mappings that a file may hold, the file itself first: name of the class, and its part of the schema."""
    yield _TOP, schema
    for name, definition in schema["$defs"].items():
        for form in definition.get("anyOf", [definition]):
            if "properties" in form:
                yield class_name(name), form


def class_name(definition: str) -> str:
    """The class that a definition of the schema came from; one name for all kinds of a spread."""
    spread = re.search(r"(?:^|__)(Spread|Uniform|Lognormal)_", definition)
    return spread[1] if spread else definition


def key_meanings() -> Meanings:
    """What each key means, in a few words, by class and key."""
    text = resources.files("meter_sim.scenario").joinpath("key_meanings.yaml").read_text(encoding="utf-8")
    meanings: Meanings = yaml.safe_load(text)
    return meanings


def _models(model: type[Model]) -> Iterator[type[Model]]:
    for child in model.__subclasses__():
        yield child
        yield from _models(child)
