"""What a request's head must be, beyond what the parser holds. Pure.

The parser is strict about bytes; what it lets through here is where two readers of the same bytes could disagree
about where a request ends or whom it is for, and such a disagreement is how requests are smuggled past a proxy.
"""

import re
from typing import Final

Headers = list[tuple[bytes, bytes]]

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")


def fault(method: bytes, version: str, headers: Headers, *, upgrade: bool) -> str | None:
    """Why this head is refused; None where it is not. `upgrade`: whether the parser would leave HTTP behind it."""
    if version not in ("1.1", "1.0"):
        return f"version {version} of HTTP is not spoken here; 1.1 is."
    if method == b"CONNECT":
        return "CONNECT: this is no proxy."
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        return f"header Host: {len(hosts)} of them; one is needed."
    if hosts and not _HOST.fullmatch(hosts[0]):
        return "header Host: neither a host, nor a host and a port."
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if codings and (len(codings) > 1 or codings[0].lower() != b"chunked" or version == "1.0"):
        return "header Transfer-Encoding: `chunked`, once, with HTTP/1.1; Content-Encoding says how a body is packed."
    if upgrade and (codings or any(name == b"content-length" and value != b"0" for name, value in headers)):
        # The parser would take the body for the next request.
        return "header Upgrade: not with a body, behind another request."
    return None


def size(url: bytes, headers: Headers) -> int:
    """Bytes of a head, but for the request line's other words."""
    return len(url) + sum(len(name) + len(value) + len(b": \r\n") for name, value in headers)
