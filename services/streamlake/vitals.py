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


def _socket_path(state_dir: Path, process: str) -> Path:
    return state_dir / "vitals" / f"{process}.sock"


def serve(state_dir: Path, process: str, snapshot: Callable[[], dict[str, Any]]) -> Callable[[], None]:
    """Answer with `snapshot()` from a daemon thread until the returned function is called."""
    path = _socket_path(state_dir, process)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # A Unix socket's path is limited to 107 bytes: bind by a short name from within the folder's descriptor.
    folder = os.open(path.parent, os.O_DIRECTORY)
    server.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)
    server.listen(8)

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
