"""One process under supervision: started again when it dies, as systemd would. Exit codes 2 and 4 are final there.

Every process ends with the *thread* that started it (that is what Linux calls a parent), so only the supervisor's
thread starts any.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

END_WITH_PARENT = (
    "import ctypes,os,signal,sys; ctypes.CDLL(None).prctl(1, signal.SIGKILL); os.execv(sys.argv[1], sys.argv[1:])"
)
FINAL = (2, 4)
"""RestartPreventExitStatus of the units: a wrong setting, or a guard that refuses."""
RESTART_SECONDS = 1.0
EXPECTED = (0, 3, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGHUP, -signal.SIGINT)
"""Everything else is a defect. 3: a new start may help. The signals: sent by the torture, also as the process began."""


@dataclass
class Unit:
    """See the module. `look` is called often, by one thread; everything else by any."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    cwd: Path
    log: Path
    stop_seconds: float = 30.0
    wanted: bool = False
    exits: Counter[int] = field(default_factory=Counter)
    starts: int = 0
    gave_up: str = ""
    _process: "subprocess.Popen[bytes] | None" = None
    _start_at: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        """Keep it alive from now on."""
        with self._lock:
            self.wanted = True
            self._start_at = 0.0

    def look(self) -> None:
        """Notice that it ended; start it if it is wanted."""
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self._ended(self._process.returncode)
            if self._process is None and self.wanted and not self.gave_up and time.monotonic() >= self._start_at:
                with self.log.open("ab") as out:
                    self._process = subprocess.Popen(
                        [sys.executable, "-c", END_WITH_PARENT, *self.argv],
                        env=dict(self.environment),
                        cwd=self.cwd,
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=out,
                        start_new_session=True,
                    )
                self.starts += 1

    def stop(self) -> int | None:
        """As `systemctl stop`; its exit code, -9 where it had to be killed."""
        with self._lock:
            self.wanted = False
            process = self._process
        if process is None:
            return None
        process.terminate()
        try:
            process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            process.wait(20)
        self.look()
        return process.returncode

    def kill(self) -> int:
        """As `kill -9` of the whole unit; the pid that is gone."""
        with self._lock:
            process = self._process
        if process is None:
            raise ProcessLookupError(f"{self.name} does not run")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
        self.look()
        return process.pid

    def signal(self, number: int) -> int:
        """Send it to the main process; its pid."""
        pid = self.pid
        if pid is None:
            raise ProcessLookupError(f"{self.name} does not run")
        os.kill(pid, number)
        return pid

    def members(self) -> list[psutil.Process]:
        """The main process and its children."""
        try:
            main = psutil.Process(self.pid or 0)
            return [main, *main.children(recursive=True)] if self.pid else []
        except psutil.Error:
            return []

    def _ended(self, code: int) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # workers of a master that was killed hold its port
        self._process = None
        self.exits[code] += 1
        self._start_at = time.monotonic() + RESTART_SECONDS
        if code in FINAL and self.wanted:
            self.gave_up = f"{self.name} ended with {code}: nothing starts it again; see {self.log.name}"

    def wrong_exits(self) -> dict[int, int]:
        """Exit codes that tell of a defect, and how often."""
        return {code: count for code, count in self.exits.items() if code not in EXPECTED}


class Supervisor:
    """Looks at its units until it is closed."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = list(units)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking. Processes stay as they are."""
        self._over.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._over.wait(0.2):
            for unit in self.units:
                unit.look()


class Keeper:
    """A thread that lives to the end and starts what must not end with whoever asked for it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="keeper")

    def do(self, action: Callable[[], None]) -> None:
        """Do it there, and wait for it."""
        self._pool.submit(action).result()

    def close(self) -> None:
        """End the thread, and what it started."""
        self._pool.shutdown()


def waited(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Until the condition holds; TimeoutError says what did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)
