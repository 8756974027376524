"""What `GET /v1/datasets` says of what is taken. Pure, but for reading the examples."""

import json
from pathlib import Path
from typing import Any, Final

from streamlake.contract.model import Contract, Field
from streamlake.ingest import limits

_FIELD_WORDS: Final = (
    "description",
    "classification",
    "format",
    "minimum",
    "maximum",
    "exclusive_minimum",
    "exclusive_maximum",
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
        except (OSError, ValueError, RecursionError):
            continue
    return found
