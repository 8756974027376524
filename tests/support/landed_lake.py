"""A lake beside a real Kafka, landed by the product's own lines: for tests that damage one and ask who notices."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from confluent_kafka import Message

from streamlake.audit.findings import Verdict
from streamlake.audit.options import Options
from streamlake.audit.run import audit
from streamlake.consumer.identity import fingerprint
from streamlake.consumer.line import DeadLetterLines, RawLines
from streamlake.consumer.place import Place
from streamlake.kafka.admin import Admin
from streamlake.kafka.dead_letter import DeadLetter, encode
from streamlake.kafka.names import dlq_topic, raw_topic
from streamlake.kafka.reader import Reader
from streamlake.storage.claim import Claim
from streamlake.storage.layout import Chain
from tests.oracle.verify import Proof, verify
from tests.support.broker import BrokerUnderTest, Headers
from tests.support.lakes import HandLake

META = (
    b'{"ingestion_id":"0190163d-8694-739b-aea5-966c26f8ad91","schema_version":1,"producer":"checkout",'
    b'"ingested_at":"2026-11-21T08:00:00Z"}'
)
VALUES: list[tuple[bytes | None, bytes | None, Headers]] = [
    (b"k0", b'{"n": 0.10, "big": 18446744073709551616}', []),
    (b"k1", b' {"a":1,\r\n "a":2}\n', [("streamlake", META)]),
    (None, None, [("h", None), ("h", b"\xff"), ("streamlake", META), ("z", b"\xc3\xa4")]),
    (b"\xff", b"{bad", [("streamlake", b"not ours"), ("h", b"1")]),
    (b"k4", b'{"payload":{"x":"\\"payload\\":"}}', [("streamlake", b"not ours")]),
    (b"", '{"ä":"\\u00e4 \\ud83d\\ude00"}'.encode(), []),
    (b"k6", b"\xff\xfe", []),
    (b"k7", b'"text"', []),
]
REJECTED = (3, 6)


def _day(timestamp_ms: int) -> str:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).date().isoformat()


class Landed(HandLake):
    """What the broker has, landed by the product's own lines."""

    def __init__(self, root: Path, dataset: str, broker: BrokerUnderTest, suffix: str = "json.gz") -> None:
        self.suffix = suffix
        self.broker = broker
        self.admin = Admin(broker.bootstrap)
        super().__init__(root, dataset, self.admin.cluster_id())
        self.raw_id = self.admin.topic_id(raw_topic(dataset))
        dlq_id = self.admin.topic_id(dlq_topic(dataset))
        assert self.raw_id is not None
        assert dlq_id is not None
        self.chain, self.dlq_chain = Chain(self.raw_id), Chain(dlq_id)
        for key, value, headers in VALUES:
            broker.send(raw_topic(dataset), [value], key=key, headers=headers)
        messages = broker.read(raw_topic(dataset))
        self.date = _day(messages[0].timestamp()[1])
        self.claims = [self._raw(messages[0:5]), self._raw(messages[5:8])]
        for offset in REJECTED:
            self.send_letter(offset)
        messages = broker.read(dlq_topic(dataset))
        self.dead = self._dead(messages) if messages else None

    def _raw(self, messages: list[Message]) -> Claim:
        place = Place(self.dataset, self.raw_topic, 0, "raw")
        accepted = [m for m in messages if m.offset() not in REJECTED]
        return self.land(
            len(messages),
            suffix=self.suffix,
            rejected=[offset for m in messages if (offset := m.offset()) in REJECTED],
            lines=RawLines().encode(place, accepted),  # type: ignore[arg-type] # the client's own messages
            last=fingerprint(messages[-1]),  # type: ignore[arg-type] # the same
        )

    def send_letter(self, record: int, **changes: object) -> None:
        key, value, headers = VALUES[record]
        fields: dict[str, object] = {
            "key": key, "value": value, "headers": tuple(headers), "reason": "not_json", "detail": "", "at": "",
            "topic": self.raw_topic, "topic_id": self.raw_id, "partition": 0, "offset": record, "contract_version": 1,
        }  # fmt: skip
        encoded = encode(DeadLetter(**(fields | changes)))  # type: ignore[arg-type] # the fields are listed above
        self.broker.send(self.dlq_topic, [encoded.value], key=encoded.key, headers=encoded.headers)

    def _dead(self, messages: list[Message]) -> Claim:
        place = Place(self.dataset, self.dlq_topic, 0, "dead_letters")
        return self.land_dead_letters(
            [m.offset() or 0 for m in messages],
            chain=self.dlq_chain,
            lines=DeadLetterLines().encode(place, messages),  # type: ignore[arg-type] # the client's own messages
        )

    def prove(self) -> Proof:
        return verify(self.root, self.broker.bootstrap, self.dataset)

    def audit(self) -> Verdict:
        reader = Reader(self.broker.bootstrap, admin=self.admin)
        try:
            return audit(self.store, self.dataset, self.options, self.admin, fetch_one=reader.fetch_one).verdict
        finally:
            reader.close()

    @property
    def options(self) -> Options:
        """All of it, asked for once its day is over: that day may be sealed."""
        return Options(deep=True, settle_seconds=0.1, now=datetime.now(UTC) + timedelta(days=1))
