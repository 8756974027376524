"""The oracle and the audit find the same planted damages in a lake that stands beside a real Kafka."""

import ast
import copy
import hashlib
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from streamlake.audit.dead_letters import DeadLetters
from streamlake.audit.findings import Kind, Verdict
from streamlake.audit.options import Options
from streamlake.audit.run import audit
from streamlake.kafka.names import dlq_topic, raw_topic
from streamlake.kafka.reader import Reader
from streamlake.storage.local import LocalStore
from tests.oracle.parts import unpacked
from tests.oracle.verify import verify
from tests.support.broker import BrokerUnderTest
from tests.support.damages import DAMAGES, MORE, SEALED, drop_a_line
from tests.support.landed_lake import REJECTED, Landed


@pytest.fixture(scope="module", params=["json.gz", "json.zst", "parquet"])
def template(
    request: pytest.FixtureRequest, broker: BrokerUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> Landed:
    """One dataset a format, landed once: nobody may change what Kafka has of it."""
    dataset = f"t{uuid.uuid4().hex[:12]}"
    broker.create_topic(raw_topic(dataset), 1)
    broker.create_topic(dlq_topic(dataset), 1)
    return Landed(tmp_path_factory.mktemp("template") / "lake", dataset, broker, request.param)


@pytest.fixture
def landed(template: Landed, tmp_path: Path) -> Landed:
    """A copy of that lake, to be damaged."""
    shutil.copytree(template.root, tmp_path / "lake")
    mine = copy.copy(template)
    mine.root, mine.store, mine._sealed = tmp_path / "lake", LocalStore(tmp_path / "lake"), {}
    return mine


@pytest.fixture
def own(new_dataset: Callable[..., str], broker: BrokerUnderTest, tmp_path: Path) -> Landed:
    """A dataset of the test's own, to send more to."""
    return Landed(tmp_path / "lake", new_dataset(partitions=1), broker)


@pytest.mark.broker
def test_the_oracle_proves_a_good_lake_down_to_every_byte(landed: Landed) -> None:
    proof = landed.prove()
    assert proof.violations == []
    assert proof.ok
    assert (proof.raw_lines, proof.dead_lines, proof.in_kafka, proof.waiting) == (6, 2, 8, 0)
    assert (proof.compared, proof.dead_letters_compared) == (8, 2)
    assert landed.audit() is Verdict.OK


@pytest.mark.broker
def test_what_waits_is_counted_and_an_empty_lake_proves_nothing(own: Landed, tmp_path: Path) -> None:
    own.broker.send(own.raw_topic, [b"{}"] * 3)
    assert (own.prove().ok, own.prove().waiting) == (True, 3)
    (tmp_path / "empty").mkdir()
    assert not verify(tmp_path / "empty", own.broker.bootstrap, own.dataset).ok


@pytest.mark.broker
@pytest.mark.parametrize(("damage", "sealed"), [*((d, False) for d in DAMAGES + MORE), *((d, True) for d in SEALED)])
def test_oracle_and_audit_both_find(landed: Landed, damage: Callable[[Landed], None], *, sealed: bool) -> None:
    if sealed:
        landed.seal(landed.claims)
    damage(landed)
    proof = landed.prove()
    assert proof.violations
    assert not proof.ok
    assert landed.audit() is Verdict.FOUND


@pytest.mark.broker
def test_both_are_content_with_a_sealed_lake(landed: Landed) -> None:
    landed.seal(landed.claims)
    proof = landed.prove()
    assert (proof.violations, proof.seals) == ([], 1)
    assert landed.audit() is Verdict.OK


def _forge(lake: Landed, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change lines and the claim with them: the lake alone is consistent, only Kafka knows better."""
    lake.edit_lines(lake.claims[0], change)
    part = lake.part_path(lake.claims[0])
    body = unpacked(part.name, part.read_bytes())
    sha256 = hashlib.sha256(body).hexdigest()
    lake.edit_claim(lake.claims[0], sha256=sha256, bytes=len(body))


@pytest.mark.broker
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"0.10", b"0.1"),
        (b'"key":"k0"', b'"key":null'),
        (b'"meta":null', b'"meta":{}'),
        (b"[]", b'[{"name":"x","value":null}]'),
    ],
)
def test_a_forgery_that_only_kafka_can_tell_is_found(landed: Landed, before: bytes, after: bytes) -> None:
    """I9: key, headers, meta and payload are those of the record."""
    _forge(landed, lambda lines: [lines[0].replace(before, after), *lines[1:]])
    assert {v["invariant"] for v in landed.prove().violations} == {"I9"}


@pytest.mark.broker
@pytest.mark.parametrize("changes", [{"value": b"{bae"}, {"key": None}, {"headers": ()}])
def test_a_dead_letter_that_differs_from_its_record_is_found(own: Landed, changes: dict[str, object]) -> None:
    own.send_letter(3, **changes)
    assert {v["invariant"] for v in own.prove().violations} == {"I7"}


@pytest.mark.broker
def test_a_dead_letter_of_an_accepted_record_or_of_none_is_found(own: Landed) -> None:
    own.send_letter(0)
    assert {v["invariant"] for v in own.prove().violations} == {"I2"}
    own.send_letter(3, offset=100)
    assert {v["invariant"] for v in own.prove().violations} == {"I2", "I9"}


@pytest.mark.broker
def test_a_rejected_record_without_a_dead_letter_is_found(
    new_dataset: Callable[..., str], broker: BrokerUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Landed, "send_letter", lambda *_: None)
    lake = Landed(tmp_path / "lake", new_dataset(partitions=1), broker)
    assert [v["invariant"] for v in lake.prove().violations] == ["I1", "I1"]
    reader = Reader(broker.bootstrap, admin=lake.admin)
    seen = DeadLetters(lake.admin, reader, lake.dataset).seen
    report = audit(lake.store, lake.dataset, Options(deep=True, settle_seconds=0.1), lake.admin, seen)
    reader.close()
    assert [(f.kind, f.where.start) for f in report.findings] == [(Kind.DEAD_LETTER_MISSING, o) for o in REJECTED]


@pytest.mark.broker
def test_the_oracle_is_a_program(landed: Landed) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.oracle",
        str(landed.root),
        landed.broker.bootstrap,
        landed.dataset,
        "--json",
    ]
    good = subprocess.run(command, capture_output=True, text=True)
    assert (good.returncode, json.loads(good.stdout)["ok"]) == (0, True)
    drop_a_line(landed)
    bad = subprocess.run(command, capture_output=True, text=True)
    assert (bad.returncode, json.loads(bad.stdout)["ok"]) == (1, False)


def test_the_oracle_imports_nothing_of_what_it_verifies() -> None:
    folder = Path(__file__).parents[1] / "oracle"
    imported = {
        name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
    }
    assert "tests.oracle.lake" in imported
    assert not [n for n in imported if n.startswith("streamlake") or (n.startswith("tests") and "oracle" not in n)]
