"""A dataset on a broker with a lake by hand beside it, and the commands that look at both."""

import json
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import typer
from typer.testing import CliRunner

from streamlake.audit.options import Options
from streamlake.audit.report import Report
from streamlake.audit.run import audit
from streamlake.cli import dlq
from streamlake.cli.audit import audit as audit_command
from streamlake.kafka.admin import Admin
from streamlake.kafka.dead_letter import DeadLetter, encode
from streamlake.kafka.errors import KafkaUnavailable
from streamlake.kafka.names import consumer_group, dlq_topic, raw_topic
from tests.support.broker import BrokerUnderTest, until
from tests.support.lakes import HandLake

app = typer.Typer()
app.command("audit")(audit_command)
app.add_typer(dlq.app, name="dlq")


@dataclass
class Made:
    """A dataset on the broker with a lake beside it, and the command that looks at both."""

    dataset: str
    lake: HandLake
    broker: BrokerUnderTest
    admin: Admin
    topic_id: UUID

    def run(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    def json(self, *arguments: str) -> tuple[int, dict[str, object]]:
        code, stdout = self.run(*arguments, "--json")
        document: dict[str, object] = json.loads(stdout)
        return code, document

    def audit(self, *, deep: bool = True) -> Report:
        return audit(self.lake.store, self.dataset, Options(deep=deep, settle_seconds=0.1), self.admin)

    def commit(self, offset: int) -> None:
        """As the group. On a broker that has just started its coordinator may not be ready at once."""

        def done() -> bool:
            with suppress(KafkaUnavailable):
                self.admin.commit(consumer_group(self.dataset), {(raw_topic(self.dataset), 0): offset})
                return True
            return False

        until(done)

    def letter(self, offset: int, value: bytes = b"{bad", reason: str = "not_json", **more: object) -> None:
        meta = b'{"ingestion_id":"i-%d"}' % offset
        fields: dict[str, object] = {
            "key": b"k\xff", "value": value, "headers": (("h", None), ("h", b"\xff"), ("streamlake", meta)),
            "reason": reason, "detail": "at byte 1", "at": "2026-11-21T08:00:00Z", "topic": raw_topic(self.dataset),
            "topic_id": self.topic_id, "partition": 0, "offset": offset, "timestamp_ms": 5, "contract_version": 1,
        }  # fmt: skip
        encoded = encode(DeadLetter(**(fields | more)))  # type: ignore[arg-type] # the fields are listed above
        self.broker.send(dlq_topic(self.dataset), [encoded.value], key=encoded.key, headers=encoded.headers)
