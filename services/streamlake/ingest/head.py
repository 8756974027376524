"""What a request's head must be, beyond what the parser holds. Pure.

The parser is strict about bytes; what it lets through here is where two readers of the same bytes could disagree
about where a request ends or whom it is for, and such a disagreement is how requests are smuggled past a proxy.
"""

import functools
import re
from typing import Final

Headers = list[tuple[bytes, bytes]]

_DECISIVE: Final = frozenset({b"host", b"transfer-encoding", b"content-length"})
_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")


def fault(method: bytes, version: str, headers: Headers, *, upgrade: bool) -> str | None:
    """Why this head is refused; None where it is not. `upgrade`: whether the parser would leave HTTP behind it."""
    if version not in ("1.1", "1.0"):
        return f"version {version} of HTTP is not spoken here; 1.1 is."
    if method == b"CONNECT":
        return "CONNECT: this is no proxy."
    found = [header for header in headers if header[0] in _DECISIVE]
    known = dict(found)
    if len(known) != len(found):
        return "header Host, Transfer-Encoding or Content-Length: it stands twice."
    host = known.get(b"host")
    if host is None and version == "1.1":
        return "header Host: there is none."
    if host is not None and not _is_host(host):
        return "header Host: neither a host, nor a host and a port."
    coding = known.get(b"transfer-encoding")
    if coding is not None and (coding.lower() != b"chunked" or version == "1.0"):
        return "header Transfer-Encoding: only `chunked`, with HTTP/1.1; Content-Encoding says how a body is packed."
    if upgrade and (coding is not None or known.get(b"content-length", b"0") != b"0"):
        # The parser would take the body for the next request.
        return "header Upgrade: not with a body, behind another request."
    return None


@functools.lru_cache(maxsize=64)
def _is_host(value: bytes) -> bool:
    """Clients send few hosts, each many times."""
    return _HOST.fullmatch(value) is not None


def size(url: bytes, headers: Headers) -> int:
    """Bytes of a head, but for the request line's other words."""
    return len(url) + sum(len(name) + len(value) + len(b": \r\n") for name, value in headers)
