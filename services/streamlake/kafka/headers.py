"""Find the `streamlake` header of many records at once, for landing: a quarter of a microsecond a record.

Looking at each alone costs two. Headers of one producer and minute differ only in the id and in the last digits of
the time, so those are checked for all records together, and what is between them once for each form that it has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from streamlake.kafka.header import version_of
from streamlake.kafka.names import HEADER

Header = tuple[str, bytes | None]

_BEFORE_ID: Final = b'{"ingestion_id":"'
_ID: Final = slice(len(_BEFORE_ID), len(_BEFORE_ID) + 36)
_ID_SHAPE: Final = b"00000000-0000-0000-0000-000000000000"
_HEX: Final = bytes.maketrans(b"123456789abcdef", b"0" * 15)
# The last digit of the second and behind it: any digits are right there. The tens of seconds are not free.
_END_SHAPE: Final = b'0.000Z"}'
_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_FORMS: Final = 16
"""More forms in one chunk are no longer cheaper to look at than the records themselves."""


@dataclass(frozen=True, slots=True)
class Metas:
    """By record: the one well-formed `streamlake` header (None where there is none), its version, all others."""

    values: Sequence[bytes | None]
    versions: Sequence[int | None]
    others: Sequence[Sequence[Header]]

    def of(self, indexes: Sequence[int]) -> "Metas":
        """Those of these records alone."""
        return Metas(
            [self.values[i] for i in indexes], [self.versions[i] for i in indexes], [self.others[i] for i in indexes]
        )


def metas_of(headers: Sequence[Sequence[Header] | None]) -> Metas:
    """What the headers of these records say, as the client's `headers()` gives them."""
    found = _alone(headers)
    if found is not None:
        version = _common_version(found)
        if version is not None:
            return Metas(found, [version] * len(found), [()] * len(found))
    each = [_split(record or ()) for record in headers]
    return Metas([e[0] for e in each], [e[1] for e in each], [e[2] for e in each])


def _alone(headers: Sequence[Sequence[Header] | None]) -> list[bytes] | None:
    """The values, if each record has this one header only."""
    try:
        values = [value for ((name, value),) in headers if name == HEADER]  # type: ignore[misc] # None raises
    except (TypeError, ValueError):
        return None
    return values if len(values) == len(headers) and None not in values else None  # type: ignore[return-value]


def _common_version(values: list[bytes]) -> int | None:
    """The schema version that all of them name, if they are as our own API writes them; None means: look closely."""
    count = len(values)
    if b"".join([v[_ID] for v in values]).translate(_HEX) != _ID_SHAPE * count:
        return None
    if b"".join([v[-len(_END_SHAPE) :] for v in values]).translate(_DIGITS) != _END_SHAPE * count:
        return None
    if {v[: _ID.start] for v in values} != {_BEFORE_ID}:
        return None
    forms = {v[_ID.stop : -len(_END_SHAPE)] for v in values}
    if not 0 < len(forms) <= _FORMS:
        return None
    versions = {_version_of_form(form) for form in forms}
    return versions.pop() if len(versions) == 1 else None


@lru_cache(maxsize=256)
def _version_of_form(form: bytes) -> int | None:
    return version_of(_BEFORE_ID + _ID_SHAPE + form + _END_SHAPE)


def _split(headers: Sequence[Header]) -> tuple[bytes | None, int | None, Sequence[Header]]:
    for index, (name, value) in enumerate(headers):
        version = version_of(value) if name == HEADER else None
        if version is not None:
            return value, version, [*headers[:index], *headers[index + 1 :]]
    return None, None, headers
