"""The audit finds each planted damage, in the ledger, among the parts and within them (I2, I3, I4, I9)."""

import random
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from streamlake.audit.findings import Kind, Verdict
from streamlake.errors import EXIT_FOUND
from streamlake.storage.claim import Claim
from streamlake.storage.raw_line import NotRawLines
from tests.support.lakes import TIMESTAMP_MS, HandLake, a_good_lake, packed, raw_line
from tests.unit.audit.look import kinds, look
from tests.unit.audit.test_sealed import sealed_lake

Damage = Callable[[HandLake, Mapping[str, Claim]], None]


def remove_part(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.part_path(claims["second"]).unlink()


def remove_last_part(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.part_path(claims["last"]).unlink()


def remove_claim(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.claim_path(claims["second"]).unlink()


def remove_first_claim(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.claim_path(claims["first"]).unlink()


def remove_last_claim(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.claim_path(claims["last"]).unlink()


def remove_claim_and_part(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    remove_claim(lake, claims)
    remove_part(lake, claims)


def empty_part(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.part_path(claims["second"]).write_bytes(b"")


def cut_plain_part(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    path = lake.part_path(claims["other"])
    path.write_bytes(path.read_bytes()[:-3])


def edit_next(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.edit_claim(claims["second"], next=26)


def edit_records(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.edit_claim(claims["second"], records=5)


def edit_part_name(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.edit_claim(claims["second"], part=claims["first"].part)


def edit_partition(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.edit_claim(claims["second"], partition=1)


def edit_date_back(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.edit_claim(claims["second"], date="2026-11-20")


def break_claim(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.claim_path(claims["second"]).write_bytes(b'{"format":1')


def overlap(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.edit_claim(claims["first"], next=16, control=1)


def remove_opening(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    (lake.claim_path(claims["first"]).parent.parent / "chain.json").unlink()


def copy_part(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    part = lake.part_path(claims["first"])
    other = part.parent.parent / "ingestion_date=2026-11-22" / part.name
    other.parent.mkdir()
    shutil.copy(part, other)


def foreign_part(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    (lake.part_path(claims["first"]).parent / "part-copy.json.gz").write_bytes(b"")


def stray_in_ledger(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    (lake.claim_path(claims["first"]).parent / "backup.json").write_bytes(b"")


def names_that_no_object_can_have(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    (lake.part_path(claims["first"]).parent / "part-copy (1).json.gz").write_bytes(b"")
    odd = lake.root / "raw" / "dataset=orders" / "old backup"
    odd.mkdir()
    (odd / "x y").write_bytes(b"")


def folder_that_is_no_chain(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    odd = lake.root / "ledger" / "dataset=orders" / "old backup"
    odd.mkdir()
    (odd / "x y.json").write_bytes(b"{}")


def rescue(lake: HandLake, claims: Mapping[str, Claim]) -> None:
    lake.store.create(f"rescue/dataset=orders/{lake.chain}/00000/{0:020}-a.json.gz", [b""])


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (remove_part, Kind.PART_MISSING),
        (remove_last_part, Kind.PART_PENDING),
        (remove_claim, Kind.HOLE),
        (remove_claim, Kind.ORPHAN_PART),
        (remove_first_claim, Kind.HOLE),
        (remove_last_claim, Kind.ORPHAN_PART),
        (remove_claim_and_part, Kind.HOLE),
        (empty_part, Kind.PART_DAMAGED),
        (cut_plain_part, Kind.PART_DAMAGED),
        (edit_next, Kind.CLAIM_ARITHMETIC),
        (edit_next, Kind.OVERLAP),
        (edit_records, Kind.CLAIM_ARITHMETIC),
        (edit_part_name, Kind.PART_NAME),
        (edit_partition, Kind.CLAIM_MISMATCH),
        (edit_date_back, Kind.DATE_ORDER),
        (break_claim, Kind.CLAIM_UNREADABLE),
        (overlap, Kind.OVERLAP),
        (remove_opening, Kind.OPENING),
        (copy_part, Kind.ORPHAN_PART),
        (foreign_part, Kind.FOREIGN_OBJECT),
        (stray_in_ledger, Kind.FOREIGN_OBJECT),
        (rescue, Kind.RESCUED),
        (names_that_no_object_can_have, Kind.FOREIGN_OBJECT),
        (folder_that_is_no_chain, Kind.FOREIGN_OBJECT),
    ],
)
def test_damage_that_shows_without_reading_parts_is_found(tmp_path: Path, damage: Damage, kind: Kind) -> None:
    lake, claims = a_good_lake(tmp_path)
    damage(lake, claims)
    report = look(lake, deep=False)
    assert kind in kinds(report)
    assert report.verdict is Verdict.FOUND
    assert report.exit_code == EXIT_FOUND
    assert all(f.sentence and f.next_step for f in report.findings)


def double_a_line(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], lines[1], *lines[2:]]


def swap_lines(lines: list[bytes]) -> list[bytes]:
    return [lines[1], lines[0], *lines[2:]]


def drop_a_line(lines: list[bytes]) -> list[bytes]:
    return lines[1:]


def change_a_byte(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b'{"n":1', b'{"n":2'), *lines[1:]]


def break_a_line(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b"}", b"", 1), *lines[1:]]


def cut_the_last_line(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1].rstrip(b"\n")]


def add_a_rejected_record(lines: list[bytes]) -> list[bytes]:
    return [*lines[:2], raw_line("streamlake.orders.raw", 0, 17), *lines[2:]]


def add_a_record_of_elsewhere(lines: list[bytes]) -> list[bytes]:
    return [*lines, raw_line("streamlake.orders.raw", 0, 1000)]


def take_another_partition(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"kafka_partition":0', b'"kafka_partition":2') for line in lines]


FORMATS = ["json.gz", "json.zst", "parquet"]
CHANGES = [
    (double_a_line, Kind.DUPLICATE),
    (swap_lines, Kind.ORDER),
    (drop_a_line, Kind.PART_DAMAGED),
    (change_a_byte, Kind.PART_DAMAGED),
    (break_a_line, Kind.PART_DAMAGED),
    (cut_the_last_line, Kind.PART_DAMAGED),
    (add_a_rejected_record, Kind.DUPLICATE),
    (add_a_record_of_elsewhere, Kind.MISPLACED),
    (take_another_partition, Kind.MISPLACED),
]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(("change", "kind"), CHANGES)
def test_changed_lines_are_found_by_reading(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], kind: Kind, suffix: str
) -> None:
    lake, claims = a_good_lake(tmp_path, suffix)
    if suffix == "parquet" and change is cut_the_last_line:
        with pytest.raises(NotRawLines):
            lake.edit_lines(claims["second"], change)
        return  # it holds columns, which have no end of a line to lack
    lake.edit_lines(claims["second"], change)
    same_size = change in (swap_lines, change_a_byte, take_another_partition)
    shallow = look(lake, deep=False)
    assert shallow.verdict is (Verdict.OK if same_size else Verdict.FOUND), "sizes are compared, bytes are not read"
    assert shallow.checked.parts_read == 0
    report = look(lake)
    assert kind in kinds(report)
    assert report.verdict is Verdict.FOUND


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("keep", [0.5, 0.99])
def test_a_part_whose_compressed_bytes_end_early_is_found(tmp_path: Path, keep: float, suffix: str) -> None:
    lake, claims = a_good_lake(tmp_path, suffix)
    path = lake.part_path(claims["second"])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    assert kinds(look(lake)) == {Kind.PART_DAMAGED}
    # Parquet ends with what it promises, gzip too; zstd begins with it.
    assert look(lake, deep=False).verdict is (Verdict.OK if suffix == "json.zst" else Verdict.FOUND)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_part_of_another_chain_under_the_name_of_ours_is_found(tmp_path: Path, suffix: str) -> None:
    lake, claims = a_good_lake(tmp_path, suffix)
    ours = lake.part_path(claims["second"])
    other = raw_line("streamlake.clicks.raw", 0, 15, timestamp_ms=TIMESTAMP_MS)
    ours.write_bytes(packed(ours.name, other * 6))
    assert {Kind.MISPLACED, Kind.PART_DAMAGED} <= kinds(look(lake))


@pytest.mark.parametrize(("suffix", "idle"), [("json.gz", range(4, 10)), ("json.zst", range(4, 6)), ("parquet", ())])
def test_every_single_byte_of_a_part_is_guarded(tmp_path: Path, suffix: str, idle: Sequence[int]) -> None:
    """One byte changed anywhere in the stored file is found, but for idle header fields: in gzip time, flags of the
    compressor and operating system; in zstd an unused bit, and a window that may be larger than it must.
    """
    lake, claims = a_good_lake(tmp_path, suffix)
    path = lake.part_path(claims["second"])
    data = path.read_bytes()
    for at in range(0, len(data), 7):
        if at in idle:
            continue
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert look(lake).verdict is Verdict.FOUND, at


def test_one_flipped_bit_anywhere_ends_no_audit_and_is_found_where_it_matters(tmp_path: Path) -> None:
    """In a part always; in claims and seals but for words that bear on nothing: who wrote, when, and why it closed."""
    chance = random.Random(4)
    lake, _, _ = sealed_lake(tmp_path)
    found: Counter[str] = Counter()
    for path in [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]:
        data, part = path.read_bytes(), path.name.startswith("part-")
        for at in chance.sample(range(10 if part else 0, len(data)), 8):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
            verdict = look(lake).verdict
            assert verdict is Verdict.FOUND or not part, (path, at)
            found[str(verdict)] += 1
        path.write_bytes(data)
    assert found["FOUND"] > 4 * found["OK"], found
    assert look(lake).verdict is Verdict.OK
