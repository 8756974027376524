"""A drafted contract accepts what it was made from, goes over no folder that is there, and is made whole."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamlake.contract import odcs
from streamlake.contract.gate import compile_gate
from streamlake.registry.checking import check_all
from streamlake.registry.drafting import DatasetExists, WrongSamples, draft

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
)
leaves |= st.sampled_from(["2026-11-21", "2026-11-21T09:30:00Z", 10**400, -(2**63), 2**63])
keys = st.sampled_from(["id", "a", "b", "A", "at", "a.b", "", "Größe", 'x"']) | st.text(max_size=3)
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
samples = st.lists(st.dictionaries(keys, trees, max_size=5), min_size=1, max_size=5)


def written(folder: Path, events: list[Any]) -> Path:
    path = folder / "events.ndjson"
    path.write_text("".join(json.dumps(event, ensure_ascii=True) + "\n" for event in events))
    return path


@settings(max_examples=100)
@given(samples)
def test_a_draft_accepts_its_own_sample(events: list[dict[str, Any]]) -> None:
    try:
        lines = [json.dumps(event, ensure_ascii=False).encode() for event in events]
    except UnicodeEncodeError:
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "events.ndjson").write_bytes(b"\n".join(lines))
        try:
            drafted = draft(folder / "contracts", "things", folder / "events.ndjson")
        except WrongSamples:
            # No field that can be declared, or a number that is none; told apart below.
            return
        gate = compile_gate(odcs.parse((drafted.folder / "contract.yaml").read_bytes()))
        assert gate.judge_many(lines) == {}
        assert check_all(drafted.folder)[1] == ()


def test_what_events_have_in_common_is_seen(tmp_path: Path) -> None:
    events = [
        {
            "return_id": "r1",
            "order_id": "o",
            "at": "2026-11-21T09:30:00Z",
            "day": "2026-11-21",
            "n": 1,
            "x": 1,
            "t": ["a"],
        },
        {
            "return_id": "r2",
            "order_id": "o",
            "at": "2026-11-21T09:30:01Z",
            "n": 2.5,
            "x": "1",
            "t": [],
            "o": {"b": True},
        },
    ]
    drafted = draft(tmp_path / "contracts", "returns", written(tmp_path, events))
    contract = odcs.parse((drafted.folder / "contract.yaml").read_bytes())
    assert (contract.key, contract.event_time) == (("return_id",), "at")
    assert {f.name: f.type for f in contract.fields} == {
        "return_id": "string",
        "order_id": "string",
        "at": "timestamp",
        "day": "date",
        "n": "number",
        "t": "array",
        "o": "object",
    }
    assert {f.name for f in contract.fields if f.required} == {"return_id", "order_id", "at", "n", "t"}
    assert drafted.questions == ("x was left out: it was a number and a string",)
    assert not list((tmp_path / "contracts").glob(".*"))


def test_a_dataset_that_is_there_is_left_alone(tmp_path: Path) -> None:
    sample = written(tmp_path, [{"id": 1}])
    (tmp_path / "contracts/things").mkdir(parents=True)
    with pytest.raises(DatasetExists):
        draft(tmp_path / "contracts", "things", sample)
    assert list((tmp_path / "contracts").rglob("*")) == [tmp_path / "contracts/things"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no event"),
        (b"\n \n", "holds no event"),
        (b'{"a":1}\n[]\n{"a":\n', ":2: json.top_level"),
        (b"\xff\xfe{}", "json.encoding"),
        (b"{}", "no field"),
        (b'{"a":null}', "no field"),
    ],
)
def test_a_sample_that_makes_no_contract_writes_nothing(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(WrongSamples, match=words):
        draft(tmp_path / "contracts", "things", tmp_path / "x")
    assert not (tmp_path / "contracts").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "contracts").write_text("a file")
    with pytest.raises(DatasetExists, match="cannot be made"):
        draft(tmp_path / "contracts", "things", written(tmp_path, [{"id": 1}]))


@pytest.mark.parametrize("name", ["all", "A", "../x", "", "x" * 49])
def test_a_wrong_name_writes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongSamples):
        draft(tmp_path / "contracts", name, written(tmp_path, [{"id": 1}]))
    assert not (tmp_path / "contracts").exists()
