"""What the port promises, asked of every adapter."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamlake.storage.errors import WrongName
from streamlake.storage.gcs import GcsStore
from streamlake.storage.store import ObjectStore
from tests.conformance.conftest import OF_BUCKETS


def test_of_50_racing_creators_one_wins_and_its_bytes_stay(store: ObjectStore) -> None:
    for round_ in range(10):
        name = f"race/{round_}/object.json"
        gate = threading.Barrier(50)

        def create(racer: int, name: str = name, gate: threading.Barrier = gate) -> bool:
            gate.wait()
            return store.create(name, [b"%d" % racer])

        with ThreadPoolExecutor(50) as pool:
            made = list(pool.map(create, range(50)))
        assert made.count(True) == 1
        assert store.read(name) == b"%d" % made.index(True)


def test_what_exists_keeps_its_bytes(store: ObjectStore) -> None:
    assert store.create("a/b.json", [b"first"]) is True
    assert store.create("a/b.json", [b"second, and longer"]) is False
    assert store.create("a/b.json", [b"first"]) is False
    assert store.read("a/b.json") == b"first"
    assert list(store.list_from("")) == ["a/b.json"]


def test_read_range_and_size(store: ObjectStore) -> None:
    store.create("x", [b"0123456789"])
    assert store.read_range("x", 0, 4) == b"0123"
    assert store.read_range("x", 8, 100) == b"89"
    assert store.read_range("x", 10, 1) == b""
    assert store.read_range("x", 99, 1) == b""
    assert store.read_range("x", 3, 0) == b""
    assert store.size("x") == 10
    for start, length in ((-1, 1), (0, -1)):
        with pytest.raises(ValueError, match="not a range"):
            store.read_range("x", start, length)


def test_what_does_not_exist_is_none(store: ObjectStore) -> None:
    store.create("a/b/c", [b"."])
    for name in ("z", "a", "a/b", "a/b/d", "a/b/c/d", "x/y/z"):
        assert store.read(name) is None, name
        assert store.read_range(name, 0, 1) is None, name
        assert store.size(name) is None, name
    assert list(store.list_from("z/")) == []
    assert list(store.list_from("a/b/c/")) == []


def test_chunks_are_joined_and_an_object_may_be_empty(store: ObjectStore) -> None:
    store.create("chunks", [b"ab", b"", b"c" * 70_000, b"d"])
    assert store.read("chunks") == b"ab" + b"c" * 70_000 + b"d"
    store.create("none", [])
    store.create("empty", [b""])
    assert store.read("none") == store.read("empty") == b""
    assert store.size("none") == 0


def test_a_big_object(store: ObjectStore) -> None:
    chunk = bytes(range(256)) * 4096
    store.create("big", [chunk] * 48)
    assert store.size("big") == 48 << 20
    assert store.read_range("big", 5 << 20, 256) == bytes(range(256))
    assert store.read("big") == chunk * 48


NAMES = [
    "a-b", "a.json", "a/b", "a/b-c", "a0", "b", "ledger/c-0/00000/00000000000000000000.json",
    "ledger/c-0/00000/00000000000000000000.lost.json", "ledger/c-0/00000/00000000000000000005.json",
    "ledger/c-0/00001/00000000000000000000.json", "ledger/c-0/chain.json", "ledger/c-1/chain.json", "ledger/c-10/x",
]  # fmt: skip


def test_listing_is_in_byte_order_of_full_names(store: ObjectStore) -> None:
    for name in reversed(NAMES):
        store.create(name, [b"."])
    assert sorted(NAMES) == NAMES
    assert list(store.list_from("")) == NAMES


@pytest.mark.parametrize("limit", [None, 0, 1, 2, 100])
def test_listing_from_any_start_and_prefix(store: ObjectStore, limit: int | None) -> None:
    for name in NAMES:
        store.create(name, [b"."])
    prefixes = {name[:n] for name in NAMES for n in range(len(name) + 1)} | {"zz", "a/", "ledger/c-1/"}
    starts = [
        "",
        *NAMES,
        "a",
        "a,",
        "a/",
        "a/b~",
        "ledger/c-0/00000/00000000000000000001.json",
        "ledger/c-0/00000/~",
        "~",
    ]
    asked = list(itertools.product(sorted(prefixes), starts))
    for prefix, start in asked[:: 61 if isinstance(store, GcsStore) else 1]:
        expected = [n for n in NAMES if n.startswith(prefix) and n >= start][:limit]
        assert list(store.list_from(prefix, start, limit)) == expected, (prefix, start)


@pytest.mark.parametrize(
    "name",
    ["", "/", "/etc/passwd", "a/", "a//b", ".", "..", "../x", "a/../b", "a/./b", ".tmp/x", "a/.x", "a b", "a\0b", "ä",
     "a\n", "a%2f", "a\\b", "x" * 256, "/".join(["x" * 250] * 5)],
)  # fmt: skip
def test_a_wrong_name_is_refused_by_every_call(store: ObjectStore, name: str) -> None:
    calls: list[tuple[str, tuple[object, ...]]] = [
        ("create", ([b""],)), ("read", ()), ("read_range", (0, 1)), ("size", ()),
    ]  # fmt: skip
    for call, arguments in calls:
        with pytest.raises(WrongName):
            getattr(store, call)(name, *arguments)
    assert list(store.list_from("")) == []


def test_a_prefix_cannot_leave_the_lake(store: ObjectStore) -> None:
    for prefix in ("../", "/", "/etc/", "a/../../", ".tmp/", ".t"):
        with pytest.raises(WrongName):
            list(store.list_from(prefix))


def test_an_object_cannot_lie_below_another(store: ObjectStore) -> None:
    if isinstance(store, GcsStore):
        pytest.skip("a bucket has no folders; only names that `layout` builds come here, and those never clash")
    store.create("a/b", [b"."])
    for name in ("a", "a/b/c", "a/b/c/d"):
        with pytest.raises(WrongName):
            store.create(name, [b"!"])
    assert list(store.list_from("")) == ["a/b"]


SEGMENT = st.text("ab-.=_0Z", min_size=1, max_size=3).filter(lambda s: not s.startswith("."))
NAME = st.lists(SEGMENT, min_size=1, max_size=3).map("/".join)


names = st.lists(NAME, max_size=8)
prefixes = st.one_of(st.just(""), NAME, NAME.map(lambda n: n + "/"))
limits = st.one_of(st.none(), st.integers(0, 4))
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("make_store", ["local", "memory"], indirect=True)
@given(names=names, prefix=prefixes, start=prefixes, limit=limits)
@quick
def test_any_names_in_any_order(
    make_store: Callable[[], ObjectStore], names: list[str], prefix: str, start: str, limit: int | None
) -> None:
    in_any_order(make_store(), names, prefix, start, limit)


@pytest.mark.parametrize("make_store", OF_BUCKETS, indirect=True)
@given(names=names, prefix=prefixes, start=prefixes, limit=limits)
@settings(quick, max_examples=15)
def test_any_names_in_any_order_in_a_bucket(
    make_store: Callable[[], ObjectStore], names: list[str], prefix: str, start: str, limit: int | None
) -> None:
    in_any_order(make_store(), names, prefix, start, limit)


def in_any_order(store: ObjectStore, names: list[str], prefix: str, start: str, limit: int | None) -> None:
    model: dict[str, bytes] = {}
    for number, name in enumerate(names):
        clash = any(name.startswith(n + "/") or n.startswith(name + "/") for n in model)
        if clash and isinstance(store, GcsStore):
            continue
        if clash:
            with pytest.raises(WrongName):
                store.create(name, [b"%d" % number])
        else:
            assert store.create(name, [b"%d" % number]) is (name not in model)
            model.setdefault(name, b"%d" % number)
    assert {n: store.read(n) for n in store.list_from("")} == model
    expected = [n for n in sorted(model) if n.startswith(prefix) and n >= start][:limit]
    assert list(store.list_from(prefix, start, limit)) == expected
