"""Every program that some processes of a host and their descendants start, as the kernel traces it: nothing is missed.

It judges an injection by what it did, whatever it answered.
"""

import os
import re
import tempfile
from pathlib import Path
from types import TracebackType

from tests.support.host.command import run

_STARTED = re.compile(r"sched_process_exec: filename=(.*) pid=(\d+) old_pid=\d+")


class ProcessAudit:
    """Use as a context: `programs` then holds the file of each program that was started meanwhile, in order.

    `roots` are process ids of this machine; who they fork is followed.
    """

    def __init__(self, roots: list[int]) -> None:
        self._roots = roots
        self.programs: list[str] = []

    def __enter__(self) -> "ProcessAudit":
        self._mount = tempfile.mkdtemp(prefix="streamlake-trace-")
        run(["mount", "-t", "tracefs", "tracefs", self._mount])
        self._trace = Path(self._mount, "instances", f"streamlake-{os.getpid()}")
        self._trace.mkdir(exist_ok=True)
        self._set("buffer_size_kb", "8192")
        self._set("set_event_pid", " ".join(map(str, self._roots)))
        self._set("options/event-fork", "1")
        self._set("events/sched/sched_process_exec/enable", "1")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._set("events/sched/sched_process_exec/enable", "0")
        text = (self._trace / "trace").read_text(errors="replace")
        self.programs = [found[1] for found in _STARTED.finditer(text)]
        lost = re.findall(r"LOST (\d+) EVENTS", text)
        self._trace.rmdir()
        run(["umount", self._mount])
        Path(self._mount).rmdir()
        assert not lost, f"the trace lost events: {lost}"

    def _set(self, name: str, value: str) -> None:
        (self._trace / name).write_text(value)
