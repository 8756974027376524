"""The claim: "[start, next): these went into that part, those into the dead letter topic, these are gone".

Everything that is needed to finish the range stands in it, so that anybody can complete somebody else's claim
without judging a record again. Readers accept this format and, once there is a second, the one before.
"""

from typing import Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from streamlake.errors import Permanent

FORMAT: Final = 1
T = TypeVar("T")

GapReason = Literal["before_streamlake", "earlier_generation", "retention"]
CloseReason = Literal[
    "records", "bytes", "age", "date", "revoked", "stop", "contract", "epoch", "budget", "hole", "breaker"
]


class Unreadable(Permanent):
    """An object of the ledger is not what it must be: written by a newer release, or damaged."""

    code = "SL-0310"


class JudgedBy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A contract, exactly."""

    version: int
    sha256: str


NO_CONTRACT: Final = JudgedBy(0, "")
"""Of a range without a record, and of dead letters, which are taken as they are."""


class Rejections(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Offsets [start, next) were rejected for one reason. The dead letter's text says more.

    `version` is the contract's that said so, where it is not the one that the claim names first.
    """

    start: int
    next: int
    reason: str
    version: int | UnsetType = UNSET


class Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Offsets [start, next) that Kafka no longer had. `seen` is the first offset that a fetch at `start` found."""

    start: int
    next: int
    reason: GapReason
    log_start: int
    seen: int | None


class Fingerprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last record of a range, as Kafka had it: how we notice that offsets were used again."""

    offset: int
    leader_epoch: int | None
    timestamp_ms: int
    crc32: int


class Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """See the module. `rejected` and `gaps` are ascending and disjoint; `next` is the first offset after the range.

    `records` are the lines in the part; `size` ("bytes" in JSON) and `sha256` are those of its uncompressed lines;
    `control` counts the offsets that hold no record (commit markers, aborted transactions).
    So `next - start = records + rejected + gaps + control`, and a test says so.
    `further_contracts` are there only where versions alternated faster than claims can be made: see decision 22.
    """

    format: int = FORMAT
    dataset: str
    topic: str
    chain: str
    partition: int
    start: int
    next: int
    part: str | None
    records: int
    size: int = msgspec.field(name="bytes")
    sha256: str
    rejected: tuple[Rejections, ...] = ()
    gaps: tuple[Gap, ...] = ()
    control: int = 0
    contract_version: int
    contract_sha256: str
    further_contracts: tuple[JudgedBy, ...] | UnsetType = UNSET
    date: str
    min_timestamp_ms: int | None
    max_timestamp_ms: int | None
    last: Fingerprint | None
    closed: CloseReason
    attempt: str
    writer: str
    at: str

    def encode(self) -> bytes:
        """The object's bytes: one line of JSON, so that `cat` and `jq` read the ledger too."""
        return msgspec.json.encode(self) + b"\n"

    @property
    def contract_versions(self) -> set[int]:
        """The versions that judged its records; most often one."""
        return {self.contract_version, *(c.version for c in self.further_contracts or ())}

    @property
    def rejected_records(self) -> int:
        """How many offsets went to the dead letter topic."""
        return sum(r.next - r.start for r in self.rejected)

    @property
    def lost_records(self) -> int:
        """How many offsets Kafka lost before we read them; what was before StreamLake is no loss."""
        return sum(g.next - g.start for g in self.gaps if g.reason == "retention")


class Amendment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Beside a claim: these of its offsets were lost by Kafka before the part was written."""

    format: int = FORMAT
    start: int
    lost: tuple[tuple[int, int], ...]
    records: int
    size: int = msgspec.field(name="bytes")
    sha256: str
    log_start: int
    writer: str
    at: str

    def encode(self) -> bytes:
        """The object's bytes."""
        return msgspec.json.encode(self) + b"\n"


class ChainOpening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Binds a chain to a cluster, a topic and the chain before it. Created once, by whoever reads it first.

    A later generation of a log begins at `starts`, by partition. `lasts` are the records right below, so that a
    second truncation is noticed before the generation has claimed a record of its own.
    """

    format: int = FORMAT
    dataset: str
    cluster_id: str
    topic: str
    topic_id: str
    generation: int
    starts: dict[str, int] = {}
    lasts: dict[str, Fingerprint] = {}
    before: str | None
    reason: Literal["first", "recreated", "truncated", "adopted"]
    at: str

    def encode(self) -> bytes:
        """The object's bytes."""
        return msgspec.json.encode(self) + b"\n"


# Made here, while one thread imports this: see decision 24.
_claims: Final = msgspec.json.Decoder(Claim)
_amendments: Final = msgspec.json.Decoder(Amendment)
_openings: Final = msgspec.json.Decoder(ChainOpening)


def _decode(decoder: "msgspec.json.Decoder[T]", name: str, data: bytes) -> T:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        kind = decoder.type.__name__.lower()
        raise Unreadable(f"{name} is not a {kind} of format {FORMAT}: {error}.") from error


def decode_claim(name: str, data: bytes) -> Claim:
    """The claim in these bytes; Unreadable names the object."""
    return _decode(_claims, name, data)


def decode_amendment(name: str, data: bytes) -> Amendment:
    """The amendment in these bytes."""
    return _decode(_amendments, name, data)


def decode_opening(name: str, data: bytes) -> ChainOpening:
    """The chain's opening in these bytes."""
    return _decode(_openings, name, data)
