"""A part that is gone because the contract lets it go is no loss, and anything that is gone too early is (I3)."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from streamlake.audit.findings import Kind, Verdict
from tests.support.lakes import AT, HandLake
from tests.unit.audit.look import kinds, look

LANDED = datetime.fromisoformat(AT)
OLD = LANDED + timedelta(days=30)


def lake_with_parts_gone(root: Path, *, sealed: bool) -> HandLake:
    lake = HandLake(root)
    claims = [lake.land(3), lake.land(4)]
    if sealed:
        lake.seal(claims)
    for claim in claims:
        lake.part_path(claim).unlink()
    lake.land(2, date="2026-12-21")
    return lake


@pytest.mark.parametrize("sealed", [True, False])
def test_the_contract_decides_and_the_audit_says_so(tmp_path: Path, *, sealed: bool) -> None:
    lake = lake_with_parts_gone(tmp_path, sealed=sealed)
    report = look(lake, keep_days=30, now=OLD)
    assert report.verdict is Verdict.OK
    assert (report.checked.parts, report.checked.parts_found, report.checked.parts_expired) == (3, 1, 2)
    assert [f.kind for f in report.findings] == [Kind.PART_EXPIRED] * 2
    assert "2 parts have expired by policy" in report.reason
    assert kinds(look(lake, keep_days=30, now=OLD - timedelta(seconds=1))) == {Kind.PART_MISSING}, "a second too early"
    assert kinds(look(lake, now=OLD + timedelta(days=9999))) == {Kind.PART_MISSING}, "no policy, no expiry"


def test_the_claims_never_expire(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    first = lake.land(3)
    lake.land(4)
    lake.part_path(first).unlink()
    lake.claim_path(first).unlink()
    assert Kind.HOLE in kinds(look(lake, keep_days=1, now=OLD))


def test_to_read_what_has_all_expired_proves_nothing(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    lake.part_path(lake.land(3)).unlink()
    report = look(lake, keep_days=1, now=OLD)
    assert (report.verdict, report.checked.parts_read) == (Verdict.INDETERMINATE, 0)
    assert "expired" in report.reason
    assert look(lake, deep=False, keep_days=1, now=OLD).verdict is Verdict.OK, "of its claims there is proof"


def test_dead_letters_of_expired_parts_are_not_missed(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    claims = [lake.land(3, rejected=[1]), lake.land_dead_letters([1])]
    for claim in claims:
        lake.part_path(claim).unlink()
    lake.land(2, date="2026-12-21")
    assert look(lake, keep_days=30, now=OLD).verdict is Verdict.OK
