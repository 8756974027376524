"""The commands that a document tells its reader to type."""

import re
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(document: Path, language: str) -> list[str]:
    """The text of each fenced block of one language, in order."""
    return [text for kind, text in _BLOCK.findall(document.read_text()) if kind == language]
