"""The members of a JSON object with their own bytes: the payload of a raw line must be compared as it stands."""

import base64
import json
import re

_SPACE = re.compile(r"[ \t\r\n]*")
# Where a value ends is all that is asked: Python refuses to make a number of more than 4300 digits, JSON does not.
_decoder = json.JSONDecoder(parse_int=str)


def members(line: bytes) -> dict[str, str]:
    """Each top-level member's text, untouched. ValueError where the line is no object, or has a member twice."""
    text = line.decode("utf-8")
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise ValueError("not an object")
    found: dict[str, str] = {}
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        name, at = _decoder.raw_decode(text, at)
        at = _skip(text, at)
        if not isinstance(name, str) or name in found or text[at : at + 1] != ":":
            raise ValueError("a member is broken, or stands twice")
        start = _skip(text, at + 1)
        _, end = _decoder.raw_decode(text, start)
        found[name] = text[start:end]
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "}":
            raise ValueError("no comma between members")
    if _skip(text, at + 1) != len(text):
        raise ValueError("something follows the object")
    return found


def bytes_of(found: dict[str, object], name: str) -> bytes | None:
    """`name` as text, or `name_base64` beside a null."""
    encoded = found.get(f"{name}_base64")
    if encoded is not None:
        return base64.b64decode(str(encoded), validate=True)
    value = found.get(name)
    return None if value is None else str(value).encode()


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
