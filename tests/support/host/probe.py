"""What a unit can do that it must not: run inside a unit's own sandbox, it tries, and prints what it managed as JSON.

Standard library only, and no import of ours: it is carried into a host. Each attempt runs in a child, for the sandbox
may end a process that tries. Arguments: the files and folders that are none of this unit's business.
"""

import ctypes
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable

_CLONE_NEWUSER = 0x10000000
_PTRACE_SEIZE = 0x4206


def _write(folder: str) -> None:
    path = pathlib.Path(folder, f"probe-{os.getpid()}")
    path.write_text("x")
    path.unlink()


def _system_call(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "refused")


def attempts(others: list[str]) -> dict[str, Callable[[], object]]:
    """Each by its name; one that raises nothing has managed what it tried."""
    libc = ctypes.CDLL(None, use_errno=True)
    tried: dict[str, Callable[[], object]] = {
        f"write {folder}": lambda folder=folder: _write(folder)  # type: ignore[misc]
        for folder in ("/etc", "/etc/streamlake", "/etc/systemd/system", "/usr/local/bin", "/opt", "/boot", "/var/log")
    }
    for path in others:
        tried[f"list {path}"] = lambda path=path: next(pathlib.Path(path).iterdir())  # type: ignore[misc]
        tried[f"read {path}"] = lambda path=path: os.read(os.open(path, os.O_RDONLY), 1)  # type: ignore[misc]
    tried |= {
        "become root by setuid": lambda: os.setuid(0),
        "become root by sudo": lambda: subprocess.run(["sudo", "-n", "true"], check=True, capture_output=True),
        "become root by su": lambda: subprocess.run(["su", "-c", "true"], check=True, capture_output=True, input=b""),
        "make a user namespace": lambda: _system_call(libc.unshare(_CLONE_NEWUSER)),
        "mount": lambda: _system_call(libc.mount(b"none", b"/mnt", b"tmpfs", 0, None)),
        "signal the first process": lambda: os.kill(1, 0),
        "trace the first process": lambda: _system_call(libc.ptrace(_PTRACE_SEIZE, 1, 0, 0)),
        "read another's environment": lambda: pathlib.Path("/proc/1/environ").read_bytes(),
        "change the kernel": lambda: os.close(os.open("/proc/sys/kernel/hostname", os.O_WRONLY)),
        "make a file that runs as its owner": _set_uid_file,
        "manage units": lambda: subprocess.run(
            ["systemctl", "--no-ask-password", "start", "systemd-tmpfiles-clean.service"],
            check=True,
            capture_output=True,
        ),
    }
    return tried


def _set_uid_file() -> None:
    path = pathlib.Path("/tmp", f"probe-{os.getpid()}")
    path.write_text("x")
    try:
        path.chmod(0o4755)
    finally:
        path.unlink()


def managed(attempt: Callable[[], object]) -> bool:
    """Whether the attempt comes to its end, in a child."""
    child = os.fork()
    if child == 0:
        try:
            attempt()
        except BaseException:  # noqa: BLE001 - whatever it is, it was refused
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def main(others: list[str]) -> None:
    """Print what this process is, and what it managed."""
    status = dict(line.split(":\t", 1) for line in pathlib.Path("/proc/self/status").read_text().splitlines())
    tried = attempts(others)
    said = {
        "uid": os.getuid(),
        "no_new_privileges": status["NoNewPrivs"].strip() == "1",
        "filter": status["Seccomp"].strip() == "2",
        "capabilities": status["CapEff"].strip(),
        "bounding": status["CapBnd"].strip(),
        "tried": len(tried),
        "managed": sorted(name for name, attempt in tried.items() if managed(attempt)),
    }
    print(json.dumps(said))  # noqa: T201 - a program that prints


if __name__ == "__main__":
    main(sys.argv[1:])
