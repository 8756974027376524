"""The only place that starts a process: an argv list with an absolute path, no shell, a clean environment, an end."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streamlake.dispatch.errors import HostNotReady, StillRunning

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
_MOST_BYTES = 1_000_000


class Ended(NamedTuple):
    """How a process ended and what it said."""

    exit_code: int
    out: str
    err: str


def run(argv: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None) -> Ended:
    """Run to its end. StillRunning when the time is up (then it is killed); HostNotReady when it cannot start."""
    try:
        process = subprocess.Popen(  # noqa: S603 - an argv list; every word is fixed or matched a pattern
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**_ENVIRONMENT, **(environment or {})},
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise HostNotReady(f"{argv[0]} cannot be started: {error.strerror}.") from None
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise StillRunning(
            f"{argv[0]} was not done after {seconds:g} seconds.", next_step="Ask for the status, then ask again."
        ) from None
    return Ended(process.returncode, *(part[:_MOST_BYTES].decode(errors="replace") for part in (out, err)))
