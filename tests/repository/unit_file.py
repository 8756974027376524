"""A unit file as systemd reads it, as far as ours use its language."""

import re
from collections import defaultdict

_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "ms": 0.001}


class UnitFile:
    """Sections of names, each with all its values: systemd takes the last, or for lists all of them."""

    def __init__(self, text: str) -> None:
        self.sections: dict[str, dict[str, list[str]]] = defaultdict(dict)
        section = ""
        for line in text.splitlines():
            if line.startswith("[") and line.endswith("]"):
                section = line[1:-1]
            elif line and not line.startswith(("#", ";")):
                name, equals, value = line.partition("=")
                assert equals, line
                self.sections[section].setdefault(name, []).append(value)


def seconds(text: str) -> float:
    """A time span, as `30`, `1min 30s`."""
    parts = re.findall(r"(\d+)\s*([a-z]*)", text)
    assert parts, text
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
