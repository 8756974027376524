"""Every store there is, each empty. `scripts/test conformance --full` adds the emulator that the Go proxy has."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streamlake.storage.gcs import GcsStore
from streamlake.storage.local import LocalStore
from streamlake.storage.memory import MemoryStore
from streamlake.storage.store import ObjectStore
from tests.support.fake_gcs import BUCKET, FakeGcs
from tests.support.fake_gcs_server import FakeGcsServer
from tests.support.fake_gcs_weather import BadWeather

StoreMaker = Callable[[], ObjectStore]

OF_BUCKETS = [
    "gcs",
    "gcs in bad weather",
    pytest.param("fake-gcs-server", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
]
KINDS = ["local", "memory", *OF_BUCKETS]


@pytest.fixture(scope="session")
def go_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeGcsServer]:
    """The emulator from Go, built once and kept."""
    with FakeGcsServer(tmp_path_factory.mktemp("fake-gcs-server")) as server:
        yield server


@pytest.fixture(params=KINDS)
def make_store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreMaker]:
    """Makes empty stores of one kind."""
    fresh = itertools.count()
    if request.param == "local":
        yield lambda: _local(tmp_path / f"lake{next(fresh)}")
    elif request.param == "memory":
        yield MemoryStore
    elif request.param == "fake-gcs-server":
        server: FakeGcsServer = request.getfixturevalue("go_server")
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        yield from _buckets(lambda: GcsStore(server.new_bucket()))
    else:
        with BadWeather() if "weather" in request.param else FakeGcs() as fake:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
            yield from _buckets(lambda: GcsStore(BUCKET, f"lakes/{next(fresh)}"))
            if isinstance(fake, BadWeather):
                fake.require_all()


@pytest.fixture
def store(make_store: StoreMaker) -> ObjectStore:
    """An empty store."""
    return make_store()


def _local(root: Path) -> LocalStore:
    root.mkdir()
    return LocalStore(root)


def _buckets(make: Callable[[], GcsStore]) -> Iterator[StoreMaker]:
    made: list[GcsStore] = []

    def new() -> ObjectStore:
        made.append(make())
        return made[-1]

    yield new
    for store in made:
        store.close()
