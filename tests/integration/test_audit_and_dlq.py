"""`audit` and `dlq` against a real Kafka: heads against the log, and dead letters as they were sent."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streamlake.audit.against_log import Seen, look
from streamlake.audit.errors import NoSuchDeadLetter
from streamlake.audit.findings import Kind, Verdict
from streamlake.audit.options import Options
from streamlake.audit.run import audit
from streamlake.errors import EXIT_DONE, EXIT_FOUND, EXIT_REFUSED, EXIT_UNREACHABLE, Misconfigured
from streamlake.kafka.admin import Admin
from streamlake.kafka.names import dlq_topic, raw_topic
from streamlake.storage.layout import Chain
from tests.support.audited import Made
from tests.support.broker import BrokerUnderTest, free_port
from tests.support.lakes import HandLake

pytestmark = pytest.mark.broker


@pytest.fixture
def made(
    new_dataset: Callable[..., str], broker: BrokerUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Made:
    dataset = new_dataset(partitions=1)
    admin = Admin(broker.bootstrap)
    topic_id = admin.topic_id(raw_topic(dataset))
    assert topic_id is not None
    lake = HandLake(tmp_path / "lake", dataset, admin.cluster_id())
    lake.chain = Chain(topic_id)
    (tmp_path / "contracts" / dataset).mkdir(parents=True)
    (tmp_path / "contracts" / dataset / "contract.yaml").write_text("broken: [")
    monkeypatch.setenv("STREAMLAKE_BOOTSTRAP_SERVERS", broker.bootstrap)
    monkeypatch.setenv("STREAMLAKE_LAKE_URL", f"file://{tmp_path}/lake")
    monkeypatch.setenv("STREAMLAKE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("STREAMLAKE_CONTRACTS_DIR", str(tmp_path / "contracts"))
    return Made(dataset, lake, broker, admin, topic_id)


def test_what_waits_in_the_log_is_lag_and_no_fault(made: Made) -> None:
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 10)
    made.lake.land(6)
    report = made.audit()
    assert report.verdict is Verdict.OK
    assert {(p.topic, p.lag) for p in report.partitions} == {(raw_topic(made.dataset), 4), (dlq_topic(made.dataset), 0)}
    assert report.log.startswith("compared")


def test_a_lake_that_is_ahead_of_its_log_is_found(made: Made) -> None:
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 3)
    made.lake.land(6)
    assert [f.kind for f in made.audit().findings] == [Kind.AHEAD_OF_LOG]


def test_what_retention_took_before_it_was_landed_is_found(made: Made) -> None:
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 10)
    made.lake.land(6)
    made.broker.delete_records(raw_topic(made.dataset), 0, 8)
    found = made.audit().findings
    assert [(f.kind, f.where.start, f.where.next) for f in found] == [(Kind.LOSS_PENDING, 6, 8)]


def test_a_last_part_that_the_group_has_committed_was_deleted(made: Made) -> None:
    """I5 tells an open claim from a deleted part: the group only commits what has its part."""
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 6)
    made.lake.land(3)
    last = made.lake.land(3)
    made.lake.part_path(last).unlink()
    assert [f.kind for f in made.audit().findings] == [Kind.PART_PENDING]
    made.commit(6)
    assert [f.kind for f in made.audit().findings] == [Kind.PART_MISSING]


@pytest.mark.parametrize(("committed", "verdict"), [(5, Verdict.FOUND), (6, Verdict.FOUND), (7, Verdict.OK)])
def test_what_was_committed_and_is_not_landed_is_found(made: Made, committed: int, verdict: Verdict) -> None:
    """I5. The end of the chain was deleted, or somebody set the offset; what is no offset of the log was set."""
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 6)
    made.lake.land(3)
    made.commit(committed)
    report = made.audit()
    assert [f.kind for f in report.findings] == [Kind.COMMITTED_AHEAD]
    assert report.verdict is verdict


@pytest.mark.parametrize("chain_too", [False, True])
def test_a_partition_of_which_nothing_is_left_is_found(made: Made, *, chain_too: bool) -> None:
    """I5. The ledger knows nothing of it any more; the group does."""
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 6)
    claim = made.lake.land(6)
    made.commit(6)
    assert made.audit().verdict is Verdict.OK
    made.lake.part_path(claim).unlink()
    folder = made.lake.claim_path(claim).parent
    shutil.rmtree(folder.parent if chain_too else folder)
    report = made.audit()
    assert [(f.kind, f.where.start, f.where.next) for f in report.findings] == [(Kind.COMMITTED_AHEAD, 0, 6)]
    assert report.verdict is Verdict.FOUND


def land_before_it_asks(made: Made, monkeypatch: pytest.MonkeyPatch, records: int) -> None:
    """So many more, up to offset 6, between the listing of claims and the question to Kafka."""

    def asked_late(admin: Admin, dataset: str, cluster_id: str | None) -> Seen:
        made.lake.land(records)
        made.commit(6)
        return look(admin, dataset, cluster_id)

    monkeypatch.setattr("streamlake.audit.run.look", asked_late)


def test_what_was_landed_first_while_it_audited_is_no_fault(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 6)
    land_before_it_asks(made, monkeypatch, 6)
    report = made.audit()
    assert (report.findings, report.verdict) == ([], Verdict.INDETERMINATE)


def test_without_its_topic_nobody_knows_what_was_lost(made: Made) -> None:
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 6)
    made.lake.land(3)
    made.broker.delete_topic(raw_topic(made.dataset))
    report = made.audit()
    assert [f.kind for f in report.findings] == [Kind.TOPIC_GONE]
    assert (report.verdict, report.exit_code) == (Verdict.INDETERMINATE, EXIT_FOUND)
    assert report.log == f"not compared: Kafka has no topic {raw_topic(made.dataset)} now"


def test_what_was_landed_while_it_audited_is_no_fault(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """The group is asked after the claims were listed, and a consumer goes on meanwhile."""
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 6)
    made.lake.land(3)
    land_before_it_asks(made, monkeypatch, 3)
    report = made.audit()
    assert (report.findings, report.verdict) == ([], Verdict.OK)


def test_a_dead_letter_that_only_kafka_has_counts(made: Made) -> None:
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 4)
    made.lake.land(4, rejected=[1, 2])
    made.letter(1)
    code, document = made.json("audit", made.dataset, "--deep")
    assert code == EXIT_FOUND
    assert [f["kind"] for f in document["findings"]] == ["dead_letter_missing"]  # type: ignore[attr-defined]
    made.letter(2)
    code, document = made.json("audit", made.dataset, "--deep")
    assert (code, document["verdict"]) == (EXIT_DONE, "OK")


def test_without_kafka_nothing_is_ok_and_it_is_told_quickly(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the lake ends where the log does is not known then: exit 3. Only if asked so, it is judged alone."""
    made.lake.land(4)
    monkeypatch.setenv("STREAMLAKE_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    began = time.monotonic()
    code, document = made.json("audit", made.dataset)
    assert time.monotonic() - began < 3
    assert (code, document["verdict"]) == (EXIT_UNREACHABLE, "INDETERMINATE")
    assert str(document["log"]).startswith("not compared")
    code, document = made.json("audit", made.dataset, "--lake-only")
    assert (code, document["verdict"]) == (EXIT_DONE, "OK")
    assert "The log was not looked at" in str(document["reason"])


def test_what_is_wrong_with_the_lake_weighs_more_than_a_silent_kafka(made: Made) -> None:
    claim = made.lake.land(4)
    made.lake.land(4)
    made.lake.part_path(claim).unlink()
    report = audit(made.lake.store, made.dataset, Options(), Admin(f"127.0.0.1:{free_port()}", seconds=1))
    assert (report.verdict, report.exit_code) == (Verdict.FOUND, EXIT_FOUND)


def test_another_cluster_than_the_lakes_is_not_compared_with(made: Made, tmp_path: Path) -> None:
    other = HandLake(tmp_path / "other", made.dataset)
    other.land(1)
    report = audit(other.store, made.dataset, Options(), made.admin)
    assert (report.verdict, report.exit_code) == (Verdict.INDETERMINATE, EXIT_REFUSED)
    assert "from the Kafka cluster cluster" in report.log


def test_a_dataset_without_topics_is_looked_at_all_the_same(made: Made) -> None:
    assert [log.id for log in look(made.admin, "never_made").logs] == [None, None]


def test_the_command_tells_people_the_same(made: Made) -> None:
    code, text = made.run("audit", made.dataset)
    assert (code, "INDETERMINATE" in text) == (EXIT_FOUND, True)
    made.broker.send(raw_topic(made.dataset), [b"{}"] * 6)
    claim = made.lake.land(3)
    made.lake.land(3)
    code, text = made.run("audit", made.dataset)
    assert code == EXIT_DONE
    assert "OK" in text
    assert "2 of 2 claims (2 read" in text
    assert "2 of 2 parts found, 2 measured, 0 of 0 chosen ones read" in text
    made.lake.part_path(claim).unlink()
    code, text = made.run("audit", made.dataset, "--read", "50%")
    assert code == EXIT_FOUND
    assert f"part_missing {raw_topic(made.dataset)}/0 [0, 3)" in text


@pytest.mark.parametrize(
    "arguments", [["--from", "yesterday"], ["--read", "5"], ["--read", "0%"], ["--max-duration", "soon"]]
)
def test_a_wrong_question_is_wrong_use(made: Made, arguments: list[str]) -> None:
    with pytest.raises(Misconfigured):
        made.run("audit", made.dataset, *arguments)


@pytest.mark.parametrize("name", ["nosuch", "../x", "%2e%2e", "Orders", "x" * 1025])
def test_an_unknown_dataset_is_wrong_use(made: Made, name: str) -> None:
    for command in (["audit", name], ["dlq", "list", name], ["dlq", "summary", name], ["dlq", "show", name, "1"]):
        with pytest.raises(Misconfigured):
            made.run(*command)


def test_no_dead_letters_is_said_so(made: Made) -> None:
    code, document = made.json("dlq", "list", made.dataset)
    assert (code, document["total"], document["dead_letters"]) == (EXIT_DONE, 0, [])
    assert made.run("dlq", "summary", made.dataset)[1].startswith("no dead letters")


def test_dead_letters_are_listed_newest_first_and_copies_folded(made: Made) -> None:
    for offset, reason in ((1, "not_json"), (2, "missing_field"), (1, "not_json"), (3, "missing_field")):
        made.letter(offset, reason=reason)
    code, document = made.json("dlq", "list", made.dataset)
    assert code == EXIT_DONE
    rows = document["dead_letters"]
    assert isinstance(rows, list)
    assert [(r["offset"], r["copies"]) for r in rows] == [(3, 1), (1, 2), (2, 1)]
    assert rows[0]["id"] == f"{made.topic_id}/0/3"
    assert (rows[0]["reason"], rows[0]["detail"], rows[0]["ingestion_id"]) == ("missing_field", "at byte 1", "i-3")
    _, filtered = made.json("dlq", "list", made.dataset, "--reason", "missing_field", "--limit", "1")
    assert (filtered["total"], filtered["shown"]) == (2, 1)
    _, none = made.json("dlq", "list", made.dataset, "--since", "2099-01-01")
    assert none["total"] == 0
    _, recent = made.json("dlq", "list", made.dataset, "--since", "1h")
    assert recent["total"] == 3
    _, summary = made.json("dlq", "summary", made.dataset)
    assert [(r["reason"], r["count"]) for r in summary["reasons"]] == [("missing_field", 2), ("not_json", 1)]  # type: ignore[attr-defined]
    assert "missing_field" in made.run("dlq", "list", made.dataset)[1]
    mistyped = made.run("dlq", "list", made.dataset, "--reason", "mising_field")[1]
    assert "none was rejected as mising_field; there are: missing_field, not_json" in " ".join(mistyped.split())


def test_a_dead_letter_is_shown_byte_for_byte(made: Made) -> None:
    """I7: key, value and headers, in order, with repeated names, nulls and bytes that are no text."""
    made.letter(7, value=b"\xff\x00{")
    for name in (f"{made.topic_id}/0/7", "i-7", f"{raw_topic(made.dataset)}/0/7", "0", "0/0"):
        code, document = made.json("dlq", "show", made.dataset, name)
        assert code == EXIT_DONE
        assert document["id"] == f"{made.topic_id}/0/7"
        assert document["original"] == {
            "key": None,
            "key_base64": "a/8=",
            "headers": [
                {"name": "h", "value": None},
                {"name": "h", "value": None, "value_base64": "/w=="},
                {"name": "streamlake", "value": '{"ingestion_id":"i-7"}'},
            ],
            "value": None,
            "value_base64": "/wB7",
        }
    with pytest.raises(NoSuchDeadLetter):
        made.run("dlq", "show", made.dataset, "1")


def test_what_comes_from_outside_cannot_act_on_a_terminal(made: Made) -> None:
    made.letter(1, value=b"\x1b[2Jhello [bold]world", detail="\x1b]0;owned\x07")
    for command in (["dlq", "list", made.dataset], ["dlq", "show", made.dataset, "0"]):
        text = made.run(*command)[1]
        assert "\x1b" not in text
        assert "\x07" not in text
    assert "\\x1b[2Jhello [bold]world" in text


def test_a_record_that_others_put_into_the_topic_is_shown_too(made: Made) -> None:
    made.broker.send(dlq_topic(made.dataset), [b"hello", None])
    _, document = made.json("dlq", "list", made.dataset)
    rows = document["dead_letters"]
    assert isinstance(rows, list)
    assert [r["reason"] for r in rows] == ["not_a_dead_letter"] * 2
    code, shown = made.json("dlq", "show", made.dataset, rows[1]["id"])
    assert (code, shown["original"]) == (EXIT_DONE, {"key": None, "headers": [], "value": "hello"})


def test_reading_goes_on_where_retention_moved_the_start(made: Made) -> None:
    for offset in range(5):
        made.letter(offset)
    made.broker.delete_records(dlq_topic(made.dataset), 0, 3)
    _, document = made.json("dlq", "list", made.dataset)
    assert document["total"] == 2
