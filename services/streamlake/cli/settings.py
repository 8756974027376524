"""`streamlake settings`: what is in force, and where it comes from."""

import os
from dataclasses import fields
from typing import Any

from rich.console import Console

from streamlake.cli import output
from streamlake.settings import PREFIX, Settings, load


def settings(as_json: output.AsJson = False) -> None:
    """List all settings with their values; secrets are hidden.

    Example: streamlake settings
    """
    rows = describe(load(os.environ))

    def draw(console: Console) -> None:
        cells = [(row["name"], row["value"], row["set_by"], row["help"]) for row in rows]
        console.print(output.table(("setting", "value", "set by", "what it is"), cells))

    output.answer({"settings": rows}, draw, as_json=as_json)


def describe(values: Settings) -> list[dict[str, Any]]:
    """Each setting with its value, default and meaning."""
    return [
        {
            "name": PREFIX + field.name.upper(),
            "value": "(hidden)" if field.metadata["secret"] else str(getattr(values, field.name)),
            "default": field.metadata["default"],
            "set_by": "environment" if PREFIX + field.name.upper() in os.environ else "default",
            "help": field.metadata["help"],
        }
        for field in fields(Settings)
    ]
