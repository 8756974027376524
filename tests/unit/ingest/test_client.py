"""What `send` does with an answer that is final for one event and not for another."""

import json
from typing import Any

import httpx

from streamlake.ingest import client
from streamlake.ingest.client import Tally
from streamlake.ingest.event_file import Portion

ERROR: dict[str, Any] = {"index": 1, "type": "log_unavailable", "detail": "d", "retryable": True, "ingestion_id": None}


def receipt(index: int) -> dict[str, Any]:
    place = {"topic": "t", "partition": 0, "offset": index}
    return {"index": index, "status": "accepted", "ingestion_id": f"id-{index}", **place}


def test_it_sends_the_same_again_so_that_no_event_has_two_ids() -> None:
    """A later run begins with the whole portion: the rest alone, under a key of its own, would have other ids there."""
    answers = [(207, {"receipts": [receipt(0)], "errors": [ERROR]}), (202, {"receipts": [receipt(0), receipt(1)]})]
    asked: list[tuple[str, bytes]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.headers["Idempotency-Key"], request.content))
        status, said = answers[len(asked) - 1]
        return httpx.Response(status, content=json.dumps(said))

    tally, kept = Tally(), list[Any]()
    with httpx.Client(base_url="http://a", transport=httpx.MockTransport(answer)) as http:
        portion = Portion(7, (b"{}", b"[]"), "application/x-ndjson")
        client.send(
            http,
            "orders",
            [portion],
            salt="s",
            patience_seconds=5,
            tally=tally,
            on_receipt=kept.append,
            on_progress=lambda _: None,
        )
    assert asked[0] == asked[1]
    assert [told["index"] for told in kept] == [7, 8]
    assert (tally.accepted, tally.repeated, tally.attempts) == (2, 1, 2)
