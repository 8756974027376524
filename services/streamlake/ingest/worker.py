"""gunicorn's worker for this API: uvicorn's server on uvloop and httptools, under gunicorn's care.

Measured (one core, a request that does nothing, CPU): uvicorn with httptools 34 µs, gunicorn's own ASGI worker 50 µs,
the same with its C parser 40 µs. `uvicorn.workers` is deprecated, and what is needed of it is short.
"""

import asyncio
import ctypes
import functools
import logging
import os
import resource
import signal
import socket
import sys
from types import FrameType
from typing import Any, Final

import uvloop
from gunicorn.workers.base import Worker
from uvicorn.config import Config
from uvicorn.server import Server

from streamlake.ingest.app import Api
from streamlake.ingest.protocol import BoundedProtocol
from streamlake.settings import Settings

_BEAT_SECONDS: Final = 5
_PR_SET_PDEATHSIG: Final = 1
_LEFT_AFTER_DRAIN_SECONDS: Final = 2
_FILES_BESIDE_CONNECTIONS: Final = 256
_ACCEPTED_AT_ONCE: Final = 8


class _Server(Server):
    """Drains before it stops listening."""

    def __init__(self, config: Config, api: Api) -> None:
        super().__init__(config)
        self._api = api

    async def shutdown(self, sockets: Any = None) -> None:
        """See uvicorn."""
        await self._api.drain()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note that the process shall end; not raised again afterwards, for gunicorn would call that a crash."""
        self.should_exit = True


class IngestWorker(Worker):  # type: ignore[misc] # gunicorn has no types
    """One process that serves the API."""

    process = "streamlake-api"

    def init_signals(self) -> None:
        """uvicorn's server takes SIGTERM and SIGINT; SIGQUIT means the same, SIGABRT kills."""
        for number in self.SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, self.handle_usr1)

    def init_process(self) -> None:
        """See gunicorn. A worker dies with its master: an orphan would hold the port against the next one."""
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.ppid:
            os._exit(1)
        _allow_files(self.app.settings.api_max_connections + _FILES_BESIDE_CONNECTIONS)
        super().init_process()

    def load_wsgi(self) -> None:
        """See gunicorn."""
        self.wsgi = self.app.api(self.process)

    def run(self) -> None:
        """Serve until told to stop."""
        uvloop.run(self._serve())
        # The producer's and resolver's threads may still hang on a broker that is gone: what matters is delivered.
        sys.stderr.flush()
        os._exit(0 if self._served else 3)

    async def _serve(self) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        api: Api = self.wsgi
        server = _Server(self._config(), api)
        asyncio.get_running_loop().add_signal_handler(signal.SIGQUIT, server.handle_exit, signal.SIGQUIT, None)
        self._served = False
        await server.serve(sockets=[copy for listener in self.sockets for copy in _copies(listener)])
        self._served = server.started

    def _config(self) -> Config:
        async def beat() -> None:
            self.notify()

        settings: Settings = self.app.settings
        tls = {}
        if self.cfg.is_ssl:
            tls = {"ssl_keyfile": self.cfg.keyfile, "ssl_certfile": self.cfg.certfile}
        return Config(
            self.wsgi,
            loop="none",
            http=functools.partial(  # type: ignore[arg-type] # uvicorn only calls it
                BoundedProtocol,
                client_seconds=settings.api_client_seconds,
                max_connections=settings.api_max_connections,
            ),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=self.cfg.backlog,
            timeout_keep_alive=settings.api_idle_seconds,
            timeout_notify=_BEAT_SECONDS,
            callback_notify=beat,
            timeout_graceful_shutdown=_LEFT_AFTER_DRAIN_SECONDS,
            **tls,
        )


def _copies(listener: Any) -> list[socket.socket]:
    """The listener, so many times. libuv accepts one connection a turn of the loop from each descriptor, and a turn
    takes some 30 ms while 64 clients send batches: the last of 64 new ones waited 1.9 s for its first answer. All that
    wait are not accepted at once, so that several workers get their shares.
    """
    return [listener.sock.dup() for _ in range(_ACCEPTED_AT_ONCE)]


def _allow_files(wanted: int) -> None:
    """A shell allows 1,024 open files as a rule, and each connection is one. The hard limit is not ours to raise."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
