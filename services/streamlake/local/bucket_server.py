"""The bucket of `bucket.py` over HTTP, on this machine only."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from streamlake.local.bucket import BucketApi
from streamlake.local.bucket_calls import Call, Reply, failure, parse_call
from streamlake.storage.local import LocalStore

_IDLE_SECONDS: Final = 120.0


class BucketServer(ThreadingHTTPServer):
    """Answers on 127.0.0.1 from `serve_forever` until `shutdown`; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 256
    # A connection that a killed client left behind must not keep a restart from the port.
    allow_reuse_address = True

    def __init__(self, api: BucketApi, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.api = api

    @property
    def url(self) -> str:
        """What STORAGE_EMULATOR_HOST must be."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def serve(self, call: Call, connection: "Connection") -> None:
        """Answer one call."""
        connection.send(self.api.perform(call))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours."""


class Connection(BaseHTTPRequestHandler):
    """One connection: its requests, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: BucketServer

    def do_GET(self) -> None:
        """Read it and answer."""
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not length.isdecimal():
            self.close_connection = True
            self.send(failure(411, "required", "A body needs its length."))
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.serve(parse_call(self.command, self.path, headers, body), self)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET  # noqa: N815 - the same

    def send(self, reply: Reply) -> None:
        """Head and body in one write."""
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Who calls logs what it gets."""


def serve_bucket(bucket: str, folder: Path, port: int) -> BucketServer:
    """A server of one bucket whose objects are files below `folder`; they are there again after a restart."""
    folder.mkdir(parents=True, exist_ok=True)
    return BucketServer(BucketApi({bucket: LocalStore(folder)}), port)
