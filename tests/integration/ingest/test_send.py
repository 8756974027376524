"""`streamlake send`: every event of the file gets one final answer, also across an API that comes and goes."""

import json
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from streamlake.kafka.names import raw_topic
from tests.integration.ingest.conftest import MakeDataset
from tests.support.api import ApiUnderTest, array, event
from tests.support.broker import BrokerUnderTest, until

pytestmark = pytest.mark.broker


def said(done: "subprocess.CompletedProcess[str]") -> Any:
    return json.loads(done.stdout)


def test_a_file_with_bad_ones(api: ApiUnderTest, broker: BrokerUnderTest, dataset: str, tmp_path: Path) -> None:
    events = [event(number) for number in range(1200)]
    events[5], events[700] = b"{}", b'{"a":NaN}'
    file, receipts = tmp_path / "events.ndjson", tmp_path / "receipts.ndjson"
    file.write_bytes(b"\n".join(events))
    done = api.command("send", dataset, str(file), "--json", "--receipts", str(receipts))
    assert done.returncode == 1, done.stderr
    document = said(done)
    assert (document["accepted"], document["refused"], document["requests"]) == (1198, 2, 3)
    assert [refusal["index"] for refusal in document["refusals"]] == [5, 700]
    lines = [json.loads(line) for line in receipts.read_text().splitlines()]
    assert sorted(line["index"] for line in lines) == [n for n in range(1200) if n not in (5, 700)]
    assert [m.value() for m in broker.read(raw_topic(dataset))] == [
        e for n, e in enumerate(events) if n not in (5, 700)
    ]
    again = said(api.command("send", dataset, str(file), "--json", "--receipts", str(tmp_path / "again")))
    assert again["accepted"] == 1198
    repeated = [json.loads(line) for line in (tmp_path / "again").read_text().splitlines()]
    assert [line["ingestion_id"] for line in repeated] == [line["ingestion_id"] for line in lines]


def test_wrong_use_touches_nothing(api: ApiUnderTest, dataset: str, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    assert api.command("send", dataset, str(file)).returncode == 2
    file.write_bytes(array(event(1)))
    unknown = api.command("send", "nosuch", str(file))
    assert (unknown.returncode, "SL-0530" in unknown.stderr) == (2, True)
    nobody = api.command("send", dataset, str(file), "--url", "http://127.0.0.1:9", "--patience", "1")
    assert (nobody.returncode, "SL-0526" in nobody.stderr) == (3, True)


def test_interrupted_it_says_what_was_done(api: ApiUnderTest, dataset: str, tmp_path: Path) -> None:
    file, receipts = tmp_path / "events.ndjson", tmp_path / "receipts.ndjson"
    file.write_bytes(b"\n".join(event(number) for number in range(20_000)))
    words = ["send", dataset, str(file), "--json", "--batch", "10", "--receipts", str(receipts)]
    with api.begin(*words) as sender:
        until(lambda: receipts.exists() and receipts.stat().st_size > 0)
        sender.send_signal(signal.SIGINT)
        document = json.loads(sender.communicate(timeout=20)[0])
    assert sender.returncode == 5
    assert document["error"]["id"] == "SL-0805"
    assert 0 < document["accepted"] < 20_000
    assert len(receipts.read_text().splitlines()) == document["accepted"]


def test_it_outlives_an_api_that_is_killed(
    api: ApiUnderTest, broker: BrokerUnderTest, new: MakeDataset, tmp_path: Path
) -> None:
    """Killed twice amid the file: every event is in the log, and each has one id only."""
    name = new(3)
    events = [event(number) for number in range(20_000)]
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(events))
    done: list[subprocess.CompletedProcess[str]] = []
    sender = threading.Thread(
        target=lambda: done.append(api.command("send", name, str(file), "--json", "--batch", "100"))
    )
    sender.start()
    for _ in range(2):
        time.sleep(0.7)  # somewhere amid the file: where does not matter
        api.kill()
        api.start()
    sender.join(60)
    assert done[0].returncode == 0, done[0].stderr
    assert said(done[0])["accepted"] == 20_000
    ids: dict[bytes, set[str]] = {}
    for message in broker.read(raw_topic(name)):
        headers: Any = message.headers()
        ids.setdefault(message.value() or b"", set()).add(json.loads(dict(headers)["streamlake"])["ingestion_id"])
    assert set(ids) == set(events)
    assert all(len(found) == 1 for found in ids.values())
