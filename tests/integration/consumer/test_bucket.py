"""A consumer whose lake is a bucket that fails in every way that passes: nothing is lost, nothing is there twice."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamlake.storage.local import LocalStore
from tests.support.consumer import Rig, events
from tests.support.fake_gcs import BUCKET, FakeGcs, Fault, What
from tests.support.landed_check import check
from tests.support.running import Running

pytestmark = pytest.mark.broker

EITHER_WAY: tuple[What, ...] = ("error", "error_after", "drop", "drop_after", "stall_after", "garbage")
"""With a create, before its effect and after it."""


def weather(times: int) -> list[Fault]:
    """Each fault for a claim and for a part, and those of reading and listing."""
    faults = [Fault(w, "create", times, within=n, seconds=0.3) for w in EITHER_WAY for n in ("/ledger/", "/raw/")]
    faults += [Fault("drop_after", "create", times, within="/dead_letters/")]
    faults += [Fault("error", "create", times, status=429, reason="rateLimitExceeded")]
    faults += [Fault("late", "create", times, seconds=0.3)]
    faults += [Fault("drop", "list"), Fault("error", "list"), Fault("truncate", "read"), Fault("error", "read")]
    return faults


@pytest.fixture
def bucket(rig: Rig) -> Iterator[FakeGcs]:
    """The rig's lake is in a bucket whose objects are files, so that whatever looks at a rig's lake sees them."""
    folder = rig.home / "bucket"
    rig.lake = folder / "lake"
    rig.lake.mkdir(parents=True)
    with FakeGcs(LocalStore(folder)) as fake:
        yield fake
        rig.close()


def start(rig: Rig, fake: FakeGcs) -> Running:
    return rig.start(lake_url=f"gs://{BUCKET}/lake", STORAGE_EMULATOR_HOST=fake.url)


def command(rig: Rig, fake: FakeGcs, *words: str) -> dict[str, object]:
    """What the command answers on that lake."""
    environment = {**rig.environment(lake_url=f"gs://{BUCKET}/lake"), "STORAGE_EMULATOR_HOST": fake.url}
    program = str(Path(sys.executable).with_name("streamlake"))
    done = subprocess.run([program, *words, "--json"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout, done.stderr[-3000:]
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("rounds", [2, pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_a_consumer_loses_nothing_to_a_bucket_in_bad_weather(rig: Rig, bucket: FakeGcs, rounds: int) -> None:
    """I1, I2, I3, I6, I11: claims, parts and dead letters, each met by each fault, before its effect and after it."""
    consumer = start(rig, bucket)
    with bucket.fault(*weather(rounds // 2)):
        for round_ in range(rounds):
            rig.send(events(40, 100 * round_, bad_every=9))
            rig.wait_landed(120)
        assert consumer.stop() == 0
        consumer = start(rig, bucket)  # reads back where to go on
        rig.send(events(40, 100 * rounds, bad_every=9))
        rig.wait_landed(120)
    bucket.forget()
    rig.send(events(40, 5000))
    rig.wait_landed()
    asked = [t.partition("?")[0] for t in bucket.seen.targets if "_metadata.json" not in t]
    assert not [t for t in asked if not t.startswith("/upload/")], "landing goes on without asking what it knows"
    assert check(rig).dead
    assert not [target for target in bucket.seen.targets if "resumable" in target]
    assert bucket.seen.calls.keys() <= {"create", "stat", "read", "list"}, "more than create, get and list was needed"
    report = command(rig, bucket, "audit", rig.dataset, "--deep")
    assert report["verdict"] == "OK", report
    lake = command(rig, bucket, "status", rig.dataset)
    assert lake["health"] == "healthy", lake
    assert consumer.stop() == 0
