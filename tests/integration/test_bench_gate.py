"""The gate in front of each landing's figures: what it must refuse in a lake and among the dead letters."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks import gate
from benchmarks.backlog import Backlog, Sent
from confluent_kafka import Producer

from streamlake.kafka.names import dlq_topic
from tests.support.broker import BrokerUnderTest

pytestmark = pytest.mark.broker

GOOD = {0: b'{"a":1}', 2: b'{"a":2}', 3: b'{"a":3}'}
BAD = {1: b'{"a":"x"}', 4: b"no json"}
LINE = b'{"kafka_partition":0,"kafka_offset":%d,"payload":%b}\n'
Letters = list[tuple[int, bytes]]
LETTERS = list(BAD.items())


def backlog(broker: BrokerUnderTest, dataset: str) -> Backlog:
    made = Backlog(broker.bootstrap, dataset, [Sent(records=5, bad=dict(BAD))])
    for payload in GOOD.values():
        made.partitions[0].good.add(payload)
    return made


def write(lake: Path, dataset: str, lines: list[bytes]) -> None:
    """Two parts on two days."""
    for number, some in enumerate((lines[:2], lines[2:])):
        day = lake / f"raw/dataset={dataset}/ingestion_date=2026-11-2{number}"
        day.mkdir(parents=True)
        (day / f"part-0-{number}.json.gz").write_bytes(gzip.compress(b"".join(some)))


def bury(broker: BrokerUnderTest, dataset: str, letters: Letters) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap})
    for offset, value in letters:
        producer.produce(dlq_topic(dataset), value, f"topic/0/{offset}", partition=0)
    assert producer.flush(20) == 0


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda lines: lines, None),
        (lambda lines: lines[:-1], "offset 3 and those behind it are missing"),
        (lambda lines: [lines[0], lines[2]], "offset 3 where 2 belongs"),
        (lambda lines: [*lines, lines[-1]], "offset 3 where None belongs"),
        (lambda lines: [*lines[:2], lines[2].replace(b'"a":3', b'"a":4')], "payloads differ"),
        (lambda lines: [lines[0], LINE % (1, BAD[1]), *lines[1:]], "offset 1 where 2 belongs"),
    ],
    ids=["as sent", "cut short", "a hole", "doubled", "changed", "a bad one landed"],
)
def test_lines(
    damage: Callable[[list[bytes]], list[bytes]],
    says: str | None,
    broker: BrokerUnderTest,
    dataset: str,
    tmp_path: Path,
) -> None:
    write(tmp_path, dataset, damage([LINE % record for record in GOOD.items()]))
    bury(broker, dataset, LETTERS)
    judged(backlog(broker, dataset), tmp_path, says)


@pytest.mark.parametrize(
    ("letters", "says"),
    [
        (LETTERS[:1], "1 records are not among the dead letters"),
        ([], "2 records are not among the dead letters"),
        ([*LETTERS, LETTERS[0]], "came twice"),
        ([*LETTERS, (3, GOOD[3])], "is none"),
        ([LETTERS[0], (4, b"other bytes")], "has other bytes"),
    ],
    ids=["one missing", "none", "doubled", "a good one", "changed"],
)
def test_dead_letters(letters: Letters, says: str, broker: BrokerUnderTest, dataset: str, tmp_path: Path) -> None:
    write(tmp_path, dataset, [LINE % record for record in GOOD.items()])
    bury(broker, dataset, letters)
    judged(backlog(broker, dataset), tmp_path, says)


def judged(sent: Backlog, lake: Path, says: str | None) -> None:
    if says is None:
        gate.check_lake(sent, lake)
        return
    with pytest.raises(gate.Wrong, match=says):
        gate.check_lake(sent, lake)
