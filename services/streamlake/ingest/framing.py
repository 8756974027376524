"""A body becomes events, each with its own bytes as they came. Pure.

Never parse and write again: floats, big integers, key order, white space and duplicate keys would change. An array is
cut by msgspec's raw slices; where it refuses (a lone surrogate, an element nested beyond its recursion, an element
that is not JSON), `cut` looks only at quotes, brackets and commas, so that one bad element is told from its good
neighbours and each gets its own answer.
"""

import functools
import re
from typing import Any, Final

import msgspec

from streamlake.ingest.errors import Malformed, TooLarge
from streamlake.ingest.limits import MAX_EVENTS

_WHITE: Final = b" \t\r\n"
_MAX_CUT_BYTES: Final = 1024 * 1024
"""`cut` needs a quarter of a second for a MiB of brackets; a larger body that msgspec refuses is refused whole."""

_MAX_UNCOUNTED: Final = 400_000
"""Slices made before anybody counts them. Each costs 72 bytes, and the elements of an array may have one each: the
body of `[1,1,1,…` would become 300 MB of them."""

_slices: Final = msgspec.json.Decoder(list[msgspec.Raw])

# What can change the nesting. A string is skipped whole; an open one runs to the end and matches the last branch.
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[{]|[\]}]|,|"', re.DOTALL)
_LINE: Final = re.compile(rb"(?:[ \t\r]*+\n)*+([^\n]+)")
_CLOSES: Final = {b"[": b"]", b"{": b"}"}


def one_or_many(body: bytes, limit: int | None = MAX_EVENTS) -> list[bytes]:
    """The events of an `application/json` body: the whole body is one, unless it is an array."""
    start = _checked(body)
    if body[start] != ord("["):
        return [body]
    return _elements(body, start, limit)


def many(body: bytes) -> list[bytes]:
    """The elements of a body that must be an array."""
    start = _checked(body)
    if body[start] != ord("["):
        raise Malformed(f"byte {start}: a batch is an array.")
    return _elements(body, start, MAX_EVENTS)


def _elements(body: bytes, start: int, limit: int | None) -> list[bytes]:
    try:
        if limit is not None and body.count(b",") > _MAX_UNCOUNTED:
            _bounded(limit).decode(body)
        found = _slices.decode(body)
    except msgspec.ValidationError as error:
        raise _too_many(f"more than {limit:,}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        if len(body) > _MAX_CUT_BYTES:
            raise Malformed(f"the array cannot be read: {error}.") from error
        elements = cut(body, start)
        _limit(len(elements), limit)
        return elements
    _limit(len(found), limit)
    if not found:
        raise Malformed("the array holds no event.")
    return [bytes(raw) for raw in found]


@functools.cache
def _bounded(limit: int) -> msgspec.json.Decoder[Any]:
    """Reads an array and stops at the first element above the limit, which msgspec does for structs only."""
    names = [(f"e{index}", msgspec.Raw, msgspec.Raw()) for index in range(limit)]
    return msgspec.json.Decoder(msgspec.defstruct("Bounded", names, array_like=True, forbid_unknown_fields=True))


def lines(body: bytes) -> list[bytes]:
    r"""The events of an NDJSON body: what stands between line ends (`\n` or `\r\n`); blank lines are passed over."""
    _checked(body)
    if body.count(b"\n") < MAX_EVENTS:
        return [line.removesuffix(b"\r") for line in body.split(b"\n") if line.strip(_WHITE)]
    found: list[bytes] = []
    at = 0
    # One by one, for millions of lines must not be made to be counted; matched, not searched, or blank lines at the end
    # would be looked at again from each of them.
    while line := _LINE.match(body, at):
        at = line.end()
        if line[1].strip(_WHITE):
            found.append(line[1].removesuffix(b"\r"))
            if len(found) > MAX_EVENTS:
                raise _too_many(f"more than {MAX_EVENTS:,}")
    return found


def single(body: bytes) -> bytes:
    """The one event of a body that may hold no more."""
    _checked(body)
    return body


def cut(body: bytes, start: int) -> list[bytes]:
    """The elements of the array that opens at `start`, found by structure alone; Malformed names the byte."""
    elements: list[bytes] = []
    open_brackets: list[bytes] = []
    begin = start + 1
    for token in _TOKEN.finditer(body, start):
        kind = token[0][:1]
        at = token.start()
        if kind in b"[{":
            open_brackets.append(kind)
        elif kind in b"]}":
            if _CLOSES[open_brackets.pop()] != kind:
                raise Malformed(f"byte {at}: {kind.decode()} closes what another bracket opened.")
            if not open_brackets:
                return _last(body, begin, at, elements)
        elif kind == b",":
            if len(open_brackets) == 1:
                elements.append(_element(body, begin, at))
                begin = at + 1
        elif len(token[0]) == 1:
            raise Malformed(f"byte {at}: this string is never closed.")
    raise Malformed(f"byte {len(body)}: the array that opens at byte {start} is never closed.")


def _last(body: bytes, begin: int, at: int, elements: list[bytes]) -> list[bytes]:
    rest = body[at + 1 :]
    if rest.strip(_WHITE):
        raise Malformed(f"byte {at + 1 + len(rest) - len(rest.lstrip(_WHITE))}: something follows the array.")
    if not elements and not body[begin:at].strip(_WHITE):
        raise Malformed("the array holds no event.")
    return [*elements, _element(body, begin, at)]


def _element(body: bytes, begin: int, end: int) -> bytes:
    element = body[begin:end].strip(_WHITE)
    if not element:
        raise Malformed(f"byte {end}: an element is missing before this {chr(body[end])!r}.")
    return element


def _checked(body: bytes) -> int:
    """Where the first token stands; refuses what is empty or not UTF-8's own look."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or body[:4].count(b"\0") > 1:
        raise Malformed("byte 0: this looks like UTF-16 or UTF-32; send UTF-8.")
    if body.startswith(b"\xef\xbb\xbf"):
        raise Malformed("byte 0: a byte order mark; send UTF-8 without one.")
    start = len(body) - len(body.lstrip(_WHITE))
    if start == len(body):
        raise Malformed("byte 0: the body is empty.")
    return start


def _limit(count: int, limit: int | None = MAX_EVENTS) -> None:
    if limit is not None and count > limit:
        raise _too_many(f"{count:,}")


def _too_many(said: str) -> TooLarge:
    return TooLarge(
        f"{said} events in one request; at most {MAX_EVENTS:,} are taken.", next_step="Send smaller batches."
    )
