"""Somebody clones the repository, and types what the README says.

Promise: on a fresh machine the README's walk works as it is written, and after a stop nothing is lost.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streamlake.kafka import ports
from tests.support.broker import free_port
from tests.support.readme import blocks

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]

Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clean clone: nothing but what is committed."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(tmp_path / "clone")], check=True)
    return tmp_path / "clone"


@pytest.fixture
def shell(clone: Path, kafka_software: Path) -> Iterator[Shell]:
    """Types commands in the clone, with ports of its own, as a user without our virtual environment would."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("STREAMLAKE_", "VIRTUAL_ENV", "PYTEST"))}
    api_port = free_port()
    environment |= {
        "STREAMLAKE_API_PORT": str(api_port),
        "STREAMLAKE_KAFKA_PORT": str(free_port()),
        # Fetched once for all tests; installing it is tested elsewhere.
        "STREAMLAKE_KAFKA_SOFTWARE_DIR": str(kafka_software),
    }

    def run(command: str, *, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = command.replace("127.0.0.1:8080", f"127.0.0.1:{api_port}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=clone, env=environment, capture_output=True, text=True
        )
        assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    yield run
    subprocess.run(["scripts/down"], cwd=clone, env=environment, capture_output=True, check=False)


def lines(clone: Path, zone: str, dataset: str) -> list[dict[str, object]]:
    """What stands in the lake, read without any of our code."""
    folder = clone / ".streamlake" / "lake" / zone / f"dataset={dataset}"
    found = []
    for part in sorted(folder.glob("ingestion_date=*/part-*.json.gz")):
        text = subprocess.run(["zcat", str(part)], capture_output=True, check=True, text=True).stdout
        found += [json.loads(line) for line in text.splitlines()]
    return found


def test_the_readme_works_as_written_and_nothing_is_lost_over_a_stop(shell: Shell, clone: Path) -> None:
    answers = [shell(block) for block in blocks(clone / "README.md", "sh")]
    said = "\n".join(answer.stdout + answer.stderr for answer in answers)
    assert '"topic":"streamlake.orders.raw"' in said, "no receipt"
    assert '"order_id":"o-1"' in said, "the event was not shown as a line of the lake"
    assert "contract." in said, "dlq list gave no reason"
    assert "StreamLake is stopped." in said
    before = lines(clone, "raw", "orders")
    assert [line["payload"]["order_id"] for line in before] == ["o-1"]  # type: ignore[index]  # a JSON object
    assert len(lines(clone, "dead_letters", "clicks")) == 1

    shell("scripts/up --detach")
    again = shell("scripts/up --detach")
    assert "runs already" in again.stderr
    shell(blocks(clone / "README.md", "sh")[1])
    shell(".venv/bin/streamlake status --exit-when caught-up --timeout 60")
    assert len(lines(clone, "raw", "orders")) == 2, "one event was lost or landed twice"
    audit = json.loads(shell(".venv/bin/streamlake audit orders --deep --json").stdout)
    assert audit["verdict"].lower() == "ok"

    status = json.loads(shell(".venv/bin/streamlake status --json").stdout)
    assert status["health"] == "healthy"
    assert {p["name"] for p in status["processes"]} >= {"kafka", "streamlake-api", "streamlake-consumer@orders"}
    assert all(p["pid"] and p["state"] == "running" for p in status["processes"])
    doctor = json.loads(shell(".venv/bin/streamlake doctor --end-to-end --json").stdout)
    assert {check["status"] for check in doctor["checks"]} == {"ok"}

    refused = shell("scripts/down --wipe < /dev/null", code=4)
    assert "nothing was deleted" in refused.stderr
    shell("scripts/down --wipe --yes")
    assert not (clone / ".streamlake" / "lake").exists()
    assert ports.is_free(int(status["kafka"]["bootstrap_servers"].rsplit(":")[-1])), "Kafka still runs"
