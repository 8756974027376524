"""The API does what `GET /openapi.json` says: schemathesis makes the requests, right ones and wrong ones, and holds
each answer to the description; and each event that is acknowledged is in the log with the bytes that were sent."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.fire.target import Place, Target
from tests.fire.wire import Answer

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
RIGHT = {"id": "x", "at": "2026-11-21T07:00:00Z", "f": 1.5}
MODES = {"right": GenerationMode.POSITIVE, "wrong": GenerationMode.NEGATIVE}


@schemathesis.serializer("application/x-ndjson")
def _as_lines(_: object, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def _mended(body: Any, media: str) -> Any:
    """What was made after the description, with what only the dataset's contract asks for."""
    if media == "application/x-ndjson":
        return '{"id":"x","at":"2026-11-21T07:00:00Z","f":1.50}\n' * 3
    if media == "application/cloudevents+json":
        return body | {"data": RIGHT} if isinstance(body, dict) else body
    if isinstance(body, list):
        return [_mended(event, media.replace("-batch", "")) for event in body]
    return body | RIGHT if isinstance(body, dict) else body


def _fire(target: Target, examples: int, mode: GenerationMode) -> dict[int, int]:
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{target.api.port}/openapi.json")
    told: dict[int, int] = {}
    came_in: dict[Place, bytes] = {}
    key = {"Authorization": f"Bearer {target.secret.decode()}"}

    def try_out(operation: Any) -> None:
        @settings(max_examples=examples, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode), known=st.integers(0, 3), mend=st.integers(0, 3))
        def attempt(case: Any, known: int, mend: int) -> None:
            if known < 3 and "dataset" in case.path_parameters:
                case.path_parameters["dataset"] = "fire"
            if mend < 3 and case.media_type:
                case.body = _mended(case.body, case.media_type)
            response = case.call(headers=key, timeout=20)
            case.validate_response(response, checks=CHECKS)
            told[response.status_code] = told.get(response.status_code, 0) + 1
            answer = Answer(response.status_code, {}, response.content)
            came_in.update(dict.fromkeys(target.note(answer, None), response.request.body or b""))

        attempt()

    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) == 6
    for operation in operations:
        # A page takes nothing that could be wrong.
        if mode is GenerationMode.POSITIVE or operation.method == "post":
            try_out(operation)
    found = target.check_log()
    for place, value in found.items():
        sent = came_in[place]
        assert value in (sent.encode() if isinstance(sent, str) else sent), (value, sent)
    return told


@pytest.mark.parametrize("mode", MODES)
def test_every_answer_is_as_described(target: Target, mode: str) -> None:
    told = _fire(target, 60, MODES[mode])
    kept = told.get(202, 0) + told.get(207, 0)
    assert mode == "wrong" or kept >= 5, f"hardly anything was right: {told}"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("mode", MODES)
def test_every_answer_is_as_described_for_long(target: Target, mode: str) -> None:
    _fire(target, 3000, MODES[mode])
