"""The worker's application: the hot path in front, the pages behind it, and what lives as long as the worker."""

import asyncio
import contextlib
import gc
import logging
import os
import random
import time
from typing import Any, Final

from streamlake import vitals
from streamlake.ingest import body
from streamlake.ingest.admission import Admission
from streamlake.ingest.catalog import Catalog
from streamlake.ingest.counters import Counters
from streamlake.ingest.errors import Bug
from streamlake.ingest.events import Events
from streamlake.ingest.guard import Guard
from streamlake.ingest.identity import Minting
from streamlake.ingest.limits import DELIVERY_SECONDS, GRACEFUL_STOP_SECONDS, HANDLER_SECONDS
from streamlake.ingest.log import Log
from streamlake.ingest.pages import pages
from streamlake.ingest.shortcut import Scope, Send
from streamlake.kafka import clients
from streamlake.kafka.client_file import security_of
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings

_logger: Final = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
_COLLECTED_AFTER: Final = (20_000, 20, 100)
_PRODUCER_BYTES: Final = 128 * 1024 * 1024
_SEEN_NOT_READY_SECONDS: Final = 0.5
"""How long a stopping process still answers, so that whoever balances load can see it."""


class Api:
    """An ASGI application. Made in the worker, after fork: `startup` makes the producer and its thread."""

    def __init__(self, settings: Settings, process: str, *, off_loopback: bool) -> None:
        self._process = process
        self._state_dir = settings.state_dir
        self._state = "starting"
        self._admission = Admission()
        self._counters = Counters()
        self._catalog = Catalog(FileRegistry(settings.contracts_dir, piecemeal=True), settings.contracts_dir)
        behind_proxy = settings.api_behind_tls_proxy
        self._guard = Guard(settings.api_keys_file, off_loopback=off_loopback, behind_proxy=behind_proxy)
        self._log = Log(
            clients.producer(
                settings.bootstrap_servers,
                buffer_bytes=_PRODUCER_BYTES,
                delivery_seconds=DELIVERY_SECONDS,
                security=security_of(settings),
            )
        )
        # Ids must be unique, not secret: the kernel's randomness costs 6 µs an id, this 0.1.
        minting = Minting(lambda: time.time_ns() // 1_000_000, random.Random().getrandbits)  # noqa: S311 - as said
        self._events = Events(
            self._catalog,
            self._guard,
            self._log,
            minting,
            self._counters,
            self._admission,
            settings.api_client_seconds,
        )
        self._pages = pages(self._catalog, self._guard, self.not_ready, settings.state_dir, settings.contracts_dir)

    async def __call__(self, scope: Scope, receive: body.Receive, send: Send) -> None:
        """Answer one request, or live through the lifespan."""
        if scope["type"] == "http":
            name = self._events.dataset_in(scope)
            if name is not None:
                await self._events(scope, receive, send, name)
                return
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] == "http" and body.announced(scope["headers"]):
            await body.drain(receive)
        await self._pages(scope, receive, send)

    def not_ready(self) -> str | None:
        """Why no events are taken now; None if they are."""
        if self._state != "running":
            return self._state
        if self._log.reachable:
            return None
        return "Kafka refuses this process's credentials (SL-0203)" if self._log.refused else "Kafka cannot be reached"

    async def drain(self) -> None:
        """Stop taking events, and wait until those that are here are answered. Listening goes on meanwhile: who asks
        is told that this process stops."""
        self._state = "stopping"
        self._events.stopping = True
        _logger.info("stopping", extra={"events": self._admission.events})
        deadline = time.monotonic() + HANDLER_SECONDS
        await asyncio.sleep(_SEEN_NOT_READY_SECONDS)
        while self._admission.requests and time.monotonic() < deadline:
            await asyncio.sleep(0.02)

    async def _live(self, receive: body.Receive, send: Send) -> None:
        await receive()
        await self._log.start()
        stop_vitals = vitals.serve(self._state_dir, self._process, self._document)
        tasks = [asyncio.create_task(self._log.watch()), asyncio.create_task(self._look())]
        # What start-up made lives as long as the worker: the collector need not walk it again and again. Nor need it
        # look after each 700 new objects: what requests make goes by itself (docs/performance.md has the figures).
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECTED_AFTER)
        self._state = "running"
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._state = "stopping"
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._log.close(GRACEFUL_STOP_SECONDS - HANDLER_SECONDS - 1)
        stop_vitals()
        await send({"type": "lifespan.shutdown.complete"})

    async def _look(self) -> None:
        """Contracts and keys that change are taken while the process runs, whatever became of the look before."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            for look in (self._catalog.look, self._guard.look):
                try:
                    await asyncio.to_thread(look)
                except Exception:
                    _logger.exception("a bug", extra={"error_id": Bug.code})

    def _document(self) -> dict[str, Any]:
        document = self._counters.document(
            self._process, os.getpid(), self._state, reachable=self._log.reachable, admission=self._admission
        )
        return document | {
            "not_ready": self.not_ready(),
            "contracts_broken": self._catalog.broken(),
            "keys_broken": self._guard.broken,
        }
