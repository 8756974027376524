"""Google's metadata server and Secret Manager, as far as hosts and the play meet them.

`SecretManager.add` is what stands in for `gcloud secrets versions add`: it adds a version as that does, and is a
program because the play runs one.
"""

import base64
import json
import sys
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

_IDENTITY = "/computeMetadata/v1/instance/service-accounts/default/token"
_ADD = """
import sys, urllib.request
url, name, project, source = sys.argv[1:]
assert (project, source) == ("--project=shop", "--data-file=-"), sys.argv
urllib.request.urlopen(urllib.request.Request(f"{url}/add/{name}", sys.stdin.buffer.read(), method="POST")).close()
"""


class SecretManager:
    """Serves while it is a context. `stored` holds each secret's latest version; a name with `forbidden` is refused."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.stored: dict[str, bytes] = {}
        self._server = ThreadingHTTPServer((address, 0), partial(_Google, self.stored))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """Where it is."""
        address, port = self._server.server_address[:2]
        return f"http://{address!s}:{port}"

    def add(self, folder: Path) -> list[str]:
        """The command that adds a version; its program is put into the folder."""
        program = folder / "add_secret.py"
        program.write_text(_ADD)
        return [sys.executable, str(program), self.url]

    def __enter__(self) -> "SecretManager":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Google(BaseHTTPRequestHandler):
    def __init__(self, stored: dict[str, bytes], *arguments: Any) -> None:
        self._stored = stored
        super().__init__(*arguments)

    def do_GET(self) -> None:
        if self.path == _IDENTITY and self.headers["Metadata-Flavor"] == "Google":
            self._answer(200, {"access_token": "t0ken", "expires_in": 3000})
            return
        *_, name, versions, latest = self.path.split("/")
        if self.headers["Authorization"] != "Bearer t0ken" or "forbidden" in name:
            self._answer(403, {})
        elif (versions, latest) == ("versions", "latest:access") and name in self._stored:
            self._answer(200, {"payload": {"data": base64.b64encode(self._stored[name]).decode()}})
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        self._stored[self.path.removeprefix("/add/")] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, {})

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
