"""The keypad's interface against its own OpenAPI document, with whatever requests schemathesis thinks of.

It needs schemathesis, and runs with METER_SIM_LONG=1.
"""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from meter_sim.practice.shelf import shelf
from meter_sim.web.app import application
from meter_sim.web.options import Options
from tests.kit import examples

FOLDER = TemporaryDirectory()
APP = application(shelf(), Options(folder=Path(FOLDER.name), rate=1_000_000), lambda: 0)
HOST = {"Host": "127.0.0.1:8750"}
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APP, headers=HOST)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_is_as_the_document_says(operation, mode):
    """Each request finds a session of its own; half of those for a meter name one that is there."""

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
    def holds(case):
        visit = APP.state.visits.begin()
        if mode is GenerationMode.POSITIVE and len(str(case.path_parameters.get("pan", ""))) % 2:
            case.path_parameters["pan"] = "home"
        case.call_and_validate(headers=HOST | {"X-Session": visit.key})

    with suppress(Unsatisfiable):  # a request without any field that could be wrong
        holds()
