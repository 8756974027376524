"""Promise: an audit of a lake in a bucket finds the same as on a disk, and lists a number of times that stays small."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streamlake.audit.findings import Verdict
from streamlake.audit.options import Options
from streamlake.audit.report import Report
from streamlake.audit.run import audit
from streamlake.storage.gcs import GcsStore
from streamlake.storage.local import LocalStore
from tests.support.fake_gcs import BUCKET, FakeGcs
from tests.support.fake_gcs_weather import BadWeather
from tests.support.lakes import HandLake, a_good_lake


class Twice:
    """A lake by hand as files, and the same files in a bucket."""

    def __init__(self, hand: HandLake, fake: FakeGcs) -> None:
        self.hand = hand
        self.fake = fake
        self.store = GcsStore(BUCKET, "lake")

    def look(self, options: Options = Options(deep=True, settle_seconds=0)) -> tuple[Report, Report]:  # noqa: B008 - frozen
        """The audit of the files, and that of the bucket."""
        self.fake.api.buckets[BUCKET].__post_init__()  # files may have changed behind its back
        self.fake.api.buckets[BUCKET].about.clear()
        self.fake.forget()
        return audit(self.hand.store, "orders", options), audit(self.store, "orders", options)


@pytest.fixture
def twice(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twice]:
    """A good lake, twice."""
    hand, _ = a_good_lake(tmp_path / "lake")
    kind: type[FakeGcs] = getattr(request, "param", FakeGcs)
    with kind(LocalStore(tmp_path)) as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
        made = Twice(hand, fake)
        yield made
        made.store.close()


def found(report: Report) -> set[tuple[str, str]]:
    return {(str(f.kind), f.object) for f in report.findings}


def test_it_agrees_with_the_files(twice: Twice) -> None:
    on_disk, in_bucket = twice.look()
    assert on_disk.verdict is in_bucket.verdict
    assert found(on_disk) == found(in_bucket)
    assert on_disk.checked == in_bucket.checked


def test_it_agrees_on_damage(twice: Twice) -> None:
    claim = twice.hand.land(5)
    twice.hand.part_path(claim).write_bytes(b"")
    twice.hand.land(5)
    twice.hand.claim_path(twice.hand.land(3)).write_text("{")
    on_disk, in_bucket = twice.look()
    assert on_disk.verdict is in_bucket.verdict is Verdict.FOUND
    assert found(on_disk) == found(in_bucket)


def test_more_claims_need_no_more_listings(twice: Twice) -> None:
    shallow = Options(sample=2, settle_seconds=0)
    twice.look(shallow)
    before = twice.fake.seen.calls
    for _ in range(60):
        twice.hand.land(3)
    _, report = twice.look(shallow)
    calls = twice.fake.seen.calls
    assert report.checked.claims >= 60
    assert calls["list"] == before["list"] <= 30
    assert calls["read"] <= before["read"] + 60 + 6
    assert calls["stat"] <= before["stat"] + 6, "that a part is there is known from a listing"


@pytest.mark.parametrize("twice", [BadWeather], indirect=True)
def test_faults_that_pass_change_no_verdict(twice: Twice) -> None:
    on_disk, in_bucket = twice.look()
    assert found(on_disk) == found(in_bucket)
    assert isinstance(twice.fake, BadWeather)
    assert twice.fake.struck
