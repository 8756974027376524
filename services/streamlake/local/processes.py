"""Processes as the operating system has them: start one, find those of a home, stop them within a bound.

Every child carries two environment variables that name its home and its unit, and so do its own children. That is
how the children of a supervisor that was killed are found again, without trusting a pid file.
"""

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

HOME_MARK: Final = "SL_LOCAL_HOME"
UNIT_MARK: Final = "SL_LOCAL_UNIT"
_GONE: Final = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


@dataclass(frozen=True, slots=True)
class Found:
    """A process of this home; `psutil.Process` compares pid and start time, so a reused pid is never touched."""

    unit: str
    process: psutil.Process


def start(
    arguments: Sequence[str], environment: Mapping[str, str], home: Path, unit: str, log: Path
) -> subprocess.Popen[bytes]:
    """Start a process of this home, in a session of its own, so that Ctrl-C reaches the supervisor alone.

    It writes to its log itself: a supervisor that dies takes no pipe with it.
    """
    marked = {**environment, HOME_MARK: str(home), UNIT_MARK: unit}
    with log.open("ab") as out:
        return subprocess.Popen(  # noqa: S603 - no shell, our own arguments
            list(arguments), env=marked, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def start_unmarked(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start a supervisor in the background: it belongs to nobody's children, so it carries no mark."""
    with log.open("ab") as out:
        return subprocess.Popen(  # noqa: S603 - no shell, our own arguments
            list(arguments),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def of_home(home: Path) -> list[Found]:
    """Every living process that a supervisor of this home started, now or before, and their children."""
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except (*_GONE, OSError):
            continue
        if environment.get(HOME_MARK) == str(home) and process.pid != os.getpid():
            found.append(Found(environment.get(UNIT_MARK, "?"), process))
    return found


def stop(processes: Iterable[psutil.Process], seconds: float) -> list[int]:
    """Ask these to end, wait at most `seconds`, kill what is left; returns the pids that had to be killed."""
    asked = []
    for process in processes:
        try:
            process.terminate()
        except _GONE:
            continue
        asked.append(process)
    _, left = psutil.wait_procs(asked, timeout=seconds)
    for process in left:
        try:
            process.kill()
        except _GONE:
            continue
    psutil.wait_procs(left, timeout=5)
    return [process.pid for process in left]


def kill_group(pid: int) -> None:
    """Kill a child that leads its own group, with all that it started and that stayed in the group."""
    try:
        os.killpg(pid, 9)
    except ProcessLookupError:
        return


def wait_gone(pid: int, seconds: float) -> bool:
    """Whether the process ended within `seconds`. It need not be a child of ours."""
    try:
        psutil.Process(pid).wait(seconds)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True
