"""What a running process says about itself, to `status` and to the API's `/metrics` on the same machine.

A process serves one JSON document on a Unix socket under `<state_dir>/vitals/<process>.sock`; whoever connects
reads it to the end. There is no port to choose and nothing listens off the machine.
"""

import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlake.errors import EXIT_UNREACHABLE, Permanent


class StateUnusable(Permanent):
    """The folder in which a process tells its state is missing, full or not its own."""

    code = "SL-0416"
    exit_code = EXIT_UNREACHABLE


def _socket_path(state_dir: Path, process: str) -> Path:
    return state_dir / "vitals" / f"{process}.sock"


def serve(state_dir: Path, process: str, snapshot: Callable[[], dict[str, Any]]) -> Callable[[], None]:
    """Answer with `snapshot()` from a daemon thread until the returned function is called.

    StateUnusable where that cannot be: a process that nobody can ask is not started, for silence looks like health.
    """
    path = _socket_path(state_dir, process)
    try:
        server = _listen(path)
    except OSError as error:
        raise StateUnusable(
            f"STREAMLAKE_STATE_DIR={state_dir}: this process cannot tell its state there: {error}.",
            next_step="Make the folder writable for this process, and see that its disk has room.",
        ) from error

    def answer() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    connection.sendall(json.dumps(snapshot()).encode())
                except OSError:
                    continue

    threading.Thread(target=answer, name="vitals", daemon=True).start()

    def stop() -> None:
        # shutdown wakes the accept, which close alone does not.
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        path.unlink(missing_ok=True)

    return stop


def _listen(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # A Unix socket's path is limited to 107 bytes: bind by a short name from within the folder's descriptor.
    folder = os.open(path.parent, os.O_DIRECTORY)
    try:
        server.bind(f"/proc/self/fd/{folder}/{path.name}")
        server.listen(8)
    except OSError:
        server.close()
        raise
    finally:
        os.close(folder)
    return server


def gather(state_dir: Path, name: str = "", *, seconds: float = 2.0) -> list[dict[str, Any]]:
    """What every process on this machine says now, or those whose names begin with `name`.

    A dead process's socket is passed over, and so is one that says nothing for so many seconds.
    """
    found = []
    for path in sorted((state_dir / "vitals").glob(f"{name}*.sock")):
        try:
            found.append(_ask(path, seconds))
        except (OSError, ValueError):
            continue
    return found


def _ask(path: Path, seconds: float) -> dict[str, Any]:
    folder = os.open(path.parent, os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(seconds)
            client.connect(f"/proc/self/fd/{folder}/{path.name}")
            with client.makefile("rb") as answer:
                document: dict[str, Any] = json.loads(answer.read())
    finally:
        os.close(folder)
    return document
