"""Judges requests by what they do: run as a program, it sends each to the dispatcher and prints what it did.

Everything that Python does to the system passes its audit hooks, whatever way it takes: programs that start, files
that are opened to be written, sockets. Run with -IS; argv: the folder of packages, the places as JSON, `planted` for a
dispatcher that hands the request to a shell. Requests come as a JSON list of latin-1 texts on stdin.
"""

import json
import os
import subprocess
import sys
from typing import Any

WATCHED = ("subprocess", "os", "shutil", "socket", "pty", "ctypes", "urllib", "exec", "compile")
# What looks and does not touch, and what an import does.
QUIET = {"os.listdir", "os.scandir", "os.putenv", "os.unsetenv", "socket.gethostname", "exec", "compile"}


def main() -> None:
    """Print one JSON document: for each request the exit code and what it did."""
    package, places, planted = sys.argv[1:4]
    sys.path.append(package)
    from streamlake.dispatch.main import answered
    from streamlake.dispatch.places import Places

    where = Places(**json.loads(places))
    done: list[str] = []
    judged: list[dict[str, Any]] = []
    requests = [text.encode("latin-1") for text in json.load(sys.stdin)]
    answered(b'units {"action":"status","dataset":"all"}', b"", where)  # imports what is imported late

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                done.append(f"write {arguments[0]!r}")
        elif event == "subprocess.Popen":
            done.append(f"start {json.dumps(arguments[1])}")
        elif event.partition(".")[0] in WATCHED and event not in QUIET:
            done.append(event)

    sys.addaudithook(hook)
    for request in requests:
        done.clear()
        if planted == "planted":
            text = request.replace(b"\0", b"").decode("utf-8", "replace").encode("ascii", "ignore").decode()
            command = f"{where.systemctl} show {text} >/dev/null 2>&1 </dev/null"
            code = subprocess.run(command, shell=True, check=False, cwd="/", timeout=20).returncode
        else:
            code, _ = answered(request, b"", where)
        judged.append({"code": code, "did": list(done)})
    json.dump(judged, sys.stdout)


if __name__ == "__main__":
    main()
