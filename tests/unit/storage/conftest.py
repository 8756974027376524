"""A bucket that a test may break, and the store that must cope with it."""

from collections.abc import Iterator

import pytest

from streamlake.storage.gcs import GcsStore
from tests.support.fake_gcs import BUCKET, QUICK, FakeGcs


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGcs]:
    """The bucket."""
    with FakeGcs() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        yield server


@pytest.fixture
def lake(fake: FakeGcs) -> Iterator[GcsStore]:
    """A lake in the bucket, with the patience of a test."""
    store = GcsStore(BUCKET, "lake", QUICK)
    yield store
    store.close()
