"""Hypothesis strategies for raw lines: records of every odd kind, made into lines by the product's own encoder."""

import uuid
from dataclasses import dataclass

from hypothesis import strategies as st

from streamlake.consumer.line import RawLines
from streamlake.consumer.place import Place
from streamlake.contract.gate import compile_gate
from streamlake.contract.model import Contract, Field
from streamlake.kafka.header import Meta, encode
from tests.support.events import ODD_VALUES

PLACE = Place("orders", "streamlake.orders.raw", 1, "raw")
_ANYTHING = compile_gate(Contract("orders", 1, "", "", (Field("a", "string"),), (), None, "refuse"))
_CANDIDATES = [
    *(b'{"a":"x","z":%b}' % value for value in ODD_VALUES),
    *(b'{"z":%b,"z":%b}' % (value, value) for value in ODD_VALUES),
    b'{"a":"' + ',\\"payload\\":{,\\"headers\\":[,\\"meta\\":\u2028\u0085\ufeff\U0010ffff'.encode() + b'"}',
    b'{"payload":{"payload":1},"headers":[],"meta":null,"topic":2}',
    b' \t\r\n {\r"a"\n:\r\n"b" } \n\r ',
    b"{}",
]
ODD_PAYLOADS = [event for event in _CANDIDATES if _ANYTHING.judge(event) is None]
"""Odd events that the gate accepts."""


@dataclass(frozen=True)
class Record:
    """A record as the Kafka client would give it."""

    at: int
    event: bytes | None
    name: bytes | None = b"o-1"
    more: tuple[tuple[str, bytes | None], ...] = ()
    at_ms: int = 1_795_226_400_123

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return (2, self.at_ms)

    def key(self) -> bytes | None:
        return self.name

    def value(self) -> bytes | None:
        return self.event

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return list(self.more) or None

    def leader_epoch(self) -> int | None:
        return 0


def meta(number: int = 1) -> bytes:
    """A header as the API writes it."""
    return encode(Meta(str(uuid.UUID(int=number)), 1, "p", "2026-11-21T00:00:00Z"))


_BYTES = st.binary(max_size=12) | st.sampled_from(
    [b"", b"\xff", b"\x00", b'"\\', b"\x7f\x1f", b'","payload":{}', b"%d"]
)
_VALUES = st.none() | _BYTES
_HEADERS = st.lists(
    st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), _VALUES)
    | st.builds(
        lambda before, n, after: ("streamlake", before + meta(n) + after),
        st.sampled_from([b"", b" ", b"\t"]),
        st.integers(0, 2**64),
        st.sampled_from([b"", b"  "]),
    )
    | st.just(("streamlake", b'{"ingestion_id":1}')),
    max_size=4,
).map(tuple)


@st.composite
def records(draw: st.DrawFn, most: int = 12) -> list[Record]:
    """Records of one partition, in offset order."""
    offsets = sorted(draw(st.sets(st.integers(0, 2**62), min_size=1, max_size=most)))
    return [
        Record(
            offset,
            draw(st.none() | st.sampled_from(ODD_PAYLOADS)),
            draw(_VALUES),
            draw(_HEADERS),
            draw(st.integers(-1, 2**45)),
        )
        for offset in offsets
    ]


def lines_of(records: list[Record]) -> bytes:
    """Their lines."""
    return RawLines().encode(PLACE, records)
