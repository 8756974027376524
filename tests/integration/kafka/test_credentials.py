"""A Kafka that asks who is there: each client says clearly why it gets nothing, and goes on once it may."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streamlake import vitals
from streamlake.kafka import clients
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import read
from streamlake.kafka.dead_letter import DeadLetter
from streamlake.kafka.dead_letter_writer import DeadLetterWriter
from streamlake.kafka.errors import Denied
from streamlake.kafka.reader import Reader
from tests.support.broker import free_port, until
from tests.support.secured_broker import SUPER_USER, SecuredBroker, client_file, secured_broker

STREAMLAKE = str(Path(sys.executable).with_name("streamlake"))
pytestmark = pytest.mark.broker


@pytest.fixture(scope="module")
def secured(kafka_software: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """One broker for this module; each test has a user of its own."""
    with secured_broker(tmp_path_factory.mktemp("secured")) as made:
        yield made


def test_the_right_password_is_let_in(secured: SecuredBroker, tmp_path: Path) -> None:
    """Questions and reads work with what the access lists give, and with no more."""
    secured.create_topic("allowed")
    secured.create_topic("forbidden")
    secured.send("allowed", [b"1", b"2"])
    secured.set_password("reader", "right")
    secured.allow("reader", "topic", "allowed", "read", "describe_configs")
    secured.allow("reader", "group", "streamlake-reader", "describe")
    security = read(client_file(tmp_path / "kafka", "reader", "right"))
    admin = Admin(secured.secured, seconds=10, security=security)
    assert admin.cluster_id()
    until(lambda: admin.topics() == ["allowed"])
    reader = Reader(secured.secured, admin=admin, security=security)
    assert [m.value() for batch in reader.read_range("allowed", 0, 0, 2) for m in batch] == [b"1", b"2"]
    with pytest.raises(Denied, match="access plan"):
        admin.partitions("forbidden")
    with pytest.raises(Denied, match="forbidden"):
        list(reader.read_range("forbidden", 0, 0, 1))
    reader.close()


def test_a_wrong_password_is_said_at_once_by_every_client(secured: SecuredBroker, tmp_path: Path) -> None:
    """Not as a time-out: each says that it was refused, well before its time is over, and what to look at."""
    secured.set_password("mistyped", "right")
    security = read(client_file(tmp_path / "kafka", "mistyped", "wrong"))
    admin = Admin(secured.secured, seconds=10, security=security)
    reader = Reader(secured.secured, admin=admin, security=security)
    began = time.monotonic()
    for ask in (admin.cluster_id, lambda: admin.bounds("t", 0), lambda: reader.fetch_one("t", 0, 0)):
        with pytest.raises(Denied, match="STREAMLAKE_KAFKA_CLIENT_FILE"):
            ask()
    assert time.monotonic() - began < 9
    writer = DeadLetterWriter(
        clients.dead_letter_producer(secured.secured, security=security) | {"delivery.timeout.ms": 1500}, seconds=2
    )
    with pytest.raises(Denied, match="authentication"):
        writer.send("t", [_letter()])


def test_a_dead_letter_without_a_grant_is_refused(secured: SecuredBroker, tmp_path: Path) -> None:
    """It says which topic, and that a grant is missing: the record is not at fault."""
    secured.create_topic("no-grant")
    secured.set_password("writer", "right")
    security = read(client_file(tmp_path / "kafka", "writer", "right"))
    writer = DeadLetterWriter(clients.dead_letter_producer(secured.secured, security=security))
    with pytest.raises(Denied, match=r"no-grant.*access plan"):
        writer.send("no-grant", [_letter()])
    writer.close()


def test_a_login_that_ends_is_said_and_a_new_password_heals(secured: SecuredBroker, tmp_path: Path) -> None:
    """A client that was let in is asked again: refused it says so, and once it may it goes on by itself."""
    secured.set_password("expiring", "right")
    security = read(client_file(tmp_path / "kafka", "expiring", "right"))
    admin = Admin(secured.secured, seconds=5, security=security)
    assert admin.cluster_id()
    secured.forget("expiring")
    until(lambda: _denied(admin), 60)
    secured.set_password("expiring", "right")
    until(lambda: not _denied(admin), 60)


def test_a_consumer_tells_its_unit_that_it_is_refused(secured: SecuredBroker, tmp_path: Path) -> None:
    """It waits with words, on the socket that `status` reads, and begins once its password is right."""
    secured.set_password("late", "other")
    state = tmp_path / "s"
    (tmp_path / "lake").mkdir()
    process = _start("consume", "orders", secured=secured, user="late", tmp_path=tmp_path, state=state)
    try:
        until(lambda: "SL-0203" in _waits_for(state), 60)
        secured.set_password("late", "right")
        until(lambda: "SL-0203: reading streamlake.orders.raw" in _waits_for(state), 60)
        assert "access plan" in _waits_for(state), "now the grant is missing"
        said = subprocess.run(
            [STREAMLAKE, "status", "--json"],
            env=_environment(secured, "late", "wrong", tmp_path, state),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "SL-0203" in said.stdout
    finally:
        process.terminate()
        process.wait(30)
    output = (tmp_path / "out").read_text()
    assert "SL-0203" in output
    assert "right" not in output


@pytest.mark.parametrize(
    "command", [["consume", "orders"], ["serve", "api"], ["topics", "plan"], ["dlq", "summary", "orders"]]
)
def test_a_wrong_file_ends_every_command_with_2(command: list[str], tmp_path: Path) -> None:
    """Before anything is asked or made."""
    environment = os.environ | {
        "STREAMLAKE_KAFKA_CLIENT_FILE": str(tmp_path / "absent"),
        "STREAMLAKE_HOME": str(tmp_path / "home"),
        "STREAMLAKE_API_PORT": str(free_port()),
    }
    ended = subprocess.run(
        [STREAMLAKE, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2, ended.stderr
    assert "SL-0215" in ended.stderr


def _letter() -> DeadLetter:
    return DeadLetter(
        key=b"k", value=b"v", headers=(), reason="r", detail="d", topic="t", at="2026-01-01T00:00:00Z", ingestion_id="i"
    )


def _denied(admin: Admin) -> bool:
    try:
        admin.cluster_id()
    except Denied:
        return True
    return False


def _environment(secured: SecuredBroker, user: str, password: str, tmp_path: Path, state: Path) -> dict[str, str]:
    return os.environ | {
        "STREAMLAKE_KAFKA_CLIENT_FILE": str(client_file(tmp_path / f"kafka-{password}", user, password)),
        "STREAMLAKE_BOOTSTRAP_SERVERS": secured.secured,
        "STREAMLAKE_HOME": str(tmp_path / "home"),
        "STREAMLAKE_STATE_DIR": str(state),
        "STREAMLAKE_LAKE_URL": f"file://{tmp_path}/lake",
    }


def _start(*command: str, secured: SecuredBroker, user: str, tmp_path: Path, state: Path) -> "subprocess.Popen[bytes]":
    with (tmp_path / "out").open("wb") as out:
        return subprocess.Popen(
            [STREAMLAKE, *command],
            env=_environment(secured, user, "right", tmp_path, state),
            stdout=out,
            stderr=out,
        )


def _waits_for(state: Path) -> str:
    return json.dumps([d.get("waiting_for") for d in vitals.gather(state)])


def test_access_apply_gives_each_unit_what_it_needs(secured: SecuredBroker, tmp_path: Path) -> None:
    """From the files' passwords and the contracts; the second run finds nothing to do, and no password is printed."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    client_file(folder / "kafka-api", "streamlake-api", "secret-of-the-api")
    client_file(folder / "kafka-consumer-orders", "streamlake-consumer-orders", "secret-of-orders")
    secured.allow("streamlake-consumer-gone", "topic", "streamlake.gone.raw", "read")
    secured.allow("grafana", "topic", "streamlake.gone.raw", "read")
    environment = os.environ | {
        "STREAMLAKE_BOOTSTRAP_SERVERS": secured.secured,
        "STREAMLAKE_KAFKA_CLIENT_FILE": str(client_file(tmp_path / "admin", SUPER_USER, "secret-of-the-boss")),
        "STREAMLAKE_HOME": str(tmp_path / "home"),
    }
    secured.set_password(SUPER_USER, "secret-of-the-boss")

    def access(*words: str) -> tuple[int, dict[str, Any]]:
        command = [STREAMLAKE, "access", *words, "--json", "--credentials", str(folder)]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert "secret-of" not in ended.stdout + ended.stderr
        return ended.returncode, json.loads(ended.stdout)

    code, planned = access("plan")
    assert code == 1
    assert planned["passwords"] == ["streamlake-api", "streamlake-consumer-orders"]
    assert access("apply")[0] == 0
    code, left = access("plan")
    assert (code, left["passwords"], left["missing"]) == (0, [], [])
    assert {row["user"] for row in left["not_needed"]} == {"streamlake-consumer-gone"}
    client_file(folder / "kafka-api", "streamlake-api", "another-secret-of-the-api")
    assert access("plan")[1]["passwords"] == ["streamlake-api"]
    assert access("apply", "--withdraw")[0] == 0
    code, left = access("plan")
    assert (code, left["not_needed"]) == (0, [])
