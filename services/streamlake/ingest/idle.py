"""How long a connection may wait for its next request: one timer for all its pauses."""

import asyncio
from collections.abc import Callable


class Idle:
    """Between two requests there is a pause, as a rule a short one. A timer set and cancelled for each costs as much as
    to read a head, so the timer runs on through what comes between, and looks when it is over.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, too_long: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._too_long = too_long
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Nothing is being answered from now on."""
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def end(self) -> None:
        """Something came."""
        self._since = None

    def forget(self) -> None:
        """The connection is gone."""
        self._since = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._since is None:
            return
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._too_long()
