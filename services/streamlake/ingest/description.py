"""What `GET /v1/datasets` and the OpenAPI document say of what is taken. Pure, but for reading the examples."""

import json
from pathlib import Path
from typing import Any, Final

from streamlake.contract.model import Contract, Field
from streamlake.ingest import limits

_FIELD_WORDS: Final = (
    "description",
    "classification",
    "minimum",
    "maximum",
    "min_length",
    "max_length",
    "pattern",
)
_MAX_EXAMPLES: Final = 5
_BODIES: Final = (
    "application/json",
    "application/x-ndjson",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)


def summary(contract: Contract) -> dict[str, Any]:
    """One line of the list."""
    return {
        "dataset": contract.dataset,
        "version": contract.version,
        "description": contract.description,
        "key": list(contract.key),
        "on_invalid": contract.on_invalid,
    }


def detail(contract: Contract, contracts_dir: Path) -> dict[str, Any]:
    """All that a producer needs to know."""
    return {
        **summary(contract),
        "event_time": contract.event_time,
        "extra_fields": contract.extra_fields,
        "fields": [_field(field) for field in contract.fields],
        "limits": {
            "max_event_bytes": contract.topic.max_event_bytes,
            "max_events": limits.MAX_EVENTS,
            "max_body_bytes": limits.MAX_BODY_BYTES,
            "max_depth": limits.MAX_DEPTH,
        },
        "media_types": list(_BODIES),
        "examples": _examples(contracts_dir / contract.dataset / "examples/ok"),
    }


def _field(field: Field) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": field.name,
        "type": field.type,
        "required": field.required,
        "nullable": field.nullable,
    }
    said |= {word: value for word in _FIELD_WORDS if (value := getattr(field, word)) not in (None, "")}
    if field.enum:
        said["enum"] = list(field.enum)
    if field.fields:
        said["fields"] = [_field(inner) for inner in field.fields]
    if field.items is not None:
        said["items"] = _field(field.items)
    return said


def _examples(folder: Path) -> list[Any]:
    found = []
    for file in sorted(folder.glob("*.json"))[:_MAX_EXAMPLES]:
        try:
            found.append(json.loads(file.read_bytes()))
        except (OSError, ValueError):
            continue
    return found


def events_call() -> dict[str, Any]:
    """The OpenAPI path item of the one call that FastAPI does not handle."""
    problem = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    result = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Result"}}}}
    answers = {
        "200": {"description": "Dry run: all would be kept", **result},
        "202": {"description": "All events are durable", **result},
        "207": {"description": "Some events are durable; each index is in receipts or in errors", **result},
    } | {
        str(status): {"description": words, **problem}
        for status, words in (
            (400, "Not readable; the detail names the place"),
            (401, "API key missing or unknown"),
            (403, "API key not for this dataset"),
            (404, "Unknown dataset, with the nearest names"),
            (408, "The body came too slowly"),
            (413, "Too large, counted after decompression"),
            (415, "Media type or encoding not supported"),
            (422, "Breaks the contract"),
            (429, "Too many events in flight: Retry-After"),
            (503, "Kafka does not take events now, or the outcome is unknown: Retry-After"),
        )
    }
    text = {"schema": {"type": "string"}}
    return {
        "post": {
            "summary": "Send events",
            "description": (
                "One event, or many. Each event's bytes are kept as they came. Content-Encoding gzip or zstd. "
                "CloudEvents in binary mode travel as application/json with ce-* headers."
            ),
            "operationId": "send_events",
            "parameters": [
                {"name": "dataset", "in": "path", "required": True, **text},
                {"name": "dry_run", "in": "query", "schema": {"type": "boolean", "default": False}},
                {"name": "Idempotency-Key", "in": "header", **text},
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"oneOf": [{"type": "object"}, {"type": "array"}]}},
                    "application/x-ndjson": text,
                    "application/cloudevents+json": {"schema": {"type": "object"}},
                    "application/cloudevents-batch+json": {"schema": {"type": "array", "items": {"type": "object"}}},
                },
            },
            "responses": answers,
            "security": [{}, {"key": []}],
        }
    }


def components() -> dict[str, Any]:
    """The schemas that the call above names."""
    string, integer = {"type": "string"}, {"type": "integer"}
    failure = {
        "type": "object",
        "properties": {
            "index": integer,
            "type": string,
            "detail": string,
            "field": {"type": ["string", "null"]},
            "retryable": {"type": "boolean"},
            "ingestion_id": {"type": ["string", "null"]},
        },
    }
    receipt = {
        "type": "object",
        "properties": {
            "index": integer,
            "status": {"enum": ["accepted", "dead_lettered"]},
            "ingestion_id": string,
            "topic": string,
            "partition": integer,
            "offset": integer,
        },
    }
    failures = {"type": "array", "items": failure}
    return {
        "schemas": {
            "Result": {
                "type": "object",
                "properties": {
                    "dataset": string,
                    "accepted": integer,
                    "dead_lettered": integer,
                    "receipts": {"type": "array", "items": receipt},
                    "errors": failures,
                },
            },
            "Problem": {
                "type": "object",
                "properties": {
                    "type": string,
                    "title": string,
                    "status": integer,
                    "detail": string,
                    "error_id": string,
                    "next_step": string,
                    "errors": failures,
                },
            },
        },
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    }
