"""Hypothesis strategies: contracts of any shape, and events as bytes, from valid over odd to broken."""

import json
from typing import Any

from hypothesis import strategies as st

from streamlake.contract.model import Contract, Field, FieldType

NAMES = ["id", "Größe", "order-id", "f0", "f1", "@type", "class", "x", "payload", "model_config", "schema", "__init__"]
ODD_VALUES = [
    b"null", b"true", b"0", b"-0", b"1", b"1.0", b"1e2", b"1E400", b"-1e999", b"1e-999", b"01", b"1.", b".5", b"-",
    b"+1", b"18446744073709551616", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"9" * 320,
    b"9" * 5000, b"0.1234567890123456789012345", b"NaN", b"Infinity", b"-Infinity", b'""', b'"a"', b'"\\u0000"',
    b'"\\ud800"', b'"\\udc00x"', b'"\\ud83d\\ude00"', b'"\\ud83d\\u0041"', b'"\\\\ud800"', b'"\xff"', b'"\xed\xa0\x80"',
    b'"\xc0\x80"', b'"\xe2\x80\xa8"', b'"a\nb"', b'"a\x00b"', b'"\x7f"', b'"\\q"', b"[]", b"{}", b"[1,[2,{}]]",
    b'{"a":1,"a":"b"}', b"[" * 63 + b"]" * 63, b"[" * 64 + b"]" * 64, b"[" * 200 + b"]" * 200, b"[" * 3000, b'"[[{{"',
    b'"1.50"', b'"1e5"', b'"007"', b'"-0.0"', b'"1.0\\n"', b'"2026-02-30"', b'"2026-11-21"', b'"2026-11-21T09:30:00Z"',
    b'"2026-11-21t09:30:00.123456789z"', b'"2026-11-21 09:30:00+0530"', b'"2026-11-21T09:30:00"',
    b'"2026-11-21T24:00:00Z"', b'"018f6b1e-4b7a-7c3e-9d52-6f1c2b3a4d5e"', b'"\\u0031.5"', b"nul",
    b"[1,]", b'{"a"}', b"[1 2]", b"/**/1", b"",
]  # fmt: skip
TOKENS = [
    *ODD_VALUES[:40],
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"\\",
    b"\n",
    b"\r",
    b"\xef\xbb\xbf",
    b"\x00",
    b" ",
]

USUAL_VALUES = {
    "string": [b'"b"', b'"abc"', b'"1.50"', b'"\xc3\xa9\xf0\x9f\x98\x80"', b'"\\u0062"'],
    "integer": [str(number).encode() for number in range(-3, 9)],
    "number": [b"1", b"0.5", b"2.5e0", b"-1", b"7", b"4", b"123456789012345678901234567890"],
    "boolean": [b"true", b"false"],
    "date": [b'"2026-11-21"', b'"0001-01-01"', b'"2026-1-1"'],
    "timestamp": [value for value in ODD_VALUES if value.startswith(b'"2026')],
}
names = st.sampled_from(NAMES)
small = st.integers(-3, 8)


@st.composite
def fields(draw: st.DrawFn, name: str, depth: int = 2, like: Field | None = None) -> Field:
    """A field with rules that do not contradict each other."""
    kinds = ["string", "integer", "number", "boolean", "date", "timestamp"]
    kind: FieldType = draw(st.sampled_from([*kinds, *(["object", "array"] if depth else [])]))
    kind = kind if like is None else like.type
    rules: dict[str, Any] = {"required": draw(st.booleans()), "nullable": draw(st.booleans())}
    low, high = sorted((draw(small), draw(small)))
    if kind == "string":
        rules |= draw(
            st.sampled_from(
                [
                    {},
                    {"min_length": max(low, 0), "max_length": max(high, 0)},
                    {"pattern": "^[a-z]*$"},
                    {"pattern": "b"},
                    {"format": "decimal"},
                    {"format": "uuid"},
                    {"enum": ("a", "b", "1")},
                ]
            )
        )
    elif kind == "integer":
        rules |= draw(
            st.sampled_from([{}, {"minimum": low, "maximum": high}, {"enum": (0, 1, 7)}, {"exclusive_minimum": low}])
        )
    elif kind == "number":
        rules |= draw(
            st.sampled_from(
                [
                    {},
                    {"minimum": low + 0.5, "maximum": high + 0.5},
                    {"exclusive_minimum": low, "exclusive_maximum": 9.0},
                ]
            )
        )
    elif kind == "array":
        rules |= draw(st.sampled_from([{}, {"min_length": max(low, 0), "max_length": max(high, 0)}]))
        rules["items"] = draw(st.none() | fields("items", depth - 1))
    elif kind == "object":
        rules["fields"] = draw(members(depth - 1))
    return Field(name, kind, **rules)


@st.composite
def members(draw: st.DrawFn, depth: int) -> tuple[Field, ...]:
    """The fields of an object, none to four."""
    chosen = draw(st.lists(names, unique=True, max_size=4))
    return tuple(draw(fields(name, depth)) for name in chosen)


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """Any contract, as the compiler takes it."""
    extra = draw(st.sampled_from(["allow", "refuse"]))
    return Contract("any", 1, "", "", draw(members(2)), (), None, "refuse", extra_fields=extra)  # type: ignore[arg-type]


def _text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


@st.composite
def values(draw: st.DrawFn, field: Field) -> bytes:
    """JSON text for the field: mostly of its type, now and then anything."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(ODD_VALUES))
    if field.enum:
        return _text(draw(st.sampled_from(field.enum)))
    match field.type:
        case "array":
            items = st.sampled_from(ODD_VALUES) if field.items is None else values(field.items)
            return b"[" + b",".join(draw(st.lists(items, max_size=4))) + b"]"
        case "object":
            return draw(objects(field.fields))
    return draw(st.sampled_from(USUAL_VALUES[field.type]))


@st.composite
def objects(draw: st.DrawFn, known: tuple[Field, ...]) -> bytes:
    """An object: its fields, some left out, some twice, and some that nobody knows."""
    pairs = []
    for field in known:
        for _ in range(draw(st.sampled_from([1, 1, 1, 1, 1, 1, 0, 2, 3]))):
            pairs.append((_text(field.name), draw(values(field))))  # noqa: PERF401 - draws in order
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        name = draw(st.sampled_from([b'"extra"', b'"\xff"', b'"\\u0000"', b'"\\ud800"', b'""', b'"\xc3\xa9"']))
        pairs.append((name, draw(st.sampled_from(ODD_VALUES))))
    space = draw(st.sampled_from([b"", b" ", b"\n", b"\t\r\n "]))
    return b"{" + (b"," + space).join(name + b":" + space + value for name, value in pairs) + b"}"


@st.composite
def events(draw: st.DrawFn, contract: Contract) -> bytes:
    """An event of the contract as bytes, sometimes with a few bytes broken."""
    data = bytearray(draw(objects(contract.fields)))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        at = draw(st.integers(0, len(data)))
        end = at + draw(st.integers(0, 3))
        data[at:end] = draw(st.sampled_from(TOKENS) | st.binary(min_size=1, max_size=2))
    return bytes(data)
