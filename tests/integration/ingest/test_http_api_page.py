"""docs/http-api.md: a producer types what the page says, and gets what it says."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamlake.ingest import errors
from streamlake.kafka.names import raw_topic
from tests.support.api import ROOT, ApiUnderTest
from tests.support.broker import BrokerUnderTest
from tests.support.readme import blocks

PAGE = ROOT / "docs" / "http-api.md"


@pytest.fixture
def api(own_broker: BrokerUnderTest, tmp_path: Path) -> Iterator[ApiUnderTest]:
    """An API with the repository's own contracts, as `scripts/up` has them."""
    running = ApiUnderTest(tmp_path / "api", own_broker.bootstrap)
    shutil.copytree(ROOT / "contracts", running.contracts, dirs_exist_ok=True)
    done = running.command("topics", "apply")
    assert done.returncode == 0, done.stderr
    running.start()
    yield running
    running.kill()


@pytest.mark.broker
@pytest.mark.timeout(300)
def test_the_page_works_as_it_is_written(api: ApiUnderTest, own_broker: BrokerUnderTest, tmp_path: Path) -> None:
    def typed(block: str, *shell: str) -> str:
        text = block.replace("127.0.0.1:8080", f"127.0.0.1:{api.port}")
        done = subprocess.run([*shell, text], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    one, accepted, lines, packed, structured, batch, binary, dry, unknown, again = [
        typed(block, "bash", "-euo", "pipefail", "-c") for block in blocks(PAGE, "sh")
    ]
    for said in (one, structured, batch, binary):
        assert (json.loads(said)["accepted"], json.loads(said)["receipts"][0]["status"]) == (1, "accepted")
    assert json.loads(accepted)["examples"]
    for said in (lines, packed, dry):
        assert [row["index"] for row in json.loads(said)["receipts"]] == [0]
        assert [(row["index"], row["field"]) for row in json.loads(said)["errors"]] == [(1, "status")]
    assert (json.loads(unknown)["error_id"], json.loads(unknown)["nearest"]) == ("SL-0504", ["orders"])
    first, second = [json.loads(said + "}]}")["receipts"][0] for said in again.strip().split("}]}")[:2]]
    assert first["ingestion_id"] == second["ingestion_id"]
    assert first["offset"] != second["offset"] or first["partition"] != second["partition"]

    (program,) = blocks(PAGE, "python")
    refused = typed(program, sys.executable, "-c")
    assert "'index': 1" in refused
    assert "'index': 0" not in refused
    found = [json.loads(message.value() or b"")["order_id"] for message in own_broker.read(raw_topic("orders"))]
    assert sorted(found) == sorted(["o-1", "o-2", "o-2", "o-4", "o-5", "o-6", "o-7", "o-7", "o-8"])


def test_the_page_names_every_answer() -> None:
    text = PAGE.read_text()
    served = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Refusal)}
    for kind in served - {errors.Refusal}:
        rows = [line for line in text.splitlines() if line.startswith("|") and f"[{kind.code}]" in line]
        assert any(str(kind.status) in row.split("|")[1] for row in rows), f"{kind.__name__} is not on the page"
