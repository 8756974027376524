"""Many events in batches, while the API and the consumer are killed at random: each acknowledged one lands once.

200,000 events and four kills; with --full 1,000,000 and ten. Clients send a batch again, under the same idempotency
key, until it is acknowledged as a whole.
"""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.verify import verify
from tests.support.broker import free_port, until
from tests.support.consumer import ROOT, Rig, RigMaker
from tests.support.running import Running

pytestmark = [pytest.mark.broker, pytest.mark.timeout(1800)]
BATCH = 1000
PARTITIONS = 3


class Api:
    """The ingest API of a rig, as its unit starts it; to be killed with all its workers."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.port = free_port()

    def start(self) -> None:
        with (self._rig.home / "api.log").open("ab") as log:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("streamlake"), "serve", "api"],
                env=self._rig.environment(api_port=self.port),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(20)


class Senders:
    """Send every batch until it is acknowledged, and keep the receipts."""

    def __init__(self, rig: Rig, api: Api, batches: int) -> None:
        self._rig, self._api, self._batches = rig, api, batches
        self.acknowledged: dict[tuple[int, int], int] = {}
        self.ids: set[str] = set()
        self.attempts: Counter[int] = Counter()
        self.done = 0

    def send(self, batch: int) -> None:
        first = batch * BATCH
        body = b"\n".join(payload(number) for number in range(first, first + BATCH))
        deadline = time.monotonic() + 300
        while (receipts := self._try(batch, body)) is None:
            assert time.monotonic() < deadline, f"batch {batch} was never acknowledged"
            time.sleep(0.2)
        assert [receipt["index"] for receipt in receipts] == list(range(BATCH))
        for receipt in receipts:
            self.acknowledged[receipt["partition"], receipt["offset"]] = first + receipt["index"]
            self.ids.add(receipt["ingestion_id"])
        self.done += 1

    def _try(self, batch: int, body: bytes) -> list[dict[str, Any]] | None:
        self.attempts[batch] += 1
        connection = http.client.HTTPConnection("127.0.0.1", self._api.port, timeout=20)
        try:
            headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": f"batch-{batch}"}
            connection.request("POST", f"/v1/datasets/{self._rig.dataset}/events", body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        assert answer.status in (202, 207, 429, 503), (answer.status, content[:500])
        receipts: list[dict[str, Any]] = json.loads(content)["receipts"] if answer.status == 202 else []
        return receipts or None


def payload(number: int) -> bytes:
    return b'{"id": "e%d", "n": %d, "amount": 1.50}' % (number, number)


def test_each_acknowledged_event_lands_once_whatever_is_killed(new_rig: RigMaker, pytestconfig: pytest.Config) -> None:
    """I1, I2, I8, I9, I11, and `audit` and the oracle agree."""
    count, kills = (1_000_000, 10) if pytestconfig.getoption("--full") else (200_000, 4)
    rig = new_rig(partitions=PARTITIONS)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    api = Api(rig)
    api.start()
    consumers = [rig.start(part_max_age_seconds=1, part_max_records=20_000)]
    senders = Senders(rig, api, count // BATCH)
    ended = threading.Event()

    def kill_at_random() -> None:
        for number in range(kills):
            mark = (number + chance.random()) / kills * (count // BATCH)
            while senders.done < mark:
                if ended.wait(0.01):
                    return
            if number % 2 == 0:
                api.kill()
                api.start()
            else:
                consumers[-1].kill()
                consumers.append(rig.start(part_max_age_seconds=1, part_max_records=20_000))

    killer = threading.Thread(target=kill_at_random)
    killer.start()
    try:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(senders.send, range(count // BATCH)))
    finally:
        ended.set()
        killer.join()
    try:
        assert len(consumers) == kills // 2 + 1, f"seed {seed}"
        rig.wait_landed(180)
        judge(rig, senders, count, seed)
        agree(rig, consumers[-1])
    finally:
        api.kill()


def judge(rig: Rig, senders: Senders, count: int, seed: int) -> None:
    landed: set[tuple[int, int]] = set()
    ids: set[str] = set()
    numbers: set[int] = set()
    for _, line in rig.lines():
        fields = json.loads(line)
        where = fields["kafka_partition"], fields["kafka_offset"]
        assert where not in landed, f"twice: {where}, seed {seed}"
        landed.add(where)
        ids.add(fields["meta"]["ingestion_id"])
        number = fields["payload"]["n"]
        numbers.add(number)
        assert line.endswith(b',"payload":%b}\n' % payload(number)), f"other bytes at {where}"
        assert senders.acknowledged.get(where, number) == number, f"another event at {where}, seed {seed}"
    missing = senders.acknowledged.keys() - landed
    assert not missing, f"acknowledged and lost: {len(missing)}, seed {seed}"
    assert ids == senders.ids, f"seed {seed}"
    assert len(ids) == len(numbers) == count
    again = sum(attempts - 1 for attempts in senders.attempts.values())
    extra = len(landed) - count
    assert 0 <= extra <= again * BATCH, f"{extra} extra lines of {again} further attempts, seed {seed}"


def agree(rig: Rig, consumer: Running) -> None:
    """The auditor and the oracle, which share no code, say that all is well, and count the same."""
    proof = verify(rig.lake, rig.broker.bootstrap, rig.dataset)
    assert proof.ok, proof.violations[:5]
    assert proof.waiting == 0
    until(lambda: consumer.lag() == 0, 30)
    audit = subprocess.run(
        [Path(sys.executable).with_name("streamlake"), "audit", rig.dataset, "--deep", "--json"],
        env=rig.environment(),
        cwd=ROOT,
        capture_output=True,
        timeout=300,
    )
    assert audit.returncode == 0, audit.stdout[-2000:] + audit.stderr[-2000:]
    document = json.loads(audit.stdout)
    assert document["verdict"] == "OK", document
    assert document["checked"]["lines_read"] == proof.raw_lines + proof.dead_lines
    assert document["checked"]["claims"] == proof.claims
