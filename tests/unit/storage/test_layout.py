"""Names are built and taken apart in one place, and byte order is offset order."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamlake.storage import layout
from streamlake.storage.names import check_name

OFFSETS = st.integers(0, 2**63 - 1)
PARTITIONS = st.integers(0, 99_999)
CHAINS = st.builds(layout.Chain, st.uuids(), st.integers(0, 10**6))


@given(CHAINS)
def test_a_chain_is_read_back(chain: layout.Chain) -> None:
    assert layout.Chain.parse(str(chain)) == chain


@pytest.mark.parametrize("text", ["", "x", "a" * 26, "a" * 26 + "-01", "A" * 26 + "-0", "1" * 26 + "-0"])
def test_what_is_no_chain_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"chain|padding|base32|digit"):
        layout.Chain.parse(text)


@given(CHAINS, PARTITIONS, OFFSETS)
def test_claims_and_parts_are_read_back(chain: layout.Chain, partition: int, start: int) -> None:
    claim = layout.claim("orders", chain, partition, start)
    check_name(claim)
    assert layout.parse_claim(claim) == layout.ClaimName("orders", chain, partition, start)
    part = layout.part(layout.RAW, "orders", "2026-11-21", chain, partition, start, "json.gz")
    check_name(part)
    assert layout.parse_part(part) == layout.PartName("raw", "orders", "2026-11-21", chain, partition, start, "json.gz")
    amendment = layout.amendment("orders", chain, partition, start)
    assert layout.parse_claim(amendment) is None
    assert claim < amendment < layout.claim("orders", chain, partition, start + 1)


@given(CHAINS, OFFSETS, OFFSETS)
def test_byte_order_is_offset_order(chain: layout.Chain, one: int, other: int) -> None:
    names = [layout.claim("d", chain, 0, offset) for offset in (one, other)]
    assert (names[0] < names[1]) == (one < other)


def test_other_objects_are_neither() -> None:
    chain = layout.Chain(UUID(int=1))
    for name in (layout.chain_opening("d", chain), layout.seal("raw", "d", "2026-11-21"), layout.LAKE,
                 layout.proof("prod/host", "2026-11-21", 0)):  # fmt: skip
        check_name(name)
        assert layout.parse_claim(name) is None
        assert layout.parse_part(name) is None
