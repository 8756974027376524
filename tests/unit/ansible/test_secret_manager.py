"""Secrets of Google's Secret Manager: each comes to its file, for root alone, and none is ever printed."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.host_programs import program

secret_manager = program("secrets", "secret_manager")
STORED = {"p-jwt": b"jwt-planted", "p-bytes": b"\x00\xff binary \n"}
IDENTITY = "/computeMetadata/v1/instance/service-accounts/default/token"


class Google(BaseHTTPRequestHandler):
    """Metadata server and Secret Manager, as far as a host meets them."""

    def do_GET(self) -> None:
        if self.path == IDENTITY and self.headers["Metadata-Flavor"] == "Google":
            self._answer(200, {"access_token": "t0ken", "expires_in": 3000})
            return
        *_, name, versions, latest = self.path.split("/")
        if self.headers["Authorization"] != "Bearer t0ken" or "forbidden" in name:
            self._answer(403, {})
        elif (versions, latest) == ("versions", "latest:access") and name in STORED:
            self._answer(200, {"payload": {"data": base64.b64encode(STORED[name]).decode()}})
        else:
            self._answer(404, {})

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def google() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Google) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def asked(google: str, folder: Path, *names: str, check: bool = False) -> Any:
    files = [{"secret": name, "path": str(folder / "deep" / name)} for name in names]
    wanted = {"project": "shop", "files": files, "check": check, "metadata": google, "api": google}
    return secret_manager.bring(wanted)


def test_each_comes_to_its_file_as_it_is(google: str, tmp_path: Path) -> None:
    answer = asked(google, tmp_path, "p-jwt", "p-bytes", "p-empty")
    assert answer == {
        "written": [str(tmp_path / "deep" / "p-jwt"), str(tmp_path / "deep" / "p-bytes")],
        "absent": ["p-empty"],
        "refused": [],
    }
    for name, content in STORED.items():
        path = tmp_path / "deep" / name
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "deep").stat().st_mode & 0o777 == 0o700
    assert "planted" not in json.dumps(answer)


def test_a_second_time_changes_nothing(google: str, tmp_path: Path) -> None:
    asked(google, tmp_path, "p-jwt")
    assert asked(google, tmp_path, "p-jwt")["written"] == []


def test_a_rehearsal_writes_nothing(google: str, tmp_path: Path) -> None:
    assert len(asked(google, tmp_path, "p-jwt", check=True)["written"]) == 1
    assert not list(tmp_path.iterdir())


def test_what_is_refused_is_told_with_what_to_do_and_the_others_come(google: str, tmp_path: Path) -> None:
    answer = asked(google, tmp_path, "forbidden", "p-jwt")
    assert len(answer["written"]) == 1
    (refused,) = answer["refused"]
    assert refused["secret"] == "forbidden"
    assert "403" in refused["why"]
    assert "secretAccessor" in refused["why"]


def test_a_host_that_is_not_googles_is_told_so(tmp_path: Path) -> None:
    answer = asked("http://127.0.0.1:9", tmp_path, "p-jwt")
    assert "no service account" in answer["refused"][0]["why"]
    assert not list(tmp_path.iterdir())
