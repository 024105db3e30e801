"""The keypad's interface against its own OpenAPI document, with whatever requests schemathesis thinks of. It runs with METER_SIM_LONG=1."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from meter_sim.practice.shelf import shelf
from meter_sim.web.app import application
from meter_sim.web.options import Options

del CHECKS


@pytest.fixture
def keypad(tmp_path_factory):
    options = Options(folder=tmp_path_factory.mktemp("sessions"), rate=1_000_000)
    app = application(shelf(), options, lambda: 0)
    return schemathesis.openapi.from_asgi("/openapi.json", app)


schema = schemathesis.pytest.from_fixture("keypad")


@schema.parametrize()
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_the_document_says(case):
    case.call_and_validate(headers={"Host": "127.0.0.1"})
