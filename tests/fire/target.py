"""The API that is fired at, and what its log holds: everything acknowledged, nothing else."""

import json
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # half typed

from streamlake.ingest.errors import BadKeysFile
from streamlake.kafka.names import dlq_topic, raw_topic
from tests.fire.case import KEY
from tests.fire.wire import Answer, Wire, request
from tests.support.api import ApiUnderTest
from tests.support.broker import BrokerUnderTest, until

MAX_RSS_BYTES = 300_000_000
"""What a worker may hold at its peak, whatever is sent."""

Place = tuple[str, int, int]


class Target:
    """An API with keys, one worker, three datasets, and a reader of their topics."""

    def __init__(self, broker: BrokerUnderTest, home: Path, **settings: str) -> None:
        self.broker = broker
        self.api = ApiUnderTest(home, broker.bootstrap, **settings)
        self.acknowledged: dict[Place, bytes | None] = {}
        """Each place that a receipt named, with the bytes that it must hold; None where only the sender knows."""
        topics = []
        for dataset, on_invalid in (("fire", "refuse"), ("kept", "dead_letter"), ("locked", "refuse")):
            self.api.contract(dataset, on_invalid=on_invalid)
            topics += [raw_topic(dataset), dlq_topic(dataset)]
        for topic in topics:
            broker.create_topic(topic, 1, max_message_bytes=str(2 << 20))
        self.secret = self.new_key("fire", "fire,kept")
        self._reader = Consumer(
            {
                "bootstrap.servers": broker.bootstrap,
                "group.id": "fire",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                # The next test waits for what is not there yet.
                "fetch.wait.max.ms": 10,
            }
        )
        self._admin = broker.admin()
        self._partitions = [TopicPartition(topic, 0, 0) for topic in topics]
        self._reader.assign(self._partitions)
        self._read = 0
        self._canaries = 0

    def start(self) -> None:
        """Start the API; a machine that is busy has its time."""
        self.api.start_without_waiting()
        until(lambda: self.api.get_status("/readyz") == 200, 120)

    def new_key(self, producer: str, datasets: str) -> bytes:
        """The secret of a new key."""
        done = self.api.command("keys", "new", producer, "--datasets", datasets, "--json")
        assert done.returncode == 0, done.stderr
        secret: str = json.loads(done.stdout)["secret"]
        return secret.encode()

    def wire(self, *, receive_bytes: int | None = None) -> Wire:
        """A new connection."""
        return Wire(self.api.port, receive_bytes=receive_bytes)

    def with_key(self, sent: bytes) -> bytes:
        """The same bytes with the key's secret in its place."""
        assert len(self.secret) == len(KEY), "the lengths of bodies would change"
        return sent.replace(KEY, self.secret)

    def answers_others(self) -> None:
        """The next request, on another connection, is answered."""
        with self.wire() as wire:
            wire.send(request(b"/livez", method=b"GET"))
            answer = wire.answer()
            assert answer is not None
            assert (answer.status, answer.json) == (200, {"status": "ok"})

    def answers_on(self, wire: Wire) -> None:
        """The next request on this connection is answered as itself: no word of an answer was left over or eaten."""
        self._canaries += 1
        name = f"canary{self._canaries}"
        assert wire.send(self.with_key(request(f"/v1/datasets/{name}".encode(), method=b"GET")))
        answer = wire.answer()
        assert answer is not None, "it hung up"
        assert (answer.status, name in answer.json["detail"]) == (404, True), answer

    def note(self, answer: Answer, kept: tuple[bytes, ...] | None) -> list[Place]:
        """What this answer acknowledges; `kept` are the bytes in the order of the receipts, if they are known."""
        if answer.status not in (202, 207) or answer.json.get("dry_run"):
            return []
        places = []
        receipts: list[dict[str, Any]] = answer.json["receipts"]
        assert kept is None or len(receipts) == len(kept)
        for at, receipt in enumerate(receipts):
            place = (receipt["topic"], receipt["partition"], receipt["offset"])
            assert place not in self.acknowledged, f"two receipts for {place}"
            self.acknowledged[place] = None if kept is None else kept[at]
            places.append(place)
        return places

    def check_log(self) -> dict[Place, bytes]:
        """What is new in the log: it is what was acknowledged, byte for byte, and nothing else."""
        found: dict[Place, bytes] = {}
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # half typed
        ends = self._admin.list_offsets(dict.fromkeys(self._partitions, latest))
        left = sum(future.result(10).offset for future in ends.values()) - self._read
        for _ in range(left):
            message = self._reader.poll(20)
            assert message is not None, "the log ends before its end"
            assert message.error() is None
            place = (message.topic() or "", message.partition() or 0, message.offset() or 0)
            found[place] = message.value() or b""
        self._read += left
        acknowledged, self.acknowledged = self.acknowledged, {}
        assert found.keys() == acknowledged.keys(), "the log and the receipts differ"
        wrong = {place for place, value in acknowledged.items() if value is not None and found[place] != value}
        assert not wrong, {place: (found[place], acknowledged[place]) for place in wrong}
        return found

    def peak_rss(self) -> int:
        """The most that its worker ever held: the kernel keeps it, so no peak is missed."""
        (pid,) = self.api.workers()
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def check(self) -> None:
        """What holds after every test: no bug, bounded memory, the same worker, nothing in the log without receipt."""
        self.answers_others()
        self.check_log()
        assert self.peak_rss() < MAX_RSS_BYTES, f"{self.peak_rss():,} bytes"
        grave = [line for line in self.api.logged() if line["level"] in ("ERROR", "CRITICAL")]
        unexpected = [line for line in grave if line.get("error_id") != BadKeysFile.code]
        assert not unexpected, unexpected

    def close(self) -> None:
        """End it."""
        self._reader.close()
        if self.api.process is not None:
            self.api.kill()
