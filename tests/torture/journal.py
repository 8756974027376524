"""What was sent and what was answered, line by line on disk before and after each attempt: the word of the sender.

A line is a JSON array: `["try", [[id, digest], …]]` before an attempt, and then one or more of
`["ack", [[id, topic, partition, offset], …]]`, `["not", [id, …]]` (told that it is not kept) and `["may", [id, …]]`
(the outcome is not known). An attempt without an answer is a `may`: its sender was killed.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Writer:
    """One thread's journal. Each line is one write to a file opened for appending."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def tried(self, events: Iterable[tuple[str, str]]) -> None:
        """Before they are sent: id and digest of each."""
        self._write("try", list(events))

    def kept(self, receipts: Iterable[tuple[str, str, int, int]]) -> None:
        """Acknowledged: id, topic, partition and offset of each."""
        self._write("ack", list(receipts))

    def refused(self, ids: Iterable[str]) -> None:
        """Whoever was asked said that these are not kept."""
        self._write("not", list(ids))

    def unknown(self, ids: Iterable[str]) -> None:
        """No answer, or one that says that it is not known."""
        self._write("may", list(ids))

    def close(self) -> None:
        """No more is written."""
        self._file.close()

    def _write(self, what: str, content: Sequence[Any]) -> None:
        if content:
            self._file.write(json.dumps([what, content], separators=(",", ":")).encode() + b"\n")


@dataclass(slots=True)
class Sent:
    """One event over all its attempts."""

    id: str
    attempts: int = 0
    refused: int = 0
    places: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def most(self) -> int:
        """How many records of it there may be."""
        return self.attempts - self.refused


def read(folder: Path) -> dict[str, Sent]:
    """All journals of a folder: each event by its digest."""
    events: dict[str, Sent] = {}
    for path in sorted(folder.glob("*.journal")):
        known: dict[str, Sent] = {}
        with path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # the sender was killed as it wrote; what it tried stands before
                _take(json.loads(line), known, events)
    return events


def _take(entry: list[Any], known: dict[str, Sent], events: dict[str, Sent]) -> None:
    what, content = entry
    for item in content:
        match what:
            case "try":
                sent = known.setdefault(item[0], Sent(item[0]))
                events[item[1]] = sent
                sent.attempts += 1
            case "ack":
                known[item[0]].places.append((item[1], item[2], item[3]))
            case "not":
                known[item].refused += 1


def receipts(folder: Path) -> dict[str, int]:
    """By journal, how many of its lines tell of receipts."""
    return {path.name: path.read_bytes().count(b'\n["ack",') for path in folder.glob("*.journal")}
