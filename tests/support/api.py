"""The ingest API as a process of its own, and a bare way to talk to it: sockets and http.client, nothing of ours."""

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import contract_files
from tests.support.broker import free_port, until

ROOT = Path(__file__).parents[2]
JSON = "application/json"
STREAMLAKE = (sys.executable, "-c", "from streamlake.cli.main import main; main()")


@dataclass(frozen=True)
class Said:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ApiUnderTest:
    """An API that tests start, stop and kill. Its contracts folder is its own."""

    def __init__(self, home: Path, bootstrap: str, **settings: str) -> None:
        self.home = home
        self.contracts = home / "contracts"
        self.contracts.mkdir(parents=True)
        self.port = free_port()
        self.state_dir = home / "state"
        self.log = home / "api.log"
        self.process: subprocess.Popen[bytes] | None = None
        mine = {
            "home": str(home),
            "api_port": str(self.port),
            "bootstrap_servers": bootstrap,
            "contracts_dir": str(self.contracts),
            **settings,
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLAKE_")}
        self.environment = inherited | {f"STREAMLAKE_{name.upper()}": value for name, value in mine.items()}

    def contract(self, dataset: str, *, version: str = "1", on_invalid: str = "refuse", **changes: Any) -> None:
        """Write or change a contract: key `id`, time `at`, numbers `n` and `f`."""
        properties = [
            {"property": "keyFields", "value": ["id"]},
            {"property": "onInvalid", "value": on_invalid},
        ]
        changed = contract_files.document(dataset, version, customProperties=properties, **changes)
        contract_files.put(self.contracts, changed)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the `streamlake` command with this API's settings, to its end."""
        return subprocess.run(
            [*STREAMLAKE, *arguments],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the command; the caller ends it."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [*STREAMLAKE, *arguments], env=self.environment, cwd=ROOT, stdout=pipe, stderr=pipe, text=True
        )

    def start(self, *, ready: bool = True) -> None:
        """Start it, and wait until it answers (and is ready)."""
        self.start_without_waiting()
        until(lambda: self.get_status("/readyz") in ((200,) if ready else (200, 503)), 30)

    def start_without_waiting(self) -> None:
        """Start it."""
        argv = [*STREAMLAKE, "serve", "api"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(argv, env=self.environment, cwd=ROOT, stdout=log, stderr=log)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def workers(self) -> list[int]:
        """The processes that serve."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def stop(self, seconds: float = 25) -> int:
        """As `systemctl stop`; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(seconds)

    def kill(self) -> None:
        """As `kill -9` of the whole unit."""
        assert self.process is not None
        if self.process.poll() is None:
            for pid in [*self.workers(), self.pid]:
                os.kill(pid, signal.SIGKILL)
            self.process.wait(10)

    def get_status(self, path: str) -> int | None:
        """The status of a GET, None where nobody answers."""
        try:
            return self.ask("GET", path, seconds=5).status
        except (OSError, http.client.HTTPException):
            return None

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float = 20,
    ) -> Said:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Said(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def post(self, dataset: str, body: bytes, media: str = JSON, query: str = "", **headers: str) -> Said:
        """Send events; header names with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", f"/v1/datasets/{dataset}/events{query}", body, {"Content-Type": media, **named})

    def raw(self, sent: bytes, *, seconds: float = 10, close: bool = False) -> bytes:
        """Bytes on a socket, and everything that comes back until the other side closes or it takes too long."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(sent)
            if close:
                connection.shutdown(socket.SHUT_WR)
            return read_all(connection, seconds)

    def rss(self) -> int:
        """Bytes that its workers hold in memory."""
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.workers()]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE")

    def logged(self) -> list[dict[str, Any]]:
        """Its log lines; every line must be JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def read_all(connection: socket.socket, seconds: float) -> bytes:
    """What comes until the end, a reset, or the time is up."""
    deadline = time.monotonic() + seconds
    found = b""
    try:
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            piece = connection.recv(65536)
            if not piece:
                break
            found += piece
    except (TimeoutError, ConnectionError):
        pass
    return found


def event(number: int, pad: int = 0) -> bytes:
    """A good event with white space and a number that parsers change."""
    extra = b', "pad": "%b"' % (b"x" * pad) if pad else b""
    return b'{"id": "e%d" , "at":"2026-11-21T07:00:00Z","f":1.10,"n":%d%b}' % (number, number, extra)


def array(*events: bytes) -> bytes:
    """A JSON array of these bytes."""
    return b"[" + b" ,\n".join(events) + b"]"


def zipped(body: bytes) -> bytes:
    """As gzip."""
    return gzip.compress(body, 6)
