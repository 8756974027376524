"""One run at a time on a host: who holds it, since when, and whether that run still lives. Standard library only.

    run_lock.py owner                     on the control machine: who runs this play, as JSON
    run_lock.py living OWNER              on the control machine: exits with 0 where that run is still under way
    run_lock.py take PATH OWNER [--over]  on a host: takes the lock, or says who holds it
    run_lock.py release PATH OWNER        on a host: gives it back; another's lock is left alone

`take` answers {"state": "taken" | "renewed" | "held", "holder": OWNER}. A lock is created with its content in one step,
so two runs that begin together cannot both have it. A lock lies in /run: a reboot ends it.
"""

import json
import os
import pwd
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SAME = ("machine", "pid", "started")


def processes() -> dict[int, tuple[int, str, str]]:
    """Each living process: its parent, when it began, its command line."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,lstart=,args="],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    found = {}
    for line in listed.stdout.splitlines():
        words = line.split(None, 7)
        if len(words) == 8:
            found[int(words[0])] = (int(words[1]), " ".join(words[2:7]), words[7])
    return found


def owner(pid: int, living: dict[int, tuple[int, str, str]]) -> dict[str, object]:
    """The run that process `pid` belongs to: the eldest of its parents that is an ansible-playbook."""
    eldest = pid
    while pid in living:
        if any(Path(word).name == "ansible-playbook" for word in living[pid][2].split()[:2]):
            eldest = pid
        pid = living[pid][0]
    started = living[eldest][1] if eldest in living else ""
    user = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    return {"user": user, "machine": socket.gethostname(), "pid": eldest, "started": started, "since": now()}


def is_living(holder: dict[str, object], living: dict[int, tuple[int, str, str]]) -> bool:
    """Whether that run is under way on this machine. A number that was given to another process is not it."""
    process = living.get(int(str(holder["pid"])))
    return process is not None and process[1] == holder["started"]


def same(one: dict[str, object], other: dict[str, object]) -> bool:
    """Whether both name one run."""
    return all(one.get(name) == other.get(name) for name in SAME)


def read(path: Path) -> "dict[str, object] | None":
    """Who holds the lock; None for nobody. What cannot be read was not written by us, and is held by somebody."""
    try:
        holder = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        holder = None
    if not isinstance(holder, dict) or not set(SAME) <= holder.keys():
        return {"user": "unknown", "machine": "unknown", "pid": 0, "started": "", "since": "unknown"}
    return holder


def take(path: Path, run: dict[str, object], *, over: bool) -> dict[str, object]:
    """Take the lock for `run`; `over` takes it from whoever has it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(run, file)
        Path(name).chmod(0o644)
        holder = read(path)
        if holder is not None and (over or same(holder, run)):
            Path(name).replace(path)
            return {"state": "renewed" if same(holder, run) else "taken", "holder": run}
        try:
            os.link(name, path)
        except FileExistsError:
            return {"state": "held", "holder": read(path) or holder}
        return {"state": "taken", "holder": run}
    finally:
        Path(name).unlink(missing_ok=True)


def release(path: Path, run: dict[str, object]) -> dict[str, object]:
    """Give the lock back."""
    holder = read(path)
    if holder is None or not same(holder, run):
        return {"state": "not ours", "holder": holder}
    path.unlink()
    return {"state": "released", "holder": run}


def now() -> str:
    """The time, as people read it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def main(arguments: "list[str]") -> int:
    """Carry out one command line."""
    verb, *rest = arguments
    if verb == "owner":
        print(json.dumps(owner(os.getppid(), processes())))
    elif verb == "living":
        return 0 if is_living(json.loads(rest[0]), processes()) else 1
    elif verb == "take":
        print(json.dumps(take(Path(rest[0]), json.loads(rest[1]), over="--over" in rest)))
    elif verb == "release":
        print(json.dumps(release(Path(rest[0]), json.loads(rest[1]))))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
