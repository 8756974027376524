"""What stands in for contracts and compression: versions that judge differently, and a suffix that changes bytes."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from streamlake.consumer.effects import Content, Encoded, Letter, Message
from streamlake.consumer.handler import Judgement
from streamlake.consumer.line import LineFormat, RawLines
from streamlake.contract.rejection import Rejection
from streamlake.registry.registry import UnknownVersion
from streamlake.storage.claim import JudgedBy
from tests.simulation.broker import Record

NEWEST_VERSION = 4
DAY_MS = 86_400_000
_REJECTION = Rejection("contract.range", "The version that judged it says so.")
_SQUEEZED = b"squeezed:"
_COLUMNS = re.compile(rb"columns in ([0-9]+) pieces:")


def rejects(version: int, event: int) -> bool:
    """Any two versions disagree about some events, both ways."""
    return (event * 7 + version * 3) % 5 == 0 or (event // 4) % 6 == version


def suffix_of(version: int) -> str:
    """Today's version decides how a part is stored."""
    return ("json", "json.gz", "parquet")[version % 3]


@dataclass(slots=True)
class VersionedHandler:
    """One process's contracts: `today` is the newest that it knows."""

    today: int
    zone: str = "raw"
    lines: LineFormat = field(default_factory=RawLines)

    def judge(self, messages: Sequence[Message], contracts: int = 1) -> Judgement:
        judged_by: list[int] = []
        rejected: dict[int, Letter] = {}
        count = 0
        for record in cast(Sequence[Record], messages):
            version = self.today if record.names is None else record.names
            judged_by += [version] if version not in judged_by else []
            if version > self.today or len(judged_by) > contracts:
                judged_by.remove(version)
                break
            if rejects(version, record.event):
                rejected[count] = Letter(cast(Message, record), _REJECTION, version)
            count += 1
        if not count:
            raise UnknownVersion("orders", version, self.today)
        return Judgement(count, [JudgedBy(v, f"{v:064}") for v in judged_by], suffix_of(self.today), rejected)


@dataclass(slots=True)
class InlineWriter:
    """Holds a part's lines in memory."""

    suffix: str
    lines: list[bytes] = field(default_factory=list)

    @property
    def held_bytes(self) -> int:
        return sum(map(len, self.lines))

    def write(self, lines: bytes) -> None:
        self.lines.append(lines)

    def finish(self) -> Encoded:
        text = b"".join(self.lines)
        if self.suffix == "json.gz":
            stored = _SQUEEZED + text
        elif self.suffix == "parquet":
            # Other bytes by another writer of the same lines, as Parquet may have.
            stored = b"columns in %d pieces:" % len(self.lines) + text
        else:
            stored = text
        return Encoded([stored], len(text), hashlib.sha256(text).hexdigest())


def text_of(name: str, stored: bytes) -> bytes:
    """The lines of a stored part; its name says how they are stored."""
    if name.endswith(".parquet"):
        head = _COLUMNS.match(stored)
        assert head is not None, f"{name} is not stored as its suffix says"
        return stored[head.end() :]
    if not name.endswith(".gz"):
        return stored
    assert stored.startswith(_SQUEEZED), f"{name} is not stored as its suffix says"
    return stored.removeprefix(_SQUEEZED)


def content_of(name: str, stored: bytes) -> Content:
    text = text_of(name, stored)
    return Content(text.count(b"\n"), len(text), hashlib.sha256(text).hexdigest())
