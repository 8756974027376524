"""Contract files for tests: one that is right, and ways to change it."""

from pathlib import Path
from typing import Any

import yaml


def document(dataset: str = "things", version: object = "1", **changes: Any) -> dict[str, Any]:
    """A small contract that is right; `changes` replace its members."""
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "urn:test",
        "name": dataset,
        "version": version,
        "status": "active",
        "schema": [
            {
                "name": dataset,
                "properties": [
                    {"name": "id", "logicalType": "string", "required": True},
                    {"name": "at", "logicalType": "timestamp", "required": True},
                    {"name": "n", "logicalType": "integer"},
                    {"name": "f", "logicalType": "number", "required": True},
                ],
            }
        ],
        "customProperties": [{"property": "keyFields", "value": ["id"]}],
        **changes,
    }


def with_field(**field: Any) -> dict[str, Any]:
    """The small contract with one more field."""
    changed = document()
    changed["schema"][0]["properties"].append({"name": "more", **field})
    return changed


def with_settings(**settings: Any) -> dict[str, Any]:
    """The small contract with these custom properties."""
    return document(customProperties=[{"property": name, "value": value} for name, value in settings.items()])


def text(changed: dict[str, Any]) -> bytes:
    """The file's bytes."""
    return yaml.safe_dump(changed, sort_keys=False).encode()


def put(folder: Path, changed: dict[str, Any], file: str = "contract.yaml") -> Path:
    """Write the contract into the dataset's folder below `folder`."""
    path = folder / str(changed["name"]) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text(changed))
    return path
