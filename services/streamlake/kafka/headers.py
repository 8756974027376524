"""Find the `streamlake` header of many records at once, for landing: a quarter of a microsecond a record.

Looking at each alone costs two. Headers of one producer and minute differ only in the id and in the last digits of
the time, so those are checked for all records together, and what is between them once for each form that it has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from streamlake.kafka.header import version_of
from streamlake.kafka.names import HEADER

Header = tuple[str, bytes | None]

_BEFORE_ID: Final = b'{"ingestion_id":"'
_ID_SHAPE: Final = b"00000000-0000-0000-0000-000000000000"
_HEAD: Final = len(_BEFORE_ID) + len(_ID_SHAPE)
_HEX: Final = bytes.maketrans(b"123456789abcdef", b"0" * 15)
_HEAD_SHAPE: Final = (_BEFORE_ID + _ID_SHAPE).translate(_HEX)
"""Some letters before the id count as digits here too: so what stands before it is counted as well."""
# The last digit of the second and behind it: any digits are right there. The tens of seconds are not free.
_END_SHAPE: Final = b'0.000Z"}'
_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_FORMS: Final = 16
"""More forms in one chunk are no longer cheaper to look at than the records themselves."""


@dataclass(frozen=True, slots=True)
class Metas:
    """By record: the one well-formed `streamlake` header (None where there is none), its version, all others.

    `alike` are those that have that header each, all of one version, and no other.
    """

    values: Sequence[bytes | None]
    versions: Sequence[int | None]
    others: Sequence[Sequence[Header]]
    alike: bool = False

    def until(self, count: int) -> "Metas":
        """Those of the first records."""
        return Metas(self.values[:count], self.versions[:count], self.others[:count], self.alike)

    def without(self, indexes: Iterable[int]) -> "Metas":
        """Those of all but these records."""
        columns = list(self.values), list(self.versions), list(self.others)
        for index in sorted(indexes, reverse=True):
            for column in columns:
                del column[index]
        return Metas(*columns, self.alike)


def metas_of(headers: Sequence[Sequence[Header] | None]) -> Metas:
    """What the headers of these records say, as the client's `headers()` gives them."""
    values, version = _alike(headers)
    if version is not None:
        return Metas(values, [version] * len(values), [()] * len(values), alike=True)
    each = [_split(record or ()) for record in headers]
    return Metas([e[0] for e in each], [e[1] for e in each], [e[2] for e in each])


def _alike(headers: Sequence[Sequence[Header] | None]) -> tuple[list[bytes], int | None]:
    """Each record's only header and the schema version that all of them name, if they are as our own API writes them.

    A version of None says only: look closely.
    """
    try:
        values: list[Any] = [value for ((name, value),) in headers if name == HEADER]  # type: ignore[misc]
        heads = b"".join([value[:_HEAD] for value in values])
        ends = b"".join([value[-len(_END_SHAPE) :] for value in values])
    except (TypeError, ValueError):
        return [], None  # one has no headers, or several, or a null
    count = len(headers)
    if len(values) < count or heads.translate(_HEX) != _HEAD_SHAPE * count or heads.count(_BEFORE_ID) < count:
        return [], None
    if ends.translate(_DIGITS) != _END_SHAPE * count:
        return [], None
    forms = {value[_HEAD : -len(_END_SHAPE)] for value in values}
    versions = {_version_of_form(form) for form in forms} if len(forms) <= _FORMS else set()
    return values, versions.pop() if len(versions) == 1 else None


@lru_cache(maxsize=256)
def _version_of_form(form: bytes) -> int | None:
    return version_of(_BEFORE_ID + _ID_SHAPE + form + _END_SHAPE)


def _split(headers: Sequence[Header]) -> tuple[bytes | None, int | None, Sequence[Header]]:
    for index, (name, value) in enumerate(headers):
        version = version_of(value) if name == HEADER else None
        if version is not None:
            return value, version, [*headers[:index], *headers[index + 1 :]]
    return None, None, headers
