"""The ledger's formats: what is written is read back, and what is not ours is named."""

import msgspec
import pytest

from streamlake.storage.claim import (
    Amendment,
    ChainOpening,
    Claim,
    Fingerprint,
    Gap,
    JudgedBy,
    Rejections,
    Unreadable,
    decode_amendment,
    decode_claim,
    decode_opening,
)

CLAIM = Claim(
    dataset="orders", topic="streamlake.orders.raw", chain="a" * 26 + "-0", partition=0, start=0, next=30,
    part="raw/x", records=10, size=100, sha256="00", rejected=(Rejections(12, 14, "json"),),
    gaps=(Gap(0, 5, "before_streamlake", 9, 5), Gap(5, 9, "retention", 9, 9)), control=9, contract_version=1,
    contract_sha256="11", date="2026-11-21", min_timestamp_ms=1, max_timestamp_ms=2,
    last=Fingerprint(29, 3, 2, 7), closed="records", attempt="a", writer="w", at="t",
)  # fmt: skip


def test_a_claim_counts_every_offset_of_its_range_once() -> None:
    gaps = sum(g.next - g.start for g in CLAIM.gaps)
    assert CLAIM.next - CLAIM.start == CLAIM.records + CLAIM.rejected_records + gaps + CLAIM.control
    assert CLAIM.rejected_records == 2
    assert CLAIM.lost_records == 4, "what was before StreamLake is no loss"


def test_what_is_written_is_read_back() -> None:
    assert decode_claim("n", CLAIM.encode()) == CLAIM
    assert b"further" not in CLAIM.encode()
    mixed = msgspec.structs.replace(
        CLAIM, further_contracts=(JudgedBy(2, "22"),), rejected=(Rejections(12, 14, "json", 2),)
    )
    assert decode_claim("n", mixed.encode()) == mixed
    assert mixed.contract_versions == {1, 2}
    assert b'"bytes":100,' in CLAIM.encode(), "the stored word is bytes"
    lost = Amendment(start=0, lost=((1, 2),), records=1, size=1, sha256="", log_start=2, writer="w", at="t")
    assert decode_amendment("n", lost.encode()) == lost
    opening = ChainOpening(
        dataset="d", cluster_id="c", topic="t", topic_id="i", generation=0, before=None, reason="first", at="t"
    )
    assert decode_opening("n", opening.encode()) == opening


@pytest.mark.parametrize("damage", [b"", b"{", CLAIM.encode()[:-5], b"[]", b'{"format":1,"new":1}', b"\xff\xfe"])
def test_what_is_not_ours_is_named(damage: bytes) -> None:
    for decode in (decode_claim, decode_amendment, decode_opening):
        with pytest.raises(Unreadable, match="ledger/x"):
            decode("ledger/x", damage)


def test_a_field_of_a_newer_release_is_not_ignored() -> None:
    newer = msgspec.json.decode(CLAIM.encode()) | {"encrypted": True}
    with pytest.raises(Unreadable):
        decode_claim("x", msgspec.json.encode(newer))
