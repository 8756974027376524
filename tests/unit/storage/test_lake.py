"""A lake has one owner, and a store that cannot create once is refused before anything is landed."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streamlake.errors import EXIT_REFUSED, EXIT_WRONG_USE, Permanent
from streamlake.storage.claim import Unreadable
from streamlake.storage.errors import AnswerLost, NotCreateOnly, OthersLake, StoreFull, UnknownStore
from streamlake.storage.lake import claim_lake, prove_create_only, read_lake
from streamlake.storage.local import LocalStore
from streamlake.storage.memory import MemoryStore
from streamlake.storage.open import make_root, open_store

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


def test_the_first_deployment_owns_the_lake_and_finds_it_again() -> None:
    store = MemoryStore()
    assert read_lake(store) is None
    made = claim_lake(store, "cluster-1", "prod", NOW, "lake-1")
    assert claim_lake(store, "cluster-1", "prod", NOW, "lake-2") == made == read_lake(store)
    assert made.id == "lake-1"


@pytest.mark.parametrize(("cluster", "deployment"), [("cluster-2", "prod"), ("cluster-1", "staging")])
def test_anothers_lake_is_refused_with_a_next_step(cluster: str, deployment: str) -> None:
    store = MemoryStore()
    claim_lake(store, "cluster-1", "prod", NOW, "lake-1")
    with pytest.raises(OthersLake) as refused:
        claim_lake(store, cluster, deployment, NOW, "lake-2")
    assert isinstance(refused.value, Permanent)
    assert refused.value.exit_code == EXIT_REFUSED
    assert "STREAMLAKE_" in refused.value.next_step


def test_of_racing_deployments_one_owns_the_lake() -> None:
    store = MemoryStore()
    gate = threading.Barrier(8)
    refused = []

    def run(number: int) -> None:
        gate.wait()
        try:
            claim_lake(store, "c", f"d{number}", NOW, f"lake-{number}")
        except OthersLake as error:
            refused.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7


def test_a_damaged_identity_is_never_taken_for_a_new_lake() -> None:
    store = MemoryStore()
    store.create("lake.json", [b'{"format":2}'])
    with pytest.raises(Unreadable):
        claim_lake(store, "c", "d", NOW, "x")


def test_a_good_store_passes_the_proof_again_and_again_with_few_objects(tmp_path: Path) -> None:
    for store in (MemoryStore(), LocalStore(tmp_path)):
        for start in range(4):
            prove_create_only(store, "my prod/1", "host.example", NOW, f"nonce{start}")
        names = list(store.list_from(""))
        assert len(names) == 3
        assert all(name.startswith("proof/") for name in names)
        assert sum(store.size(name) or 0 for name in names) < 200


class Overwriting(MemoryStore):
    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        with self._lock:
            self._objects[name] = b"".join(chunks)
        return True


class SilentlyOverwriting(Overwriting):
    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        existed = self.size(name) is not None
        super().create(name, chunks)
        return not existed


class CheckThenWrite(Overwriting):
    """Right for one creator after another, wrong for those who race: each looks before any of them writes."""

    def __init__(self) -> None:
        super().__init__()
        self._look = threading.Barrier(8)

    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        if self.size(name) is not None:
            return False
        self._look.wait(10)
        return super().create(name, chunks)


class NeverSaysWho(MemoryStore):
    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        super().create(name, chunks)
        return False


@pytest.mark.parametrize("kind", [Overwriting, SilentlyOverwriting, CheckThenWrite, NeverSaysWho])
def test_a_store_that_does_not_create_once_is_refused(kind: type[MemoryStore]) -> None:
    with pytest.raises(NotCreateOnly):
        prove_create_only(kind(), "prod", "host", NOW, "n")


def test_a_store_that_replaces_what_an_earlier_proof_made_is_refused() -> None:
    good = MemoryStore()
    prove_create_only(good, "prod", "host", NOW, "first")
    bad = Overwriting()
    bad._objects = good._objects
    with pytest.raises(NotCreateOnly):
        prove_create_only(bad, "prod", "host", NOW, "second")


class FullStore(MemoryStore):
    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        raise StoreFull("no room")


class LosesAnswers(MemoryStore):
    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        if super().create(name, chunks):
            raise AnswerLost("?")
        return False


def test_nothing_is_proven_while_the_store_fails() -> None:
    with pytest.raises(StoreFull):
        prove_create_only(FullStore(), "prod", "host", NOW, "n")


def test_a_lost_answer_in_the_race_is_no_reason_to_refuse() -> None:
    prove_create_only(LosesAnswers(), "prod", "host", NOW, "n")


def test_a_url_opens_its_store_literally(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/a %41#b/lake"
    make_root(url)
    store = open_store(url)
    assert store.url == url
    assert store.create("x", [b"x"])
    assert (tmp_path / "a %41#b" / "lake" / "x").read_bytes() == b"x"


@pytest.mark.parametrize(
    "url", ["", "/srv/lake", "file://srv/lake", "file:/srv", "s3://bucket", "gs://", "gs://B/x", "gs://a b"]
)
def test_an_unknown_url_is_wrong_use(url: str) -> None:
    with pytest.raises(UnknownStore) as wrong:
        open_store(url)
    assert wrong.value.exit_code == EXIT_WRONG_USE
