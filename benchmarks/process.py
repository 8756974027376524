"""Start a process, let it work, stop it, and say what it cost."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil


@dataclass(frozen=True, slots=True)
class Cost:
    """Of the work alone: from when the process was ready to when it had ended. Start-up is told apart."""

    cpu_seconds: float
    wall_seconds: float
    peak_rss_bytes: int
    start_cpu_seconds: float


class Failed(Exception):
    """The process did not do its work."""


class Measured:
    """A child process, with all its threads. It says that it is ready as services tell systemd."""

    def __init__(
        self, argv: list[str], environment: Mapping[str, str], log: Path, good_ends: Sequence[int] = (0,)
    ) -> None:
        self._good_ends = good_ends
        self._folder = tempfile.TemporaryDirectory(prefix="streamlake-notify-")
        address = f"{self._folder.name}/notify"
        self._notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notified.bind(address)
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                argv, env={**os.environ, **environment, "NOTIFY_SOCKET": address}, stdout=out, stderr=out
            )
        self._ready = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        self._view = psutil.Process(self._process.pid)
        self._start_cpu, self._start_wall = 0.0, time.monotonic()
        self.peak_rss_bytes = 0

    def __enter__(self) -> "Measured":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):
            self._notified.shutdown(socket.SHUT_RDWR)  # wakes who listens, which close alone does not
        self._notified.close()
        self._folder.cleanup()

    def wait_ready(self, seconds: float = 60) -> None:
        self.wait_for(self._ready.is_set, seconds, pause_seconds=0.01)
        self.mark()

    def mark(self) -> None:
        """What it costs counts from here on."""
        self._start_cpu = self.cpu_seconds()
        self._start_wall = time.monotonic()

    def since_mark(self) -> Cost:
        """What it has cost until now; it goes on."""
        self._look()
        cpu = self.cpu_seconds() - self._start_cpu
        return Cost(cpu, time.monotonic() - self._start_wall, self.peak_rss_bytes, self._start_cpu)

    def wait_end(self, seconds: float = 600) -> Cost:
        """Until it ends by itself. The whole of it counts, its start too."""
        self._start_cpu, self._start_wall = 0.0, time.monotonic()
        return self._ended(seconds)

    def cpu_seconds(self) -> float:
        """Of all its threads, until now."""
        times = self._view.cpu_times()
        return float(times.user + times.system)

    def _listen(self) -> None:
        """Until the end: a dozen messages that nobody takes would stop the process."""
        with suppress(OSError):
            while True:
                if self._notified.recv(4096).startswith(b"READY=1"):
                    self._ready.set()

    def wait_for(self, done: Callable[[], bool], seconds: float, pause_seconds: float = 0.1) -> None:
        """Until `done`, or the process has ended."""
        deadline = time.monotonic() + seconds
        while not done():
            if self._process.poll() is not None:
                raise Failed(f"it ended with {self._process.returncode}: {self._words()}")
            if time.monotonic() > deadline:
                raise Failed(f"it was not done after {seconds:.0f} s: {self._words()}")
            self._look()
            time.sleep(pause_seconds)

    def stop(self, seconds: float = 60) -> Cost:
        """SIGTERM, and what it cost altogether."""
        self._process.send_signal(signal.SIGTERM)
        return self._ended(seconds)

    def _ended(self, seconds: float) -> Cost:
        deadline = time.monotonic() + seconds
        while True:
            pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                raise Failed(f"it did not end within {seconds:.0f} s: {self._words()}")
            self._look()
            time.sleep(0.02)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        if self._process.returncode not in self._good_ends:
            raise Failed(f"it ended with {self._process.returncode}: {self._words()}")
        cpu = usage.ru_utime + usage.ru_stime
        return Cost(cpu - self._start_cpu, time.monotonic() - self._start_wall, self.peak_rss_bytes, self._start_cpu)

    def rss(self) -> int:
        return int(self._view.memory_info().rss)

    def _look(self) -> None:
        """The peak of this program's own memory; `ru_maxrss` has the parent's in it, from before the exec."""
        with suppress(psutil.Error, OSError, StopIteration):
            status = Path(f"/proc/{self._process.pid}/status").read_text()
            line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
            self.peak_rss_bytes = max(self.peak_rss_bytes, int(line.split()[1]) << 10)

    def _words(self) -> str:
        return self._log.read_text(errors="replace")[-1500:]


def start_streamlake(dataset: str, bootstrap: str, home: Path, **settings: str) -> Measured:
    """The consumer process as its unit starts it; `settings` without their prefix, in lower case."""
    (home / "lake").mkdir(parents=True)
    given = {
        "home": str(home),
        "bootstrap_servers": bootstrap,
        "lake_url": f"file://{home}/lake",
        "session_timeout_seconds": "6",  # a static member stays in its group for so long, and the next run waits for it
        "contracts_dir": str(Path(__file__).parents[1] / "contracts"),
        **settings,
    }
    environment = {f"STREAMLAKE_{name.upper()}": value for name, value in given.items()}
    argv = [sys.executable, "-m", "benchmarks.counted", dataset]
    return Measured(argv, environment, home / "consumer.log")


def start_naive(dataset: str, bootstrap: str, path: Path, *, flush_each: bool = False) -> Measured:
    argv = [sys.executable, "-m", "benchmarks.naive", dataset, bootstrap, str(path)]
    return Measured([*argv, *(["--flush-each"] if flush_each else [])], {}, path.with_suffix(".log"))
