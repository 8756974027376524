"""An event's value is the event's own bytes: cutting a body apart never changes one."""

import json
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamlake.ingest import framing
from streamlake.ingest.errors import Malformed, TooLarge

WHITE = st.text(alphabet=" \t\r\n", max_size=3).map(str.encode)
SCALARS = st.one_of(
    st.sampled_from(
        [b"0", b"-0.0", b"1e400", b"18446744073709551616", b"1.10", b"1E-7", b"true", b"null", b'"\\u00e9"', b'"\\\\"']
    ),
    st.text(max_size=8).map(lambda text: json.dumps(text).encode()),
    st.text(max_size=8).map(lambda text: json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")),
    st.sampled_from([b'"[{,]}"', b'"\\""', b'"a\\\\"', b'"\\ud83d\\ude00"']),
)


def _containers(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    padded = st.builds(lambda a, b, c: a + b + c, WHITE, inner, WHITE)
    key = st.sampled_from([b'"a"', b'"a"', b'"b]"', b'"\\"}"'])
    member = st.builds(lambda w, k, v: w + k + b":" + v, WHITE, key, padded)
    return st.one_of(
        st.lists(padded, max_size=3).map(lambda items: b"[" + b",".join(items) + b"]"),
        st.lists(member, max_size=3).map(lambda items: b"{" + b",".join(items) + b"}"),
    )


ELEMENTS = st.recursive(SCALARS, _containers, max_leaves=8)
SPACED = st.tuples(WHITE, ELEMENTS, WHITE)


@settings(max_examples=300)
@given(st.lists(SPACED, min_size=1, max_size=5), WHITE, WHITE)
def test_each_element_is_the_slice_of_the_source(spaced: list[tuple[bytes, bytes, bytes]], a: bytes, b: bytes) -> None:
    body = a + b"[" + b",".join(b"".join(parts) for parts in spaced) + b"]" + b
    expected = [element for _, element, _ in spaced]
    assert framing.one_or_many(body) == expected
    # The slow cut, which only looks at structure, agrees with the parser.
    assert framing.cut(body, len(a)) == expected


@given(st.binary(max_size=60))
def test_the_cut_never_invents_bytes(noise: bytes) -> None:
    """Whatever stands between the brackets: what is cut out, joined again, is the source but for white space."""
    body = b"[" + noise + b"]"
    try:
        elements = framing.cut(body, 0)
    except Malformed:
        return
    kept = b"".join(b",".join(elements).split())
    assert kept == b"".join(noise.split())


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "byte 0"),
        (b" \r\n\t", "byte 0"),
        (b"\xef\xbb\xbf{}", "byte 0"),
        ("{}".encode("utf-16"), "byte 0"),
        ("{}".encode("utf-16-le"), "byte 0"),
        ("{}".encode("utf-32"), "byte 0"),
        (b"[", "byte 1"),
        (b"[1,]", "byte 3"),
        (b"[,1]", "byte 1"),
        (b"[1]x", "byte 3"),
        (b"[1] [2]", "byte 4"),
        (b"[1}", "byte 2"),
        (b'["a]', "byte 1"),
        (b'[{"a":1}', "byte 8"),
        (b"[]", "no event"),
        (b" [ ] ", "no event"),
    ],
)
def test_what_is_refused_names_its_place(body: bytes, place: str) -> None:
    with pytest.raises(Malformed) as refused:
        framing.one_or_many(body)
    assert place in refused.value.message


def test_a_bad_element_does_not_hide_its_neighbours() -> None:
    for bad in (b'{"a":NaN}', b'{"a":"\\ud800"}', b"{a:1}", b"[" * 10_000 + b"]" * 10_000, b'{"a":"\x01"}', b"\xff"):
        assert framing.one_or_many(b'[{"i":0}, ' + bad + b' ,{"i":2}]') == [b'{"i":0}', bad, b'{"i":2}']


def test_a_large_body_that_no_parser_takes_is_refused_whole() -> None:
    """The cut is for small bodies: a body of brackets must not hold the event loop."""
    with pytest.raises(Malformed):
        framing.one_or_many(b"[" * (2 << 20))


def test_one_object_is_the_whole_body() -> None:
    body = b' {"a": 1.0, "a": 2} \n'
    assert framing.one_or_many(body) == [body]


def test_lines_keep_their_bytes_and_blank_ones_are_passed_over() -> None:
    assert framing.lines(b' {"a":1} \r\n\n  \r\n{"b":2}\n{"c":\r3}') == [b' {"a":1} ', b'{"b":2}', b'{"c":\r3}']


@pytest.mark.parametrize(
    ("split", "body"),
    [
        (framing.one_or_many, b"[" + b"1," * 3_000_000 + b"1]"),
        (framing.lines, b"1\n" * 4_000_000),
    ],
)
def test_millions_are_refused_without_being_made(split: Callable[[bytes], list[bytes]], body: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="more than 10,000"):
            split(body)
        # A list of them alone would be 24 MiB. What other tests left running counts too.
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_ten_thousand_events_with_many_commas_are_taken() -> None:
    event = b'{"v":[' + b",".join([b"1"] * 100) + b"]}"
    assert framing.one_or_many(b"[" + b",".join([event] * 10_000) + b"]") == [event] * 10_000


def test_blank_lines_without_number_are_passed_over() -> None:
    assert framing.lines(b'{"a":1}\r\n' + b" \n\r\n" * 500_000 + b' {"b":2} \n' + b"\n" * 500_000 + b" ") == [
        b'{"a":1}',
        b' {"b":2} ',
    ]


@pytest.mark.parametrize("count", [10_000, 10_001])
def test_ten_thousand_events_and_no_more(count: int) -> None:
    for split, body in (
        (framing.one_or_many, b"[" + b",".join([b"1"] * count) + b"]"),
        (framing.lines, b"1\n" * count),
        (framing.lines, b"\n".join([b"1"] * count) + b"\n" * 20_000),
    ):
        if count <= 10_000:
            assert len(split(body)) == count
        else:
            with pytest.raises(TooLarge):
                split(body)
