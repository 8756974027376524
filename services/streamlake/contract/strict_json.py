"""The strict reading of an event's bytes: what is no JSON for every engine is refused, and the place named.

Stricter than `json.loads`, which takes NaN, a byte order mark, UTF-16 and lone surrogates. It is slow and only used to
decide and explain; `fast` may never accept what this refuses.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from streamlake.contract.rejection import Rejection

MAX_DEPTH: Final = 64
"""Objects and arrays inside each other. DuckDB refuses above 128, and the raw line adds one."""

_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ONE_BRACKET: Final = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"{}[]"))
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_ORDINARY_DIGITS: Final = 300
"""Longer integers are read as a float, or infinity: no engine has a column for them, and Python stops at 4300."""


@dataclass(frozen=True, slots=True)
class Event:
    """What was read, twice where keys are repeated: engines differ in whether the first or the last one counts."""

    last: dict[str, Any]
    first: dict[str, Any] | None


class _Constant(Exception):
    """Carries the word that is no JSON out of the parser."""


class _Repeated(Exception):
    """A key stands twice in one object."""


def read(value: bytes, max_bytes: int) -> Event | Rejection:
    """The event in these bytes, or why it is none."""
    if len(value) > max_bytes:
        return Rejection("size", f"the event has {len(value)} bytes, at most {max_bytes} are taken")
    try:
        text = str(value, "utf-8")
    except UnicodeDecodeError as error:
        return Rejection("json.encoding", f"not UTF-8: byte {value[error.start]:#04x} at {place(value, error.start)}")
    if text.startswith("\ufeff"):
        return Rejection("json.encoding", "begins with a byte order mark; send UTF-8 without one")
    if "\x00" in text[:4]:
        return Rejection("json.encoding", "looks like UTF-16 or UTF-32; send UTF-8")
    # What opens few brackets cannot be deep, and counting them costs a tenth of taking them off.
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH and too_deep(value):
        return Rejection("json.depth", f"objects and arrays stand more than {MAX_DEPTH} deep inside each other")
    return _parse(value, text)


def _parse(value: bytes, text: str) -> Event | Rejection:
    first: dict[str, Any] | None = None
    try:
        try:
            last = _strict.decode(text)
        except _Repeated:
            last = _last_counts.decode(text)
            first = _first_counts.decode(text)
    except json.JSONDecodeError as error:
        offset = len(text[: error.pos].encode())
        what = error.msg if value else "there is nothing in it"
        return Rejection("json.syntax", f"not JSON at {place(value, offset)}: {what}")
    except _Constant as error:
        at = value.find(str(error).encode())
        return Rejection("json.nan", f"{error} is not JSON, near {place(value, at)}")
    except RecursionError:
        return Rejection("json.depth", f"objects and arrays stand more than {MAX_DEPTH} deep inside each other")
    surrogate = _lone_surrogate(text)
    if surrogate is not None:
        offset = len(text[:surrogate].encode())
        return Rejection("json.surrogate", f"half of a surrogate pair is no character, at {place(value, offset)}")
    if not isinstance(last, dict):
        return Rejection("json.top_level", f"an event is a JSON object, this is {kind_of(last)}")
    return Event(last, first)


def _refuse(word: str) -> None:
    raise _Constant(word)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _ORDINARY_DIGITS else float(digits)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Repeated
    return members


def _decoder(hook: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=hook, parse_constant=_refuse, parse_int=_integer)


_strict: Final = _decoder(_once)
"""Made once: `json.loads` makes one for each event, which costs as much as to read it."""
_last_counts: Final = _decoder(dict)
_first_counts: Final = _decoder(lambda pairs: dict(reversed(pairs)))


def too_deep(value: bytes) -> bool:
    """True if brackets stand more than MAX_DEPTH deep, counted without parsing: each round takes the innermost off."""
    brackets = _STRINGS.sub(b"", value).translate(_ONE_BRACKET, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        if b"[]" not in brackets:
            break
        brackets = brackets.replace(b"[]", b"")
    # What is left is too deep, or was never closed: the parser must not be sent down either.
    return brackets.count(b"[") > MAX_DEPTH or b"[]" in brackets


def _lone_surrogate(text: str) -> int | None:
    """Where the first escaped half of a pair stands alone. The text itself is UTF-8, so it cannot hold one."""
    if _SURROGATE.search(text) is None:
        return None
    open_at: int | None = None
    open_end = -1
    for escape in _ESCAPE.finditer(text):
        code = int(escape[1], 16) if escape[1] else 0
        low = 0xDC00 <= code <= 0xDFFF
        if open_at is not None:
            if not low or escape.start() != open_end:
                return open_at
            open_at = None
        elif low:
            return escape.start()
        elif 0xD800 <= code <= 0xDBFF:
            open_at, open_end = escape.start(), escape.end()
    return open_at


def place(value: bytes, offset: int) -> str:
    """Line, column and byte, all but the byte counted from 1."""
    line = value.count(b"\n", 0, offset) + 1
    column = offset - (value.rfind(b"\n", 0, offset) + 1) + 1
    return f"line {line}, column {column} (byte {offset})"


def kind_of(value: object) -> str:
    """What JSON calls it, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"
