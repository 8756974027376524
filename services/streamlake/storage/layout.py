"""Where things stand in the lake. The only module that builds or takes apart an object's name.

    lake.json                                                                who owns this lake
    ledger/dataset=orders/<chain>/chain.json                         the chain: cluster, topic, id, the one before
    ledger/dataset=orders/<chain>/<partition>/<start>.json              a claim
    ledger/dataset=orders/<chain>/<partition>/<start>.lost.json         an amendment: claimed, then lost by Kafka
    raw/dataset=orders/ingestion_date=2026-11-21/part-<chain>-<partition>-<start>.json.gz
                                                       ….json, ….json.zst and ….parquet likewise, as the contract said
    raw/dataset=orders/ingestion_date=2026-11-21/_metadata.json              the seal of a complete day
    dead_letters/dataset=orders/ingestion_date=2026-11-21/part-….json.gz     the same for the dead letter topic
    rescue/dataset=orders/<chain>/<partition>/<start>-<attempt>.json.gz      records that a smaller part left out
    proof/<deployment>/<host>/2026-11-21-0.txt                               several raced to create this, one won
    dead_letters_overflow/dataset=orders/<topic id>/<partition>/<offset>.bin  a dead letter's value, too large for Kafka

`<chain>` is the topic's UUID in base32 and the log's generation, `<partition>` has 5 digits, `<start>` 20, so that
byte order is offset order.
"""

import base64
import datetime
import functools
import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

LAKE: Final = "lake.json"
RAW: Final = "raw"
DEAD_LETTERS: Final = "dead_letters"
DATASET_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
_CHAIN: Final = re.compile(r"(?P<id>[a-z2-7]{26})-(?P<generation>0|[1-9][0-9]*)")
_CLAIM: Final = re.compile(
    r"ledger/dataset=(?P<dataset>[a-z][a-z0-9_]{0,47})/(?P<chain>[a-z2-7]{26}-[0-9]+)"
    r"/(?P<partition>[0-9]{5})/(?P<start>[0-9]{20})\.json"
)
_PART: Final = re.compile(
    r"(?P<zone>raw|dead_letters)/dataset=(?P<dataset>[a-z][a-z0-9_]{0,47})/ingestion_date=(?P<date>[0-9-]{10})"
    r"/part-(?P<chain>[a-z2-7]{26}-[0-9]+)-(?P<partition>[0-9]{5})-(?P<start>[0-9]{20})\.(?P<suffix>[a-z.]+)"
)


@dataclass(frozen=True, slots=True, order=True)
class Chain:
    """One log that was read: a topic's id and its generation, which grows when the log was truncated."""

    topic_id: UUID
    generation: int = 0

    def __str__(self) -> str:
        return f"{base64.b32encode(self.topic_id.bytes).decode().rstrip('=').lower()}-{self.generation}"

    @classmethod
    def parse(cls, text: str) -> "Chain":
        """The chain of that name; ValueError if it is none."""
        return _parse_chain(text)


@functools.lru_cache(256)
def _parse_chain(text: str) -> Chain:
    """Kept, for a walk along a lake meets the same few chains in hundreds of thousands of names."""
    match = _CHAIN.fullmatch(text)
    if match is None:
        raise ValueError(f"not a chain: {text!r}")
    return Chain(UUID(bytes=base64.b32decode(match["id"].upper() + "======")), int(match["generation"]))


@dataclass(frozen=True, slots=True)
class ClaimName:
    """What a claim's name says."""

    dataset: str
    chain: Chain
    partition: int
    start: int


@dataclass(frozen=True, slots=True)
class PartName:
    """What a part's name says."""

    zone: str
    dataset: str
    date: str
    chain: Chain
    partition: int
    start: int
    suffix: str


def ledger_prefix(dataset: str) -> str:
    """All chains of a dataset."""
    return f"ledger/dataset={dataset}/"


def chain_prefix(dataset: str, chain: Chain) -> str:
    """All that is recorded of one chain."""
    return f"{ledger_prefix(dataset)}{chain}/"


def chain_opening(dataset: str, chain: Chain) -> str:
    """The object that opens a chain."""
    return f"{chain_prefix(dataset, chain)}chain.json"


def partition_prefix(dataset: str, chain: Chain, partition: int) -> str:
    """All claims of one partition."""
    return f"{chain_prefix(dataset, chain)}{partition:05}/"


def claim(dataset: str, chain: Chain, partition: int, start: int) -> str:
    """The claim that begins at `start`. Its name depends on nothing else."""
    return f"{partition_prefix(dataset, chain, partition)}{start:020}.json"


def amendment(dataset: str, chain: Chain, partition: int, start: int, count: int = 0) -> str:
    """What Kafka lost of a claimed range before it could be landed; `count` amendments came before this one."""
    again = f".{count + 1}" if count else ""
    return f"{partition_prefix(dataset, chain, partition)}{start:020}.lost{again}.json"


def day_prefix(zone: str, dataset: str, date: str) -> str:
    """The folder of one day."""
    return f"{zone}/dataset={dataset}/ingestion_date={date}/"


def part(zone: str, dataset: str, date: str, chain: Chain, partition: int, start: int, suffix: str) -> str:
    """A part. Only the owner of a claim builds this; everybody else reads it from the claim."""
    return f"{day_prefix(zone, dataset, date)}part-{chain}-{partition:05}-{start:020}.{suffix}"


def seal(zone: str, dataset: str, date: str) -> str:
    """The seal of a complete day."""
    return f"{day_prefix(zone, dataset, date)}_metadata.json"


def rescue(dataset: str, chain: Chain, partition: int, start: int, attempt: str, suffix: str) -> str:
    """Where records go that a smaller part of the same name left out."""
    return f"rescue/dataset={dataset}/{chain}/{partition:05}/{start:020}-{attempt}.{suffix}"


def proof(owner: str, date: str, number: int) -> str:
    """What creators race for at start, to prove that the store lets one of them win. `owner` is deployment and host."""
    return f"proof/{owner}/{date}-{number}.txt"


def overflow(dataset: str, letter_id: str) -> str:
    """The value of a dead letter that is too large for its topic."""
    return f"dead_letters_overflow/dataset={dataset}/{letter_id}.bin"


def parse_claim(name: str) -> ClaimName | None:
    """What a claim's name says; None for any other object, an amendment among them."""
    match = _CLAIM.fullmatch(name)
    if match is None:
        return None
    return ClaimName(match["dataset"], Chain.parse(match["chain"]), int(match["partition"]), int(match["start"]))


def parse_part(name: str) -> PartName | None:
    """What a part's name says; None for any other object."""
    match = _PART.fullmatch(name)
    if match is None:
        return None
    chain = Chain.parse(match["chain"])
    partition, start = int(match["partition"]), int(match["start"])
    return PartName(match["zone"], match["dataset"], match["date"], chain, partition, start, match["suffix"])


def next_day(date: str) -> str:
    """The day after `YYYY-MM-DD`."""
    return (datetime.date.fromisoformat(date) + datetime.timedelta(days=1)).isoformat()


def is_day(text: str) -> bool:
    """Whether it is a date as folders have it, `YYYY-MM-DD`."""
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
