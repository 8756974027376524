"""Clients that are many, slow, greedy or silent: others are answered meanwhile, each is cut off in its time, and the
worker stays below the memory that it may have (`Target.check`, after every test)."""

import gzip
import random
import selectors
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import zstandard

from tests.fire.case import AUTHORIZATION, EVENTS, GOOD, LIVE, event, post
from tests.fire.target import Target
from tests.fire.wire import Wire, request
from tests.support.broker import until

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

CLIENT_SECONDS = 4.0
"""`STREAMLAKE_API_CLIENT_SECONDS` of the API that is fired at."""
_MIB = 1 << 20
_NDJSON = b"application/x-ndjson"


@contextmanager
def _many(target: Target, count: int) -> Iterator[list[Wire]]:
    with ExitStack() as stack:
        yield [stack.enter_context(target.wire()) for _ in range(count)]


def _at_once(count: int, work: Callable[[int], object]) -> None:
    """Run it in so many threads; what one raises is raised."""
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, range(count)))


def _sent(target: Target, sent: bytes) -> int:
    """The status of one request on a connection of its own; what it acknowledges is noted."""
    with target.wire() as wire:
        wire.send(target.with_key(sent))
        answer = wire.answer(60)
        assert answer is not None
        target.note(answer, None)
        return answer.status


BOMBS = {
    b"gzip": (gzip.compress(bytes(100 * _MIB)), 413),
    b"zstd": (zstandard.ZstdCompressor().compress(bytes(100 * _MIB)), 413),
    b"gzip in gzip": (gzip.compress(gzip.compress(bytes(100 * _MIB), 9), 9), 400),
    b"zstd in gzip": (gzip.compress(zstandard.ZstdCompressor().compress(bytes(100 * _MIB))), 400),
}


def test_bombs_by_the_dozen(target: Target) -> None:
    def throw(number: int) -> None:
        name, (bomb, status) = list(BOMBS.items())[number % len(BOMBS)]
        coding = b"Content-Encoding: " + name.split()[-1]
        assert _sent(target, post(bomb, coding)) in (status, 429)

    _at_once(24, throw)


@pytest.mark.parametrize("kind", ["nothing", "head", "body", "chunks", "gzip", "extensions"])
def test_200_that_trickle_are_cut_off_and_others_served(target: Target, kind: str) -> None:
    chunked = post(b"", b"Transfer-Encoding: chunked", length=None)
    begun = {
        "nothing": b"",
        "head": post(GOOD)[:20],
        "body": post(GOOD, length=len(GOOD))[: -len(GOOD)],
        "chunks": chunked,
        "gzip": post(b"", b"Content-Encoding: gzip", length=1000) + gzip.compress(GOOD)[:20],
        "extensions": chunked + b"5;",
    }[kind]
    drop = {"nothing": b"", "chunks": b"1\r\n \r\n", "gzip": b"", "extensions": b"a"}.get(kind, b" ")
    with _many(target, 200) as wires, selectors.DefaultSelector() as selector:
        began = time.monotonic()
        for wire in wires:
            wire.send(target.with_key(begun))
            selector.register(wire, selectors.EVENT_READ, wire)
        cut: set[Wire] = set()
        while len(cut) < len(wires):
            assert time.monotonic() - began < 6 * CLIENT_SECONDS, f"{len(wires) - len(cut)} are still there"
            assert _sent(target, post(GOOD)) == 202
            for key, _ in selector.select(0.2):
                wire = key.data
                answer = wire.answer()
                # A body that is too slow is said to be so; a head that never came has no request to answer.
                assert answer is None or answer.status == 408, answer
                selector.unregister(wire)
                cut.add(wire)
            for wire in wires:
                if wire not in cut:
                    wire.send(drop)
        assert time.monotonic() - began > CLIENT_SECONDS / 2


def test_a_thousand_connections_idle_and_at_work(target: Target) -> None:
    """500 stay idle, 500 send ten events each; nobody waits for long, and the idle ones are still there afterwards."""
    with _many(target, 500) as idle, _many(target, 500) as active:
        for wire in (*idle, *active):
            wire.send(LIVE)
        for wire in (*idle, *active):
            answer = wire.answer(60)
            assert answer is not None
            assert answer.status == 200
        for _ in range(10):
            for wire in active:
                wire.send(target.with_key(post(GOOD)))
            for wire in active:
                answer = wire.answer(60)
                assert answer is not None
                assert answer.status == 202
                target.note(answer, (GOOD,))
        for wire in idle:
            target.answers_on(wire)


@pytest.mark.parametrize("packed", [False, True])
def test_large_bodies_at_once(target: Target, packed: bool) -> None:
    """Each has nearly all that a request may have; some are told to come later, and then come through."""
    lines = b"\n".join(event(b'"%d"' % random.getrandbits(6000)) for _ in range(4000))
    assert 7 * _MIB < len(lines) < 8 * _MIB
    coding = [b"Content-Encoding: zstd"] if packed else []
    sent = post(zstandard.ZstdCompressor().compress(lines) if packed else lines, *coding, media=_NDJSON)
    statuses: list[int] = []

    def send(_: int) -> None:
        for _ in range(40):
            statuses.append(_sent(target, sent))
            if statuses[-1] == 202:
                return
            time.sleep(random.random())
        raise AssertionError("never taken")

    _at_once(12, send)
    assert set(statuses) <= {202, 429, 503}


def test_many_small_events_at_once(target: Target) -> None:
    """What 10,000 tiny events need beside their bytes is bounded, too."""
    sent = post(b"\n".join([GOOD] * 10_000), media=_NDJSON)
    statuses: set[int] = set()
    _at_once(32, lambda _: statuses.add(_sent(target, sent)))
    assert statuses <= {202, 429, 503}
    assert 202 in statuses


def test_a_thousand_that_begin_large_bodies(target: Target) -> None:
    """A piece of a body from each of a thousand clients, all in the same moment."""
    begun = target.with_key(post(b" " * 300_000, length=8 * _MIB))
    with _many(target, 1000) as wires:
        for wire in wires:
            threading.Thread(target=wire.send, args=(begun,), daemon=True).start()
        until(lambda: _sent(target, post(GOOD)) == 202, 30)


def test_clients_that_never_read(target: Target) -> None:
    """Each asks for more than fits into the buffers on the way, and reads none of it: they are cut off."""
    lines = b"\n".join([GOOD] * 5000)
    sent = target.with_key(post(lines, target=EVENTS + b"?dry_run=true", media=_NDJSON))
    with ExitStack() as stack:
        wires = [stack.enter_context(target.wire(receive_bytes=4096)) for _ in range(30)]
        for wire in wires:
            threading.Thread(target=wire.send, args=(sent * 20,), daemon=True).start()
        until(lambda: _sent(target, post(GOOD)) == 202, 30)
        until(lambda: _established(target.api.port) == 0, 20 * CLIENT_SECONDS)


def _established(port: int) -> int:
    """Connections that the API's side still holds."""
    ours = f":{port:04X}"
    count = 0
    with Path("/proc/net/tcp").open() as table:
        for row in table:
            columns = row.split()
            count += columns[1].endswith(ours) and columns[3] == "01"
    return count


def test_a_request_without_a_key_is_not_read(target: Target) -> None:
    """Strangers cost a head each: their bodies are neither kept nor unpacked."""
    with target.wire() as wire:
        wire.send(request(EVENTS, b" " * 300_000, length=8 * _MIB))
        answer = wire.answer()
        assert answer is not None
        assert answer.status == 401
    assert AUTHORIZATION not in request(EVENTS, b"")


def test_large_bodies_that_stop_short_of_their_end(target: Target) -> None:
    """What came fast buys no time: they hold all that a worker may hold for two stretches of time at most."""
    stopped = target.with_key(post(b" " * (8 * _MIB - 1), length=8 * _MIB))
    with _many(target, 6) as wires:
        began = time.monotonic()
        _at_once(len(wires), lambda number: wires[number].send(stopped))
        for wire in wires:
            answer = wire.answer(60)
            assert answer is None or answer.status in (408, 429)
        assert time.monotonic() - began < 10 * CLIENT_SECONDS
        until(lambda: _sent(target, post(GOOD)) == 202, 10)
