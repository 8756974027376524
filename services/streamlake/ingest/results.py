"""What became of each event, and the answer that says so. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from streamlake.errors import Permanent, Rejected, Retryable, StreamlakeError, Unknown
from streamlake.ingest.errors import (
    BreaksContract,
    LogUnavailable,
    Malformed,
    OutcomeUnknown,
    Refusal,
    TooLarge,
)

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"

Status = Literal["accepted", "dead_lettered"]

_encode: Final = msgspec.json.Encoder().encode


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An event that is kept. Without a place in Kafka only in a dry run."""

    index: int
    status: Status
    ingestion_id: str
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that is not known to be kept. `kind` is the answer that it would get if it were alone."""

    index: int
    kind: type[Refusal]
    type: str
    detail: str
    field: str | None = None
    ingestion_id: str | None = None

    @property
    def retryable(self) -> bool:
        """Whether sending the same again may work."""
        return issubclass(self.kind, Retryable | Unknown)

    def as_dict(self) -> dict[str, Any]:
        """As the answer has it."""
        said = {
            "index": self.index,
            "type": self.type,
            "detail": self.detail,
            "field": self.field,
            "retryable": self.retryable,
            "ingestion_id": self.ingestion_id,
        }
        return said | {"outcome": "unknown"} if issubclass(self.kind, Unknown) else said


class Answer(msgspec.Struct, frozen=True, gc=False):
    """An HTTP answer."""

    status: int
    media: bytes
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    error_id: str | None = None
    close: bool = False


def kind_of_reason(reason: str) -> type[Refusal]:
    """What an event that the gate refuses for this reason would get if it were alone."""
    if reason == "size":
        return TooLarge
    if reason.startswith("json.") and reason != "json.top_level":
        return Malformed
    return BreaksContract


def undelivered(index: int, error: StreamlakeError, ingestion_id: str) -> Failure:
    """The failure of an event that was to be sent."""
    if isinstance(error, Unknown):
        return Failure(index, OutcomeUnknown, "outcome_unknown", error.message, ingestion_id=ingestion_id)
    if isinstance(error, Rejected):
        return Failure(index, TooLarge, "size", f"with its key and headers it is too large: {error.message}")
    detail = f"{error.message} {error.next_step}" if isinstance(error, Permanent) else error.message
    return Failure(index, LogUnavailable, "log_unavailable", detail.strip())


def dead_lettered(receipts: Sequence[Receipt]) -> int:
    """How many of them are of dead letters."""
    return [receipt.status for receipt in receipts].count("dead_lettered")


def answer(dataset: str, receipts: Sequence[Receipt], failures: Sequence[Failure], *, dry_run: bool) -> Answer:
    """202 (200 in a dry run) where all are kept, 207 where some are, a problem where none is."""
    if not receipts:
        return problem(_overall(dataset, failures), failures)
    dead = dead_lettered(receipts)
    said: dict[str, Any] = {"dataset": dataset}
    if dry_run:
        said["dry_run"] = True
    said |= {
        "accepted": len(receipts) - dead,
        "dead_lettered": dead,
        "receipts": receipts,
    }
    if not failures:
        return Answer(200 if dry_run else 202, JSON, _encode(said))
    said["errors"] = [failure.as_dict() for failure in failures]
    waits = [f.kind.retry_after_seconds for f in failures if f.kind.retry_after_seconds is not None]
    return Answer(207, JSON, _encode(said), _retry_after(max(waits)) if waits else ())


def problem(refusal: Refusal, failures: Sequence[Failure] = ()) -> Answer:
    """A problem document (RFC 9457)."""
    said: dict[str, Any] = {
        "type": f"urn:streamlake:error:{refusal.code}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.message,
        "error_id": refusal.code,
    }
    if refusal.next_step:
        said["next_step"] = refusal.next_step
    said |= refusal.extra
    if isinstance(refusal, Unknown):
        said["outcome"] = "unknown"
    said["errors"] = [failure.as_dict() for failure in failures]
    headers = refusal.headers
    if refusal.retry_after_seconds is not None:
        headers += _retry_after(refusal.retry_after_seconds)
    return Answer(refusal.status, PROBLEM, _encode(said), headers, refusal.code, refusal.close)


def _overall(dataset: str, failures: Sequence[Failure]) -> Refusal:
    """The answer for a request of which nothing is kept: the gravest of its events' own."""
    for kind in (OutcomeUnknown, LogUnavailable, TooLarge, Malformed):
        found = [failure for failure in failures if failure.kind is kind]
        if found and (issubclass(kind, Retryable | Unknown) or len(found) == len(failures)):
            return _of(kind, dataset, found, len(failures))
    return _of(BreaksContract, dataset, failures, len(failures))


def _of(kind: type[Refusal], dataset: str, found: Sequence[Failure], count: int) -> Refusal:
    first = found[0]
    where = "" if count == 1 else f"event {first.index} of {count}: "
    detail = f"{where}{first.detail}".removesuffix(".")
    if issubclass(kind, Unknown):
        ids = [failure.ingestion_id for failure in found]
        return kind(
            f"{detail}.",
            next_step=f"Send the same again, with the same Idempotency-Key, or look for the ids in {dataset}.",
            ingestion_ids=ids,
        )
    if kind is LogUnavailable:
        return kind(f"{detail}.", next_step="Send the same again after the time in Retry-After.")
    return kind(f"{detail}.", next_step=f"GET /v1/datasets/{dataset} says what is accepted.")


def _retry_after(seconds: int) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"retry-after", str(seconds).encode()),)
