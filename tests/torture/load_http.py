"""A producer that posts: single events, arrays and lines, plain or zipped, and asks again where it must."""

import gzip
import http.client
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.oracle.records import event_digest
from tests.torture import events
from tests.torture.events import Made
from tests.torture.journal import Writer

ATTEMPTS = 8


@dataclass
class Poster:
    """One client. `secret` is asked for before each request, for keys are rotated; `ended` ends the retrying."""

    name: str
    port: int
    dataset: str
    secret: Callable[[], str]
    ended: Callable[[], bool]
    journal: Writer
    dice: random.Random
    rate: float
    number: int = 0
    _connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Post until it is told to end."""
        while not self.ended():
            began = time.monotonic()
            count = self.dice.choice((1, 1, 2, 10, 40))
            ids = [f"{self.name}-{self.number + index}" for index in range(count)]
            self.number += count
            self._post(events.batch(self.dice, ids), retried=self.dice.random() < 0.6)
            time.sleep(max(0.0, count / self.rate - (time.monotonic() - began)))

    def _post(self, made: Sequence[Made], *, retried: bool) -> None:
        if self.dice.random() < 0.05 and len(made) > 1:
            made = [*made[:-1], (made[-1][0], events.broken(self.dice, made[-1][0]))]
            media, body = "application/x-ndjson", b"\n".join(value for _, value in made)
        elif len(made) == 1:
            media, body = "application/json", made[0][1]
        elif self.dice.random() < 0.5:
            media, body = "application/json", b"[" + b" ,\n".join(value for _, value in made) + b"]"
        else:
            media, body = "application/x-ndjson", b"\n".join(value for _, value in made) + b"\n"
        headers = {"Content-Type": media}
        if retried:
            headers["Idempotency-Key"] = made[0][0]
        if self.dice.random() < 0.3:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        for attempt in range(ATTEMPTS if retried else 1):
            if attempt:
                time.sleep(min(2.0, 0.2 * 2**attempt))
            if self._attempt(made, body, headers) or (attempt and self.ended()):
                return

    def _attempt(self, made: Sequence[Made], body: bytes, headers: dict[str, str]) -> bool:
        """Whether nothing is left to be asked again."""
        ids = [its for its, _ in made]
        self.journal.tried((its, event_digest(None, value)) for its, value in made)
        try:
            answer = self._ask(body, headers | {"Authorization": f"Bearer {self.secret()}"})
        except (OSError, http.client.HTTPException) as error:
            self._connection = None
            if isinstance(error, ConnectionRefusedError):
                self.journal.refused(ids)
            else:
                self.journal.unknown(ids)
            return False
        return self._note(ids, *answer)

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        self._connection.request("POST", f"/v1/datasets/{self.dataset}/events", body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.will_close:
            self._connection = None
        return answer.status, json.loads(content)

    def _note(self, ids: list[str], status: int, said: dict[str, Any]) -> bool:
        """What each event was told. Exactly one of kept, refused and unknown."""
        receipts = said.get("receipts", [])
        self.journal.kept((ids[r["index"]], r["topic"], r["partition"], r["offset"]) for r in receipts)
        failures = {f["index"]: f for f in said.get("errors", [])}
        left = set(range(len(ids))) - {r["index"] for r in receipts}
        may = {i for i in left if failures.get(i, said).get("outcome") == "unknown"}
        self.journal.unknown(ids[i] for i in sorted(may))
        self.journal.refused(ids[i] for i in sorted(left - may))
        again = any(failure.get("retryable") for failure in failures.values())
        return not (may or again or status in (401, 429, 503))
