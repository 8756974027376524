"""A call of the JSON API and its reply, apart from how they travel. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

_OBJECT: Final = re.compile(r"(?P<way>/upload|/download)?/storage/v1/b/(?P<bucket>[^/]+)/o(/(?P<object>[^/]+))?")
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked. `kind` is create, list, stat, read, ping, or empty for what is not known here."""

    method: str
    kind: str
    bucket: str
    object: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Reply:
    """What is answered."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def parse_call(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
    """The call of an HTTP request; header names are lower case."""
    url = urlsplit(target)
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    found = _OBJECT.fullmatch(url.path)
    if found is None:
        return Call(method, "ping" if url.path == "/" and method == "GET" else "", "", "", query, headers, body)
    name = unquote(found["object"] or "")
    if found["way"] == "/upload" and not name:
        kind = "create"
    elif not name:
        kind = "list"
    else:
        kind = "read" if found["way"] == "/download" or query.get("alt") == "media" else "stat"
    return Call(method, kind, unquote(found["bucket"]), name, query, headers, body)


def parse_multipart(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes] | None:
    """The document and the object of a multipart upload; None where it is none."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/related" or not boundary:
        return None
    mark = b"--" + boundary.encode()
    end = body.rfind(b"\r\n" + mark + b"--")
    first = body.find(mark + b"\r\n")
    second = body.find(b"\r\n" + mark + b"\r\n", first + 1)
    if min(end, first, second) < 0 or end < second:
        return None
    head = body[first + len(mark) + 2 : second]
    begins = body.find(b"\r\n\r\n", second + 2)
    try:
        about = msgspec.json.decode(head.partition(b"\r\n\r\n")[2])
    except msgspec.DecodeError:
        return None
    if begins < 0 or not isinstance(about, dict):
        return None
    return about, body[begins + 4 : end]


def requested_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte that are asked for, the last one within the object; None without a range."""
    found = _RANGE.fullmatch(header)
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        return max(size - int(found[2]), 0), size - 1
    return int(found[1]), min(int(found[2] or size), size - 1)


def failure(status: int, reason: str, message: str) -> Reply:
    """An error as the API tells it."""
    part = {"message": message, "domain": "global", "reason": reason}
    told = {"error": {"code": status, "message": message, "errors": [part]}}
    return Reply(status, {"content-type": "application/json; charset=UTF-8"}, msgspec.json.encode(told))
