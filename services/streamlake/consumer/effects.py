"""All that the landing core may ask of the world: the list of its port calls, and nothing else.

The core's procedures are generators. They yield an `Effect` and are sent its answer, so they hold no thread, no
socket and no clock: threads drive them in production (`runner.py`), a seeded scheduler in the simulator, which may
stall between any two effects, apply one late, lose an answer, or kill the process.

An effect may be repeated at will: reads change nothing, creates are create-only, dead letters fold by key, commits
only move forward. So whoever drives a procedure repeats an effect that failed as Retryable or Unknown, and probes
one that failed as Permanent; the procedure only ever sees answers.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from streamlake.contract.rejection import Rejection

A = TypeVar("A")
T = TypeVar("T")


class Message(Protocol):
    """A record as the Kafka client gives it."""

    # ruff: noqa: D102 -- the client's own names, which its documentation explains
    def offset(self) -> int: ...
    def timestamp(self) -> tuple[int, int]: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...
    def headers(self) -> list[tuple[str, bytes | None]] | None: ...
    def leader_epoch(self) -> int | None: ...


class PartWriter(Protocol):
    """Lines on their way into a part: compressed and hashed elsewhere, while the next ones are judged."""

    @property
    def held_bytes(self) -> int:
        """Memory that it holds now, as near as it knows."""
        ...

    def write(self, lines: bytes) -> None:
        """Take whole lines; may return before they are compressed."""
        ...

    def finish(self) -> "Encoded":
        """All of it; may block until the last line is compressed."""
        ...


class PartFormat(Protocol):
    """Makes writers, by the suffix that stands in a part's name."""

    def __call__(self, suffix: str) -> PartWriter: ...


@dataclass(frozen=True, slots=True)
class Encoded:
    """A part's bytes as they are stored, with the size and checksum of its uncompressed lines."""

    chunks: Sequence[bytes]
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a stored part holds, uncompressed."""

    records: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LogBounds:
    """The offsets that Kafka has: `start` is the first, `end` the next that will be written."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A record to be dead-lettered, and why. A completer that did not judge it knows the reason only."""

    message: Message
    rejection: Rejection
    contract_version: int


@dataclass(frozen=True, slots=True)
class Below:
    """Answer to a fetch: the offset lies below the log start."""

    log_start: int


@dataclass(frozen=True, slots=True)
class Above:
    """Answer to a fetch: the offset lies above the log end. Offsets were lost; never a gap."""

    log_end: int


class Effect(Generic[A]):
    """One port call; `A` is what it answers."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ReadTopicId(Effect[UUID | None]):
    """The id of the topic that has this name now; None where there is none."""

    topic: str


@dataclass(frozen=True, slots=True)
class ReadPartitions(Effect[int]):
    """How many partitions a topic has."""

    topic: str


@dataclass(frozen=True, slots=True)
class ReadBounds(Effect[LogBounds]):
    """Log start and log end of a partition."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class ReadCommitted(Effect[int | None]):
    """The group's committed offset: a hint."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Fetch(Effect["Sequence[Message] | Below | Above"]):
    """Some records from `start` on and below `next`, in order; none of them means there is none before `next`."""

    topic: str
    partition: int
    start: int
    next: int


@dataclass(frozen=True, slots=True)
class Create(Effect[bool]):
    """Create an object only if it does not exist; False where it does."""

    name: str
    chunks: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Read(Effect[bytes | None]):
    """An object of the ledger."""

    name: str


@dataclass(frozen=True, slots=True)
class Size(Effect[int | None]):
    """Whether an object exists, and its stored size."""

    name: str


@dataclass(frozen=True, slots=True)
class ListFrom(Effect[Sequence[str]]):
    """Names with a prefix from `start` on."""

    prefix: str
    start: str
    limit: int


@dataclass(frozen=True, slots=True)
class Measure(Effect["Content | None"]):
    """Read a part and say what it holds; None where there is none."""

    name: str


@dataclass(frozen=True, slots=True)
class FinishPart(Effect[Encoded]):
    """Wait until a part's lines are compressed."""

    writer: PartWriter


@dataclass(frozen=True, slots=True)
class SendDeadLetters(Effect[None]):
    """Send these, and answer when every one of them has its delivery report."""

    source_topic: str
    topic_id: UUID
    partition: int
    letters: Sequence[Letter]


@dataclass(frozen=True, slots=True)
class Commit(Effect[None]):
    """Tell the group where we are: forward only, and never for correctness."""

    topic: str
    partition: int
    next: int


@dataclass(frozen=True, slots=True)
class Alarm(Effect[None]):
    """Say something loudly that an operator must see."""

    code: str
    sentence: str
    start: int
    next: int


Work = Generator[Effect[Any], Any, T]
"""A procedure of the core that ends with a `T`."""


def ask(effect: Effect[A]) -> Work[A]:
    """Yield one effect and return its answer, typed."""
    answer: A = yield effect
    return answer
