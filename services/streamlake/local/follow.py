"""The readable log of `scripts/up`: what every process writes, one line each, with its name before it."""

import json
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

_COLOURS: Final = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)
_LOUD: Final = {"WARNING": 33, "ERROR": 31, "CRITICAL": 31}
_SAID_ALREADY: Final = frozenset({"timestamp", "level", "logger", "message", "process", "taskName", "dataset"})
_CHUNK: Final = 1 << 20


class Follower:
    """Reads on where it stopped, in every log of a folder. What stood there before it began is not repeated."""

    def __init__(self, logs: Path, write: Callable[[str], object], *, colour: bool) -> None:
        self._logs = logs
        self._write = write
        self._colour = colour
        self._offsets = {path: path.stat().st_size for path in logs.glob("*.log")}
        self._rest: dict[Path, bytes] = {}
        self._quiet = False

    def poll(self) -> None:
        """Write what is new."""
        for path in sorted(self._logs.glob("*.log")):
            for line in self._new_lines(path):
                self._say(render(path.stem, line, colour=self._colour))

    def _new_lines(self, path: Path) -> Iterator[str]:
        offset = self._offsets.get(path, 0)
        try:
            with path.open("rb") as log:
                if log.seek(0, os.SEEK_END) < offset:
                    offset = 0  # turned over
                log.seek(offset)
                data = log.read(_CHUNK)
        except OSError:
            return  # turned over just now; the next look finds the new one
        self._offsets[path] = offset + len(data)
        *lines, self._rest[path] = (self._rest.get(path, b"") + data).split(b"\n")
        for line in lines:
            if line.strip():
                yield line.decode(errors="replace")

    def _say(self, text: str) -> None:
        if self._quiet:
            return
        try:
            self._write(text + "\n")
        except OSError:
            self._quiet = True  # the terminal is gone; that is no reason to stop what runs


def render(process: str, line: str, *, colour: bool) -> str:
    """One line for people. A JSON log line is taken apart; anything else stays as it is. Pure."""
    name = process.removeprefix("streamlake-")
    prefix = f"{name:<20} | "
    if colour:
        prefix = f"\x1b[{_COLOURS[zlib.crc32(name.encode()) % len(_COLOURS)]}m{prefix}\x1b[0m"
    try:
        document = json.loads(line)
    except ValueError:
        document = None
    return prefix + (_plain(document, colour=colour) if isinstance(document, dict) else line)


def _plain(document: dict[str, Any], *, colour: bool) -> str:
    level = str(document.get("level", "INFO"))
    message = str(document.get("message", ""))
    more = " ".join(f"{k}={v}" for k, v in document.items() if k not in _SAID_ALREADY and str(v or "") not in message)
    time = str(document.get("timestamp", ""))[11:19]
    text = f"{time} {level:<7} {message}{'  ' + more if more else ''}"
    if colour and level in _LOUD:
        text = f"\x1b[{_LOUD[level]}m{text}\x1b[0m"
    return text
