"""CloudEvents 1.0 become events: `data` as it came is the value, the attributes travel as `ce_*` headers. Pure."""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from streamlake.ingest.errors import Malformed

Headers = tuple[tuple[str, bytes], ...]

_REQUIRED: Final = ("specversion", "id", "source", "type")
_NAME: Final = re.compile(r"[a-z0-9]{1,64}")
_envelope: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_attribute: Final = msgspec.json.Decoder(str | bool | int | None)
_text: Final = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event out of its envelope."""

    value: bytes
    headers: Headers
    source: str
    id: str


def structured(envelope: bytes) -> CloudEvent:
    """One structured CloudEvent; Malformed says which attribute is wrong."""
    try:
        members = _envelope.decode(envelope)
    except msgspec.ValidationError as error:
        raise Malformed("a CloudEvent is a JSON object.") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(f"the CloudEvent cannot be read: {error}.") from error
    data = members.pop("data", None)
    encoded = members.pop("data_base64", None)
    attributes = [(name, _written(name, bytes(raw))) for name, raw in members.items()]
    return _event(_value(data, encoded), [(name, text) for name, text in attributes if text is not None])


def binary(body: bytes, attributes: Iterable[tuple[str, str]]) -> CloudEvent:
    """One CloudEvent in binary mode: the body is `data`."""
    return _event(body, list(attributes))


def _event(value: bytes, attributes: list[tuple[str, str]]) -> CloudEvent:
    known = dict(attributes)
    if len(known) != len(attributes):
        raise Malformed("a CloudEvents attribute stands twice.")
    for name in _REQUIRED:
        if not known.get(name):
            raise Malformed(f"the CloudEvent has no {name}.")
    if known["specversion"] != "1.0":
        raise Malformed(f"specversion is {known['specversion']!r}; 1.0 is taken.")
    for name in known:
        if not _NAME.fullmatch(name):
            raise Malformed(f"attribute {name[:80]!r}: names are 1 to 64 of a-z and 0-9.")
    headers = tuple((f"ce_{name}", text.encode()) for name, text in attributes)
    return CloudEvent(value, headers, known["source"], known["id"])


def _value(data: msgspec.Raw | None, encoded: msgspec.Raw | None) -> bytes:
    if data is not None and encoded is not None:
        raise Malformed("a CloudEvent has data or data_base64, not both.")
    if data is not None:
        return bytes(data)
    if encoded is None:
        raise Malformed("the CloudEvent has no data.")
    try:
        return base64.b64decode(_text.decode(encoded), validate=True)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise Malformed("data_base64 is not base64.") from error


def _written(name: str, raw: bytes) -> str | None:
    """An attribute's value as a header has it; null is the same as absent."""
    try:
        value = _attribute.decode(raw)
        if isinstance(value, str):
            value.encode()
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed(f"attribute {name[:80]!r} is not a string, a boolean or an integer.") from error
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
