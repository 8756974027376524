"""`doctor` and `status` name what is wrong with a lake in a bucket, and which page explains it."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streamlake.cli import checks
from streamlake.cli.lake_look import LakeLook
from streamlake.local.bucket import Bucket
from streamlake.local.bucket_calls import Call
from streamlake.local.bucket_server import Connection
from streamlake.settings import Settings, load
from streamlake.storage import layout
from streamlake.storage import open as opening
from streamlake.storage.memory import MemoryStore
from tests.support.fake_gcs import FakeGcs, Fault

ROOT = Path(__file__).parents[3]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGcs]:
    """A bucket with a name of its own, for a process keeps one store for each."""
    with FakeGcs(bucket=f"b-{uuid.uuid4().hex}") as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
        yield fake
    opening._bucket.cache_clear()


def settings(fake: FakeGcs, **more: str) -> Settings:
    return load({"STREAMLAKE_LAKE_URL": f"gs://{fake.bucket}/lake", **more})


def lake_check(chosen: Settings) -> checks.Check:
    return checks.check("lake", lambda: checks._lake(chosen))


def test_a_bucket_that_creates_once_is_well_and_little_is_left_in_it(bucket: FakeGcs) -> None:
    assert lake_check(settings(bucket)).status == "ok"
    assert lake_check(settings(bucket)).status == "ok", "a later proof finds the first one's objects"
    assert len(bucket.names()) == 3
    assert all(name.startswith("lake/proof/") for name in bucket.names())


@pytest.mark.parametrize(
    ("fault", "code", "word"),
    [
        (Fault("error", status=403, reason="forbidden", message="No storage.objects.get"), "SL-0302", "objects.get"),
        (Fault("error", status=401, reason="authError", message="Invalid Credentials"), "SL-0313", "credentials"),
        (Fault("error", status=404, reason="notFound", message="There is no such bucket."), "SL-0309", "no such"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_what_is_wrong_with_a_bucket_is_named_with_its_page(
    bucket: FakeGcs, fault: Fault, code: str, word: str
) -> None:
    fault.times = 1_000
    bucket.faults.append(fault)
    found = lake_check(settings(bucket))
    assert found.status == "failed"
    assert code in found.detail
    assert word in found.detail
    look = LakeLook(settings(bucket))
    assert [advice.runbook for advice in look.advice] == [code]
    assert (ROOT / "docs" / "runbooks" / f"{code}.md").exists()
    assert look.sealed_until("orders") is None
    assert fault.happened >= 2


class Overwriting(FakeGcs):
    """As many emulators: every create is the first one."""

    def serve(self, call: Call, connection: Connection) -> None:
        if call.kind == "create":
            self.api.buckets[self.bucket] = Bucket(self.bucket, MemoryStore())
        super().serve(call, connection)


def test_an_emulator_that_lets_everybody_win_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with Overwriting(bucket=f"b-{uuid.uuid4().hex}") as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
        found = lake_check(settings(fake))
    assert found.status == "failed"
    assert "SL-0306" in found.detail


def test_the_last_sealed_day_is_found_with_a_few_questions(bucket: FakeGcs) -> None:
    store = opening.open_store(f"gs://{bucket.bucket}/lake")
    look = LakeLook(settings(bucket))
    assert look.sealed_until("orders") is None
    assert bucket.seen.calls == {"stat": 41}, "40 days and the lake itself: no listing"
    today = datetime.now(UTC).date().isoformat()
    store.create(layout.seal(layout.RAW, "orders", today), [b"{}"])
    assert look.sealed_until("orders") == today
    assert look.free_bytes is None
