"""One exchange with the bucket's JSON API, bounded in time whatever the other side does.

The library gives what is Google's own: the endpoint (STORAGE_EMULATOR_HOST, mTLS), Application Default Credentials and
a session that renews them. The exchange itself is ours: the library sends an object above 8 MiB by its resumable path,
which deletes the object when the checksum differs, and it waits for ever on an answer that trickles.
"""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

import requests
import urllib3.exceptions
from google.cloud import storage

from streamlake.storage.errors import NoCredentials
from streamlake.storage.gcs_deadline import Watch, WatchedAdapter
from streamlake.storage.gcs_errors import KINDS, NoAnswer, from_exception

CONNECTIONS: Final = 64
"""Kept open to the bucket: more than upload threads, the sealer and a start's racers use together."""
_CONNECT_SECONDS: Final = 5.0
_PIECE: Final = 1 << 16
_LOOPBACK: Final = re.compile(r"https?://(127\.|localhost\b|\[::1\])")
"""An emulator on this machine is never behind the machine's proxy, whether or not NO_PROXY says so."""


class Upload(Protocol):
    """A body of known length that can be sent more than once."""

    def __len__(self) -> int:
        """Bytes."""
        ...

    def __iter__(self) -> Iterator[bytes | memoryview]:
        """The body from its beginning."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bucket said, whole. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Api:
    """See the module. Safe from several threads; nothing is looked up or connected before the first exchange."""

    def __init__(self, silence_seconds: float, bytes_per_second: float) -> None:
        self._silence = silence_seconds
        self._speed = bytes_per_second
        self._watch = Watch()
        self._lock = threading.Lock()
        self._client: Any = None

    def object_path(self, bucket: str, name: str) -> str:
        """Where an object is, below the API's root."""
        return f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"

    def exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        doing: str,
        deadline: float,
        headers: Mapping[str, str] | None = None,
        body: Upload | None = None,
    ) -> Answer:
        """Send one request and take its answer, whatever its status, until `deadline` (monotonic).

        What the answer announces to bring comes on top, at the slowest speed.

        NoAnswer says what went wrong, and whether the request may have reached the bucket.
        """
        try:
            session, endpoint = self._connected(doing)
            left = max(deadline - time.monotonic(), 0.001)
            with self._watch.until(deadline) as guard:
                try:
                    response = session.request(
                        method,
                        f"{endpoint}{path}?{urlencode({**query, 'prettyPrint': 'false'})}",
                        headers={"Accept-Encoding": "identity", **(headers or {})},
                        data=body,  # type: ignore[arg-type] # an iterable that can be sent again
                        timeout=(min(_CONNECT_SECONDS, left), min(self._silence, left)),
                        stream=True,
                        allow_redirects=False,
                    )
                    with response:
                        guard.deadline += _announced(response) / self._speed
                        content = _read(response)
                except KINDS as error:
                    if guard.ended:
                        raise TimeoutError from error
                    raise
        except KINDS as error:
            raise from_exception(error, doing) from error
        return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, content)

    def close(self) -> None:
        """Let go of the connections; the next exchange makes new ones."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _connected(self, doing: str) -> tuple[requests.Session, str]:
        with self._lock:
            if self._client is None:
                try:
                    client = storage.Client(project=None)
                except ValueError as error:  # the credentials are for another of Google's clouds, or are no credentials
                    raise NoAnswer(NoCredentials(f"Could not {doing}: {error}."), sent=False) from error
                session = client._http  # noqa: SLF001 - the session that renews credentials; it has no public name
                if not session.is_mtls:
                    for scheme in ("http://", "https://"):
                        session.mount(scheme, WatchedAdapter(pool_maxsize=CONNECTIONS))
                # Not by a `no_proxy` of the request: that is set in the environment and taken out again for each one,
                # and whoever reads the environment in another thread meanwhile fails.
                session.trust_env = not _LOOPBACK.match(str(client.api_endpoint))
                session.hooks["response"].append(_free)
                self._client = client
            return self._client._http, str(self._client.api_endpoint).rstrip("/")  # noqa: SLF001 - the same


def _free(response: requests.Response, *_args: object, **_options: object) -> None:
    """The session asks again after a 401 and forgets the first answer: read it, so that its connection is free."""
    if response.status_code == 401:
        response.content  # noqa: B018 - to ask for it is to read it


def _announced(response: requests.Response) -> int:
    """The bytes that the answer says it has."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else 0


def _read(response: requests.Response) -> bytes:
    if response._content_consumed:  # noqa: SLF001 - read by `_free`
        return bytes(response.content)
    content = b"".join(iter(lambda: response.raw.read1(_PIECE), b""))
    if len(content) < _announced(response):
        raise urllib3.exceptions.ProtocolError(f"the answer was cut off after {len(content)} bytes")
    return content
