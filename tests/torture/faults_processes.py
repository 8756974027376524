"""Faults of processes and of the machine below them: killed, stopped, frozen, out of disk, told a wrong time."""

import contextlib
import os
import signal
import time

import psutil

from tests.torture.contracts import DATASET
from tests.torture.platform import GROUP, SESSION_SECONDS, Platform
from tests.torture.proving import NotProven, hold, insist, within
from tests.torture.schedule import Planned
from tests.torture.units import Unit


def consumer_killed(platform: Platform, planned: Planned) -> str:
    return _killed(platform.consumers[planned.consumer])


def all_consumers_killed(platform: Platform, planned: Planned) -> str:
    return "; ".join(_killed(unit) for unit in platform.consumers)


def api_killed(platform: Platform, planned: Planned) -> str:
    return _killed(platform.api)


def consumer_stopped_cleanly(platform: Platform, planned: Planned) -> str:
    """As `systemctl restart`."""
    unit = platform.consumers[planned.consumer]
    _running(unit)
    code = unit.stop()
    unit.start()
    if code != 0 and code != -signal.SIGTERM:  # SIGTERM ends Python before the consumer listens to it
        raise NotProven(f"{unit.name} did not stop cleanly but with {code}")
    return f"exit code {code}"


def consumer_paused(platform: Platform, planned: Planned) -> str:
    unit = platform.consumers[planned.consumer]
    with _frozen(_running(unit)) as frozen:
        time.sleep(planned.seconds)
    return f"pid {frozen} stopped for {planned.seconds} s"


def consumer_zombie(platform: Platform, planned: Planned) -> str:
    """Frozen until the group has gone on without it; then it wakes and may believe that it still owns partitions."""
    unit = platform.consumers[planned.consumer]
    insist(lambda: _require_member(platform, planned.consumer, there=True))
    with _frozen(_running(unit)) as frozen:
        time.sleep(max(planned.seconds, SESSION_SECONDS + 1))
        insist(lambda: _require_member(platform, planned.consumer, there=False))
    return f"pid {frozen} woke after it had been expelled"


def api_worker_killed(platform: Platform, planned: Planned) -> str:
    worker = _worker(platform)
    worker.kill()
    within(10, lambda: not psutil.pid_exists(worker.pid) or worker.status() == psutil.STATUS_ZOMBIE, "its end")
    return f"worker {worker.pid} gone"


def api_worker_paused(platform: Platform, planned: Planned) -> str:
    with _frozen(_worker(platform).pid) as frozen:
        time.sleep(planned.seconds)
    return f"worker {frozen} stopped for {planned.seconds} s"


def broker_killed(platform: Platform, planned: Planned) -> str:
    pid = platform.broker.pid
    platform.broker.kill()
    time.sleep(planned.seconds)
    platform.start_broker()
    return f"pid {pid} gone, {platform.broker.pid} serves"


def broker_restarted(platform: Platform, planned: Planned) -> str:
    pid = platform.broker.pid
    platform.broker.stop()
    time.sleep(planned.seconds)
    platform.start_broker()
    return f"pid {pid} ended, {platform.broker.pid} serves"


def broker_paused(platform: Platform, planned: Planned) -> str:
    pid = platform.broker.pid
    if pid is None:
        raise NotProven("Kafka does not run")
    with _frozen(pid) as frozen:
        time.sleep(planned.seconds)
    return f"pid {frozen} stopped for {planned.seconds} s"


def store_killed(platform: Platform, planned: Planned) -> str:
    said = _killed(platform.store)
    time.sleep(planned.seconds)
    return said


def state_disk_full(platform: Platform, planned: Planned) -> str:
    return _full(platform, "state", planned)


def lake_disk_full(platform: Platform, planned: Planned) -> str:
    return _full(platform, "lake", planned)


def clock_jumps_in_consumer(platform: Platform, planned: Planned) -> str:
    return _jump(platform, f"consumer.{planned.consumer}", planned)


def clock_jumps_in_api(platform: Platform, planned: Planned) -> str:
    return _jump(platform, "api", planned)


def _running(unit: Unit) -> int:
    within(60, lambda: unit.pid is not None, f"{unit.name} alive")
    return unit.pid or 0


def _killed(unit: Unit) -> str:
    _running(unit)
    pid, starts = unit.kill(), unit.starts
    within(30, lambda: unit.starts > starts or unit.pid not in (None, pid), f"{unit.name} started again")
    return f"{unit.name} pid {pid} gone"


def _worker(platform: Platform) -> psutil.Process:
    within(60, lambda: len(platform.api.members()) > 1, "a worker of the API")
    return platform.api.members()[-1]


class _frozen(contextlib.AbstractContextManager[int]):  # noqa: N801 - reads as a word of the language
    """A process that is stopped, and seen to be so, while the block runs."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def __enter__(self) -> int:
        os.kill(self._pid, signal.SIGSTOP)
        try:
            within(10, lambda: psutil.Process(self._pid).status() == psutil.STATUS_STOPPED, "state T")
        except psutil.NoSuchProcess as error:
            raise NotProven("it ended") from error
        return self._pid

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGCONT)


def _require_member(platform: Platform, consumer: int, *, there: bool) -> None:
    """NotProven unless the group counts this consumer among its members, or no longer."""
    admin = platform.broker.admin()  # kept until its future is done
    group = admin.describe_consumer_groups([GROUP], request_timeout=8)[GROUP].result(10)
    prefix = f"streamlake-consumer-{DATASET}" + (f".{consumer + 1}-" if consumer else "-")
    if any((member.group_instance_id or "").startswith(prefix) for member in group.members) is not there:
        raise NotProven(f"{prefix}… is {'not' if there else 'still'} a member")


def _full(platform: Platform, name: str, planned: Planned) -> str:
    disk = platform.disks[name]
    try:
        error = disk.fill()
        time.sleep(planned.seconds)
    finally:
        disk.free()
    if error != "ENOSPC":
        raise NotProven(f"a write to the full disk said {error or 'nothing'}")
    return "a write said ENOSPC"


def _jump(platform: Platform, name: str, planned: Planned) -> str:
    clock = platform.clocks[name]
    before = clock.shifted()
    clock.jump(planned.size)
    try:
        return hold(planned.seconds, lambda: clock.shifted() - before, f"told {planned.size:+} s")
    finally:
        clock.jump(0)
