"""Keys change while events come: a new one is taken and a revoked one refused within a bound, without a restart, and no
request is answered by a rule that was never in force."""

import json
import threading
import time
from itertools import pairwise

import pytest

from tests.fire.case import EVENTS, GOOD
from tests.fire.target import Target
from tests.fire.wire import request

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

BOUND_SECONDS = 5.0
"""docs/http-api.md promises two on a machine that has time; the file is looked at once a second."""
ROTATIONS = 4


class Producer:
    """Sends with one key, again and again, and notes when it was answered how."""

    def __init__(self, target: Target, secret: bytes) -> None:
        self._target = target
        self._sent = request(EVENTS, GOOD, b"Authorization: Bearer " + secret)
        self.answers: list[tuple[float, float, int]] = []
        """When it was sent, when it was answered, and the status."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        """Stop sending."""
        self._stop.set()
        self._thread.join()

    def first(self, status: int) -> float:
        """When the first request that was so answered had been sent."""
        return next(sent for sent, _, told in self.answers if told == status)

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._target.wire() as wire:
                sent = time.monotonic()
                wire.send(self._sent)
                answer = wire.answer()
                assert answer is not None
                self._target.note(answer, (GOOD,))
                self.answers.append((sent, time.monotonic(), answer.status))
            self._stop.wait(0.005)


def _run_command(target: Target, *words: str) -> tuple[float, float, dict[str, object]]:
    """When it began, when it had ended, and what it said."""
    began = time.monotonic()
    done = target.api.command("keys", *words, "--json")
    assert done.returncode == 0, done.stderr
    return began, time.monotonic(), json.loads(done.stdout)


def test_keys_are_made_and_revoked_under_load(target: Target) -> None:
    steady = Producer(target, target.secret)
    for number in range(ROTATIONS):
        _, made, said = _run_command(target, "new", f"rotated{number}", "--datasets", "fire")
        key = said["key"]
        assert isinstance(key, dict)
        producer = Producer(target, str(said["secret"]).encode())
        while not any(status == 202 for _, _, status in producer.answers):
            assert time.monotonic() < made + 30
            time.sleep(0.01)
        began, revoked, _ = _run_command(target, "revoke", str(key["id"]))
        while not producer.answers or producer.answers[-1][2] != 401:
            assert time.monotonic() < revoked + 30
            time.sleep(0.01)
        # It stays refused while others go on.
        refused = len(producer.answers)
        while len(producer.answers) < refused + 20:
            time.sleep(0.01)
        producer.end()
        _check(producer, made, began, revoked)
    steady.end()
    assert {status for _, _, status in steady.answers} == {202}, "who had a good key all the time was refused"
    assert len(steady.answers) > 100


def _check(producer: Producer, made: float, revoking: float, revoked: float) -> None:
    """Refused, then taken, then refused; each from within its bound on, and never anything else."""
    statuses = [status for _, _, status in producer.answers]
    assert set(statuses) == {401, 202}
    changes = sum(before != after for before, after in pairwise(statuses))
    assert changes <= 2, "it was taken, refused, and taken again"
    assert producer.first(202) < made + BOUND_SECONDS
    for sent, answered, status in producer.answers:
        if status == 202:
            assert sent < revoked + BOUND_SECONDS, "a revoked key was taken"
        elif answered < revoking:
            assert sent < made + BOUND_SECONDS, "a good key was refused"


def test_a_keys_file_that_is_broken_for_a_while_changes_nothing(target: Target) -> None:
    path = target.api.home / "keys.json"
    good = path.read_bytes()
    steady = Producer(target, target.secret)
    try:
        for broken in (b"", b"{", b"[" * 100_000, b'{"format":1,"keys":[{"id":"x"}]}', good[:-40]):
            path.write_bytes(broken)
            answered = len(steady.answers)
            deadline = time.monotonic() + BOUND_SECONDS
            while time.monotonic() < deadline or len(steady.answers) < answered + 20:
                time.sleep(0.05)
        path.unlink()
        time.sleep(BOUND_SECONDS)
    finally:
        path.write_bytes(good)
        steady.end()
    assert {status for _, _, status in steady.answers} == {202}
    assert [line for line in target.api.logged() if line.get("error_id") == "SL-0520"], "nobody was told"
