"""Requests for one unit come one after another; requests for different units do not wait for each other."""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from streamlake.dispatch.errors import Busy, HostNotReady


@contextmanager
def held(folder: str, names: Iterable[str], seconds: float) -> Iterator[None]:
    """Hold the lock of each name. Taken in order, so that two requests for several cannot wait for each other.

    The kernel gives a lock back when its holder dies.
    """
    deadline = time.monotonic() + seconds
    with ExitStack() as stack:
        for name in sorted(set(names)):
            try:
                lock = os.open(Path(folder, name), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            except OSError as error:
                raise HostNotReady(f"The lock of {name} cannot be opened: {error.strerror}.") from None
            stack.callback(os.close, lock)
            _take(lock, name, deadline)
        yield


def _take(lock: int, name: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Busy(f"Another request is still at work on {name}.", next_step="Try again.") from None
            time.sleep(0.05)
        else:
            return
