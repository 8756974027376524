"""One event is traced through a real Kafka and a real consumer: to its line, its reason, or to where it still waits."""

import gzip
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streamlake.audit.findings import Verdict
from streamlake.audit.options import Options
from streamlake.audit.run import audit
from streamlake.cli.trace import trace as trace_command
from streamlake.kafka.admin import Admin
from streamlake.storage.local import LocalStore
from tests.support.broker import free_port
from tests.support.consumer import Rig, event, poison

pytestmark = pytest.mark.broker

Ask = Callable[..., tuple[int, dict[str, Any]]]
app = typer.Typer()
app.command("trace")(trace_command)


def meta(id_: str) -> list[tuple[str, str | bytes | None]]:
    said = {"ingestion_id": id_, "schema_version": 1, "producer": "checkout", "ingested_at": _now()}
    return [("streamlake", json.dumps(said, separators=(",", ":")).encode())]


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".5Z"


def new_id() -> str:
    now = int(time.time() * 1000)
    return str(uuid.UUID(int=now << 80 | 7 << 76 | 2 << 62 | uuid.uuid4().int & (1 << 62) - 1))


@pytest.fixture
def trace(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """The command in this process: its exit code and its document."""

    def ask(*arguments: str, **settings: object) -> tuple[int, dict[str, Any]]:
        for name, value in rig.environment(**settings).items():
            if name.startswith("STREAMLAKE_"):
                monkeypatch.setenv(name, value)
        result = CliRunner().invoke(app, [*arguments, "--json"])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        document: dict[str, Any] = json.loads(result.stdout)
        return result.exit_code, document

    return ask


def test_an_event_is_traced_by_receipt_by_id_and_by_place(rig: Rig, trace: Ask) -> None:
    good, bad, waits = new_id(), new_id(), new_id()
    rig.send([event(n) for n in range(20)])
    (at,) = rig.send([event(100)], key=b"k", headers=meta(good))
    (bad_at,) = rig.send([poison(1)], headers=meta(bad))
    consumer = rig.start()
    rig.wait_landed()
    admin = Admin(rig.broker.bootstrap)
    audited = audit(LocalStore(rig.lake), rig.dataset, Options(deep=True), admin)
    assert (audited.verdict, audited.findings) == (Verdict.OK, []), "the audit agrees with what a consumer wrote"
    receipt = {"status": "accepted", "ingestion_id": good, "topic": rig.raw, "partition": 0, "offset": at}
    for asked in (
        [json.dumps(receipt)],
        [json.dumps({"dataset": rig.dataset, "receipts": [receipt]})],
        [f"{rig.raw}/0/{at}"],
        [good],
        [good, "--around", "10m"],
    ):
        code, document = trace(*asked)
        assert (code, document["found"], document["not_seen"]) == (0, True, []), document
        (found,) = document["events"]
        assert (found["state"], found["offset"], found["ingestion_id"]) == ("landed", at, good)
        assert found["log"]["kafka"] == "there"
        assert found["producer"] == "checkout"
        assert found["part"]["exists"]
        lines = gzip.decompress((rig.lake / found["part"]["object"]).read_bytes()).splitlines()
        line = json.loads(lines[found["part"]["line"] - 1])
        assert (line["kafka_offset"], line["meta"]["ingestion_id"]) == (at, good)
        assert [hop["hop"] for hop in found["hops"]][:3] == ["ingested", "in the log", "claimed"]

    for asked in ([bad], [f"{rig.raw}/0/{bad_at}"]):
        code, document = trace(*asked)
        assert code == 0
        (found,) = document["events"]
        assert (found["state"], found["offset"]) == ("dead_lettered", bad_at)
        assert found["dead_letter"]["reason"].startswith("json.")
        assert found["dead_letter"]["place"] == f"{rig.dlq}/0/0"
        assert document["suggest"][0].startswith(f"streamlake dlq show {rig.dataset} ")

    assert consumer.stop() == 0
    (waiting,) = rig.send([event(101)], headers=meta(waits))
    for asked in ([waits], [f"{rig.raw}/0/{waiting}"]):
        code, document = trace(*asked)
        assert (code, [e["state"] for e in document["events"]]) == (0, ["waiting"])
        assert document["events"][0]["ingestion_id"] == waits

    code, document = trace(new_id())
    assert (code, document["found"]) == (1, False)
    assert any(rig.raw in place for place in document["looked"])
    code, document = trace(f"{rig.raw}/0/1000")
    assert (code, document["found"]) == (1, False)

    away = {"bootstrap_servers": f"127.0.0.1:{free_port()}"}
    code, document = trace(good, **away)
    assert (code, document["events"][0]["state"], document["events"][0]["log"]["kafka"]) == (0, "landed", "unknown")
    assert len(document["not_seen"]) == 1
    code, document = trace(waits, **away)
    assert (code, document["found"]) == (3, False), "it may be in Kafka: that could not be asked"
