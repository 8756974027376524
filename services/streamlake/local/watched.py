"""One unit under supervision: its process, its state, and when it is started again."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from streamlake.errors import EXIT_DONE, EXIT_REFUSED, StreamlakeError
from streamlake.local import processes, restart
from streamlake.local.home import Home
from streamlake.local.units import Unit

State = Literal["waiting", "starting", "running", "done", "backing_off", "failed", "stopping", "stopped"]

LOG_MAX_BYTES = 16 << 20


@dataclass(slots=True)
class Watched:
    """See the module. `look` advances it and is called often; it never blocks for long."""

    unit: Unit
    home: Home
    environment: Mapping[str, str]
    command: Callable[[], Sequence[str]]
    answers: Callable[[int], bool]
    state: State = "waiting"
    since: float = field(default_factory=time.time)
    restarts: int = 0
    exit_code: int | None = None
    reason: str = ""
    _child: subprocess.Popen[bytes] | None = None
    _started: float = 0.0
    _failures: int = 0
    _start_at: float = 0.0
    _kill_at: float = 0.0

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._child.pid if self._child is not None else None

    @property
    def settled(self) -> bool:
        """It does its work, has done it, or waits for somebody's decision that holds nobody up."""
        return self.state in ("running", "done") or (self.unit.once and self.exit_code == EXIT_REFUSED)

    def start(self, now: float) -> None:
        """Start it, if it waits for nothing but its turn."""
        if self.state not in ("waiting", "backing_off") or now < self._start_at:
            return
        log = self.home.log_of(self.unit.name)
        try:
            _turn_over(log)
            command = self.command()
            self._child = processes.start(command, self.environment, self.home.path, self.unit.name, log)
        except (StreamlakeError, OSError) as error:
            # It could be started before, so this may pass: a port that is still held, a disk that is full.
            self._started = now
            self._ended(1, now, str(error))
            return
        self._started = now
        self._become("starting")

    def look(self, now: float) -> None:
        """Notice that it ended, that it answers, or that it does not stop."""
        if self._child is None:
            return
        code = self._child.poll()
        if code is not None:
            processes.kill_group(self._child.pid)  # workers of a master that was killed hold its port
            self._child = None
            self._ended(code, now, restart.describe(code))
        elif self.state == "stopping" and now >= self._kill_at:
            self.kill()
        elif self.state == "starting" and not self.unit.once and self.answers(self._child.pid):
            self._become("running")

    def stop(self, now: float) -> None:
        """Ask it to end; killed by `look` when it takes longer than its unit allows."""
        if self._child is None:
            self._become("stopped")
        elif self.state != "stopping":
            self._kill_at = now + self.unit.stop_seconds
            self._become("stopping")
            self._child.terminate()

    def kill(self) -> None:
        """End it and its children at once."""
        if self._child is not None:
            processes.kill_group(self._child.pid)

    def signal(self, number: int) -> None:
        """Pass a signal on to a process that runs; one that starts would die of it."""
        if self._child is not None and self.state == "running":
            self._child.send_signal(number)

    def again(self) -> None:
        """Something changed: what failed or was done may start once more."""
        if self._child is None and self.state in ("failed", "done", "backing_off"):
            self._failures = 0
            self._start_at = 0.0
            self._become("waiting")

    def document(self) -> dict[str, Any]:
        """What the state document says of it."""
        return {
            "name": self.unit.name,
            "kind": self.unit.kind,
            "dataset": self.unit.dataset,
            "pid": self.pid,
            "state": self.state,
            "since": self.since,
            "restarts": self.restarts,
            "exit_code": self.exit_code,
            "reason": self.reason,
            "log": str(self.home.log_of(self.unit.name)),
        }

    def _ended(self, code: int, now: float, reason: str) -> None:
        if self.state == "stopping":
            self._become("stopped")
            return
        self.exit_code = code
        if self.unit.once and code in (EXIT_DONE, EXIT_REFUSED):
            # What is refused stays refused until somebody acts, and must not hold the others up.
            self._become("done" if code == EXIT_DONE else "failed", "" if code == EXIT_DONE else reason)
            return
        decision = restart.after_exit(code, now - self._started, self._failures)
        self._failures = decision.failures
        if decision.delay_seconds is None:
            self._become("failed", f"{reason}: its configuration is wrong, so it is not started again")
            return
        self.restarts += 1
        self._start_at = now + decision.delay_seconds
        self._become("backing_off", f"{reason}; starts again in {decision.delay_seconds:g} s")

    def _become(self, state: State, reason: str = "") -> None:
        self.state = state
        self.reason = reason
        self.since = time.time()


def _turn_over(log: Any) -> None:
    if log.exists() and log.stat().st_size > LOG_MAX_BYTES:
        log.replace(log.with_suffix(".log.1"))
