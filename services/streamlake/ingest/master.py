"""gunicorn's master, which tells the service manager what its workers say of themselves.

gunicorn itself says READY when it listens, before anybody answers, and feeds no watchdog. Here READY means that a
worker serves, and alive that one said so in the last minute: each worker's own loop is watched by the master.
"""

import time
from pathlib import Path
from typing import Any, Final

from gunicorn.arbiter import Arbiter

from streamlake import vitals
from streamlake.ingest.status_line import status_line
from streamlake.notify import ALIVE, READY, STOPPING, Manager, status

PATIENCE_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 0.2


class Pulse:
    """Decides what the service manager is told, from one look at the workers to the next. Pure but for its memory."""

    def __init__(self, now: float) -> None:
        self._ready = False
        self._served_at = now

    def states(self, now: float, workers: list[dict[str, Any]], wanted: int) -> list[str]:
        """What to tell now: always the line, READY once, ALIVE while a worker has served within the minute."""
        serving = any(worker["state"] == "running" for worker in workers)
        if serving:
            self._served_at = now
        states = [status(status_line(workers, wanted))]
        if serving and not self._ready:
            self._ready = True
            states.append(READY)
        if self._ready and now - self._served_at < PATIENCE_SECONDS:
            states.append(ALIVE)
        return states


class Master(Arbiter):  # type: ignore[misc] # gunicorn has no types
    """See the module. Looks once a second, from the loop that also watches and replaces workers."""

    def __init__(self, app: Any, manager: Manager, state_dir: Path, name: str) -> None:
        super().__init__(app)
        self._manager = manager
        self._state_dir = state_dir
        self._name = name
        self._pulse = Pulse(time.monotonic())
        self._look_at = 0.0

    def murder_workers(self) -> None:
        """See gunicorn, which calls this in each turn."""
        super().murder_workers()
        now = time.monotonic()
        if self._manager.address and now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            told = vitals.gather(self._state_dir, self._name, seconds=_ANSWER_SECONDS)
            workers = [document for document in told if document.get("pid") in self.WORKERS]
            self._manager.tell(*self._pulse.states(now, workers, self.num_workers))

    def stop(self, graceful: bool = True) -> None:
        """See gunicorn."""
        self._manager.tell(STOPPING, status("stopping: what is on its way is answered first"))
        super().stop(graceful)
        self._manager.tell(status("stopped"))
