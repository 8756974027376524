"""Reading from a bucket: the whole truth or an error, bounded in time; a missing bucket is never an empty lake."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from streamlake.errors import StreamlakeError
from streamlake.storage.errors import (
    NoCredentials,
    StoreBusy,
    StoreCorrupted,
    StoreDenied,
    StoreMissing,
    StoreTrouble,
    WrongName,
)
from streamlake.storage.gcs import GcsStore
from streamlake.storage.gcs_patience import Limits
from tests.support.fake_gcs import BRIEF, BUCKET, FakeGcs, Fault

LakeMaker = Callable[[Limits], GcsStore]
BODY = bytes(range(256)) * 3
PASSING = [Fault("error"), Fault("error", status=429), Fault("drop"), Fault("stall"), Fault("trickle_head")]


@pytest.fixture
def full(fake: FakeGcs, lake: GcsStore) -> GcsStore:
    """A lake with two objects. Each test opens it again with the patience that it needs."""
    lake.create("a/b", [BODY])
    lake.create("a/c", [b"."])
    fake.forget()
    return lake


Look = Callable[[GcsStore], Any]
LOOKS: dict[str, tuple[str, Look, Any]] = {
    "read": ("read", lambda s: s.read("a/b"), BODY),
    "range": ("read", lambda s: s.read_range("a/b", 700, 100), BODY[700:]),
    "size": ("stat", lambda s: s.size("a/b"), len(BODY)),
    "list": ("list", lambda s: list(s.list_from("a/")), ["a/b", "a/c"]),
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("fault", PASSING, ids=lambda f: f"{f.what}-{f.status}")
def test_what_passes_is_waited_out(
    fake: FakeGcs, full: GcsStore, lake_with: LakeMaker, look: str, fault: Fault
) -> None:
    kind, ask, expected = LOOKS[look]
    with fake.fault(replace(fault, on=kind, happened=0)):
        assert ask(lake_with(fault.limits)) == expected


@pytest.mark.parametrize(
    ("look", "fault"),
    [("read", Fault("truncate")), ("read", Fault("trickle")), ("read", Fault("flip")), ("read", Fault("wrong_hash")),
     ("range", Fault("truncate")), ("range", Fault("short_range")), ("list", Fault("garbage")),
     ("list", Fault("truncate")), ("size", Fault("garbage")), ("size", Fault("trickle"))],
    ids=lambda v: v if isinstance(v, str) else v.what,
)  # fmt: skip
def test_half_an_answer_or_a_wrong_one_is_never_taken(
    fake: FakeGcs, full: GcsStore, lake_with: LakeMaker, look: str, fault: Fault
) -> None:
    kind, ask, expected = LOOKS[look]
    with fake.fault(replace(fault, on=kind, happened=0)):
        assert ask(lake_with(fault.limits)) == expected
    assert fake.seen.calls[kind] >= 2


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [(401, "authError", NoCredentials), (403, "forbidden", StoreDenied), (403, "quotaExceeded", StoreBusy),
     (400, "userProjectMissing", StoreDenied)],
)  # fmt: skip
def test_a_refusal_has_its_disposition(
    fake: FakeGcs,
    full: GcsStore,
    lake_with: LakeMaker,
    look: str,
    status: int,
    reason: str,
    expected: type[StreamlakeError],
) -> None:
    kind, ask, _ = LOOKS[look]
    times = 1 if expected is not StoreBusy else 1_000
    fault = Fault("error", on=kind, status=status, reason=reason, times=times)
    fake.faults.append(fault)
    with pytest.raises(expected):
        ask(lake_with(replace(Limits(), total_seconds=1)) if times > 1 else full)
    assert fault.happened >= 1


@pytest.mark.parametrize("look", LOOKS)
def test_a_missing_bucket_is_no_empty_lake(fake: FakeGcs, look: str) -> None:
    elsewhere = GcsStore("nobody-made-this", "lake")
    with pytest.raises(StoreMissing):
        LOOKS[look][1](elsewhere)
    with pytest.raises(StoreMissing):
        elsewhere.create("a", [b"."])
    elsewhere.close()


def test_a_404_that_does_not_say_of_what_is_looked_into(fake: FakeGcs, lake: GcsStore) -> None:
    """Not every server says "No such object": then a listing tells whether it is the object or the bucket."""
    with fake.fault(Fault("error", on="stat", status=404, reason="notFound", message="Not Found")):
        assert lake.size("a") is None
    vague = Fault("error", on="stat", status=404, reason="notFound", message="Not Found")
    gone = Fault("error", on="list", status=404, reason="notFound", message="Not Found")
    with fake.fault(vague, gone), pytest.raises(StoreMissing):
        lake.size("a")


def test_an_object_that_is_damaged_where_it_lies_is_told_and_not_handed_out(fake: FakeGcs, full: GcsStore) -> None:
    with fake.fault(Fault("flip", on="read", times=3)), pytest.raises(StoreCorrupted):
        full.read("a/b")


def test_a_call_ends_in_time_when_the_bucket_stays_silent(fake: FakeGcs, full: GcsStore, lake_with: LakeMaker) -> None:
    fake.faults.append(stall := Fault("stall", on="read", times=100))
    began = time.monotonic()
    with pytest.raises(StoreTrouble, match="no answer in time"):
        lake_with(BRIEF).read("a/b")
    assert time.monotonic() - began < BRIEF.total_seconds + 3
    assert stall.happened >= 2


def test_what_others_put_beside_a_lake_is_passed_over(fake: FakeGcs, full: GcsStore) -> None:
    """Consoles make folders as empty objects whose names end with a slash; others' objects lie beside the prefix."""
    bucket = fake.api.buckets[BUCKET]
    bucket.names[:] = sorted([*bucket.names, "lake/", "lake/a/", "lake/a//x", "lake/a/.hidden", "lakes/x", "other"])
    assert list(full.list_from("")) == ["a/b", "a/c"]
    assert list(full.list_from("a/", limit=1)) == ["a/b"]


def test_a_prefix_counts_for_the_length_of_a_name(fake: FakeGcs) -> None:
    deep = GcsStore(BUCKET, "/".join(["p" * 200] * 5))
    with pytest.raises(WrongName):
        deep.create("x" * 100, [b"."])
    assert fake.seen.calls == {}
