"""The JSON schema of scenario files, for editors and for other programs."""

import json

from meter_sim.scenario.schema import ScenarioSpec


def json_schema_text() -> str:
    """The schema as JSON text; `scenario.schema.json` in the package is the same text."""
    schema = ScenarioSpec.model_json_schema(by_alias=True)
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "meter_sim scenario"}
    return json.dumps(schema, indent=2) + "\n"
