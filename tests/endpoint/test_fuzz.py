"""Whatever is sent, the endpoint answers as its description says: no 5xx but a stated 503, and always a sentence."""

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from driftgate.endpoint.formats import ARROW, CSV
from driftgate.endpoint.server import Server
from driftgate.use_cases import load_use_case

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NAME = "flight_delays"
CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance, content_type_conformance)
FEW, MANY = 12, 1500
"""Examples of each operation: now, and in ``make soak``."""


@pytest.fixture
def serving(server, world):
    """A champion of the small model's columns, whose description is the one that is fuzzed."""
    world.deploy("1")
    server.watcher.poll()
    return server


@pytest.fixture
def schema(serving, monkeypatch):
    signature = serving.watcher.served(NAME).champion.package.signature
    monkeypatch.setattr("driftgate.endpoint.documentation.use_case_names", lambda: [NAME])
    monkeypatch.setattr("driftgate.endpoint.documentation.requested", lambda _: signature)
    monkeypatch.setattr("driftgate.endpoint.documentation.example_row", lambda *_: {})

    async def app(scope, receive, send):
        """The endpoint without its beginning and end, which belong to the test."""
        if scope["type"] != "lifespan":
            await serving(scope, receive, send)
            return
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})

    return schemathesis.openapi.from_asgi("/openapi.json", app)


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def test_every_operation_keeps_to_its_description(schema, world, examples):
    for found in schema.get_all_operations():
        operation = found.ok()
        _fuzz(operation, GenerationMode.POSITIVE, examples)
        if operation.body:
            _fuzz(operation, GenerationMode.NEGATIVE, examples)
            question = world.question(world.ROW) if operation.path == "/invocations" else {"rows": [world.ROW]}
            right = operation.Case(body=question, media_type="application/json")
            assert right.call_and_validate(checks=CHECKS).status_code == 200


def _fuzz(operation, mode, examples):
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(case=operation.as_strategy(generation_mode=mode))
    def fuzzed(case):
        if case.media_type in (CSV, ARROW):
            case.body = str(case.body).encode()
        case.validate_response(case.call(), checks=CHECKS)

    fuzzed()


BODIES = st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
TYPES = st.sampled_from(["application/json", CSV, ARROW, "text/plain", ""])
PATHS = st.sampled_from(
    ["/invocations", f"/v1/{NAME}/predict", f"/v1/{NAME}/explain", "/v1", "/v9/x/predict", "/v1/%00/"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PATHS, BODIES, TYPES, TYPES)
def test_no_body_is_a_mistake_of_ours(serving, path, body, sent, accepted):
    headers = {"Content-Type": sent, "Accept": accepted, "X-Amzn-SageMaker-Custom-Attributes": f"use_case={NAME}"}
    answer = TestClient(serving).post(path, content=body, headers=headers)

    assert answer.status_code in (400, 404, 406, 413, 415, 422)
    assert list(answer.json()) == ["detail"]


ROW_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just([])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["carrier", "flight", "departure_hour", "temperature_f", "more"]), ROW_VALUES))
def test_no_row_that_is_to_be_explained_is_a_mistake_of_ours(serving, world, changes):
    body = json.dumps({"rows": [{**world.ROW, **changes}]})

    assert TestClient(serving).post(f"/v1/{NAME}/explain", content=body).status_code in (200, 400, 422)


def test_the_fuzzed_use_case_is_the_shipped_one(serving: Server) -> None:
    assert serving.watcher.served(NAME).use_case == load_use_case(NAME)
