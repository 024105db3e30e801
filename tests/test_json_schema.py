"""The schema for editors: it takes what the reader takes, and says of every key what it means."""

import json

import pytest

from meter_sim.scenario.json_schema import class_name, json_schema_text, key_meanings, mappings, plain_schema
from meter_sim.scenario.reference import reference_text

SCHEMA = json.loads(json_schema_text())
FORMS = dict(mappings(SCHEMA))
MEANINGS = key_meanings()


def test_every_key_has_a_meaning_and_every_meaning_a_key():
    keys = {name: set(form["properties"]) for name, form in mappings(plain_schema())}
    assert keys == {name: set(meanings) for name, meanings in MEANINGS.items()}


@pytest.mark.parametrize("name", FORMS)
def test_editors_show_the_meaning(name):
    for key, said in FORMS[name]["properties"].items():
        assert said["description"].startswith(MEANINGS[name][key])


def test_the_names_that_a_file_writes_are_those_of_the_schema():
    assert FORMS["MeterModelSpec"]["properties"]["encryption"]["enum"] == ["EA07", "EA11"]
    assert FORMS["VendingKeySpec"]["properties"]["key_type"]["enum"] == ["DITK", "DDTK", "DUTK", "DCTK"]
    single, several = FORMS["ProgrammeSpec"]["properties"]["phases"]["additionalProperties"]["anyOf"]
    assert several["items"] == single


def test_bounds_and_defaults_are_those_of_a_file():
    revision = FORMS["VendingKeySpec"]["properties"]["key_revision"]
    assert (revision["minimum"], revision["maximum"]) == (1, 9)
    assert FORMS["ScenarioSpec"]["properties"]["readings_every"]["default"] == "1 h"
    assert FORMS["CostsSpec"]["properties"]["visit"]["default"] == "0 currency"


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        ("AreaSpec", "AreaSpec"),
        ("Lognormal_Annotated_Bought", "Lognormal"),
        ("meter_sim__scenario__spread__Spread_Annotated_int____1", "Spread"),
    ],
)
def test_all_kinds_of_a_spread_have_one_name(definition, name):
    assert class_name(definition) == name


def test_the_reference_has_every_key():
    text = reference_text()
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == sum(len(keys) for keys in MEANINGS.values())
    assert (
        "| `key_revision` | Key revision number (KRN), once in a supply group | whole number, 1 to 9 | needed |" in rows
    )
    assert "| `readings_every` |" in text
    assert "duration, such as 20 min | `1 h` |" in text
    assert "meter-sim schema --as reference" in text
