"""A small lake written by hand, claim by claim, and the ways to damage it: for tests of what judges a lake."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import zstandard

from streamlake.storage import layout
from streamlake.storage.claim import Amendment, ChainOpening, Claim, Fingerprint, Gap, Rejections
from streamlake.storage.lake import LakeIdentity
from streamlake.storage.layout import Chain
from streamlake.storage.local import LocalStore
from streamlake.storage.part_encoding import encoder
from streamlake.storage.seal import Seal, SealedPart, SealedRange
from tests.oracle.parts import unpacked

DATE = "2026-11-21"
TIMESTAMP_MS = 1795226400123  # on that day
AT = "2026-11-21T02:00:01+00:00"
TOPIC_ID = UUID("6f1c0de5-59a4-4b33-9a4b-8a3e6c0f1d22")
DLQ_ID = UUID("0a1b2c3d-1111-4222-8333-444455556666")


def raw_line(topic: str, partition: int, offset: int, payload: str = "", timestamp_ms: int = TIMESTAMP_MS) -> bytes:
    """A line of the raw zone, by the letter of its format."""
    head = {"topic": topic, "kafka_partition": partition, "kafka_offset": offset, "timestamp_ms": timestamp_ms}
    head |= {"key": f"k{offset}", "meta": None, "headers": []}
    body = payload or f'{{"n":{offset}}}'
    return f'{json.dumps(head, separators=(",", ":"))[:-1]},"payload":{body}}}\n'.encode()


def dead_line(topic: str, offset: int, key: str, value: str = "{bad", why: str | None = None) -> bytes:
    """A line of the dead letters' zone. `why` is the content of its last header."""
    headers = [] if why is None else [{"name": "streamlake.dead_letter", "value": why}]
    line = {"topic": topic, "kafka_partition": 0, "kafka_offset": offset, "timestamp_ms": TIMESTAMP_MS, "key": key}
    return json.dumps(line | {"headers": headers, "value": value}, separators=(",", ":")).encode() + b"\n"


def packed(name: str, lines: bytes) -> bytes:
    """A part of that name with these lines. The plain formats by hand; Parquet, and what is in it, by the product."""
    if name.endswith(".gz"):
        return gzip.compress(lines, mtime=0)
    if name.endswith(".zst"):
        return zstandard.ZstdCompressor().compress(lines)
    if name.endswith(".parquet"):
        part = encoder("parquet")
        part.write(lines)
        return b"".join(part.finish())
    return lines


def owner(cluster_id: str = "cluster") -> bytes:
    """The `lake.json` of a lake by hand."""
    return msgspec.json.encode(LakeIdentity(id="hand", cluster_id=cluster_id, deployment="test", at=AT))


class HandLake:
    """Each call of `land` goes on where the one before ended. Chains open themselves."""

    def __init__(self, root: Path, dataset: str = "orders", cluster_id: str = "cluster") -> None:
        root.mkdir(exist_ok=True)
        self.root = root
        self.dataset = dataset
        self.store = LocalStore(root)
        self.cluster_id = cluster_id
        self.date = DATE
        self.store.create(layout.LAKE, [owner(cluster_id)])
        self.chain = Chain(TOPIC_ID)
        self.raw_topic = f"streamlake.{dataset}.raw"
        self.dlq_topic = f"streamlake.{dataset}.dlq"
        self._heads: dict[tuple[str, int], int] = {}
        self._sealed: dict[tuple[str, int], int] = {}

    def land(
        self,
        records: int,
        *,
        partition: int = 0,
        rejected: Sequence[int] = (),
        gaps: Sequence[Gap] = (),
        control: int = 0,
        date: str | None = None,
        suffix: str = "json.gz",
        chain: Chain | None = None,
        lines: bytes | None = None,
        last: Fingerprint | None = None,
    ) -> Claim:
        """Land so many offsets, `rejected` (absolute) among them; gaps first, control records last."""
        chain, date = chain or self.chain, date or self.date
        at = self._heads.get((str(chain), partition), 0)
        start = gaps[0].start if gaps else at
        first = gaps[-1].next if gaps else at
        offsets = [o for o in range(first, first + records) if o not in rejected]
        if lines is None:
            lines = b"".join(raw_line(self.raw_topic, partition, o) for o in offsets)
        name = layout.part(layout.RAW, self.dataset, date, chain, partition, start, suffix)
        claim = self._claim(
            self.raw_topic, chain, partition, start, first + records + control, name if records else None, lines, date,
            rejected=tuple(Rejections(o, o + 1, "not_json") for o in rejected), gaps=tuple(gaps), control=control,
            last=last,
        )  # fmt: skip
        self._create(claim, chain, lines)
        self._heads[str(chain), partition] = claim.next
        return claim

    def land_dead_letters(
        self, offsets: Sequence[int], *, chain: Chain | None = None, lines: bytes | None = None
    ) -> Claim:
        """Land a dead letter for each of these offsets of the raw topic's first partition."""
        chain = chain or Chain(DLQ_ID)
        start = self._heads.get((str(chain), 0), 0)
        if lines is None:
            keys = [f"{self.chain.topic_id}/0/{o}" for o in offsets]
            lines = b"".join(dead_line(self.dlq_topic, start + n, key) for n, key in enumerate(keys))
        name = layout.part(layout.DEAD_LETTERS, self.dataset, self.date, chain, 0, start, "json.gz")
        claim = self._claim(self.dlq_topic, chain, 0, start, start + len(offsets), name, lines, self.date)
        self._create(claim, chain, lines)
        self._heads[str(chain), 0] = claim.next
        return claim

    def amend(self, claim: Claim, lost_up_to: int, lines: bytes = b"") -> None:
        """Put on record that Kafka lost the claim's range up to there."""
        amendment = Amendment(
            start=claim.start, lost=((claim.start, lost_up_to),), records=lines.count(b"\n"), size=len(lines),
            sha256=hashlib.sha256(lines).hexdigest(), log_start=lost_up_to, writer="hand", at=AT,
        )  # fmt: skip
        name = layout.amendment(self.dataset, Chain.parse(claim.chain), claim.partition, claim.start)
        assert self.store.create(name, [amendment.encode()])

    def seal(self, claims: Sequence[Claim], date: str | None = None, zone: str = layout.RAW) -> Path:
        """Seal a day of a zone that holds these claims, each partition from where the seal before it ended."""
        date = date or self.date
        ranges: dict[str, dict[str, SealedRange]] = {}
        for chain, partition in sorted({(c.chain, c.partition) for c in claims}):
            ours = [c for c in claims if (c.chain, c.partition) == (chain, partition)]
            start = self._sealed.get((chain, partition), 0)
            self._sealed[chain, partition] = ours[-1].next
            ranges.setdefault(chain, {})[str(partition)] = SealedRange(
                start=start, next=ours[-1].next, claims=len(ours), records=sum(c.records for c in ours),
                size=sum(c.size for c in ours), dead_letters=sum(c.rejected_records for c in ours),
                control=sum(c.control for c in ours), gaps=tuple(g for c in ours for g in c.gaps),
            )  # fmt: skip
        parts = [SealedPart(name=c.part, records=c.records, size=c.size, sha256=c.sha256) for c in claims if c.part]
        seal = Seal(
            dataset=self.dataset, topic=claims[0].topic, zone=zone, date=date, contract_versions=(1,),
            dead_letters=sum(c.rejected_records for c in claims), records=sum(c.records for c in claims),
            size=sum(c.size for c in claims), ranges=ranges, parts=tuple(parts), sealed_by="hand", sealed_at=AT,
        )  # fmt: skip
        assert self.store.create(layout.seal(zone, self.dataset, date), [seal.encode()])
        return self.root / layout.seal(zone, self.dataset, date)

    def claim_path(self, claim: Claim) -> Path:
        """The claim's file."""
        return self.root / layout.claim(self.dataset, Chain.parse(claim.chain), claim.partition, claim.start)

    def part_path(self, claim: Claim) -> Path:
        """The part's file."""
        return self.root / str(claim.part)

    def edit_claim(self, claim: Claim, **changes: object) -> None:
        """Change fields of a stored claim."""
        path = self.claim_path(claim)
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def edit_lines(self, claim: Claim, change: Callable[[list[bytes]], Sequence[bytes]]) -> None:
        """Change the lines of a stored part, without its claim."""
        path = self.part_path(claim)
        lines = unpacked(path.name, path.read_bytes()).splitlines(keepends=True)
        path.write_bytes(packed(path.name, b"".join(change(lines))))

    def _claim(
        self, topic: str, chain: Chain, partition: int, start: int, next_offset: int, part: str | None, lines: bytes,
        date: str, **others: object,
    ) -> Claim:  # fmt: skip
        times = [int(found) for found in re.findall(rb'"timestamp_ms":([0-9]+)', lines)] or [TIMESTAMP_MS]
        fields: dict[str, object] = {
            "dataset": self.dataset, "topic": topic, "chain": str(chain), "partition": partition, "start": start,
            "next": next_offset, "part": part, "records": lines.count(b"\n"), "size": len(lines),
            "sha256": hashlib.sha256(lines).hexdigest(), "contract_version": 1, "contract_sha256": "c", "date": date,
            "min_timestamp_ms": min(times), "max_timestamp_ms": max(times), "last": None, "closed": "age",
            "attempt": "a1", "writer": "hand", "at": AT,
        }  # fmt: skip
        return Claim(**(fields | others))  # type: ignore[arg-type] # the fields are listed above

    def _create(self, claim: Claim, chain: Chain, lines: bytes) -> None:
        self._open(claim.topic, chain)
        name = layout.claim(self.dataset, chain, claim.partition, claim.start)
        assert self.store.create(name, [claim.encode()])
        if claim.part is not None:
            assert self.store.create(claim.part, [packed(claim.part, lines)])

    def _open(self, topic: str, chain: Chain) -> None:
        opening = ChainOpening(
            dataset=self.dataset, cluster_id=self.cluster_id, topic=topic, topic_id=str(chain.topic_id),
            generation=chain.generation, before=None, reason="first", at=AT,
        )  # fmt: skip
        self.store.create(layout.chain_opening(self.dataset, chain), [opening.encode()])


def a_good_lake(root: Path, suffix: str = "json.gz") -> tuple[HandLake, Mapping[str, Claim]]:
    """Two partitions, three claims in the first, a dead letter, a hole that is on record as harmless, several formats.

    The part of the second claim, which tests damage, ends in `suffix`.
    """
    lake = HandLake(root)
    claims = {
        "first": lake.land(5, gaps=[Gap(0, 10, "before_streamlake", 10, 10)]),
        "second": lake.land(8, rejected=[17, 20], control=1, suffix=suffix),
        "last": lake.land(6, suffix="parquet"),
        "other": lake.land(4, partition=1, suffix="json"),
        "dead": lake.land_dead_letters([17, 20]),
    }
    return lake, claims
