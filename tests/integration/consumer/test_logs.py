"""What may become of a log: created again, expired, truncated, grown, full of transactions."""

import struct
from pathlib import Path

import pytest
from confluent_kafka import KafkaException, Message
from confluent_kafka.cimpl import NewPartitions

from tests.support.broker import until
from tests.support.consumer import Rig, events
from tests.support.landed_check import check

pytestmark = pytest.mark.broker


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
@pytest.mark.parametrize("again", [30, 300], ids=["shorter", "longer"])
def test_a_topic_created_again_begins_a_chain_and_closes_the_old_one(rig: Rig, running: bool, again: int) -> None:
    rig.send(events(100, bad_every=10))
    consumer = rig.start()
    rig.wait_landed()
    if not running:
        assert consumer.stop() == 0
    rig.broker.delete_topic(rig.raw)
    rig.broker.create_topic(rig.raw, 1)
    rig.send(events(again, 1000, bad_every=10))
    if not running:
        rig.start()
    rig.wait_landed(90)
    check(rig)
    assert len({claim["chain"] for claim in rig.claims(rig.raw)}) == 2


def test_a_claim_left_open_by_a_topic_that_is_gone_is_closed_on_record(rig: Rig) -> None:
    rig.send(events(60))
    first = rig.start(fault={"at": "raw:Create:claim#1", "when": "after", "do": "kill"})
    until(lambda: not first.alive)
    lost = set(rig.sent)
    rig.broker.delete_topic(rig.raw)
    rig.broker.create_topic(rig.raw, 1)
    rig.send(events(20, 100))
    second = rig.start()
    rig.wait_landed()
    second.wait_said("", error_id="SL-0410")
    assert len(list(rig.lake.glob("ledger/*/*/00000/*.lost.json"))) == 1
    check(rig, lost=lost)


def test_retention_that_overtook_the_consumer_is_a_gap_on_record_and_an_alarm(rig: Rig) -> None:
    rig.send(events(50))
    first = rig.start()
    rig.wait_landed()
    assert first.stop() == 0
    rig.send(events(50, 50))
    rig.broker.delete_records(rig.raw, 0, 80)
    second = rig.start()
    rig.wait_landed()
    (gap,) = [gap for claim in rig.claims(rig.raw) for gap in claim["gaps"]]
    assert (gap["start"], gap["next"], gap["reason"]) == (50, 80, "retention")
    check(rig, lost={where for where in rig.sent if 50 <= where[2] < 80})
    second.wait_said("50", error_id="SL-0410")
    assert second.vitals()["counters"]["loss_offsets"] == 30


def test_retention_that_took_everything_is_on_record_without_a_further_record(rig: Rig) -> None:
    rig.send(events(50))
    rig.broker.delete_records(rig.raw, 0, 20)
    first = rig.start()
    rig.wait_landed()
    assert first.stop() == 0
    rig.send(events(50, 50))
    rig.broker.delete_records(rig.raw, 0, 100)
    rig.start()
    rig.wait_landed()
    gaps = [(g["start"], g["next"], g["reason"]) for claim in rig.claims(rig.raw) for g in claim["gaps"]]
    assert gaps == [(0, 20, "before_streamlake"), (50, 100, "retention")]
    check(rig, lost={where for where in rig.sent if where[2] < 20 or where[2] >= 50})


def test_what_was_deleted_before_the_first_start_is_no_loss(rig: Rig) -> None:
    rig.send(events(50))
    rig.broker.delete_records(rig.raw, 0, 30)
    consumer = rig.start()
    rig.wait_landed()
    (gap,) = [gap for claim in rig.claims(rig.raw) for gap in claim["gaps"]]
    assert (gap["start"], gap["next"], gap["reason"]) == (0, 30, "before_streamlake")
    check(rig, lost={where for where in rig.sent if where[2] < 30})
    assert consumer.vitals()["counters"]["alarms"] == 0


def has_partitions(rig: Rig, count: int) -> bool:
    """Whether they are there and answer."""
    try:
        return len(rig.bounds(rig.raw)) == count
    except KafkaException:
        return False


def test_partitions_that_are_added_are_landed(rig: Rig) -> None:
    rig.send(events(50))
    consumer = rig.start()
    rig.wait_landed()
    admin = rig.broker.admin()  # kept until its future is done
    admin.create_partitions([NewPartitions(rig.raw, 3)])[rig.raw].result(20)
    until(lambda: has_partitions(rig, 3))
    for partition in range(3):
        rig.send(events(50, 100), partition)
    if not consumer.alive:
        rig.start()
    rig.wait_landed(90)
    check(rig)
    assert len(rig.heads(rig.raw)) == 3


def test_aborted_transactions_are_counted_and_leave_no_lag(rig: Rig) -> None:
    producer = rig.broker.producer(transactional_id=rig.dataset)
    producer.init_transactions(20)
    topic_id = rig.topic_id(rig.raw)

    def transact(numbers: range, *, commit: bool) -> None:
        def delivered(error: object, message: Message) -> None:
            assert error is None
            if commit:
                rig.sent[topic_id, 0, message.offset() or 0] = message.value()

        producer.begin_transaction()
        for value in events(len(numbers), numbers.start, bad_every=7):
            producer.produce(rig.raw, value, partition=0, on_delivery=delivered)
        producer.flush(20)
        if commit:
            producer.commit_transaction(20)
        else:
            producer.abort_transaction(20)

    for number in range(3):
        transact(range(number * 20, number * 20 + 10), commit=True)
        transact(range(number * 20 + 10, number * 20 + 20), commit=False)
    consumer = rig.start()
    until(lambda: rig.heads(rig.raw).get(0, 0) > max(where[2] for where in rig.sent) and consumer.lag() == 0, 30)
    assert rig.heads(rig.dlq)[0] == rig.bounds(rig.dlq)[0][1]
    check(rig)
    claimed = rig.claims(rig.raw)
    assert sum(claim["control"] for claim in claimed) == claimed[-1]["next"] - len(rig.sent)
    assert claimed[-1]["next"] < rig.bounds(rig.raw)[0][1]  # what stands behind is no record
    dead = rig.bounds(rig.dlq)[0][1]
    transact(range(100, 110), commit=True)
    until(lambda: rig.heads(rig.raw)[0] > max(where[2] for where in rig.sent), 30)
    until(lambda: rig.heads(rig.dlq)[0] == dead + 1)
    check(rig)


def cut_log(folder: Path, offset: int) -> None:
    """Take away every batch from `offset` on, and what would tell, as a disk restored from yesterday has it."""
    (log,) = folder.glob("*.log")
    data = log.read_bytes()
    at = 0
    while at < len(data):
        base, length = struct.unpack_from(">qi", data, at)
        if base >= offset:
            break
        at += 12 + length
    assert at < len(data)
    log.write_bytes(data[:at])
    for path in folder.iterdir():
        if path.suffix in (".index", ".timeindex", ".snapshot"):
            path.unlink()
    (folder.parent / ".kafka_cleanshutdown").unlink(missing_ok=True)


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
@pytest.mark.parametrize("again", [10, 100], ids=["shorter", "longer"])
def test_a_truncated_log_stops_the_partition_and_names_the_range(own_rig: Rig, running: bool, again: int) -> None:
    """Offsets that are used again are another log: never reset, never a gap, nothing landed (I2, I3)."""
    rig = own_rig
    for number in range(10):
        rig.send(events(10, number * 10))
    # A session that outlasts the broker's absence.
    consumer = rig.start(session_timeout_seconds=45, max_poll_interval_seconds=60)
    rig.wait_landed()
    before = [claim["next"] for claim in rig.claims(rig.raw)]
    sent = dict(rig.sent)
    if not running:
        assert consumer.stop() == 0
    rig.broker.stop()
    cut_log(rig.broker.place.folder / "data" / f"{rig.raw}-0", 50)
    rig.broker.start()
    assert rig.bounds(rig.raw)[0] == (0, 50)
    rig.send(events(again, 1000))
    if not running:
        consumer = rig.start()
    consumer.wait_said("SL-0403", 60)
    assert any("[" in line["message"] and "100)" in line["message"] for line in consumer.lines())
    assert [claim["next"] for claim in rig.claims(rig.raw)] == before
    assert rig.committed().get((rig.raw, 0), 0) <= 100  # perhaps it never came to commit
    rig.sent = sent
    check(rig, oracle=False)  # Kafka no longer has what the lake has
    until(lambda: "SL-0403" in (consumer.vitals().get("waiting_for") or ""))
    assert consumer.stop() == 0
