"""The torture's judge finds what is missing, doubled, exchanged or invented: a run that cannot fail proves nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.lake import Lake, Log
from tests.oracle.records import Line, event_digest
from tests.oracle.verify import Proof
from tests.torture import journal, verdict
from tests.torture.verdict import DLQ, RAW, compare

TOPIC_ID = "00000000-0000-0000-0000-000000000001"
Change = Callable[["World"], None]


class World:
    """Three events in the raw zone, one dead letter of the log, one of the API; and the journal that says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raw = Log(RAW, "chain", 0)
        self.dlq = Log(DLQ, "other", 0)
        self.writer = journal.Writer(folder / "p0.journal")
        for number in range(3):
            self.land(f"p-{number}", number)
            self.post(f"p-{number}", RAW, number)
        self.letter("p-3", 0, f"{TOPIC_ID}/0/3")
        self.post("p-3", RAW, 3)
        self.letter("p-4", 1, "an-ingestion-id")
        self.post("p-4", DLQ, 1)

    def land(self, event: str, offset: int) -> None:
        digest = event_digest(None, event.encode())
        self.raw.lines[offset] = Line(RAW, 0, offset, None, b"", digest)

    def letter(self, event: str, offset: int, key: str) -> None:
        digest = event_digest(None, event.encode())
        self.dlq.lines[offset] = Line(DLQ, 0, offset, key.encode(), b"", digest)

    def post(self, event: str, topic: str, offset: int) -> None:
        self.writer.tried([(event, event_digest(None, event.encode()))])
        self.writer.kept([(event, topic, 0, offset)])

    def judged(self, *, broker_failed: bool = False) -> verdict.Found:
        lake = Lake(self.folder, "tortured", logs=[self.raw, self.dlq])
        return compare(lake, journal.read(self.folder), broker_failed=broker_failed)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.writer.close()


def test_a_good_run_is_good_and_counted(world: World) -> None:
    found = world.judged()
    assert not found.violations
    assert (found.events, found.acknowledged, found.raw_lines, found.dead_lines) == (5, 5, 3, 2)


def lost(world: World) -> None:
    del world.raw.lines[1]


def letter_lost(world: World) -> None:
    del world.dlq.lines[0]


def letter_of_the_api_lost(world: World) -> None:
    del world.dlq.lines[1]


def twice(world: World) -> None:
    world.land("p-1", 7)


def exchanged(world: World) -> None:
    world.land("p-2", 1)
    world.land("p-1", 2)


def invented(world: World) -> None:
    world.land("nobody sent it", 7)


def refused_and_there(world: World) -> None:
    world.writer.tried([("r-1", event_digest(None, b"r-1"))])
    world.writer.refused(["r-1"])
    world.land("r-1", 7)


def in_both_places(world: World) -> None:
    world.land("p-3", 3)


def letters_differ(world: World) -> None:
    world.letter("p-0", 2, f"{TOPIC_ID}/0/3")


def receipt_without_a_record(world: World) -> None:
    world.post("p-9", RAW, 9)


@pytest.mark.parametrize(
    ("damage", "invariant"),
    [
        (lost, "I1"),
        (letter_lost, "I1"),
        (letter_of_the_api_lost, "I1"),
        (receipt_without_a_record, "I1"),
        (twice, "I9"),
        (exchanged, "I8"),
        (invented, "I9"),
        (refused_and_there, "I9"),
        (in_both_places, "I9"),
        (letters_differ, "I7"),
    ],
)
def test_each_damage_is_found(world: World, damage: Change, invariant: str) -> None:
    damage(world)
    assert any(said.startswith(invariant) for said in world.judged().violations), world.judged().violations


def test_what_may_be_there_may_be_there_once_for_each_attempt(world: World) -> None:
    """An attempt whose outcome is not known, or whose sender was killed, may have landed. A third copy may not."""
    digest = event_digest(None, b"p-5")
    world.writer.tried([("p-5", digest)])
    world.writer.unknown(["p-5"])
    world.writer.tried([("p-5", digest)])
    assert not world.judged().violations
    world.land("p-5", 10)
    world.land("p-5", 11)
    found = world.judged()
    assert not found.violations
    assert (found.unknown, found.landed_unknown) == (2, 2)
    world.land("p-5", 12)
    assert world.judged().violations


def test_dead_letters_that_were_sent_again_under_their_key_are_one(world: World) -> None:
    world.letter("p-3", 2, f"{TOPIC_ID}/0/3")
    found = world.judged()
    assert not found.violations
    assert found.dead_copies == 1


def test_only_who_writes_past_the_api_may_be_doubled_by_a_dying_broker(world: World) -> None:
    world.writer.tried([("k0-1", event_digest(None, b"k0-1"))])
    world.writer.kept([("k0-1", RAW, 0, 20)])
    world.land("k0-1", 20)
    world.land("k0-1", 21)
    assert world.judged().violations
    found = world.judged(broker_failed=True)
    assert not found.violations
    assert found.twice_in_kafka == 1
    twice(world)
    assert world.judged(broker_failed=True).violations, "what was posted is there once"


def test_half_a_line_of_a_journal_is_passed_over(world: World) -> None:
    with (world.folder / "p0.journal").open("ab") as file:
        file.write(b'["ack",[["p-0","')
    assert not world.judged().violations


GOOD = {"verdict": "OK", "checked": {"lines_read": 5, "claims": 2}}


@pytest.mark.parametrize(
    ("audit", "agrees"),
    [
        (GOOD, True),
        (GOOD | {"verdict": "FOUND"}, False),
        (GOOD | {"checked": {"lines_read": 4, "claims": 2}}, False),
        (GOOD | {"checked": {"lines_read": 5, "claims": 3}}, False),
        ({}, False),
    ],
)
def test_the_audit_must_say_the_same(audit: dict[str, Any], agrees: bool) -> None:
    proof = Proof("tortured", claims=2, raw_lines=3, dead_lines=2)
    assert (not verdict.disagreements(proof, audit)) is agrees
