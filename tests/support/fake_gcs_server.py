"""The emulator fake-gcs-server, built from the Go module proxy once and kept: somebody else's idea of the API."""

import itertools
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.broker import free_port, until

VERSION = "v1.56.1"
"""The first that honours ifGenerationMatch in every way of uploading."""


def build() -> Path:
    """The program; skips where there is no Go."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("fake-gcs-server needs Go")
    cache = os.environ.get("XDG_CACHE_HOME")
    folder = (Path(cache) / "streamlake" if cache else Path(__file__).parents[2] / ".streamlake") / "go" / VERSION
    program = folder / "fake-gcs-server"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "GOBIN": str(folder.absolute()), "GOFLAGS": "-modcacherw"}
        arguments = [go, "install", f"github.com/fsouza/fake-gcs-server@{VERSION}"]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=840, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
    return program


class FakeGcsServer:
    """A running one, in memory."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"
        self._port = free_port()
        self._fresh = itertools.count()
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> "FakeGcsServer":
        program = build()
        arguments = [
            str(program),
            "-scheme",
            "http",
            "-host",
            "127.0.0.1",
            "-port",
            str(self._port),
            "-backend",
            "memory",
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*arguments, "-public-host", f"127.0.0.1:{self._port}"], stderr=log)
        until(self._answers, 20)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def new_bucket(self) -> str:
        """The name of a bucket that was empty until now."""
        name = f"bucket-{next(self._fresh)}"
        httpx.post(f"{self.url}/storage/v1/b", json={"name": name}).raise_for_status()
        return name

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/storage/v1/b").status_code == 200
        except httpx.TransportError:
            return False
