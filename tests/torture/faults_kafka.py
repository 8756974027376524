"""Faults of the group and of the log, and changes that an operator makes while everything else goes wrong."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import NewPartitions  # type: ignore[attr-defined]  # half typed
from confluent_kafka.cimpl import KafkaError

from tests.torture import contracts
from tests.torture.lake_look import heads
from tests.torture.platform import DLQ, GROUP, RAW, Platform
from tests.torture.proving import NotProven, insist, within
from tests.torture.schedule import Planned
from tests.torture.watch import observer

AHEAD = 1_000_000


def rebalance_storm(platform: Platform, planned: Planned) -> str:
    """Strangers join the group, take partitions, and leave, again and again."""
    taken = [insist(lambda: _visit(platform, lambda _: None)) for _ in range(3)]
    return f"strangers were given {taken} partitions"


def offsets_set_back(platform: Platform, planned: Planned) -> str:
    return insist(lambda: _tampered(platform, lambda offset: max(0, offset - 17 * planned.size)))


def offsets_set_ahead(platform: Platform, planned: Planned) -> str:
    return insist(lambda: _tampered(platform, lambda offset: offset + AHEAD))


def offsets_deleted(platform: Platform, planned: Planned) -> str:
    """Kafka forgets a group only when nobody is in it."""
    with ThreadPoolExecutor(len(platform.consumers)) as pool:
        list(pool.map(lambda unit: unit.stop(), platform.consumers))
    try:
        insist(lambda: _forget(platform))
    finally:
        for unit in platform.consumers:
            unit.start()
    return "Kafka does not know the group any more"


def partitions_added(platform: Platform, planned: Planned) -> str:
    platform.partitions += 1
    count = platform.partitions

    def add() -> None:
        admin = platform.broker.admin()
        if len(admin.list_topics(RAW, timeout=5).topics[RAW].partitions) < count:
            admin.create_partitions([NewPartitions(RAW, count)])[RAW].result(10)

    insist(add)
    insist(lambda: _require(_partitions(platform) == count, "the new partition"))
    return f"{RAW} has {count}"


def contract_changed(platform: Platform, planned: Planned) -> str:
    """A new version, told to the consumers as `systemctl reload` does. Proven when a claim of it stands in the lake."""
    platform.version += 1
    version = platform.version
    contracts.write(platform.contracts, version, platform.partitions)
    for unit in platform.consumers:
        if unit.pid is not None:
            unit.signal(signal.SIGHUP)
    within(150, lambda: heads(platform.root).newest_version >= version, f"a claim under version {version}")
    return f"claims under version {version}"


def landed_records_deleted(platform: Platform, planned: Planned) -> str:
    """As retention does: from Kafka goes what has landed, up to a share of it."""
    landed = heads(platform.root).of(RAW)
    before = {p: next_ * planned.size // 100 for p, next_ in landed.items() if next_ * planned.size // 100 > 0}

    def delete() -> None:
        admin = platform.broker.admin()
        wanted = [TopicPartition(RAW, p, offset) for p, offset in before.items()]
        for future in admin.delete_records(wanted).values():
            future.result(10)

    if not before:
        raise NotProven("nothing has landed yet")
    insist(delete)
    first = insist(lambda: _starts(platform))
    if any(first[p] < offset for p, offset in before.items()):
        raise NotProven(f"the logs begin at {first}")
    platform.deleted += sum(before.values())
    return f"logs begin at {min(first.values())} to {max(first.values())}"


def keys_rotated(platform: Platform, planned: Planned) -> str:
    """A new key for the producers; then the one before is revoked."""
    old = platform.key_id
    platform.key_id = platform.new_key()
    time.sleep(2)
    platform.command("keys", "revoke", old)
    listed = {key["id"]: key for key in platform.command("keys", "list")["keys"]}
    if not listed[old]["revoked_at"] or listed[platform.key_id]["revoked_at"]:
        raise NotProven(f"the keys are {listed}")
    return f"{old} is revoked"


def _visit(platform: Platform, act: Callable[[Consumer], None]) -> int:
    """Be a member of the group until it has partitions; how many. `act` does something with them."""
    stranger = Consumer(
        {
            "bootstrap.servers": platform.broker.bootstrap,
            "group.id": GROUP,
            "partition.assignment.strategy": "cooperative-sticky",
            "enable.auto.commit": False,
            "session.timeout.ms": 6000,
            "log_level": 0,
        }
    )
    try:
        stranger.subscribe([RAW, DLQ])
        deadline = time.monotonic() + 20
        while not (mine := stranger.assignment()):
            stranger.poll(0.2)
            if time.monotonic() > deadline:
                raise NotProven("it was given no partition")
        act(stranger)
        return len(mine)
    finally:
        stranger.close()


def _tampered(platform: Platform, move: Callable[[int], int]) -> str:
    said = ""

    def tamper(stranger: Consumer) -> None:
        nonlocal said
        mine = [p for p in stranger.committed(stranger.assignment(), timeout=10) if p.topic == RAW and p.offset >= 0]
        if not mine:
            raise NotProven("it was given no partition of the raw topic that has an offset")
        wanted = [TopicPartition(p.topic, p.partition, move(p.offset)) for p in mine]
        for p in wanted:
            platform.tampered[p.partition] = max(platform.tampered.get(p.partition, 0), p.offset)
        done = stranger.commit(offsets=wanted, asynchronous=False) or []
        if any(p.error for p in done):
            raise NotProven(f"the commit said {done}")
        read = {p.partition: p.offset for p in stranger.committed(mine, timeout=10)}
        if any(read[p.partition] != p.offset for p in wanted):
            raise NotProven(f"Kafka says {read}")
        said = ", ".join(f"{p.partition}: {p.offset} → {read[p.partition]}" for p in mine)

    _visit(platform, tamper)
    return said


def _forget(platform: Platform) -> None:
    admin = platform.broker.admin()
    try:
        admin.delete_consumer_groups([GROUP])[GROUP].result(10)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.GROUP_ID_NOT_FOUND:
            raise
    asked = [TopicPartition(RAW, partition) for partition in range(platform.partitions)]
    found = observer(platform.broker.bootstrap).committed(asked, timeout=10)
    _require(all(p.offset < 0 for p in found), "the group without offsets")


def _partitions(platform: Platform) -> int:
    return len(platform.broker.admin().list_topics(RAW, timeout=5).topics[RAW].partitions)


def _starts(platform: Platform) -> dict[int, int]:
    return {partition: first for partition, (first, _) in platform.bounds(RAW).items()}


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise NotProven(f"not seen: {what}")
