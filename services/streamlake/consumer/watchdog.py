"""Tell systemd that we are ready and alive, and only when it is true.

Alive means that something moved, or that there is nothing to do, or that what is waited for has a name (the lake
denies, the broker is down, the breaker tripped). Lag without movement and without a name for `patience_seconds`
starves the watchdog: a timer of its own would keep a stuck process alive for ever.
"""

import os
import socket
from dataclasses import dataclass


def notify(state: str) -> None:
    """One message to the service manager, if there is one."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)


@dataclass(slots=True)
class Progress:
    """Decides whether the process is alive; `marks` is anything that changes when something moves."""

    patience_seconds: float = 120.0
    _marks: object = None
    _moved_at: float = 0.0

    def alive(self, now: float, marks: object, *, behind: bool, waiting: bool) -> bool:
        """Whether the watchdog may be fed now."""
        if marks != self._marks or not behind or waiting:
            self._marks, self._moved_at = marks, now
        return now - self._moved_at < self.patience_seconds
