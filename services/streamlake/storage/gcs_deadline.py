"""Ends an exchange that passes its deadline, wherever it is: connecting, sending, or waiting for an answer's head.

A socket's time-out counts from byte to byte, so a peer that sends one now and then could hold an upload for hours.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

import requests.adapters
import urllib3.connection
import urllib3.connectionpool

_here: Final = threading.local()
"""The guard of the exchange that this thread is in."""


class Guard:
    """One exchange: its deadline, the connection that it uses, and whether it was ended."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.connection: Any = None
        self.ended = False

    def end(self) -> None:
        """Whoever waits on the connection is told that it is over."""
        self.ended = True
        sock = getattr(self.connection, "sock", None)
        if isinstance(sock, socket.socket):
            # Past the TLS layer, which would want to say goodbye to a peer that does not listen.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class Watch:
    """Guards of all exchanges under way, looked after by one thread that sleeps until the next deadline."""

    def __init__(self) -> None:
        self._guards: set[Guard] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._next = float("inf")

    @contextlib.contextmanager
    def until(self, deadline: float) -> Iterator[Guard]:
        """Guard what this thread exchanges now. Its deadline may be moved to a later time meanwhile."""
        guard = _here.guard = Guard(deadline)
        with self._changed:
            self._guards.add(guard)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look_after, name="bucket-deadlines", daemon=True)
                self._thread.start()
            if deadline < self._next:
                self._changed.notify()
        try:
            yield guard
        finally:
            _here.guard = None
            with self._changed:
                self._guards.discard(guard)

    def _look_after(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                for guard in [g for g in self._guards if g.deadline <= now]:
                    self._guards.discard(guard)
                    guard.end()
                self._next = min((g.deadline for g in self._guards), default=float("inf"))
                self._changed.wait(min(self._next - now, threading.TIMEOUT_MAX))


class _Noted:
    """A connection that tells the guard of its thread that it is in use."""

    def connect(self) -> None:
        _note(self)
        super().connect()  # type: ignore[misc] # it stands before a connection's class

    def request(self, *args: Any, **options: Any) -> Any:
        _note(self)
        return super().request(*args, **options)  # type: ignore[misc] # the same


def _note(connection: object) -> None:
    guard = getattr(_here, "guard", None)
    if guard is not None:
        guard.connection = connection
        if guard.ended:
            raise TimeoutError


class _Http(_Noted, urllib3.connection.HTTPConnection):
    """Plain."""


class _Https(_Noted, urllib3.connection.HTTPSConnection):
    """With TLS."""


class _HttpPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _Https


class WatchedAdapter(requests.adapters.HTTPAdapter):
    """Makes the connections of a session such that a Watch can end them, also through a proxy."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """See requests."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """See requests."""
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager


_POOLS: Final = {"http": _HttpPool, "https": _HttpsPool}
