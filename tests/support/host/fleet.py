"""The hosts of one test run, and the certainty that nothing of them is left behind.

Each run holds a lock on its folder for as long as its process lives. A folder whose lock is free belongs to a run that
was killed: what it left is removed before the next run begins.
"""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.support.host import cgroups, network
from tests.support.host.command import Failed, attempt, run
from tests.support.host.image import base_image, cache
from tests.support.host.machine import Host


class Fleet:
    """Hosts on one network. Make them with `host`, and `close` it in every case."""

    def __init__(self) -> None:
        self.image = base_image(cache() / "images")
        runs = cache() / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(runs):
            _sweep(runs)
            self.net = network.claim()
            self.folder = runs / self.net.name
            self.folder.mkdir()
            self._lock = _locked(self.folder)
        # A socket's path is short: not below the cache.
        self.control = Path("/run") / self.net.name
        self.control.mkdir(mode=0o700)
        self.key = self.folder / "key"
        self.known_hosts = self.folder / "known_hosts"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", self.key])
        self.hosts: list[Host] = []

    def host(self, *names: str, data: Path | None = None) -> list[Host]:
        """New hosts, booted, that know each other by name; `data` is another's disk that they share."""
        assert self._lock is not None
        new = [self._new(name, data or Path()) for name in names]
        addresses = {one.name: one.address for one in self.hosts}
        for one in new:
            one.prepare(addresses)
            one.switch_on()
        for one in new:
            one.wait()
        return new

    def _new(self, name: str, data: Path) -> Host:
        number = len(self.hosts) + 1
        network.add_host(self.net, name, number)
        host = Host(
            name,
            self.net.namespace(name),
            self.net.address(number),
            self.folder / name,
            self.image,
            self.key,
            self.known_hosts,
            self.control,
            data=data,
        )
        self.hosts.append(host)
        return host

    def close(self) -> None:
        """Switch all off, and leave nothing."""
        for host in self.hosts:
            host.unplug()
        if self._lock is not None:
            remove(self.folder)
            self._lock.close()
            self._lock = None


def sweep(folder: Path) -> list[str]:
    """Remove what runs in this folder that were killed left behind; their names."""
    with _one_at_a_time(folder):
        return _sweep(folder)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """A run that begins has a folder before it has its lock, and must not be taken for one that was killed."""
    with (folder / "begin.lock").open("w") as beginning:
        fcntl.flock(beginning, fcntl.LOCK_EX)
        yield


def _sweep(folder: Path) -> list[str]:
    stale = []
    for path in sorted(path for path in folder.glob("slh*") if path.is_dir()):
        lock = _locked(path)
        if lock is not None:
            remove(path)
            lock.close()
            stale.append(path.name)
    return stale


def _locked(folder: Path) -> IO[str] | None:
    """The run's lock, unless another process holds it."""
    lock = (folder.parent / f"{folder.name}.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def remove(folder: Path) -> None:
    """Everything of a run: processes, mounts, network, files, in this order."""
    name = folder.name
    deadline = time.monotonic() + 20
    for branch in cgroups.branches(f"{name}-"):
        cgroups.kill(branch)
        while not cgroups.remove(branch):
            if time.monotonic() > deadline:
                raise Failed(f"processes of {branch} do not end: {list(cgroups.processes(branch))}")
            time.sleep(0.05)
    for line in reversed(Path("/proc/mounts").read_text().splitlines()):
        mount = line.split()[1]
        if Path(mount).is_relative_to(folder):
            attempt(["umount", "--lazy", mount])
    network.release(name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(Path("/run") / name, ignore_errors=True)
    (folder.parent / f"{name}.lock").unlink(missing_ok=True)
    if folder.exists():
        raise Failed(f"{folder} could not be removed; is something mounted there? ({list(folder.iterdir())})")
