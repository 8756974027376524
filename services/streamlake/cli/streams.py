"""The process's own streams: what a command says goes out, or somebody is told that it cannot."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TextIO

from streamlake.errors import Permanent


class NoRoom(Permanent):
    """The answer cannot be written where it should go."""

    code = "SL-0806"


def prepare() -> None:
    """Both may be closed, full, or left by their reader; and an object's name may be no UTF-8."""
    sys.stdout = _taking_all(sys.stdout, Answers)
    sys.stderr = _taking_all(sys.stderr, Notes)


def trouble() -> NoRoom | None:
    """Why the answer could not be written, if so."""
    return sys.stdout.trouble if isinstance(sys.stdout, Answers) else None


class Answers(io.TextIOWrapper):
    """stdout. BrokenPipeError where its reader left, NoRoom where something else is wrong with it; each once.

    `trouble` keeps the latter, for whoever writes may swallow what is raised.
    """

    trouble: NoRoom | None = None

    def write(self, text: str) -> int:
        """See the class."""
        try:
            return super().write(text)
        except OSError as error:
            self._give_up(error)

    def flush(self) -> None:
        """See the class."""
        try:
            super().flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> NoReturn:
        _silence(self)
        if isinstance(error, BrokenPipeError):
            raise error
        step = "Make room, or send the answer elsewhere."
        self.trouble = NoRoom(f"the answer cannot be written: {error.strerror}.", next_step=step)
        raise self.trouble from error


class Notes(io.TextIOWrapper):
    """stderr. Where it takes nothing more there is nobody left to tell."""

    def write(self, text: str) -> int:
        """See the class."""
        try:
            return super().write(text)
        except OSError:
            _silence(self)
            return len(text)

    def flush(self) -> None:
        """See the class."""
        try:
            super().flush()
        except OSError:
            _silence(self)


def _silence(stream: TextIO) -> None:
    """What is left to be said goes nowhere; without this Python complains of it when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _taking_all(stream: TextIO | None, kind: Callable[..., TextIO]) -> TextIO:
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    encoding, by_line, unbuffered = stream.encoding, stream.line_buffering, stream.write_through
    return kind(
        stream.detach(), encoding=encoding, errors="backslashreplace", line_buffering=by_line, write_through=unbuffered
    )
