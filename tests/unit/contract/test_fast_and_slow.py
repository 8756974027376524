"""The fast path never accepts what the slow path refuses, and one record is judged like many."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from streamlake.contract import fast
from streamlake.contract.gate import Gate, Rejection, compile_gate, openers
from streamlake.contract.model import Contract, Field
from tests.support.events import ODD_VALUES, contracts, events


def taken_by_fast(gate: Gate, event: bytes) -> bool:
    """What `judge` lets through without the slow path, asked of its own parts."""
    asked = False

    class Watched(Gate):
        __slots__ = ()

        def explain(self, value: bytes) -> Rejection | None:
            nonlocal asked
            asked = True
            return super().explain(value)

    return Watched(gate.contract).judge(event) is None and not asked


@settings(max_examples=400)
@given(st.data())
def test_what_fast_accepts_slow_accepts(data: st.DataObject) -> None:
    gate = compile_gate(data.draw(contracts()))
    for _ in range(4):
        event = data.draw(events(gate.contract))
        if taken_by_fast(gate, event):
            assert gate.explain(event) is None


@settings(max_examples=150)
@given(st.data())
def test_many_are_judged_as_one_is(data: st.DataObject) -> None:
    gate = compile_gate(data.draw(contracts()))
    chunk = data.draw(st.lists(st.none() | events(gate.contract), max_size=12))
    one_by_one = {i: r for i, v in enumerate(chunk) if (r := gate.judge(v)) is not None}
    assert gate.judge_many(chunk) == one_by_one
    assert gate.judge_many(tuple(chunk)) == one_by_one


def test_every_odd_value_in_a_field_that_nobody_knows() -> None:
    """The holes of the decoder lie in what it skips: each odd value, alone and nested, in both paths."""
    gate = compile_gate(Contract("any", 1, "", "", (Field("a", "string"),), (), None, "refuse"))
    chunk = [b'{"a":"x","z":%b}' % v for v in ODD_VALUES] + [b'{"z":{"y":[%b]},"a":"x"}' % v for v in ODD_VALUES]
    for event in chunk:
        if taken_by_fast(gate, event):
            assert gate.explain(event) is None, event
    accepted = [event for event in chunk if gate.judge(event) is None]
    assert len(accepted) > 40
    assert gate.judge_many(chunk) == {i: r for i, v in enumerate(chunk) if (r := gate.judge(v)) is not None}


def test_the_decoder_alone_has_the_holes_that_the_gate_closes() -> None:
    """Should msgspec close them one day, the looks that cost time can go."""
    gate = compile_gate(Contract("any", 1, "", "", (Field("a", "string"),), (), None, "refuse"))
    decode = fast.decoder(gate.contract).decode
    for hole in (b'{"z":"\xff"}', b'{"\xff":1}', b'{"z":' + b"[" * 64 + b"]" * 64 + b"}"):
        decode(hole)
        assert gate.judge(hole) is not None
        assert list(gate.judge_many([b"{}", hole, b"{}"])) == [1]


@given(st.binary(max_size=200))
@example(b"{[{[")
def test_openers_are_counted_right(value: bytes) -> None:
    assert openers(value) == value.count(b"{") + value.count(b"[")


def test_one_deep_record_among_many_that_are_flat_or_broken() -> None:
    """Broken records open no bracket, so they must not hide the depth of another one."""
    gate = compile_gate(Contract("any", 1, "", "", (Field("a", "string"),), (), None, "refuse"))
    deep = b'{"z":' + b"[" * 64 + b"]" * 64 + b"}"
    allowed = b'{"z":' + b"[" * 63 + b"]" * 63 + b"}"
    for filler in ([b""] * 300, [b"{}"] * 300, [b'{"a":"b","t":[{},[]]}'] * 300, [allowed] * 20):
        for at in (0, len(filler) // 2, len(filler)):
            chunk: list[bytes | None] = [*filler[:at], deep, *filler[at:], None]
            rejected = gate.judge_many(chunk)
            assert rejected[at].reason == "json.depth"
            assert {r.reason for i, r in rejected.items() if i != at} <= {"json.syntax"}
