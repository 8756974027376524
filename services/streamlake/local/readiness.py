"""Does a process answer? Asked while it starts; afterwards `status` asks."""

import http.client
import socket
import ssl
from typing import Any, Final

from streamlake import vitals
from streamlake.local.units import Unit
from streamlake.settings import Settings

_SECONDS: Final = 1.0


def api_url(settings: Settings) -> str:
    """Where the API answers on this machine."""
    host = "127.0.0.1" if settings.api_host in ("0.0.0.0", "::", "") else settings.api_host  # noqa: S104 - compared, not bound
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.api_tls_cert else 'http'}://{host}:{settings.api_port}"


def answers(unit: Unit, settings: Settings, pid: int) -> bool:
    """Whether this process of this machine does its work already."""
    if unit.kind == "kafka":
        return _accepts(settings.kafka_port)
    if unit.kind == "bucket":
        return _accepts(settings.bucket_port)
    if unit.kind == "api":
        return get_status(settings, "/readyz") == 200
    if unit.kind == "consumer":
        return any(v.get("pid") == pid and _reads(v) for v in vitals.gather(settings.state_dir))
    return True


def _reads(document: dict[str, Any]) -> bool:
    """It has partitions and knows where they end; or it says what it waits for, which is an answer, too."""
    partitions = document.get("partitions") or []
    known = bool(partitions) and all(p["lag_records"] is not None for p in partitions)
    return known or document.get("state") in ("paused", "tripped", "waiting")


def get_status(settings: Settings, path: str, seconds: float = _SECONDS) -> int | None:
    """The status code of a GET, or None where nobody answers."""
    scheme, _, address = api_url(settings).partition("://")
    connection: http.client.HTTPConnection
    if scheme == "https":
        # Our own server on our own machine: its certificate names another host.
        unchecked = ssl._create_unverified_context()  # noqa: S323, SLF001
        connection = http.client.HTTPSConnection(address, timeout=seconds, context=unchecked)
    else:
        connection = http.client.HTTPConnection(address, timeout=seconds)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=_SECONDS).close()
    except OSError:
        return False
    return True
