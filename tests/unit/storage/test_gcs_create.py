"""A create in a bucket: exactly one maker, whatever becomes of the answers, and nothing is ever taken back.

Each fault is scripted and must have happened: `fake.fault` fails the test otherwise.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from streamlake.errors import StreamlakeError
from streamlake.storage.errors import (
    AnswerLost,
    NoCredentials,
    StoreBusy,
    StoreCorrupted,
    StoreDenied,
    StoreMissing,
    StoreTrouble,
)
from streamlake.storage.gcs import GcsStore
from streamlake.storage.gcs_patience import Limits
from streamlake.storage.gcs_upload import Multipart
from tests.support.broker import until
from tests.support.fake_gcs import BRIEF, BUCKET, FakeGcs, Fault

LakeMaker = Callable[[Limits], GcsStore]
BEFORE = [Fault("error"), Fault("error", status=429, reason="rateLimitExceeded"), Fault("drop"), Fault("stall")]
BEFORE += [Fault("error", status=403, reason="rateLimitExceeded"), Fault("error", status=500), Fault("trickle_head")]
BEFORE += [Fault("error", status=400, reason="invalid", message='Provided CRC32C "a" doesn\'t match calculated "b".')]
AFTER = [Fault("error_after"), Fault("drop_after"), Fault("stall_after"), Fault("trickle"), Fault("truncate")]
AFTER += [Fault("garbage"), Fault("error_after", status=500), Fault("error_after", status=408)]


def named(fault: Fault) -> str:
    return f"{fault.what}-{fault.status}-{fault.reason}"


def once(fault: Fault) -> Fault:
    return replace(fault, on=fault.on or "create", happened=0)


@pytest.mark.parametrize("fault", BEFORE + AFTER, ids=named)
def test_one_fault_is_survived_and_the_maker_is_told_so(fake: FakeGcs, lake_with: LakeMaker, fault: Fault) -> None:
    lake = lake_with(fault.limits)
    with fake.fault(once(fault)):
        assert lake.create("a/b", [b"mine", b", all of it"]) is True
    assert lake.read("a/b") == b"mine, all of it"
    assert lake.create("a/b", [b"mine, all of it"]) is False
    assert fake.names() == ["lake/a/b"]


@pytest.mark.parametrize("fault", AFTER, ids=named)
def test_what_another_made_meanwhile_is_never_called_ours(fake: FakeGcs, lake_with: LakeMaker, fault: Fault) -> None:
    lake = lake_with(fault.limits)
    fake.api.buckets[BUCKET].create("lake/a", b"somebody else's")
    with fake.fault(once(fault)):
        assert lake.create("a", [b"mine"]) is False
    assert lake.read("a") == b"somebody else's"


def test_an_attempt_that_is_applied_late_changes_nothing(fake: FakeGcs, lake: GcsStore) -> None:
    with fake.fault(Fault("late", on="create", seconds=0.3)):
        assert lake.create("a", [b"mine"]) is True
    until(lambda: fake.late == 1)
    assert lake.read("a") == b"mine"


@pytest.mark.parametrize("fault", [Fault("drop"), Fault("stall_after")], ids=named)
def test_an_answer_that_stays_lost_is_unknown_and_bounded_in_time(
    fake: FakeGcs, lake_with: LakeMaker, fault: Fault
) -> None:
    lake = lake_with(BRIEF)
    began = time.monotonic()
    lasting = replace(once(fault), times=10_000)
    with pytest.raises(AssertionError, match="did not happen"), fake.fault(lasting), pytest.raises(AnswerLost):
        lake.create("a", [b"mine"])
    assert lasting.happened >= 2
    assert time.monotonic() - began < BRIEF.total_seconds + 3
    assert lake.create("a", [b"mine"]) is ("after" not in fault.what)
    assert lake.read("a") == b"mine"


def test_where_nobody_listens_nothing_was_done(lake_with: LakeMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_with(BRIEF)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    with pytest.raises(StoreTrouble, match="Connection refused"):
        lake.create("a", [b"mine"])


ADMIN = [
    (401, "authError", NoCredentials),
    (403, "forbidden", StoreDenied),
    (403, "accountDisabled", StoreDenied),
    (403, "retentionPolicyNotMet", StoreDenied),
    (403, "objectUnderActiveHold", StoreDenied),
    (404, "notFound", StoreMissing),
    (400, "userProjectMissing", StoreDenied),
    (403, "softDeletePolicy", StoreDenied),
]


@pytest.mark.parametrize(("status", "reason", "kind"), ADMIN)
def test_what_only_an_administrator_can_mend_is_told_at_once(
    fake: FakeGcs, lake: GcsStore, status: int, reason: str, kind: type[StreamlakeError]
) -> None:
    said = f"The bucket's own words about {reason}."
    refusal = Fault("error", on="create", status=status, reason=reason, message=said)
    with fake.fault(refusal), pytest.raises(kind) as told:
        lake.create("a", [b"mine"])
    assert status == 401 or "own words" in told.value.message
    assert told.value.next_step
    assert fake.seen.calls["create"] == 1
    assert fake.names() == []


def test_a_rate_limit_that_stays_is_busy_and_not_unknown(fake: FakeGcs, lake_with: LakeMaker) -> None:
    lake = lake_with(BRIEF)
    limit = Fault("error", on="create", status=429, reason="rateLimitExceeded", times=10_000)
    with pytest.raises(AssertionError, match="did not happen"), fake.fault(limit), pytest.raises(StoreBusy):
        lake.create("a", [b"mine"])
    assert limit.happened >= 2


def test_an_account_that_may_not_delete_is_told_that_the_object_exists(fake: FakeGcs, lake: GcsStore) -> None:
    """Which the bucket may tell as a 403: storage.objects.delete is what replacing needs."""
    lake.create("a", [b"first"])
    told = {"status": 403, "reason": "forbidden", "message": "does not have storage.objects.delete access"}
    with fake.fault(Fault("error", on="create", **told)):  # type: ignore[arg-type] # the fields are those above
        assert lake.create("a", [b"second"]) is False
    with fake.fault(Fault("error_after", on="create"), Fault("error", on="create", **told)):  # type: ignore[arg-type] # the same
        assert lake.create("b", [b"mine"]) is True


def test_a_bucket_that_answers_with_another_checksum_stops_the_caller(fake: FakeGcs, lake: GcsStore) -> None:
    with fake.fault(Fault("wrong_hash", on="create")), pytest.raises(StoreCorrupted):
        lake.create("a", [b"mine"])
    assert fake.names() == ["lake/a"], "nothing is ever deleted, least of all what is not understood"


def test_bytes_that_change_on_their_way_are_refused_by_the_bucket(fake: FakeGcs, lake: GcsStore) -> None:
    """The checksum travels with the upload, so the bucket itself notices."""
    changed = Multipart("lake/a", [b"mine"])
    changed._pieces = [bytes(changed._pieces[0]).replace(b"mine", b"mime")]
    answer = lake._api.exchange(
        "POST", f"/upload/storage/v1/b/{BUCKET}/o", {"uploadType": "multipart", "ifGenerationMatch": "0"}, doing="try",
        deadline=time.monotonic() + 2, headers={"Content-Type": changed.content_type}, body=changed,
    )  # fmt: skip
    assert answer.status == 400
    assert fake.names() == []


def test_every_size_goes_up_in_one_request_that_never_replaces(fake: FakeGcs, lake: GcsStore) -> None:
    """Above 8 MiB the library would choose its resumable path, which deletes the object when a checksum differs."""
    for size in (0, 1, (1 << 16) + 1, (8 << 20) + 1):
        assert lake.create(f"of/{size}", [b"x" * size])
    uploads = [t for t in fake.seen.targets if t.startswith("/upload/")]
    assert len(uploads) == 4
    assert all("uploadType=multipart" in t and "ifGenerationMatch=0" in t for t in uploads)


def test_many_threads_share_a_store(fake: FakeGcs, lake: GcsStore) -> None:
    gate = threading.Barrier(24)

    def work(number: int) -> bool:
        gate.wait()
        body = b"%d" % number * 5000
        return lake.create(f"of/{number}", [body]) and lake.read(f"of/{number}") == body

    with ThreadPoolExecutor(24) as pool, fake.fault(Fault("error", times=6), Fault("drop_after", on="create", times=4)):
        assert all(pool.map(work, range(24)))
    assert len(fake.names()) == 24
