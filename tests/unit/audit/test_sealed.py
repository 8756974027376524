"""A sealed day is read from its seal, and every way in which seal, claims and folder may disagree is found (I3)."""

import json
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from streamlake.audit.findings import Kind, Verdict
from streamlake.audit.options import Options
from streamlake.audit.run import audit
from streamlake.consumer.sealing import Sealed, seal_days
from streamlake.storage import layout
from streamlake.storage.claim import Claim, Gap
from streamlake.storage.layout import Chain
from streamlake.storage.local import LocalStore
from tests.support.lakes import DLQ_ID, TOPIC_ID, HandLake, owner
from tests.unit.audit.look import kinds, look
from tests.unit.consumer.lake import CHAIN, PLACE, WRITER, Lake

DAY, NEXT, OPEN = "2026-11-21", "2026-11-22", "2026-11-23"
Damage = Callable[[HandLake, Mapping[str, Claim], Path], None]


def sealed_lake(root: Path) -> tuple[HandLake, dict[str, Claim], Path]:
    """Two sealed days of two partitions, and an open one; a dead letter and a hole among them."""
    lake = HandLake(root)
    claims = {
        "a1": lake.land(5, gaps=[Gap(0, 10, "before_streamlake", 10, 10)], date=DAY),
        "a2": lake.land(4, rejected=[16], date=DAY),
        "a3": lake.land(3, date=DAY),
        "b1": lake.land(2, partition=1, date=DAY),
        "c1": lake.land(6, date=NEXT),
        "d1": lake.land(7, partition=1, date=NEXT),
        "open": lake.land(2, date=OPEN),
    }
    seal = lake.seal([claims[name] for name in ("a1", "a2", "a3", "b1")], DAY)
    lake.seal([claims[name] for name in ("c1", "d1")], NEXT)
    dead = lake.land_dead_letters([16])
    lake.seal([dead], zone=layout.DEAD_LETTERS)
    return lake, claims, seal


def edit(seal: Path, **changes: object) -> None:
    seal.write_text(json.dumps(json.loads(seal.read_text()) | changes))


def test_a_sealed_lake_is_ok_and_says_what_it_took_from_seals(tmp_path: Path) -> None:
    lake, _, _ = sealed_lake(tmp_path)
    for report in (look(lake, deep=False), look(lake)):
        assert (report.verdict, report.findings) == (Verdict.OK, [])
        assert (report.checked.claims, report.checked.claims_total, report.checked.seals) == (8, 8, 3)
        assert (report.checked.claims_read, report.checked.claims_by_seal) == (8, 0), "few are all read"
        assert report.checked.parts_found == report.checked.parts == 8
        first = next(p for p in report.partitions if (p.topic, p.partition) == (lake.raw_topic, 0))
        assert (first.records, first.dead_letters, first.before_streamlake, first.next) == (19, 1, 10, 30)
    unread = look(lake, deep=False, sample=0)
    assert unread.verdict is Verdict.OK
    assert (unread.checked.claims_read, unread.checked.claims_by_seal) == (1, 7)
    assert "7 claims were counted against their seals" in unread.reason


def remove_part(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    lake.part_path(claims["a2"]).unlink()


def remove_claim(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    lake.claim_path(claims["a2"]).unlink()


def remove_first_claim(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    lake.claim_path(claims["a1"]).unlink()


def remove_last_claim_of_the_day(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    lake.claim_path(claims["a3"]).unlink()


def remove_claim_and_part(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    lake.claim_path(claims["a2"]).unlink()
    lake.part_path(claims["a2"]).unlink()


def double_part(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    path = lake.part_path(claims["a1"])
    shutil.copy(path, path.parent.parent / f"ingestion_date={NEXT}" / path.name)


def part_of_another_chain(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    path = lake.part_path(claims["a1"])
    shutil.copy(path, path.parent / path.name.replace(str(lake.chain), str(Chain(TOPIC_ID, 7))))


def part_of_no_chain(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    path = lake.part_path(claims["a1"])
    shutil.copy(path, path.parent / path.name.replace(f"{lake.chain}", f"{str(lake.chain)[:26]}-00"))


def seal_without_a_part(lake: HandLake, claims: Mapping[str, Claim], seal: Path) -> None:
    edit(seal, parts=[p for p in json.loads(seal.read_text())["parts"] if p["name"] != claims["a2"].part])


def seal_with_a_part_too_many(lake: HandLake, claims: Mapping[str, Claim], seal: Path) -> None:
    parts = json.loads(seal.read_text())["parts"]
    edit(seal, parts=[*parts, parts[0] | {"name": parts[0]["name"].replace("00000000000000000000", f"{99:020}")}])


def seal_of_other_numbers(lake: HandLake, claims: Mapping[str, Claim], seal: Path) -> None:
    edit(seal, records=1000)


def seal_of_another_day(lake: HandLake, claims: Mapping[str, Claim], seal: Path) -> None:
    edit(seal, date=NEXT)


def seal_that_skips_claims(lake: HandLake, claims: Mapping[str, Claim], seal: Path) -> None:
    ranges = json.loads(seal.read_text())["ranges"]
    ranges[str(lake.chain)]["0"] |= {"next": claims["a2"].next, "claims": 2}
    edit(seal, ranges=ranges)


def seal_without_a_partition(lake: HandLake, claims: Mapping[str, Claim], seal: Path) -> None:
    ranges = json.loads(seal.read_text())["ranges"]
    del ranges[str(lake.chain)]["1"]
    edit(seal, ranges=ranges)


def seal_of_a_chain_that_is_not(lake: HandLake, claims: Mapping[str, Claim], seal: Path) -> None:
    ranges = json.loads(seal.read_text())["ranges"]
    ranges[str(Chain(DLQ_ID, 5))] = {"0": {"start": 0, "next": 1, "claims": 1}, "x": {"start": 0, "next": 0}}
    edit(seal, ranges=ranges)


def seal_of_other_checksums(lake: HandLake, claims: Mapping[str, Claim], seal: Path) -> None:
    parts = json.loads(seal.read_text())["parts"]
    edit(seal, parts=[parts[0] | {"sha256": "0" * 64}, *parts[1:]])


def break_seal(lake: HandLake, claims: Mapping[str, Claim], seal: Path) -> None:
    seal.write_bytes(seal.read_bytes()[:-30])


def edit_claim(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    lake.edit_claim(claims["a2"], records=2, control=1)


def edit_claims_next(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    lake.edit_claim(claims["a2"], next=18, records=2)


def claim_behind_the_seal(lake: HandLake, claims: Mapping[str, Claim], _: Path) -> None:
    lake.land(3, partition=1, date=NEXT)


SHALLOW = [
    (remove_part, Kind.PART_MISSING),
    (remove_claim, Kind.HOLE),
    (remove_first_claim, Kind.HOLE),
    (remove_last_claim_of_the_day, Kind.SEAL),
    (remove_claim_and_part, Kind.HOLE),
    (double_part, Kind.ORPHAN_PART),
    (part_of_another_chain, Kind.ORPHAN_PART),
    (part_of_no_chain, Kind.FOREIGN_OBJECT),
    (seal_without_a_part, Kind.SEAL),
    (seal_with_a_part_too_many, Kind.SEAL),
    (seal_of_other_numbers, Kind.SEAL),
    (seal_of_another_day, Kind.SEAL),
    (seal_that_skips_claims, Kind.SEAL),
    (seal_without_a_partition, Kind.SEAL),
    (seal_of_a_chain_that_is_not, Kind.SEAL),
    (break_seal, Kind.SEAL),
    (claim_behind_the_seal, Kind.SEAL),
]


@pytest.mark.parametrize("sample", [0, 1000], ids=["by the seal alone", "with a sample"])
@pytest.mark.parametrize(("damage", "kind"), SHALLOW)
def test_what_shows_without_reading_claims_is_found(tmp_path: Path, damage: Damage, kind: Kind, sample: int) -> None:
    lake, claims, seal = sealed_lake(tmp_path)
    damage(lake, claims, seal)
    report = look(lake, deep=False, sample=sample)
    assert kind in kinds(report), report.findings
    assert report.verdict is Verdict.FOUND


@pytest.mark.parametrize("damage", [edit_claim, edit_claims_next, seal_of_other_checksums])
def test_what_only_claims_can_tell_is_found_where_they_are_read(tmp_path: Path, damage: Damage) -> None:
    lake, claims, seal = sealed_lake(tmp_path)
    damage(lake, claims, seal)
    assert look(lake, deep=False).verdict is Verdict.FOUND, "of a small lake all are read"
    assert look(lake).verdict is Verdict.FOUND
    unread = look(lake, deep=False, sample=0)
    assert (unread.verdict, unread.checked.claims_read) == (Verdict.OK, 1), "and what was not read is said"


def test_a_seal_that_is_gone_leaves_the_day_to_its_claims(tmp_path: Path) -> None:
    lake, claims, seal = sealed_lake(tmp_path)
    seal.unlink()
    assert look(lake, deep=False).verdict is Verdict.OK
    lake.claim_path(claims["a2"]).unlink()
    assert Kind.HOLE in kinds(look(lake, deep=False))


def test_loss_and_amendments_behind_a_seal_are_counted_once(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    first = lake.land(3, gaps=[Gap(0, 4, "retention", 4, 4)], date=DAY)
    second = lake.land(3, date=DAY)
    lake.amend(second, second.next)
    lake.part_path(second).unlink()
    lake.seal([first, second], DAY)
    lake.land(1, date=OPEN)
    for sample, deep in ((0, False), (1000, False), (1000, True)):
        report = look(lake, deep=deep, sample=sample, known_loss=7)
        assert report.verdict is Verdict.OK, report.findings
        assert report.tally.lost == 7
        assert look(lake, deep=deep, sample=sample, known_loss=6).verdict is Verdict.FOUND


@pytest.mark.parametrize("seed", range(8))
def test_what_the_consumer_seals_is_ok(seed: int) -> None:
    """Its own seals, of days with holes and partitions that are still, hold against its own claims."""
    chance, lake = random.Random(seed), Lake(ends=[0, 0, 0])
    for partition in range(3):
        at = 0
        for day in range(1, 6):
            for _ in range(chance.choice([0, 1, 3])):
                width = chance.choice([1, 10, 100])
                if chance.random() < 0.3:
                    hole(lake, partition, at, at + width, f"2026-11-0{day}")
                else:
                    lake.claim(partition, at, at + width, f"2026-11-0{day}")
                at += width
        lake.ends[partition] = at
    lake.store._objects[layout.LAKE] = owner("c")
    sealed = lake.run(seal_days(PLACE, "2026-11-05", Sealed(), WRITER))
    report = audit(lake.store, "orders", Options(sample=0))
    assert report.findings == []
    assert report.checked.seals == len(sealed.new)
    assert report.verdict is (Verdict.OK if report.checked.claims_total else Verdict.INDETERMINATE)


def hole(lake: Lake, partition: int, start: int, next_offset: int, date: str) -> None:
    """A claim of offsets that hold no record: it has no part, and so no folder."""
    claim = lake.claim(partition, start, next_offset, date, part=False)
    name = layout.claim("orders", CHAIN, partition, start)
    empty = msgspec.structs.replace(claim, part=None, records=0, size=0, control=next_offset - start)
    lake.store._objects[name] = empty.encode()


class Meanwhile(LocalStore):
    """Something happens once the ledger's names are listed."""

    def __init__(self, root: Path, happens: Callable[[], object]) -> None:
        super().__init__(root)
        self._happens: Callable[[], object] | None = happens

    def list_from(self, prefix: str, start: str = "", limit: int | None = None) -> Iterator[str]:
        if prefix.startswith("raw/") and self._happens is not None:
            happens, self._happens = self._happens, None
            happens()
        return super().list_from(prefix, start, limit)


def test_what_is_landed_and_sealed_meanwhile_is_no_fault(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    claims = [lake.land(3), lake.land(2, partition=1)]

    def go_on() -> None:
        claims.extend([lake.land(4), lake.land(1, partition=2)])
        lake.seal(claims)
        lake.land(2, date=NEXT)

    report = audit(Meanwhile(tmp_path, go_on), "orders", Options(deep=True, settle_seconds=0))
    assert (report.verdict, report.findings) == (Verdict.OK, [])
    assert report.checked.claims == report.checked.claims_total == 2
    again = audit(lake.store, "orders", Options(settle_seconds=0))
    assert (again.verdict, again.findings, again.checked.claims, again.checked.seals) == (Verdict.OK, [], 5, 1)
