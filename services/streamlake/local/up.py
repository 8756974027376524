"""Start everything: here, until it is asked to stop, or in the background, until everything answers."""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from streamlake.errors import EXIT_WRONG_USE
from streamlake.kafka import broker
from streamlake.kafka.download import Progress
from streamlake.local import environment as environments
from streamlake.local import preflight, processes, units
from streamlake.local.down import down
from streamlake.local.errors import NotUp, UnitMisconfigured
from streamlake.local.follow import Follower
from streamlake.local.home import Home, Lock, holder, read_state
from streamlake.local.supervisor import Supervisor, stop_in_order
from streamlake.settings import Settings
from streamlake.storage.open import make_root

UP_SECONDS: Final = 180.0
HOPELESS_RESTARTS: Final = 5


def prepare(settings: Settings, progress: Progress) -> list[str]:
    """Everything that can go wrong before a process starts goes wrong here; returns the datasets."""
    lock = Lock(Home(settings.home))
    if holder(Home(settings.home)) is not None:
        lock.take()  # raises, and says who holds it
    end_orphans(settings.home, progress)
    names = preflight.check(settings)
    lock.take()
    lock.release()
    make_root(settings.lake_url)
    if units.owns_kafka(settings):
        broker.prepare(broker.place_of(settings), progress=progress)
    return names


def end_orphans(home: Path, progress: Progress) -> None:
    """End what a supervisor that was killed left behind: it is watched by nobody and holds our ports."""
    orphans = processes.of_home(home)
    if orphans:
        progress(f"ending {len(orphans)} processes that a killed supervisor left behind", 0, 0)
        stop_in_order(orphans)


def supervise(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    write: Callable[[str], object] | None,
    terminal: bool = False,
    settled: Callable[[], None] = lambda: None,
) -> None:
    """Hold the lock and everything alive until SIGTERM or Ctrl-C. With `write`, show what everything logs.

    SIGHUP means "read again", but on a terminal it means that the terminal is gone, so it stops.
    """
    home = Home(settings.home)
    lock = Lock(home)
    lock.take()
    follower = Follower(home.logs, write, colour=terminal) if write is not None else None
    sleep = threading.Event().wait
    told = False

    def wait(seconds: float) -> None:
        nonlocal told
        sleep(seconds)
        if follower is not None:
            follower.poll()
        if supervisor.settled and not told:
            told = True
            settled()

    children = environments.for_children(environment, settings)
    supervisor = Supervisor(settings, children, _program(), wait)
    signal.signal(signal.SIGINT, supervisor.ask_to_stop)
    signal.signal(signal.SIGTERM, supervisor.ask_to_stop)
    signal.signal(signal.SIGHUP, supervisor.ask_to_stop if terminal else supervisor.ask_to_reload)
    try:
        supervisor.run()
        if follower is not None:
            follower.poll()
    finally:
        lock.release()


def detach(settings: Settings, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Start a supervisor in the background and return when everything answers; else stop it and raise why."""
    home = Home(settings.home)
    log = home.log_of("supervisor")
    started_at = time.time()
    supervisor = processes.start_unmarked([str(_program()), "local", "supervise"], environment, log)
    deadline = time.monotonic() + UP_SECONDS
    seen: dict[str, str] = {}
    while time.monotonic() < deadline:
        state = read_state(home)
        if state is not None and state["supervisor"]["pid"] == supervisor.pid and state["written_at"] >= started_at:
            _tell(state, seen, say)
            _require_hope(state, lambda: down(settings, say))
            if state["settled"]:
                return
        if supervisor.poll() is not None:
            raise NotUp(
                f"the supervisor ended with exit code {supervisor.returncode}: {last_words(log)}",
                next_step=f"Its log is {log}.",
            )
        _pause(supervisor)
    state = read_state(home) or {"processes": []}
    silent = [p for p in state["processes"] if p["state"] not in ("running", "done")]
    said = "; ".join(f"{p['name']}: {last_words(Path(p['log']))}" for p in silent)
    down(settings, say)
    raise NotUp(
        f"no answer within {UP_SECONDS:.0f} s, so all was stopped again. {said}",
        next_step=f"Read the logs in {home.logs}, then `scripts/up` again.",
    )


def _require_hope(state: dict[str, Any], give_up: Callable[[], object]) -> None:
    """Stop everything and raise, where waiting will not help."""
    for process in state["processes"]:
        words = f"{process['name']} {process['reason']}. It said last: {last_words(Path(process['log']))}"
        next_step = f"Mend it, then `scripts/up` again. Its log is {process['log']}."
        if process["state"] == "failed" and process["exit_code"] == EXIT_WRONG_USE:
            give_up()
            raise UnitMisconfigured(words, next_step=next_step)
        if process["state"] == "backing_off" and process["restarts"] >= HOPELESS_RESTARTS:
            give_up()
            raise NotUp(words, next_step=next_step)


def _pause(supervisor: subprocess.Popen[bytes]) -> None:
    try:
        supervisor.wait(0.1)
    except subprocess.TimeoutExpired:
        return


def _tell(state: dict[str, Any], seen: dict[str, str], say: Callable[[str], None]) -> None:
    for process in state["processes"]:
        if seen.get(process["name"]) != process["state"]:
            seen[process["name"]] = process["state"]
            if process["state"] not in ("waiting", "starting"):
                say(f"{process['name']}: {process['state']}{' - ' + process['reason'] if process['reason'] else ''}")


def last_words(log: Path, lines: int = 3) -> str:
    """The end of a log, in one line."""
    try:
        text = log.read_bytes()[-4096:].decode(errors="replace")
    except OSError:
        return "(nothing)"
    return " | ".join([line for line in text.splitlines() if line.strip()][-lines:]) or "(nothing)"


def _program() -> Path:
    return Path(sys.executable).with_name("streamlake")


def log_to_file(settings: Settings) -> None:
    """The supervisor's own log stands beside the others, so that the readable log shows it like any other."""
    home = Home(settings.home)
    home.logs.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(home.log_of("supervisor"))
    handler.setFormatter(logging.getLogger().handlers[0].formatter)
    logging.getLogger().handlers = [handler]
