"""A dataset on a broker, its contract, its lake and its consumer processes: everything that tests of landing need.

What is looked at is looked at barely: a plain Kafka client, json, parts as the oracle reads them. Nothing here asks
StreamLake.
"""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # half typed
from confluent_kafka.cimpl import KafkaError

from tests.oracle.parts import unpacked
from tests.support.broker import BrokerUnderTest, Headers, until
from tests.support.running import Running

ROOT = Path(__file__).parents[2]

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: urn:streamlake:{dataset}
name: {dataset}
version: "{version}"
status: active
schema:
  - name: {dataset}
    logicalType: object
    properties:
      - name: id
        logicalType: string
        required: true
      - name: n
        logicalType: integer
{fields}customProperties:
  - property: keyFields
    value: [id]
{properties}"""

QUICK = {"part_max_age_seconds": "0.3", "session_timeout_seconds": "2", "max_poll_interval_seconds": "10"}


def event(number: int, size: int = 0) -> bytes:
    """A good event; `size` pads it."""
    return b'{"id": "e%d", "n": %d%b}' % (number, number, b', "pad": "%b"' % (b"x" * size) if size else b"")


def poison(number: int) -> bytes:
    """One that no contract accepts, and that is not even text."""
    return b'{"id": "\xff%d' % number


def events(count: int, start: int = 0, *, bad_every: int = 0) -> list[bytes]:
    """Good ones, and a poisoned one at every `bad_every`th place."""
    return [poison(n) if bad_every and n % bad_every == 0 else event(n) for n in range(start, start + count)]


@dataclass
class Rig:
    """See the module. `sent` is what the broker has acknowledged: by topic id, partition and offset."""

    broker: BrokerUnderTest
    dataset: str
    home: Path
    sent: dict[tuple[UUID, int, int], bytes | None] = field(default_factory=dict)
    processes: list[Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lake = self.home / "lake"
        self.lake.mkdir(parents=True, exist_ok=True)
        self.raw = f"streamlake.{self.dataset}.raw"
        self.dlq = f"streamlake.{self.dataset}.dlq"
        self.group = f"streamlake-consumer-{self.dataset}"
        self.contracts = self.home / "contracts"
        self._admin = self.broker.admin()
        self.write_contract()

    def write_contract(self, version: int = 1, fields: str = "", **properties: object) -> None:
        """Today's contract; the one before goes into the history."""
        folder = self.contracts / self.dataset
        (folder / "history").mkdir(parents=True, exist_ok=True)
        today = folder / "contract.yaml"
        if version > 1 and today.exists():
            before = today.read_text()
            if f'version: "{version}"' not in before:
                (folder / "history" / f"{version - 1}.yaml").write_text(before)
        lines = "".join(f"  - property: {name}\n    value: {value}\n" for name, value in properties.items())
        partial = folder / ".contract"
        partial.write_text(
            CONTRACT.format(dataset=self.dataset, version=version, fields=fields, properties=lines), encoding="utf-8"
        )
        partial.replace(today)

    # -- processes

    def environment(self, **settings: object) -> dict[str, str]:
        """What every process of this rig is started with."""
        chosen = {
            **QUICK,
            "home": self.home,
            "bootstrap_servers": self.broker.bootstrap,
            "lake_url": f"file://{self.lake}",
            "contracts_dir": self.contracts,
            **settings,
        }
        plain = {n: v for n, v in os.environ.items() if not n.startswith("STREAMLAKE_")}
        return plain | {f"STREAMLAKE_{name.upper()}": str(value) for name, value in chosen.items()}

    def start(
        self,
        instance: str = "",
        *,
        fault: Mapping[str, object] | None = None,
        trace: Path | None = None,
        **settings: object,
    ) -> Running:
        """A consumer process; `fault` and `trace` as in consumer_launcher, `home` another one for another host."""
        number = len(self.processes)
        log = self.home / f"consumer-{number}.log"
        environment = self.environment(**{n: v for n, v in settings.items() if not n.isupper()})
        environment |= {n: str(v) for n, v in settings.items() if n.isupper()}
        environment |= {"TEST_FAULT": json.dumps(fault or {}), "TEST_TRACE": str(trace or "")}
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.consumer_launcher", self.dataset, instance],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        name = f"streamlake-consumer@{self.dataset}" + (f".{instance}" if instance else "")
        running = Running(process, name, log, Path(str(settings.get("home", self.home))) / "state")
        self.processes.append(running)
        return running

    def close(self) -> None:
        """Leave no process behind."""
        for running in self.processes:
            if running.alive:
                running.kill()

    # -- Kafka

    def topic_id(self, topic: str) -> UUID:
        described = self._admin.describe_topics(TopicCollection([topic]))[topic].result(20)
        return UUID(bytes=base64.urlsafe_b64decode(f"{described.topic_id}=="))

    def send(
        self,
        values: Iterable[bytes | None],
        partition: int = 0,
        *,
        key: bytes | None = None,
        headers: Headers | None = None,
    ) -> list[int]:
        """Put these into the raw topic, and note what was acknowledged."""
        values = list(values)
        topic_id = self.topic_id(self.raw)
        offsets = self.broker.send(self.raw, values, partition=partition, key=key, headers=headers)
        self.sent |= {(topic_id, partition, offset): value for offset, value in zip(offsets, values, strict=True)}
        return offsets

    def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """Log start and end of each partition."""
        partitions = sorted(self._admin.list_topics(topic, timeout=10).topics[topic].partitions)
        earliest, latest = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]  # half typed
        first = self._admin.list_offsets({TopicPartition(topic, p): earliest for p in partitions})
        last = self._admin.list_offsets({TopicPartition(topic, p): latest for p in partitions})
        starts = {where.partition: future.result(20).offset for where, future in first.items()}
        return {where.partition: (starts[where.partition], f.result(20).offset) for where, f in last.items()}

    def committed(self) -> dict[tuple[str, int], int]:
        """The group's offsets."""
        asked = [ConsumerGroupTopicPartitions(self.group)]
        found = self._admin.list_consumer_group_offsets(asked)[self.group].result(20)
        return {(p.topic, p.partition): p.offset for p in found.topic_partitions if p.offset >= 0}

    def set_committed(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Move the group's offsets by hand; needs that nobody is in the group, and waits for it."""

        def done() -> bool:
            asked = [ConsumerGroupTopicPartitions(self.group, [TopicPartition(*w, o) for w, o in offsets.items()])]
            try:
                answer = self._admin.alter_consumer_group_offsets(asked)[self.group].result(20)
            except KafkaException:
                return False
            return all(p.error is None for p in answer.topic_partitions)

        until(done)

    def forget_group(self) -> None:
        """Delete the group with its offsets; waits until nobody is in it."""

        def done() -> bool:
            try:
                self._admin.delete_consumer_groups([self.group])[self.group].result(20)
            except KafkaException as error:
                return bool(error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND)
            return True

        until(done)

    # -- the lake

    def claims(self, topic: str | None = None) -> list[dict[str, Any]]:
        """All claims, by chain, partition and start."""
        paths = sorted(self.lake.glob(f"ledger/dataset={self.dataset}/*/?????/{'[0-9]' * 20}.json"))
        found = [json.loads(path.read_bytes()) for path in paths]
        return [claim for claim in found if topic in (None, claim["topic"])]

    def parts(self, zone: str = "raw") -> list[Path]:
        return sorted(self.lake.glob(f"{zone}/dataset={self.dataset}/ingestion_date=*/part-*"))

    def lines(self, zone: str = "raw") -> Iterator[tuple[Path, bytes]]:
        """Every line of a zone's parts, with its part."""
        for path in self.parts(zone):
            for line in unpacked(path.name, path.read_bytes()).splitlines(keepends=True):
                assert line.endswith(b"\n"), f"half a line in {path}"
                yield path, line

    def heads(self, topic: str) -> dict[int, int]:
        """How far each partition of the topic's current chain is landed: up to its last claim that has its part."""
        chain = chain_name(self.topic_id(topic))
        heads: dict[int, int] = {}
        for claim in self.claims(topic):
            there = claim["part"] is None or (self.lake / claim["part"]).exists()
            if claim["chain"].rsplit("-", 1)[0] == chain and there:
                heads[claim["partition"]] = max(heads.get(claim["partition"], 0), claim["next"])
        return heads

    def landed(self) -> bool:
        """Whether everything that Kafka has is in the lake: the raw topic first, for it feeds the other."""
        for topic in (self.raw, self.dlq):
            heads = self.heads(topic)
            if any(heads.get(partition, 0) < end for partition, (_, end) in self.bounds(topic).items()):
                return False
        return True

    def wait_landed(self, seconds: float = 60) -> None:
        """Until everything is landed, with a deadline and the last words of the processes if it is not."""
        deadline = time.monotonic() + seconds
        while not self.landed():
            if time.monotonic() > deadline:
                words = {p.log.name: p.log.read_text(errors="replace")[-1500:] for p in self.processes}
                raise AssertionError(f"not landed: {self.heads(self.raw)} of {self.bounds(self.raw)}; {words}")
            time.sleep(0.1)


def chain_name(topic_id: UUID) -> str:
    """A topic's id as the lake's folders have it."""
    return base64.b32encode(topic_id.bytes).decode().rstrip("=").lower()


RigMaker = Callable[..., Rig]
