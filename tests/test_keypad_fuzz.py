"""The keypad's interface against its own OpenAPI document, with whatever requests schemathesis thinks of.

It needs schemathesis, and runs with METER_SIM_LONG=1.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from meter_sim.practice.shelf import shelf
from meter_sim.web.app import application
from meter_sim.web.options import Options
from tests.kit import examples

HOST = {"Host": "127.0.0.1:8750"}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    options = Options(folder=tmp_path_factory.mktemp("sessions"), rate=1_000_000)
    return application(shelf(), options, lambda: 0)


@pytest.fixture(scope="module")
def keypad(app):
    return schemathesis.openapi.from_asgi("/openapi.json", app, headers=HOST)


schema = schemathesis.pytest.from_fixture("keypad")


@schema.parametrize()
@settings(max_examples=examples(5), deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_the_document_says(case, app):
    """Each request finds a session of its own, in which the meter that is asked for stands where it can."""
    visit = app.state.visits.begin()
    if "pan" in case.path_parameters and len(case.path_parameters["pan"]) % 2:
        case.path_parameters["pan"] = "home"
    case.call_and_validate(headers=HOST | {"X-Session": visit.key})
