"""Keeps one host running: `python -m tests.support.host.keeper BRANCH PIDFILE nspawn's command...`.

A process of its own, so that a host that reboots comes back as a machine does (nspawn ends with 133 then).
It ends with the test run, however that ends: SIGTERM makes the host shut down in good order.
"""

import ctypes
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from tests.support.host import cgroups

_REBOOTED = 133
_SIGNAL_AT_PARENTS_END = 1


def main(branch: str, pid_file: str, *argv: str) -> int:
    """Run the host until it is switched off; nspawn's code."""
    running: list[subprocess.Popen[bytes]] = []

    def off(_number: int, _frame: FrameType | None) -> None:
        for process in running[-1:]:
            process.terminate()

    signal.signal(signal.SIGTERM, off)
    ctypes.CDLL(None).prctl(_SIGNAL_AT_PARENTS_END, signal.SIGTERM)
    while True:
        # One thread here, so code between fork and exec is safe.
        process = subprocess.Popen(argv, preexec_fn=lambda: cgroups.enter(branch))  # noqa: PLW1509
        running.append(process)
        Path(pid_file).write_text(str(process.pid))
        code = process.wait()
        if code != _REBOOTED:
            return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
