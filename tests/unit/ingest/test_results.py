"""Each event is in exactly one of the two lists, and the answer's status follows from what became of them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamlake.ingest.errors import BreaksContract, LogUnavailable, Malformed, OutcomeUnknown, Refusal, TooLarge
from streamlake.ingest.results import Failure, Receipt, answer, kind_of_reason, problem, undelivered
from streamlake.kafka import errors as kafka

KINDS: list[type[Refusal]] = [BreaksContract, LogUnavailable, Malformed, OutcomeUnknown, TooLarge]


def failure(index: int, kind: type[Refusal]) -> Failure:
    return Failure(index, kind, "type", "why", ingestion_id=f"id-{index}")


@given(
    st.lists(st.one_of(st.sampled_from(["accepted", "dead_lettered"]), st.sampled_from(KINDS)), min_size=1, max_size=9)
)
def test_every_index_has_one_answer(outcomes: list[Any]) -> None:
    kept: list[tuple[int, Any]] = [(i, o) for i, o in enumerate(outcomes) if isinstance(o, str)]
    receipts = [Receipt(i, o, f"id-{i}", "t", 0, i) for i, o in kept]
    failures = [failure(i, o) for i, o in enumerate(outcomes) if not isinstance(o, str)]
    said = answer("d", receipts, failures, dry_run=False)
    body = json.loads(said.body)
    indexes = [entry["index"] for entry in body.get("receipts", []) + body.get("errors", [])]
    assert sorted(indexes) == list(range(len(outcomes)))
    if not failures:
        assert said.status == 202
    elif receipts:
        assert said.status == 207
    else:
        kinds = [kind for kind in outcomes if not isinstance(kind, str)]
        assert said.status in {kind.status for kind in kinds} | {422}
        assert body["status"] == said.status
    if any(kind in (LogUnavailable, OutcomeUnknown) for kind in outcomes):
        assert any(name == b"retry-after" for name, _ in said.headers)
    for error in body.get("errors", []):
        assert error["retryable"] == (outcomes[error["index"]] in (LogUnavailable, OutcomeUnknown))
        assert (error.get("outcome") == "unknown") == (outcomes[error["index"]] is OutcomeUnknown)


def test_what_may_have_been_written_outranks_everything() -> None:
    said = answer("d", [], [failure(index, kind) for index, kind in enumerate(KINDS)], dry_run=False)
    body = json.loads(said.body)
    assert (said.status, body["outcome"], body["ingestion_ids"]) == (503, "unknown", ["id-3"])


@pytest.mark.parametrize(
    ("reason", "status"),
    [("size", 413), ("json.nan", 400), ("json.depth", 400), ("json.top_level", 422), ("contract.missing", 422)],
)
def test_the_gates_reasons_have_their_status(reason: str, status: int) -> None:
    assert kind_of_reason(reason).status == status


@pytest.mark.parametrize(
    ("error", "status", "retryable"),
    [
        (kafka.KafkaUnavailable("x"), 503, True),
        (kafka.SendQueueFull("x"), 503, True),
        (kafka.OutcomeUnknown("x"), 503, True),
        (kafka.TopicMissing("x"), 503, True),
        (kafka.Denied("x"), 503, True),
        (kafka.RecordTooLarge("x"), 413, False),
    ],
)
def test_kafkas_errors_have_their_status(error: Any, status: int, retryable: bool) -> None:
    found = undelivered(0, error, "id")
    assert (found.kind.status, found.retryable) == (status, retryable)
    assert (found.ingestion_id == "id") == isinstance(error, kafka.OutcomeUnknown)


def test_a_problem_says_what_to_do() -> None:
    body = json.loads(problem(TooLarge("big.", next_step="smaller.")).body)
    assert body == {
        "type": "urn:streamlake:error:SL-0505",
        "title": "Too large",
        "status": 413,
        "detail": "big.",
        "error_id": "SL-0505",
        "next_step": "smaller.",
        "errors": [],
    }
