"""What a request's headers say about its body. Pure."""

from typing import Final, Literal
from urllib.parse import unquote_to_bytes

import msgspec

from streamlake.ingest.errors import Malformed, UnknownMediaType

Shape = Literal["json", "ndjson", "cloudevent", "cloudevents", "cloudevent_binary"]
Encoding = Literal["identity", "gzip", "zstd"]

_SHAPES: Final[dict[str, Shape]] = {
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/cloudevents+json": "cloudevent",
    "application/cloudevents-batch+json": "cloudevents",
}
_ENCODINGS: Final[dict[str, Encoding]] = {
    "": "identity",
    "identity": "identity",
    "gzip": "gzip",
    "x-gzip": "gzip",
    "zstd": "zstd",
}
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii"})


class Declared(msgspec.Struct, frozen=True, gc=False):
    """What the headers declare."""

    shape: Shape
    encoding: Encoding
    length: int | None
    idempotency_key: str | None
    ce_attributes: tuple[tuple[str, str], ...] = ()


def declared(headers: list[tuple[bytes, bytes]]) -> Declared:
    """Read the headers; Malformed and UnknownMediaType name the header at fault."""
    content_type: bytes | None = None
    encoding = b""
    length = None
    attempt = None
    attributes: list[tuple[str, str]] = []
    for name, value in headers:
        if name == b"content-type":
            content_type = _once(name, content_type, value)
        elif name == b"content-encoding":
            encoding = encoding + b"," + value if encoding else value
        elif name == b"content-length":
            length = int(value)
        elif name == b"idempotency-key":
            attempt = _attempt(_once(name, attempt, value))
        elif name.startswith(b"ce-"):
            attributes.append((name[3:].decode("latin-1"), _attribute(name, value)))
    shape = _shape(content_type)
    if attributes:
        if shape != "json":
            raise Malformed("ce-* headers and a structured body: a CloudEvent travels in one mode or the other.")
        content = (content_type or b"").decode("latin-1")
        return Declared(
            "cloudevent_binary", _encoding(encoding), length, attempt, (*attributes, ("datacontenttype", content))
        )
    return Declared(shape, _encoding(encoding), length, attempt)


def _once(name: bytes, before: bytes | str | None, value: bytes) -> bytes:
    """Of two, a proxy may have looked at the other one."""
    if before is not None:
        raise Malformed(f"header {name.decode('latin-1')}: it stands twice.")
    return value


def _shape(content_type: bytes | None) -> Shape:
    if content_type == b"application/json":
        return "json"
    media, *parameters = (content_type or b"").decode("latin-1").lower().split(";")
    shape = _SHAPES.get(media.strip())
    if shape is None:
        said = f"{media.strip()!r} is not taken here" if content_type else "there is no Content-Type"
        raise UnknownMediaType(f"header Content-Type: {said}.", next_step=f"Send one of {', '.join(_SHAPES)}.")
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name.strip() == "charset" and value.strip(" \"'") not in _UTF8:
            raise Malformed(f"header Content-Type: charset {value.strip()} is not taken; send UTF-8.")
    return shape


def _encoding(value: bytes) -> Encoding:
    if not value:
        return "identity"
    found = _ENCODINGS.get(value.decode("latin-1").strip().lower())
    if found is None:
        raise UnknownMediaType(
            f"header Content-Encoding: {value.decode('latin-1')!r} is not taken here.",
            next_step="Send gzip, zstd, or the plain body.",
        )
    return found


def _attempt(value: bytes) -> str:
    if not 1 <= len(value) <= 255 or not all(0x20 <= byte < 0x7F for byte in value):
        raise Malformed("header Idempotency-Key: 1 to 255 printable ASCII characters are taken.")
    return value.decode("ascii")


def _attribute(name: bytes, value: bytes) -> str:
    """A ce-* header's value: percent-encoded UTF-8, as CloudEvents' HTTP binding has it."""
    try:
        return unquote_to_bytes(value.strip(b'"')).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"header {name.decode('latin-1')}: not UTF-8 after percent-decoding.") from error
