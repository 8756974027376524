"""What `GET /openapi.json` says of the calls and their answers. Pure.

Tests hold the service to it: an answer with another status, media type, header or shape than stands here is a defect.
"""

from typing import Any, Final

from streamlake.ingest import limits

Described = dict[str, Any]

_TEXT: Final[Described] = {"type": "string"}
_NUMBER: Final[Described] = {"type": "integer", "minimum": 0}
_PROBLEM: Final[Described] = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
}
_RETRY_AFTER: Final[Described] = {
    "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}},
}
_REFUSALS: Final = {
    400: "Not readable; the detail names the place",
    401: "API key missing or unknown",
    403: "API key not for this dataset",
    404: "Unknown dataset, with the nearest names",
    405: "Method not allowed",
    408: "The body came too slowly",
    413: "Too large, counted after decompression",
    415: "Media type or encoding not supported",
    422: "Breaks the contract",
    429: "Too many events or connections",
    431: "Request line and headers, extensions of chunks or trailers too large",
    503: "The log does not take events now, or the outcome is unknown, or the process stops",
}
_TO_WAIT_FOR: Final = (429, 503)


def document(pages: Described) -> Described:
    """The whole description: FastAPI's own of the pages, and the one call that it does not handle."""
    described = dict(pages)
    described["paths"] = {
        path: {method: _page(path, operation) for method, operation in item.items()}
        for path, item in pages["paths"].items()
    } | {"/v1/datasets/{dataset}/events": events_call()}
    described["components"] = {
        "schemas": _schemas(),
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    }
    return described


def refusals(*statuses: int) -> Described:
    """The problem documents that a call may answer with."""
    return {
        str(status): {
            "description": _REFUSALS[status],
            "content": _PROBLEM,
            **({"headers": _RETRY_AFTER} if status in _TO_WAIT_FOR else {}),
        }
        for status in statuses
    }


def events_call() -> Described:
    """The path item of the call that takes events."""
    result = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Result"}}}}
    answers = {
        "200": {"description": "Dry run: all would be kept", **result},
        "202": {"description": "All events are durable", **result},
        "207": {"description": "Some events are durable; each index is in receipts or in errors", **result},
    }
    attempt = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
    lines = {"schema": _TEXT}
    return {
        "post": {
            "summary": "Send events",
            "description": (
                "One event, or many. Each event's bytes are kept as they came. Content-Encoding gzip or zstd. "
                "CloudEvents in binary mode travel as application/json with ce-* headers. At most "
                f"{limits.MAX_EVENTS:,} events and {limits.MAX_BODY_BYTES:,} bytes after decompression."
            ),
            "operationId": "send_events",
            "parameters": [
                {"name": "dataset", "in": "path", "required": True, "schema": _TEXT},
                {"name": "dry_run", "in": "query", "schema": {"type": "boolean", "default": False}},
                {"name": "Idempotency-Key", "in": "header", "schema": attempt},
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"oneOf": [{"type": "object"}, {"type": "array"}]}},
                    "application/x-ndjson": lines,
                    "application/cloudevents+json": {"schema": {"$ref": "#/components/schemas/CloudEvent"}},
                    "application/cloudevents-batch+json": {
                        "schema": {"type": "array", "items": {"$ref": "#/components/schemas/CloudEvent"}}
                    },
                },
            },
            "responses": answers | refusals(*_REFUSALS),
            "security": [{}, {"key": []}],
        }
    }


def _page(path: str, operation: Described) -> Described:
    """A page as FastAPI describes it, with the refusals that ours have; those with a key name it."""
    answers = {status: told for status, told in operation["responses"].items() if status != "422"}
    told = {**operation, "responses": answers | refusals(400, 405, 429, 431)}
    if path.startswith("/v1/") or path == "/metrics":
        told["responses"] |= refusals(401)
        told["security"] = [{}, {"key": []}]
    if "{dataset}" in path:
        told["responses"] |= refusals(404)
    return told


def _schemas() -> Described:
    failure = _object(
        {
            "index": _NUMBER,
            "type": _TEXT,
            "detail": _TEXT,
            "field": {"type": ["string", "null"]},
            "retryable": {"type": "boolean"},
            "ingestion_id": {"type": ["string", "null"]},
        },
        outcome={"enum": ["unknown"]},
    )
    receipt = _object(
        {"index": _NUMBER, "status": {"enum": ["accepted", "dead_lettered"]}, "ingestion_id": _TEXT},
        topic=_TEXT,
        partition=_NUMBER,
        offset=_NUMBER,
        reason=_TEXT,
    )
    failures = {"type": "array", "items": failure}
    return {
        "Result": _object(
            {
                "dataset": _TEXT,
                "accepted": _NUMBER,
                "dead_lettered": _NUMBER,
                "receipts": {"type": "array", "items": receipt, "minItems": 1},
            },
            dry_run={"enum": [True]},
            errors=failures,
        ),
        "Problem": _object(
            {
                "type": _TEXT,
                "title": _TEXT,
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": _TEXT,
                "error_id": {"type": "string", "pattern": "^SL-05[0-9]{2}$"},
                "errors": failures,
            },
            next_step=_TEXT,
            nearest={"type": "array", "items": _TEXT},
            outcome={"enum": ["unknown"]},
            ingestion_ids={"type": "array", "items": _TEXT},
        ),
        "CloudEvent": {
            "type": "object",
            "required": ["specversion", "id", "source", "type"],
            "properties": {"specversion": {"enum": ["1.0"]}} | dict.fromkeys(("id", "source", "type"), _TEXT),
        },
    }


def _object(required: Described, **optional: Described) -> Described:
    """An object that has these members and no other."""
    return {
        "type": "object",
        "required": list(required),
        "properties": required | optional,
        "additionalProperties": False,
    }
