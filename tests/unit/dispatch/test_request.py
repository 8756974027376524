"""A request is what the grammar and the schema say, and everything else is refused: pure."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamlake.dispatch.errors import WrongRequest
from streamlake.dispatch.journal import printable
from streamlake.dispatch.main import VERBS
from streamlake.dispatch.request import MOST_BYTES, Request, parse

SCHEMAS = {name: verb.schema for name, verb in VERBS.items()}
GOOD = {"action": "restart", "dataset": "orders", "reason": "was stuck"}


def request(**fields: Any) -> bytes:
    return b"units " + json.dumps(fields).encode()


def test_what_is_well_formed_is_taken() -> None:
    assert parse(request(**GOOD), SCHEMAS) == Request("units", GOOD)
    for name in ("all", "a", "a" * 48, "a_1"):
        assert parse(request(action="status", dataset=name), SCHEMAS).fields["dataset"] == name


@pytest.mark.parametrize(
    "command",
    [
        b"",
        b"units",
        b"units {}",
        b"units  " + request(**GOOD)[6:],
        b" " + request(**GOOD),
        request(**GOOD) + b"\n",
        request(**GOOD) + b" {}",
        b"UNITS " + request(**GOOD)[6:],
        b"units []",
        b'units {"action":"stop","dataset":"orders","action":"status"}',
        b'units {"action":"stop","dataset":NaN}',
        b'units {"action":"stop","dataset":"orders","reason":Infinity}',
        b"units {'action':'stop','dataset':'orders'}",
        b'units {"action":"stop","dataset":"orders",}',
        b'\xef\xbb\xbfunits {"action":"status","dataset":"all"}',
        'units {"action":"status","dataset":"\u043erders"}'.encode(),
        b'units {"action":"status","dataset":"orders\\u0000"}',
        b'units {"action":"status","dataset":"\\ud800"}',
        b'units {"action":"status","dataset":"orders"}\x00',
        b"units " + b'{"a":' * 700 + b"1" + b"}" * 700,
        b'units {"a":' + b"[" * 3000 + b"]" * 3000 + b"}",
        b'units {"a":' + b"9" * 4000 + b"}",
    ],
)
def test_what_is_not_is_refused(command: bytes) -> None:
    with pytest.raises(WrongRequest):
        parse(command, SCHEMAS)


@pytest.mark.parametrize("length", [MOST_BYTES, MOST_BYTES + 1])
def test_the_bound_of_a_request(length: int) -> None:
    """At the bound its fields are looked at, above it nothing is."""
    command = b'units {"x":"' + b"a" * (length - 14) + b'"}'
    assert len(command) == length
    with pytest.raises(WrongRequest, match="longer than" if length > MOST_BYTES else "not known"):
        parse(command, SCHEMAS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dataset", name)
        for name in ("", "Orders", "1a", "a" * 49, "a-b", "a.2", "../a", "a\n", "a;b", "*", ["a"], None, 1, True)
    ]
    + [("action", word) for word in ("Stop", "stop ", "kill", "", None, ["stop"])]
    + [("reason", text) for text in ("", "a" * 201, "a\nb", "a\x1b[2J", "a\u202eb", "a\u200bb", 1, None)]
    + [("if_placed", word) for word in ("yes", 1, None)],
)
def test_each_wrong_value_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(WrongRequest, match=f"{field} must"):
        parse(request(**GOOD | {field: value}), SCHEMAS)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(WrongRequest) as refused:
        parse(b'units {"action":"kill","unit":"ssh.service"}', SCHEMAS)
    assert all(word in str(refused.value) for word in ("dataset is missing", "action must", "not known"))
    assert "ssh" not in str(refused.value), "what came in is not repeated"


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.sampled_from(["stop", "orders", "all"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.dictionaries(st.sampled_from(["action", "dataset", "reason", "if_placed", "unit"]), _JSON, max_size=4)


@given(st.binary(max_size=200) | st.builds(lambda fields: request(**fields), _FIELDS))
def test_whatever_comes_is_a_checked_request_or_refused(command: bytes) -> None:
    try:
        taken = parse(command, SCHEMAS)
    except WrongRequest:
        return
    assert taken.verb == "units"
    assert taken.fields["action"] in {"status", "start", "stop", "restart", "pause", "resume"}
    assert taken.fields.keys() <= {"action", "dataset", "reason", "if_placed"}


@given(st.binary(max_size=2000) | st.text(max_size=2000))
def test_a_line_of_the_journal_cannot_be_forged(value: bytes | str) -> None:
    said = printable(value)
    assert len(said) <= 401
    assert said.removesuffix("…").isascii()
    assert said.isprintable()
