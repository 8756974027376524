"""Progress as it is: a bar on a terminal, JSON lines on stderr elsewhere; no percentage where the total is unknown."""

import json
import sys
import time
from types import TracebackType
from typing import Final

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from streamlake.cli import output

_EVERY_SECONDS: Final = 5.0
_ENOUGH_SECONDS: Final = 3.0
"""Before so long, a rate says little about how long the rest will take."""


class Shown:
    """Call it with what is done, how much, and of how much. A context: the bar is gone at its end."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._terminal = sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._what = ""
        self._began = self._said = 0.0
        self._last: tuple[int, int | None] = (0, None)

    def __enter__(self) -> "Shown":
        if self._terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[said]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=output.people(stderr=True),
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._what:
            self._line()

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """So much is done."""
        if what != self._what:
            if self._what and self._bar is None:
                self._line()
            self._what, self._began = what, time.monotonic()
            self._said = self._began
            self._start(what)
        self._last = (done, total)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, said=_said(done, total))
        elif time.monotonic() - self._said >= _EVERY_SECONDS:
            self._line()

    def _start(self, what: str) -> None:
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(f"{self._title}: {what}", total=None, said="")

    def _line(self) -> None:
        done, total = self._last
        now = time.monotonic()
        self._said = now
        line: dict[str, object] = {"progress": self._title, "what": self._what, "done": done, "of": total}
        elapsed = now - self._began
        if total and done and elapsed >= _ENOUGH_SECONDS and done < total:
            line["seconds_left"] = round(elapsed / done * (total - done), 1)
        sys.stderr.write(json.dumps(line) + "\n")
        sys.stderr.flush()


def _said(done: int, total: int | None) -> str:
    return f"{done}" if total is None else f"{done} of {total}"
