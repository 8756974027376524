"""Damage that no program of ours would do: links, pipes, folders of odd names, numbers out of all range."""

import gzip
import json
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from streamlake.audit.findings import Kind, Verdict
from streamlake.storage import layout
from streamlake.storage.claim import Claim
from streamlake.storage.errors import StoreDenied
from streamlake.storage.layout import Chain
from tests.support.lakes import HandLake, a_good_lake
from tests.unit.audit.look import kinds, look

Damage = Callable[[HandLake, Mapping[str, Claim]], None]


def replaced_by(make: Callable[[Path], None], which: str, *, claim: bool = False) -> Damage:
    def damage(lake: HandLake, claims: Mapping[str, Claim]) -> None:
        path = lake.claim_path(claims[which]) if claim else lake.part_path(claims[which])
        path.unlink()
        make(path)

    return damage


def nowhere(path: Path) -> None:
    path.symlink_to("/nowhere/at/all")


def itself(path: Path) -> None:
    path.symlink_to(path)


def copy_into(folder: str) -> Damage:
    def damage(lake: HandLake, claims: Mapping[str, Claim]) -> None:
        part = lake.part_path(claims["first"])
        to = part.parent.parent / folder
        to.mkdir(parents=True)
        shutil.copy(part, to)

    return damage


def claim_beyond_any_offset(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    path = lake.claim_path(claims["last"])
    shutil.copy(path, path.with_name(f"{'9' * 20}.json"))


def time_that_is_none(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.edit_claim(claims["second"], min_timestamp_ms=10**18)


def a_trillion_rejected(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    last = claims["last"]
    rejected = [{"start": last.next, "next": 10**12, "reason": "x"}]
    lake.edit_claim(last, next=10**12, rejected=rejected)


def rejected_by_a_stranger(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    second = claims["second"]
    rejected = [{"start": r.start, "next": r.next, "reason": r.reason, "version": 9} for r in second.rejected]
    assert rejected
    lake.edit_claim(second, rejected=rejected)


def bomb(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.part_path(claims["second"]).write_bytes(gzip.compress(bytes(200 << 20), 1))


def no_owner(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    (lake.root / layout.LAKE).unlink()


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (replaced_by(nowhere, "second"), Kind.PART_MISSING),
        (replaced_by(itself, "second"), Kind.PART_MISSING),
        (replaced_by(os.mkfifo, "second"), Kind.PART_MISSING),
        (replaced_by(Path.mkdir, "second"), Kind.PART_MISSING),
        (replaced_by(nowhere, "second", claim=True), Kind.HOLE),
        (replaced_by(itself, "second", claim=True), Kind.HOLE),
        (replaced_by(os.mkfifo, "second", claim=True), Kind.HOLE),
        (copy_into("ingestion_date=2026-11-2x"), Kind.FOREIGN_OBJECT),
        (copy_into("ingestion_date=__HIVE_DEFAULT_PARTITION__"), Kind.FOREIGN_OBJECT),
        (copy_into("ingestion_date=2026-13-45"), Kind.ORPHAN_PART),
        (copy_into("ingestion_date=2026-11-21 (copy)/old"), Kind.FOREIGN_OBJECT),
        (claim_beyond_any_offset, Kind.FOREIGN_OBJECT),
        (time_that_is_none, Kind.CLAIM_MISMATCH),
        (a_trillion_rejected, Kind.CLAIM_ARITHMETIC),
        (rejected_by_a_stranger, Kind.CLAIM_ARITHMETIC),
        (bomb, Kind.PART_DAMAGED),
        (no_owner, Kind.OPENING),
    ],
)
@pytest.mark.parametrize("deep", [False, True])
def test_it_is_found_and_ends_no_audit(tmp_path: Path, damage: Damage, kind: Kind, *, deep: bool) -> None:
    lake, claims = a_good_lake(tmp_path)
    damage(lake, claims)
    report = look(lake, deep=deep)
    assert report.verdict is Verdict.FOUND
    assert kind in kinds(report)
    assert all(finding.object or finding.where.start is not None for finding in report.findings)


def test_a_folder_of_an_odd_name_without_a_part_is_only_noted(tmp_path: Path) -> None:
    lake, _ = a_good_lake(tmp_path)
    odd = lake.root / "raw" / "dataset=orders" / "ingestion_date=unknown"
    odd.mkdir()
    (odd / "notes.txt").write_text("")
    assert look(lake).verdict is Verdict.OK


def test_a_link_to_a_whole_part_is_no_fault(tmp_path: Path) -> None:
    lake, claims = a_good_lake(tmp_path / "lake")
    part = lake.part_path(claims["second"])
    moved = tmp_path / "elsewhere.json.gz"
    shutil.move(part, moved)
    part.symlink_to(moved)
    assert look(lake, deep=True).verdict is Verdict.OK


def test_a_day_that_is_not_over_has_no_seal(tmp_path: Path) -> None:
    lake, claims = a_good_lake(tmp_path)
    lake.seal([claims[name] for name in ("first", "second", "last", "other")], claims["first"].date)
    assert look(lake, now=datetime(2026, 11, 22, tzinfo=UTC)).verdict is Verdict.OK
    early = look(lake, now=datetime(2026, 11, 21, 23, 59, tzinfo=UTC))
    assert kinds(early) == {Kind.SEAL}
    assert "not over" in early.findings[0].sentence


def test_a_seal_of_other_contract_versions_is_found(tmp_path: Path) -> None:
    lake, claims = a_good_lake(tmp_path)
    seal = lake.seal([claims[name] for name in ("first", "second", "last", "other")], claims["first"].date)
    seal.write_text(json.dumps(json.loads(seal.read_text()) | {"contract_versions": [7]}))
    assert kinds(look(lake)) == {Kind.SEAL}


@pytest.mark.parametrize("claim", [True, False])
def test_one_object_that_may_not_be_read_is_named_and_the_rest_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, claim: bool
) -> None:
    lake, claims = a_good_lake(tmp_path)
    lake.part_path(claims["first"]).write_bytes(b"")
    path = lake.claim_path(claims["last"]) if claim else lake.part_path(claims["last"])
    denied = str(path.relative_to(lake.root))
    read, read_range = lake.store.read, lake.store.read_range

    def deny(name: str) -> bool:
        if name == denied:
            raise StoreDenied(f"Could not read {name}: Permission denied.")
        return False

    monkeypatch.setattr(lake.store, "read", lambda name: deny(name) or read(name))
    monkeypatch.setattr(lake.store, "read_range", lambda name, *at: deny(name) or read_range(name, *at))
    report = look(lake, deep=True)
    assert report.verdict is Verdict.FOUND
    assert any("Permission denied" in finding.sentence for finding in report.findings)
    assert claim or Kind.PART_UNREADABLE in {finding.kind for finding in report.findings}
    assert report.checked.parts_read >= 3


def test_a_chain_that_names_one_before_it_needs_it(tmp_path: Path) -> None:
    """The topic was made again, and the ledger of its first life is gone."""
    lake, _ = a_good_lake(tmp_path)
    opening = lake.root / layout.chain_opening(lake.dataset, lake.chain)
    before = Chain(UUID(int=7))
    opening.write_bytes(opening.read_bytes().replace(b'"before":null', f'"before":"{before}"'.encode()))
    found = [finding for finding in look(lake).findings if finding.kind is Kind.OPENING]
    assert [str(before) in finding.sentence for finding in found] == [True]
