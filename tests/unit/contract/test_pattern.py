"""Patterns: whatever a contract asks for and an event holds, the answer comes at once, and both paths give the same."""

import json
import time

import pytest

from streamlake.contract.gate import Gate, compile_gate
from streamlake.contract.model import Contract, Field
from streamlake.contract.pattern import MAX_STEPS, steps, what_is_wrong

HOSTILE = [
    (r"^(a+)+$", "a" * 500_000 + "b"),
    (r"\s+$", " " * 500_000 + "x"),
    (r".+@.+", "a" * 500_000),
    (r"(a?){400}a{400}[bc]", "a" * 500_000),
    (r"^(\w+\s?)*$", "word " * 100_000 + "!"),
]


def gate_of(**rules: object) -> Gate:
    field = Field("s", "string", required=True, **rules)  # type: ignore[arg-type]
    return compile_gate(Contract("any", 1, "", "", (field,), (), None, "refuse"))


def event(text: str | None) -> bytes:
    return json.dumps({"s": text}).encode()


@pytest.mark.parametrize(("pattern", "text"), HOSTILE)
def test_no_pattern_lets_an_event_hold_the_process(pattern: str, text: str) -> None:
    """Python's engine needs hours for each of them."""
    began = time.process_time()
    rejection = gate_of(pattern=pattern).judge(event(text))
    assert rejection is not None
    assert rejection.reason == "contract.pattern"
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        (r"^[A-Z]{3}$", 5),
        (r"(?:a{0,1000}){40}b", 40_001),  # linear, and a second for each thousand letters
        (r"(?P<x>ab){3}", 6),
        (r"(?i)abc", 3),
        (r"(a|bc){5}", 15),
        (r"[]a]{3}\p{L}{4}\{{2}", 9),
        (r"[a&&[^b]]{7}", 7),
        (r"a{2,}", 2),
        ("a" * 1000, 1000),
    ],
)
def test_what_is_counted_is_written_out(pattern: str, asked: int) -> None:
    assert steps(pattern) == asked
    assert bool(what_is_wrong(pattern)) is (asked > MAX_STEPS)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("b", "abc", True),  # searched, not matched
        ("^[A-Z]{3}$", "EUR", True),
        ("^[A-Z]{3}$", "EUR\n", False),  # the end of the text, not of a line
        ("^.$", "😀", True),
        (r"^\d$", "٣", True),
        ("(?i)^x$", "X", True),
        ("^$", "", True),
    ],
)
def test_a_pattern_is_searched(pattern: str, text: str, found: bool) -> None:
    gate = gate_of(pattern=pattern)
    assert (gate.judge(event(text)) is None) is found
    assert (gate.explain(event(text)) is None) is found


def test_lengths_and_null_stand_beside_a_pattern() -> None:
    gate = gate_of(pattern="a", min_length=2, max_length=3, nullable=True)
    for text, reason in (("a", "length"), ("aaaa", "length"), ("bb", "pattern"), ("ab", ""), (None, "")):
        rejection = gate.judge(event(text))
        assert (rejection.reason if rejection else "") == (f"contract.{reason}" if reason else "")


@pytest.mark.parametrize("value", [b"1", b"true", b"{}", b'["a"]', b'{"s":"a"}', b"1e400"])
def test_what_is_no_text_never_matches(value: bytes) -> None:
    rejection = gate_of(pattern="").judge(b'{"s":%b}' % value)
    assert rejection is not None
    assert rejection.reason in {"contract.type", "json.nan"}
