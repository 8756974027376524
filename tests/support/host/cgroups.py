"""A branch of the control groups for each host: without it two hosts manage each other's units.

Knows both layouts: one hierarchy (v2), and the older one where some controllers have hierarchies of their own.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FS = Path("/sys/fs/cgroup")
_OLD = ("systemd", "memory", "pids", "cpu", "cpuacct")


def hierarchies() -> list[Path]:
    """The roots under which a host gets a branch; the v2 one first."""
    lines = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    new = sorted(Path(fields[1]) for fields in lines if fields[2] == "cgroup2" and fields[1].startswith(str(_FS)))
    return new[:1] + [_FS / name for name in _OLD if (_FS / name / "cgroup.procs").exists()]


def enter(branch: str) -> None:
    """Move this process into the branch, in every hierarchy; made where it is missing."""
    for root in hierarchies():
        (root / branch).mkdir(exist_ok=True)
        (root / branch / "cgroup.procs").write_text(str(os.getpid()))


def processes(branch: str) -> Iterator[int]:
    """Every process that is in the branch or below, in any hierarchy."""
    for root in hierarchies():
        for path in (root / branch).rglob("cgroup.procs"):
            with suppress(OSError):
                yield from map(int, path.read_text().split())


def named(branch: str, name: str) -> set[int]:
    """The processes of the host in this branch that bear this name."""
    found = set()
    for process in set(processes(branch)):
        with suppress(OSError):
            if Path(f"/proc/{process}/comm").read_text().strip() == name:
                found.add(process)
    return found


def kill(branch: str) -> None:
    """SIGKILL to all of it: the kernel's own switch where there is one, so that nothing forks away."""
    for root in hierarchies():
        switch = root / branch / "cgroup.kill"
        if switch.exists():
            switch.write_text("1")
    for process in processes(branch):
        with suppress(ProcessLookupError):
            os.kill(process, 9)


def branches(prefix: str) -> set[str]:
    """The branches whose names begin so."""
    return {path.name for root in hierarchies() for path in root.glob(f"{prefix}*") if path.is_dir()}


def remove(branch: str) -> bool:
    """Remove an emptied branch; False while a process still ends."""
    gone = True
    for root in hierarchies():
        for folder, _, _ in os.walk(root / branch, topdown=False):
            try:
                Path(folder).rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                gone = False
    return gone
