"""gunicorn, started with our settings: the master binds, forks and watches; each worker makes its own API."""

import logging
import os
import socket
import ssl
from itertools import count
from typing import Any, Final

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from streamlake import vitals
from streamlake.ingest import keys
from streamlake.ingest.app import Api
from streamlake.ingest.errors import BadCertificate, CannotListen, UnsafeListening
from streamlake.ingest.guard import is_loopback
from streamlake.ingest.limits import GRACEFUL_STOP_SECONDS
from streamlake.ingest.master import Master
from streamlake.ingest.worker import IngestWorker
from streamlake.kafka.client_file import security_of
from streamlake.notify import VARIABLE, Manager
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings

_BACKLOG: Final = 2048
_HANGING_SECONDS: Final = 30


def serve(settings: Settings) -> None:
    """Check everything that can be wrong, then serve until told to stop. Raises before anything is made."""
    off_loopback = not is_loopback(settings.api_host)
    check_safety(settings, off_loopback=off_loopback)
    _check_certificate(settings)
    FileRegistry(settings.contracts_dir, piecemeal=True)
    security_of(settings)
    vitals.serve(settings.state_dir, f"{IngestWorker.process}.start", dict)()
    listener = _listen(settings.api_host, settings.api_port)
    manager = Manager.of(os.environ)
    os.environ.pop(VARIABLE, None)  # gunicorn would say that it is ready before a worker answers
    _Application(settings, listener, manager, off_loopback=off_loopback).run()


def check_safety(settings: Settings, *, off_loopback: bool) -> None:
    """UnsafeListening where strangers could write, or read keys on the wire. BadKeysFile where keys cannot be read."""
    found = keys.load(settings.api_keys_file)
    if not off_loopback:
        return
    if not any(key.revoked_at is None for key in found or ()):
        raise UnsafeListening(
            f"{settings.api_host} is reached from other machines, and {settings.api_keys_file} holds no API key.",
            next_step="Make one with `streamlake keys new`, or listen on 127.0.0.1.",
        )
    if not settings.api_tls_cert and not settings.api_behind_tls_proxy:
        raise UnsafeListening(
            f"{settings.api_host} is reached from other machines, and keys would travel in the clear.",
            next_step="Set STREAMLAKE_API_TLS_CERT and STREAMLAKE_API_TLS_KEY, or STREAMLAKE_API_BEHIND_TLS_PROXY=true "
            "where a proxy in front speaks TLS.",
        )


def _check_certificate(settings: Settings) -> None:
    if not settings.api_tls_cert and not settings.api_tls_key:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.api_tls_cert, settings.api_tls_key or None)
    except (OSError, ssl.SSLError) as error:
        raise BadCertificate(
            f"the certificate {settings.api_tls_cert!r} with the key {settings.api_tls_key!r} cannot be used: {error}.",
            next_step="STREAMLAKE_API_TLS_CERT and STREAMLAKE_API_TLS_KEY name PEM files.",
        ) from error


def _listen(host: str, port: int) -> socket.socket:
    """Bound here and handed to gunicorn, which would only try again and again and end with 1."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise CannotListen(
            f"cannot listen on {host}:{port}: {error.strerror or error}.",
            next_step="Stop what listens there, or set STREAMLAKE_API_HOST and STREAMLAKE_API_PORT.",
        ) from error


class _JsonLogger(Logger):  # type: ignore[misc] # gunicorn has no types
    """gunicorn's own lines go where all others go."""

    def setup(self, cfg: Any) -> None:
        """See gunicorn."""
        self.error_log.propagate = True
        self.error_log.setLevel(logging.INFO)
        self.error_log.handlers.clear()

    def reopen_files(self) -> None:
        """There are none."""


class _Application(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    def __init__(self, settings: Settings, listener: socket.socket, manager: Manager, *, off_loopback: bool) -> None:
        self.settings = settings
        self._manager = manager
        self._descriptor = listener.detach()  # gunicorn closes it
        self._off_loopback = off_loopback
        super().__init__()

    def load_config(self) -> None:
        """See gunicorn. Nothing is read from files or the environment."""
        settings = {
            "bind": f"fd://{self._descriptor}",
            "workers": self.settings.api_workers,
            "worker_class": IngestWorker,
            "logger_class": _JsonLogger,
            "graceful_timeout": GRACEFUL_STOP_SECONDS,
            "timeout": _HANGING_SECONDS,
            "backlog": _BACKLOG,
            "pre_fork": _name,
            "control_socket_disable": True,
            "certfile": self.settings.api_tls_cert or None,
            "keyfile": self.settings.api_tls_key or None,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Serve until told to stop."""
        Master(self, self._manager, self.settings.state_dir, IngestWorker.process).run()

    def api(self, process: str) -> Api:
        """Called in a worker, after fork: nothing is preloaded, for a producer made before a fork is dead."""
        return Api(self.settings, process, off_loopback=self._off_loopback)


def _name(arbiter: Any, worker: IngestWorker) -> None:
    """The lowest name that no living worker has: after a crash its successor goes on under the same one."""
    taken = {living.process for living in arbiter.WORKERS.values()}
    names = (f"{IngestWorker.process}.{number}" if number > 1 else IngestWorker.process for number in count(1))
    worker.process = next(name for name in names if name not in taken)
