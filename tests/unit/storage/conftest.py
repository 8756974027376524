"""A bucket that a test may break, and the store that must cope with it."""

from collections.abc import Callable, Iterator

import pytest

from streamlake.storage.gcs import GcsStore
from streamlake.storage.gcs_patience import Limits
from tests.support.fake_gcs import BUCKET, FakeGcs


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGcs]:
    """The bucket."""
    with FakeGcs() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        yield server


@pytest.fixture
def lake_with(fake: FakeGcs) -> Iterator[Callable[[Limits], GcsStore]]:
    """Opens the lake in the bucket with a patience."""
    made: list[GcsStore] = []

    def make(limits: Limits) -> GcsStore:
        made.append(GcsStore(BUCKET, "lake", limits))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def lake(lake_with: Callable[[Limits], GcsStore]) -> GcsStore:
    """The lake with the patience of production."""
    return lake_with(Limits())
