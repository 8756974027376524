"""Random changes to requests of the corpus: whatever comes, the answers are answers, and the log is what they say."""

import random
import sys

import pytest

from tests.fire.case import GOOD, LIVE, post
from tests.fire.corpus_http import FRAMING, TE
from tests.fire.target import Place, Target
from tests.fire.test_corpus import CORPUS
from tests.fire.wire import Answer, chunked

pytestmark = pytest.mark.broker

_LONGEST = 4000
_TOKENS = (
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b",", b"0", b"ff", b"%", b"%00", b"\x80", b'"', b"\\"),
    *(b"{", b"}", b"[", b"]", b"\r\n\r\n", b"0\r\n\r\n", b"\r\n ", b"HTTP/1.0", b"HTTP/1.1", b"chunked", b"close"),
    *(b"\r\n" + TE, b"\r\nContent-Length: 5", b"\r\nContent-Length: 0", b"\r\nConnection: close", b"\r\nHost: a"),
    *(b"\r\nUpgrade: h2c\r\nConnection: upgrade", b"\r\nExpect: 100-continue", b"\r\nContent-Encoding: gzip"),
    *(b"\r\nce-id: 1", LIVE, post(GOOD), chunked(GOOD)),
)
_ANSWERS = frozenset({200, 202, 207, 400, 401, 403, 404, 405, 408, 413, 415, 422, 431})


def _seeds() -> list[bytes]:
    mostly_right = [post(GOOD), post(b"[" + GOOD + b"," + GOOD + b"]"), post(GOOD) * 3, FRAMING["chunks"].sent]
    # Which of several requests was a HEAD could not be told any more, and its answer has no body.
    return mostly_right * 40 + [c.sent for c in CORPUS.values() if len(c.sent) < _LONGEST and not c.to_head]


def _changed(chance: random.Random, seeds: list[bytes]) -> bytes:
    sent = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 1, 1, 2, 8))):
        at = chance.randrange(len(sent) + 1)
        to = min(len(sent), at + chance.choice((1, 1, 2, 4, 16, 64)))
        match chance.randrange(7):
            case 0 if at < len(sent):
                sent[at] ^= 1 << chance.randrange(8)
            case 1:
                del sent[at:to]
            case 2:
                sent[at:at] = sent[at:to]
            case 3:
                sent[at:to] = chance.randbytes(to - at)
            case 4:
                del sent[at:]
            case 5:
                other = chance.choice(seeds)
                sent[at:] = other[chance.randrange(len(other) + 1) :]
            case _:
                sent[at:at] = chance.choice(_TOKENS)
    return bytes(sent)


def _answers(target: Target, sent: bytes) -> list[Answer]:
    """All answers until it hangs up, which it must once we have closed our half."""
    found = []
    with target.wire() as wire:
        wire.send(target.with_key(sent))
        wire.end()
        while answer := wire.answer():
            found.append(answer)
    return found


def _fire(target: Target, seed: int, count: int) -> dict[int, int]:
    chance = random.Random(seed)
    seeds = _seeds()
    told: dict[int, int] = {}
    came_in: dict[Place, bytes] = {}
    for number in range(count):
        sent = _changed(chance, seeds)
        try:
            for answer in _answers(target, sent):
                assert answer.status in _ANSWERS, answer
                told[answer.status] = told.get(answer.status, 0) + 1
                came_in |= dict.fromkeys(target.note(answer, None), sent)
            if number % 100 == 99:
                target.answers_others()
                _check_bytes(target.check_log(), came_in)
                came_in.clear()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, change {number}: {sent!r}") from error
    return told


def _check_bytes(log: dict[Place, bytes], came_in: dict[Place, bytes]) -> None:
    """What is in the log stood in the request, but where it was packed, or cut into chunks."""
    for place, value in log.items():
        sent = came_in[place]
        if not any(word in sent.lower() for word in (b"chunked", b"gzip", b"zstd", b"base64")):
            assert value in sent, (value, sent)


def _report(seed: int, told: dict[int, int]) -> None:
    sys.stdout.write(f"seed {seed}: answers {dict(sorted(told.items()))}\n")


def test_changed_at_random(target: Target) -> None:
    seed = random.getrandbits(32)
    told = _fire(target, seed, 3000)
    _report(seed, told)
    assert told[202] > 100, "hardly anything was right: the seeds are not what they were"
    assert told[400] > 100


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_changed_at_random_for_long(target: Target) -> None:
    seed = random.getrandbits(32)
    _report(seed, _fire(target, seed, 60_000))
