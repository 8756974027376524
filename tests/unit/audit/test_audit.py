"""The audit's verdicts: nothing is found in a good lake, loss only where it is, and never well on nothing (I2, I3)."""

import gzip
from pathlib import Path

import pytest

from streamlake.audit.dead_letter_rules import Seen
from streamlake.audit.findings import Kind, Verdict
from streamlake.audit.options import Options
from streamlake.audit.run import audit
from streamlake.errors import EXIT_DONE, EXIT_FOUND
from streamlake.kafka.dead_letter import DeadLetter, encode
from streamlake.storage.claim import Gap
from streamlake.storage.layout import Chain
from streamlake.storage.local import LocalStore
from tests.support.lakes import DATE, TOPIC_ID, HandLake, a_good_lake, dead_line, raw_line
from tests.unit.audit.look import kinds, look


def test_a_good_lake_is_ok_and_says_what_was_checked(tmp_path: Path) -> None:
    lake, _ = a_good_lake(tmp_path)
    report = look(lake)
    assert report.findings == []
    assert report.verdict is Verdict.OK
    assert report.exit_code == EXIT_DONE
    assert report.checked.claims == report.checked.claims_in_window == 5
    assert report.checked.parts == report.checked.parts_found == report.checked.parts_read == 5
    assert report.checked.lines_read == 5 + 6 + 6 + 4 + 2
    assert report.checked.dead_letters_expected == report.checked.dead_letters_found == 2
    first = next(p for p in report.partitions if p.topic == lake.raw_topic and p.partition == 0)
    assert (first.next, first.records, first.dead_letters, first.before_streamlake, first.control) == (30, 17, 2, 10, 1)


def test_an_empty_lake_is_never_ok(tmp_path: Path) -> None:
    report = audit(LocalStore(tmp_path), "orders", Options(deep=True))
    assert report.verdict is Verdict.INDETERMINATE
    assert report.exit_code == EXIT_FOUND
    assert report.checked.claims == 0


def test_dates_without_a_claim_are_never_ok(tmp_path: Path) -> None:
    lake, _ = a_good_lake(tmp_path)
    assert look(lake, first="2027-01-01").verdict is Verdict.INDETERMINATE
    assert look(lake, last="2026-01-01").verdict is Verdict.INDETERMINATE
    assert look(lake, first=DATE, last=DATE).verdict is Verdict.OK


def test_an_audit_without_time_is_never_ok(tmp_path: Path) -> None:
    lake, _ = a_good_lake(tmp_path)
    report = look(lake, max_seconds=0.0)
    assert report.verdict is Verdict.INDETERMINATE
    assert not report.checked.complete


def test_a_part_of_several_gzip_members_is_read_to_its_end(tmp_path: Path) -> None:
    lake, claims = a_good_lake(tmp_path)
    path = lake.part_path(claims["second"])
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(b"".join(gzip.compress(line) for line in lines))
    assert look(lake).verdict is Verdict.OK


def test_a_sample_reads_at_least_one_part_and_says_how_many(tmp_path: Path) -> None:
    lake, _ = a_good_lake(tmp_path)
    report = look(lake, deep=False, read_share=0.0001)
    assert report.checked.parts_read == 1
    assert report.checked.parts == 5
    assert look(lake, deep=False, read_share=1.0).checked.parts_read == 5


def test_loss_on_record_is_found_unless_it_is_known(tmp_path: Path) -> None:
    lake, _ = a_good_lake(tmp_path)
    lake.land(3, gaps=[Gap(30, 37, "retention", 37, 37)])
    report = look(lake)
    assert [(f.kind, f.records) for f in report.findings] == [(Kind.GAP_LOSS, 7)]
    assert report.verdict is Verdict.FOUND
    assert look(lake, known_loss=7).verdict is Verdict.OK
    assert look(lake, known_loss=6).verdict is Verdict.FOUND


def test_a_gap_that_is_no_loss_rings_nothing(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    lake.land(0, gaps=[Gap(0, 100, "before_streamlake", 100, 100)])
    lake.land(3)
    report = look(lake)
    assert report.findings == []
    assert report.verdict is Verdict.OK


def test_an_amended_claim_may_have_a_smaller_part_or_none(tmp_path: Path) -> None:
    """Claimed, then lost by Kafka: the loss is on record, the chain is whole (I3)."""
    lake, claims = a_good_lake(tmp_path)
    rest = b"".join(raw_line(lake.raw_topic, 0, o) for o in (22, 21) if o > 21)
    lake.amend(claims["second"], 22, rest)
    lake.edit_lines(claims["second"], lambda _: [rest])
    report = look(lake, known_loss=100)
    assert kinds(report) == {Kind.GAP_LOSS}
    assert report.verdict is Verdict.OK
    whole, claims = a_good_lake(tmp_path / "whole")
    whole.amend(claims["last"], claims["last"].next)
    whole.part_path(claims["last"]).unlink()
    report = look(whole, known_loss=6)
    assert kinds(report) == {Kind.GAP_LOSS}
    assert report.verdict is Verdict.OK


def test_a_claim_whose_records_were_all_rejected_has_an_empty_part(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    claim = lake.land(2, rejected=[0, 1])
    lake.land_dead_letters([0, 1])
    assert look(lake).verdict is Verdict.OK
    lake.part_path(claim).unlink()
    assert look(lake).verdict is Verdict.FOUND


def test_a_dead_letter_that_never_landed_is_found_only_where_kafka_was_asked(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    lake.land(5, rejected=[1, 3])
    lake.land_dead_letters([1])
    blind = look(lake)
    assert blind.verdict is Verdict.INDETERMINATE
    assert blind.checked.dead_letters_unverified == 1
    options = Options(deep=True)
    empty = audit(lake.store, "orders", options, None, lambda: iter(()))
    assert [f.kind for f in empty.findings] == [Kind.DEAD_LETTER_MISSING]
    assert empty.findings[0].where.start == 3
    still = audit(lake.store, "orders", options, None, lambda: iter([Seen(f"{TOPIC_ID}/0/3")]))
    assert still.verdict is Verdict.OK


def test_a_dead_letter_of_an_accepted_record_is_found(tmp_path: Path) -> None:
    """I2: never in the raw zone and dead-lettered."""
    lake = HandLake(tmp_path)
    lake.land(5, rejected=[1])
    lake.land_dead_letters([1, 2])
    assert kinds(look(lake)) == {Kind.DEAD_LETTER_UNLISTED}


def _why(lake: HandLake, reason: str, version: int = 1) -> str:
    """What the dead letter of offset 3 says of itself."""
    letter = DeadLetter(
        key=b"k", value=b"{bad", headers=(), reason=reason, detail="", at=DATE, topic=lake.raw_topic,
        topic_id=TOPIC_ID, partition=0, offset=3, contract_version=version,
    )  # fmt: skip
    return str(encode(letter).headers[-1][1], "utf-8")  # type: ignore[arg-type] # bytes


@pytest.mark.parametrize(
    ("reason", "version", "differs"), [("not_json", 1, False), ("contract.missing", 1, True), ("not_json", 2, True)]
)
def test_a_dead_letter_gives_the_reason_that_its_claim_gives(
    tmp_path: Path, reason: str, version: int, *, differs: bool
) -> None:
    lake = HandLake(tmp_path)
    lake.land(5, rejected=[1, 3])
    lines = [
        dead_line(lake.dlq_topic, 0, f"{TOPIC_ID}/0/1", why="of another program"),
        dead_line(lake.dlq_topic, 1, f"{TOPIC_ID}/0/3", why=_why(lake, reason, version)),
    ]
    lake.land_dead_letters([1, 3], lines=b"".join(lines))
    report = look(lake)
    assert [(f.kind, f.where.start) for f in report.findings] == [(Kind.DEAD_LETTER_DIFFERS, 3)] * differs
    assert report.verdict is (Verdict.FOUND if differs else Verdict.OK)


@pytest.mark.parametrize(("third", "differs"), [("not_json", False), ("contract.range", True)])
def test_an_offset_that_was_used_again_has_a_reason_each_time(tmp_path: Path, third: str, *, differs: bool) -> None:
    """Its log was cut and written anew: both records were rejected, and both dead letters have the same key."""
    lake = HandLake(tmp_path)
    lake.land(5, rejected=[3])
    gap = Gap(0, 3, "earlier_generation", 0, 3)
    again = lake.land(2, rejected=[3], gaps=[gap], chain=Chain(TOPIC_ID, 1))
    lake.edit_claim(again, rejected=[{"start": 3, "next": 4, "reason": "contract.missing"}])
    reasons = ["not_json", "contract.missing", third]
    key = f"{TOPIC_ID}/0/3"
    lines = [dead_line(lake.dlq_topic, n, key, why=_why(lake, reason)) for n, reason in enumerate(reasons)]
    lake.land_dead_letters([3, 3, 3], lines=b"".join(lines))
    assert [f.kind for f in look(lake).findings] == [Kind.DEAD_LETTER_DIFFERS] * differs


def test_duplicates_of_a_dead_letter_are_folded(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    lake.land(5, rejected=[1])
    lake.land_dead_letters([1, 1])
    lake.land_dead_letters([1])
    assert look(lake).verdict is Verdict.OK


def test_the_dead_letters_own_chain_is_walked_too(tmp_path: Path) -> None:
    lake, claims = a_good_lake(tmp_path)
    lake.land_dead_letters([17])
    lake.part_path(claims["dead"]).unlink()
    assert Kind.PART_MISSING in kinds(look(lake))


def test_a_topic_created_again_begins_a_chain_of_its_own(tmp_path: Path) -> None:
    lake, _ = a_good_lake(tmp_path)
    lake.land(3, chain=Chain(TOPIC_ID, 1))
    report = look(lake)
    assert report.verdict is Verdict.OK
    assert report.checked.chains == 3


def test_damage_outside_the_dates_is_not_reported_and_inside_is(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    early = lake.land(5, date="2026-11-21")
    lake.land(5, date="2026-11-22")
    late = lake.land(5, date="2026-11-23")
    lake.land(5, date="2026-11-24")
    lake.part_path(early).unlink()
    assert look(lake, first="2026-11-22").verdict is Verdict.OK
    assert look(lake, last="2026-11-21").verdict is Verdict.FOUND
    lake.claim_path(late).unlink()
    assert Kind.HOLE in kinds(look(lake, first="2026-11-22", last="2026-11-22")), "the hole lies between both days"


def test_a_sealed_day_holds_exactly_what_its_seal_lists(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    claims = [lake.land(3), lake.land(4, partition=1)]
    lake.seal(claims)
    report = look(lake)
    assert (report.verdict, report.checked.seals) == (Verdict.OK, 1)
    lake.land(2)
    assert kinds(look(lake)) == {Kind.SEAL}, "a claim in a day that was sealed before"


def test_a_seal_that_lists_other_parts_or_cannot_be_read_is_found(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    claims = [lake.land(3), lake.land(4)]
    lake.seal(claims[:1])
    assert kinds(look(lake)) == {Kind.SEAL}
    (lake.part_path(claims[0]).parent / "_metadata.json").write_bytes(b"{}")
    assert kinds(look(lake)) == {Kind.SEAL}
    assert look(lake, first="2027-01-01").verdict is Verdict.INDETERMINATE


def test_the_document_is_plain_data(tmp_path: Path) -> None:
    lake, claims = a_good_lake(tmp_path)
    lake.part_path(claims["second"]).unlink()
    document = look(lake).document()
    assert document["verdict"] == "FOUND"
    assert document["findings"][0]["where"]["start"] == 15
    assert document["checked"]["parts_found"] == 4
    assert look(lake).document(errors_only=True)["partitions"] == []
