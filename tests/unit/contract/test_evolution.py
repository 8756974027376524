"""A change breaks if an event that was accepted no longer is, or if readers lose something; else it is compatible."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamlake.contract.evolution import compare, judgement
from streamlake.contract.gate import compile_gate
from streamlake.contract.model import Contract, Field, Rotation, TopicSettings
from tests.support.events import NAMES, events, fields

OLD = Contract(
    "x", 1, "a", "", (Field("a", "string", required=True), Field("n", "integer", nullable=True)), ("a",), None, "refuse"
)


def newer(**changes: Any) -> Contract:
    return replace(OLD, version=2, **changes)


def field(**changes: Any) -> Contract:
    return newer(fields=(OLD.fields[0], replace(OLD.fields[1], **changes)))


def breaks(new: Contract, old: Contract = OLD) -> bool:
    return any(change.breaking for change in compare(old, new))


def test_nothing_changed() -> None:
    assert compare(OLD, OLD) == ()


@pytest.mark.parametrize(
    "new",
    [
        newer(fields=OLD.fields[:1]),
        newer(fields=(*OLD.fields, Field("b", "string", required=True))),
        newer(key=()),
        newer(event_time="a"),
        newer(extra_fields="refuse"),
        newer(topic=TopicSettings(partitions=2)),
        newer(topic=TopicSettings(partitions=4)),
        newer(topic=TopicSettings(max_event_bytes=10)),
        field(type="number"),
        field(required=True),
        field(nullable=False),
        field(minimum=1),
        field(maximum=1),
        field(exclusive_maximum=1),
        field(enum=(1, 2)),
        field(type="object"),
        replace(OLD, version=0),
        replace(OLD, fields=OLD.fields[:1]),
    ],
)
def test_what_breaks(new: Contract) -> None:
    assert breaks(new)


@pytest.mark.parametrize(
    "new",
    [
        newer(),
        newer(fields=(*OLD.fields, Field("b", "string"))),
        newer(fields=(replace(OLD.fields[0], required=False), OLD.fields[1])),
        newer(on_invalid="dead_letter", description="x", format="parquet", compression="zstd", rotation=Rotation(1)),
        newer(topic=TopicSettings(retention_hours=1)),
        field(description="x", classification="personal"),
        replace(OLD, description="the same version, other words"),
    ],
)
def test_what_is_compatible(new: Contract) -> None:
    assert compare(OLD, new)
    assert not breaks(new)


def test_loosening_and_tightening_are_opposites() -> None:
    for tight in (
        {"type": "string", "max_length": 3},
        {"type": "string", "min_length": 3},
        {"type": "string", "pattern": "a"},
        {"type": "string", "format": "uuid"},
        {"type": "string", "enum": ("a",)},
        {"type": "number", "maximum": 3.0},
        {"type": "number", "exclusive_minimum": 3.0},
        {"type": "integer", "minimum": 3},
        {"type": "array", "items": Field("item", "string")},
        {"type": "object", "fields": (Field("x", "string", required=True),)},
    ):
        loose = replace(field(type=tight["type"]), version=1)
        assert breaks(field(**tight), loose)
        if tight["type"] != "object":
            assert not breaks(replace(loose, version=3), field(**tight))


@settings(max_examples=200)
@given(st.data())
def test_a_compatible_change_refuses_nothing_that_was_accepted(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=3))
    before = tuple(data.draw(fields(name, 0)) for name in names)
    after = tuple(data.draw(fields(known.name, 0, known)) for known in before)
    old = Contract("x", 1, "", "", before, (), None, "refuse")
    new = replace(old, version=2, fields=after)
    if not breaks(new, old):
        old_gate, new_gate = compile_gate(old), compile_gate(new)
        for event in [data.draw(events(old)) for _ in range(4)]:
            assert old_gate.judge(event) is not None or new_gate.judge(event) is None


def test_words_and_carriage_may_change_within_a_version() -> None:
    assert judgement(OLD) == judgement(replace(OLD, sha256="b", description="d", on_invalid="dead_letter"))
    assert judgement(OLD) != judgement(replace(OLD, key=()))
