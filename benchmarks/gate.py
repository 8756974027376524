"""Is the output right? A figure is printed only behind this: complete, unique, unchanged, and dead letters exactly."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, TopicPartition

from benchmarks.backlog import Backlog, Checksum
from benchmarks.bag import Bag
from streamlake.kafka.names import dlq_topic
from streamlake.storage import part_reader
from streamlake.storage.local import LocalStore


class Wrong(Exception):
    """The output is not what was sent."""


class _Line(msgspec.Struct):
    kafka_partition: int
    kafka_offset: int
    payload: msgspec.Raw


def check_lake(backlog: Backlog, lake: Path) -> None:
    """The raw zone, read as anybody reads it, by glob; and the dead letters, in Kafka."""
    parts = sorted(lake.glob(f"raw/dataset={backlog.dataset}/ingestion_date=*/part-*"), key=lambda p: p.name)
    _check_lines(backlog, (line for part in parts for line in _lines(part)), normalised=False)
    _check_dead_letters(backlog)


def check_file(backlog: Backlog, path: Path, *, normalised: bool = True) -> None:
    """One file of envelopes: the naive consumer's, whose payloads were parsed and written anew, or another tool's."""
    with path.open("rb") as file:
        _check_lines(backlog, file, normalised=normalised)


def _lines(part: Path) -> Iterator[bytes]:
    """Whatever its format."""
    yield from part_reader.lines(part_reader.blocks(LocalStore(part.parent), part.name))


def offsets_of(part: Path) -> list[tuple[int, int]]:
    """Partition and offset of each record in a part."""
    decode = msgspec.json.Decoder(_Line).decode
    return [(line.kafka_partition, line.kafka_offset) for line in map(decode, _lines(part))]


def _check_lines(backlog: Backlog, lines: Iterable[bytes], *, normalised: bool) -> None:
    decode = msgspec.json.Decoder(_Line).decode
    found = [Checksum() for _ in backlog.partitions]
    expected = [_offsets(sent.records, sent.bad) for sent in backlog.partitions]
    for line in lines:
        record = decode(line)
        wanted = next(expected[record.kafka_partition], None)
        if record.kafka_offset != wanted:
            raise Wrong(f"partition {record.kafka_partition}: offset {record.kafka_offset} where {wanted} belongs")
        payload = bytes(record.payload)
        found[record.kafka_partition].add(_compact(payload) if normalised else payload)
    for number, sent in enumerate(backlog.partitions):
        missing = next(expected[number], None)
        if missing is not None:
            raise Wrong(f"partition {number}: offset {missing} and those behind it are missing")
        if str(found[number]) != str(sent.good):
            raise Wrong(f"partition {number}: payloads differ, {found[number]} in place of {sent.good}")


def _offsets(records: int, bad: dict[int, bytes]) -> Iterator[int]:
    return (offset for offset in range(records) if offset not in bad)


def _compact(payload: bytes) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(payload))


def _check_dead_letters(backlog: Backlog) -> None:
    """Each bad record once, with its own bytes, and nothing else. The key is topic id, partition, offset."""
    expected = {
        (number, offset): value for number, sent in enumerate(backlog.partitions) for offset, value in sent.bad.items()
    }
    for key, value in _dead_letters(backlog):
        _, partition, offset = key.decode().split("/")
        where = int(partition), int(offset)
        if where not in expected:
            raise Wrong(f"the dead letter {where} is none, or came twice")
        if expected.pop(where) != value:
            raise Wrong(f"the dead letter {where} has other bytes")
    if expected:
        raise Wrong(f"{len(expected)} records are not among the dead letters, the first is {min(expected)}")


def _dead_letters(backlog: Backlog) -> Sequence[tuple[bytes, bytes]]:
    where = TopicPartition(dlq_topic(backlog.dataset), 0)
    consumer = Consumer({"bootstrap.servers": backlog.bootstrap, "group.id": "gate", "enable.auto.commit": False})
    try:
        bounds = consumer.get_watermark_offsets(where, timeout=10)
        if bounds is None:
            raise Wrong("the dead letters cannot be read")
        start, end = bounds
        where.offset = start
        consumer.assign([where])
        found: list[tuple[bytes, bytes]] = []
        while start < end:
            messages = consumer.consume(min(end - start, 1000), 20)
            if not messages:
                raise Wrong("the dead letters cannot be read")
            for message in messages:
                if message.error() is not None:
                    raise Wrong(f"the dead letters cannot be read: {message.error()}")
                found.append((message.key() or b"", message.value() or b""))
                start = (message.offset() or 0) + 1
        return found
    finally:
        consumer.close()


def check_bag(expected: Bag, lines: Iterable[bytes]) -> None:
    """Lines that do not say where they are from: the same ones, equally often."""
    found = Bag(line.rstrip(b"\n") for line in lines)
    if found != expected:
        raise Wrong(f"the lines differ: {found} in place of {expected}")


def check_values(backlog: Backlog, values: Iterable[bytes]) -> None:
    """The payloads of all good records, parsed and written anew by another tool, in whatever order."""
    check_bag(backlog.good, (_compact(value) for value in values))
