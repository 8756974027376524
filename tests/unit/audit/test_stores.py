"""An audit and a trace ask the store's port and nothing else: on every kind of store they say the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streamlake.audit.options import Options
from streamlake.audit.run import audit
from streamlake.audit.trace import trace
from streamlake.audit.trace_log import LogTrace
from streamlake.audit.trace_question import parse
from streamlake.storage.gcs import GcsStore
from streamlake.storage.memory import MemoryStore
from streamlake.storage.store import ObjectStore
from tests.support.fake_gcs import BUCKET, FakeGcs
from tests.support.lakes import HandLake
from tests.unit.audit.test_sealed import sealed_lake


@pytest.fixture(params=["memory", "gcs"])
def other(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    with FakeGcs() as fake:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", fake.url)
        store = GcsStore(BUCKET, "a/lake")
        yield store
        store.close()


def copy(lake: HandLake, to: ObjectStore) -> None:
    for name in lake.store.list_from(""):
        assert to.create(name, [lake.store.read(name) or b""])


def said(store: ObjectStore, **options: Any) -> dict[str, Any]:
    document = audit(store, "orders", Options(settle_seconds=0, **options)).document()
    return {name: value for name, value in document.items() if name not in ("lake", "began")}


@pytest.mark.parametrize("damaged", [False, True])
def test_the_same_is_found_and_counted(tmp_path: Path, other: ObjectStore, *, damaged: bool) -> None:
    lake, claims, _ = sealed_lake(tmp_path)
    if damaged:
        lake.part_path(claims["a2"]).unlink()
        lake.claim_path(claims["c1"]).unlink()
        lake.edit_lines(claims["open"], lambda lines: lines[:1])
    copy(lake, other)
    for options in ({}, {"deep": True}, {"read_share": 0.5}, {"first": "2026-11-22"}):
        here = said(lake.store, **options)
        assert said(other, **options) == here
        assert here["verdict"] == ("FOUND" if damaged else "OK")


def test_a_trace_finds_the_same(tmp_path: Path, other: ObjectStore) -> None:
    lake, _, _ = sealed_lake(tmp_path)
    copy(lake, other)
    for offset in (3, 12, 16, 29):
        question = parse(f"{lake.raw_topic}/0/{offset}")
        documents = [trace(s, LogTrace(None, None), question, ["orders"]).document() for s in (lake.store, other)]
        assert documents[0] == documents[1]
        assert documents[0]["found"]
