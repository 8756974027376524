"""What a host must be: each check finds what it is for, lets pass what is well, and says what to do."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.host_programs import ROLES, program

checks = program("preflight", "host_checks")
# The decision as the play takes it: Debian 12 is what tests boot, 13 is accepted.
SYSTEMS = yaml.safe_load((ROLES / "preflight" / "defaults" / "main.yml").read_text())["preflight_systems"]


def wanted(**changed: object) -> dict[str, Any]:
    nothing: dict[str, Any] = {"systems": SYSTEMS, "memory_mb": 1, "disk_mb": 1, "disk_paths": [], "ports": []}
    return {**nothing, "names": [], "peers": [], "installs": False, "index": "", **changed}


def debian(version: int) -> dict[str, str]:
    return {"ID": "debian", "VERSION_ID": f'"{version}"'}


def kafka_port(holder: tuple[str, str] | None) -> Any:
    return checks.port(9092, "Kafka", "kafka.service", holder)


@pytest.mark.parametrize(
    ("well", "wrong"),
    [
        (checks.system(debian(12), SYSTEMS), checks.system(debian(11), SYSTEMS)),
        (checks.system(debian(13), SYSTEMS), checks.system({"ID": "ubuntu"}, SYSTEMS)),
        (checks.machine("aarch64"), checks.machine("riscv64")),
        (checks.python((3, 11)), checks.python((3, 9))),
        (checks.rights(0), checks.rights(1000)),
        (checks.init("systemd", 252), checks.init("systemd", 247)),
        (checks.init("systemd", 257), checks.init("sh", 0)),
        (checks.memory(3790, 4096), checks.memory(2000, 4096)),
        (checks.disk("/opt", 8192, 8192), checks.disk("/opt", 8191, 8192)),
        (kafka_port(None), kafka_port(("nc (17)", "0::/user"))),
        (kafka_port(("java (3)", "0::/x/kafka.service")), kafka_port(("java (3)", "0::/x/other-kafka.service"))),
        (checks.name("localhost"), checks.name("no-such-host.invalid")),
    ],
)
def test_each_check_lets_pass_what_is_well_and_says_what_to_do_else(
    well: list[Any], wrong: list[dict[str, str]]
) -> None:
    assert well == []
    (finding,) = wrong
    assert finding["check"]
    assert finding["detail"]
    assert finding["todo"].endswith(".")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_who_listens_is_named_with_its_process(listener: socket.socket) -> None:
    found = checks.holder_of(listener.getsockname()[1])
    assert found is not None
    assert f"process {os.getpid()}" in found[0]


def test_a_port_that_nobody_has_is_free(listener: socket.socket) -> None:
    number = listener.getsockname()[1]
    listener.close()
    assert checks.holder_of(number) is None


def test_a_peer_that_refuses_is_reached_and_one_that_is_silent_is_not(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "SECONDS", 0.2)
    number = listener.getsockname()[1]
    assert checks.peer("kafka-1", "127.0.0.1", number) == []
    listener.close()
    assert checks.peer("kafka-1", "127.0.0.1", number) == [], "nothing may listen there yet"
    (finding,) = checks.peer("kafka-1", "no-such-host.invalid", number)
    assert "kafka-1" in finding["detail"]


def test_the_package_index_is_the_one_that_pip_was_told(tmp_path: Path) -> None:
    first, second = tmp_path / "a.conf", tmp_path / "b.conf"
    first.write_text("[global]\nindex-url = http://first/simple\n")
    second.write_text("[global]\ncert = /x\n")
    assert checks.index_url({}, [first, second, tmp_path / "none"], "http://default") == "http://first/simple"
    assert checks.index_url({}, [second], "http://default") == "http://default"
    assert checks.index_url({"PIP_INDEX_URL": "http://told"}, [first], "") == "http://told"
    first.write_text("this is no configuration")
    assert checks.index_url({}, [first], "") == ""


def test_all_failures_come_in_one_answer_and_nothing_is_written(listener: socket.socket, tmp_path: Path) -> None:
    """As the play runs it: read from standard input, in an empty folder that stays empty."""
    port = {"port": listener.getsockname()[1], "purpose": "Kafka", "unit": "kafka.service"}
    document = wanted(
        systems={"debian": ["99"]},
        memory_mb=1 << 30,
        disk_mb=1 << 40,
        disk_paths=["/opt", "/no/such/place"],
        ports=[port],
        names=["no-such-host.invalid"],
        peers=[{"name": "kafka-2", "address": "no-such-host.invalid", "port": 9}],
    )
    done = subprocess.run(
        [sys.executable, "-I", "-", json.dumps(document)],
        input=(ROLES / "preflight" / "files" / "host_checks.py").read_text(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    answer = json.loads(done.stdout)
    found = [finding["check"] for finding in answer["failures"] if finding["check"] not in ("systemd", "rights")]
    assert found == ["system", "memory", "disk", "disk", "port", "names", "peers"]
    assert not list(tmp_path.iterdir())
    assert answer["now"] > 1_700_000_000
