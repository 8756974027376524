"""What stands where under STREAMLAKE_HOME, who holds it, and what is written there about the processes.

One lock says whether a supervisor lives: the kernel lets go of it however the supervisor ends, so that a pid file
left by a kill -9 fools nobody. The state document beside it is for readers.
"""

import fcntl
import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from streamlake.local.errors import HomeUnusable, RunsAlready

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one home."""

    path: Path

    @property
    def run(self) -> Path:
        """The lock and the state document."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.path / "log"

    @property
    def state(self) -> Path:
        """What the supervisor says of its processes."""
        return self.run / "local.json"

    def log_of(self, name: str) -> Path:
        """The log of one process."""
        return self.logs / f"{name}.log"


class Lock:
    """Held by the one supervisor of a home, from `take` until the process ends or `release`."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._descriptor: int | None = None

    def take(self) -> None:
        """RunsAlready if another process has it; HomeUnusable if it cannot be made."""
        try:
            self._home.run.mkdir(parents=True, exist_ok=True)
            self._home.logs.mkdir(exist_ok=True)
            descriptor = os.open(self._home.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise HomeUnusable(
                f"{self._home.path} cannot be used: {error.strerror}.",
                next_step="Set STREAMLAKE_HOME to a folder that you may write.",
            ) from error
        if not _locked(descriptor):
            os.close(descriptor)
            raise RunsAlready(
                f"StreamLake runs already in {self._home.path} (pid {holder(self._home) or 'unknown'}).",
                next_step="`streamlake status` shows it; `scripts/down` stops it; another STREAMLAKE_HOME, "
                "STREAMLAKE_API_PORT and STREAMLAKE_KAFKA_PORT run a second one beside it.",
            )
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another supervisor begin."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _locked(descriptor: int) -> bool:
    # `holder` takes the lock for a moment to see whether it is free: that is no reason to give up.
    for _ in range(10):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            threading.Event().wait(0.05)
        else:
            return True
    return False


def holder(home: Home) -> int | None:
    """The pid of the living supervisor of this home, or None. Says nothing that the lock does not prove."""
    try:
        descriptor = os.open(home.run / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(descriptor, 32).decode()
        return int(text) if text.isdecimal() else None
    finally:
        os.close(descriptor)
    return None


def write_state(home: Home, document: dict[str, Any]) -> None:
    """Replace the state document as a whole."""
    partial = home.state.with_suffix(".partial")
    partial.write_text(json.dumps({"format": _FORMAT, "written_at": time.time(), **document}))
    partial.replace(home.state)


def read_state(home: Home) -> dict[str, Any] | None:
    """What the supervisor wrote last; None where there is nothing readable."""
    try:
        document: dict[str, Any] = json.loads(home.state.read_text())
    except (OSError, ValueError):
        return None
    return document
