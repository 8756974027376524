"""What this process tells the service manager that started it: ready, alive, stopping, and one line for people.

`systemctl status` shows the line. Telling never blocks and never raises: a manager that does not listen for a moment,
or whose socket is full, is no reason to stop working. What is told again every second may get lost once.
"""

import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

READY: Final = "READY=1"
ALIVE: Final = "WATCHDOG=1"
STOPPING: Final = "STOPPING=1"
VARIABLE: Final = "NOTIFY_SOCKET"
_LONGEST: Final = 1000
"""Characters of a line: the manager takes 4 KiB a message, and a terminal is not endless either."""


@dataclass(frozen=True, slots=True)
class Manager:
    """The service manager, if there is one: without an address nothing is told."""

    address: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Manager":
        """The one that started the process with this environment."""
        return cls(environment.get(VARIABLE, ""))

    def tell(self, *states: str) -> None:
        """One message with these states. A first one must get through: READY waits up to two seconds for room."""
        if not self.address:
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(2.0 if READY in states else 0.0)
            channel.sendto("\n".join(states).encode(), address)


def status(line: str) -> str:
    """The state that shows this line, made to be one."""
    printable = "".join(character if character.isprintable() else " " for character in line)
    if len(printable) > _LONGEST:
        printable = printable[: _LONGEST - 1] + "…"
    return "STATUS=" + printable
