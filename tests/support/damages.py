"""What may be done to a lake that stands beside Kafka, and what both who judge it must notice."""

import json
from collections.abc import Callable
from typing import Any

from streamlake.storage import layout
from tests.support.landed_lake import REJECTED, Landed


def remove_part(lake: Landed) -> None:
    lake.part_path(lake.claims[0]).unlink()


def remove_last_part(lake: Landed) -> None:
    lake.part_path(lake.claims[1]).unlink()


def remove_claim(lake: Landed) -> None:
    lake.claim_path(lake.claims[0]).unlink()


def remove_last_claim(lake: Landed) -> None:
    lake.claim_path(lake.claims[1]).unlink()


def edit_claim(lake: Landed) -> None:
    lake.edit_claim(lake.claims[0], next=4)


def double_a_line(lake: Landed) -> None:
    lake.edit_lines(lake.claims[0], lambda lines: [lines[0], *lines])


def drop_a_line(lake: Landed) -> None:
    lake.edit_lines(lake.claims[0], lambda lines: lines[1:])


def reorder(lake: Landed) -> None:
    lake.edit_lines(lake.claims[0], lambda lines: [lines[1], lines[0], *lines[2:]])


def change_a_byte(lake: Landed) -> None:
    lake.edit_lines(lake.claims[0], lambda lines: [lines[0].replace(b"0.10", b"0.11"), *lines[1:]])


def damage_the_file(lake: Landed) -> None:
    path = lake.part_path(lake.claims[0])
    data = path.read_bytes()
    path.write_bytes(data[:-20] + bytes([data[-20] ^ 1]) + data[-19:])


def copy_a_part(lake: Landed) -> None:
    path = lake.part_path(lake.claims[0])
    other = path.parent.parent / "ingestion_date=2026-11-23" / path.name
    other.parent.mkdir()
    other.write_bytes(path.read_bytes())


def remove_dead_letters_part(lake: Landed) -> None:
    assert lake.dead is not None
    lake.part_path(lake.dead).unlink()


DAMAGES = [
    remove_part, remove_last_part, remove_claim, remove_last_claim, edit_claim, double_a_line, drop_a_line, reorder,
    change_a_byte, damage_the_file, copy_a_part, remove_dead_letters_part,
]  # fmt: skip


def _edit_seal(lake: Landed, change: Callable[[dict[str, Any]], object]) -> None:
    path = lake.root / layout.seal(layout.RAW, lake.dataset, lake.date)
    seal = json.loads(path.read_text())
    change(seal)
    path.write_text(json.dumps(seal))


def seal_lies_about_a_part(lake: Landed) -> None:
    _edit_seal(lake, lambda seal: seal["parts"].pop())


def seal_lies_about_a_checksum(lake: Landed) -> None:
    _edit_seal(lake, lambda seal: seal["parts"][0].update(sha256="0" * 64))


def seal_lies_about_its_records(lake: Landed) -> None:
    _edit_seal(lake, lambda seal: seal.update(records=seal["records"] + 1))


def seal_lies_about_its_range(lake: Landed) -> None:
    _edit_seal(lake, lambda seal: seal["ranges"][str(lake.chain)]["0"].update(next=lake.claims[0].next, claims=1))


def truncate_part(lake: Landed) -> None:
    path = lake.part_path(lake.claims[0])
    path.write_bytes(path.read_bytes()[:-12])


def part_of_another_chain(lake: Landed) -> None:
    path = lake.part_path(lake.claims[0])
    (path.parent / path.name.replace(str(lake.chain), str(lake.dlq_chain))).write_bytes(path.read_bytes())


def content_of_another_part(lake: Landed) -> None:
    lake.part_path(lake.claims[0]).write_bytes(lake.part_path(lake.claims[1]).read_bytes())


def edit_claims_counts(lake: Landed) -> None:
    lake.edit_claim(lake.claims[0], records=3, control=1)


def edit_claims_chain(lake: Landed) -> None:
    lake.edit_claim(lake.claims[0], chain=str(lake.dlq_chain))


def edit_claims_rejections(lake: Landed) -> None:
    lake.edit_claim(lake.claims[0], records=5, rejected=[])


def edit_claims_reason(lake: Landed) -> None:
    rejected = [{"start": REJECTED[0], "next": REJECTED[0] + 1, "reason": "contract.missing"}]
    lake.edit_claim(lake.claims[0], rejected=rejected)


def edit_claims_last_record(lake: Landed) -> None:
    claim = json.loads(lake.claim_path(lake.claims[1]).read_text())
    lake.edit_claim(lake.claims[1], last=claim["last"] | {"crc32": claim["last"]["crc32"] ^ 1})


SEALED = [
    seal_lies_about_a_part, seal_lies_about_a_checksum, seal_lies_about_its_records, seal_lies_about_its_range,
    remove_part, remove_claim, remove_last_claim, copy_a_part, edit_claim, edit_claims_counts, reorder,
]  # fmt: skip
MORE = [
    truncate_part, part_of_another_chain, content_of_another_part, edit_claims_counts, edit_claims_chain,
    edit_claims_rejections, edit_claims_reason, edit_claims_last_record,
]  # fmt: skip
