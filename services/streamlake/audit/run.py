"""One audit from beginning to end: walk the lake, compare it with the log, balance the dead letters, say so."""

from collections.abc import Callable, Iterator

from streamlake.audit.against_log import TopicLog, compare, look
from streamlake.audit.findings import Finding, Kind, Severity, Verdict, Where, verdict
from streamlake.audit.report import Report
from streamlake.audit.walk import Options, Walk
from streamlake.errors import Permanent, Retryable, Unknown
from streamlake.kafka.admin import Admin
from streamlake.storage.store import ObjectStore

Keys = Callable[[], Iterator[str]]
"""The keys of the dead letters that Kafka holds now."""


def audit(
    store: ObjectStore,
    dataset: str,
    options: Options,
    admin: Admin | None = None,
    keys_in_kafka: Keys | None = None,
    *,
    known_loss: int = 0,
) -> Report:
    """Audit a dataset. Without `admin`, or where Kafka cannot be reached, the lake is judged alone, and that is said.

    Raises what the store raises where the lake itself cannot be read: no verdict without it.
    """
    report = Report(dataset, store.url, options.first, options.last, options.seed)
    walk = Walk(store, dataset, options, report)
    walk.run()
    logs = _look(admin, dataset, report)
    _pending(walk, logs)
    report.findings += compare(report.partitions, logs)
    if options.deep:
        _balance(walk, keys_in_kafka)
    report.findings.sort(key=lambda f: (f.severity is Severity.NOTE, f.where.chain, f.where.partition or 0))
    report.verdict = verdict(report.findings, report.checked, known_loss)
    report.reason = _reason(report, known_loss)
    return report


def _look(admin: Admin | None, dataset: str, report: Report) -> list[TopicLog]:
    if admin is None:
        report.log = "not compared: not asked for"
        return []
    try:
        seen = look(admin, dataset)
    except (Retryable, Unknown, Permanent) as error:
        report.log = f"not compared: {error}"
        step = "Start Kafka, or look at STREAMLAKE_BOOTSTRAP_SERVERS, for lag and for what waits in the log."
        where = Where()
        report.findings.append(Finding(Severity.NOTE, Kind.LOG_NOT_COMPARED, where, "", str(error), step))
        return []
    report.log = f"compared{seen.trouble}"
    return seen.logs


def _pending(walk: Walk, logs: list[TopicLog]) -> None:
    """A last claim without its part: open, or deleted? The group only commits what has its part."""
    committed = {(log.topic, log.id, partition): at for log in logs for partition, at in log.committed.items()}
    for pending in walk.pending:
        expected, claim = pending.expected, pending.claim
        where = expected.where(claim.start, claim.next)
        at = committed.get((expected.topic, expected.chain.topic_id, expected.partition))
        if at is not None and at >= claim.next:
            kind, sentence = Kind.PART_MISSING, f"The part is not there, but the group has committed {at}: it was."
        else:
            kind = Kind.PART_PENDING
            sentence = f"Claimed at {claim.at}, and its {claim.records} records are not landed: open, or deleted."
        step = "Start the consumer: it completes a last claim from Kafka. Then audit again."
        walk.report.findings.append(Finding(Severity.ERROR, kind, where, str(claim.part), sentence, step))


def _balance(walk: Walk, keys_in_kafka: Keys | None) -> None:
    """Every rejected offset has a dead letter in the lake, or still in Kafka."""
    checked, balance = walk.report.checked, walk.balance
    checked.dead_letters_expected = balance.expected
    asked_kafka = not balance.missing()
    if not asked_kafka and keys_in_kafka is not None:
        try:
            for key in keys_in_kafka():
                balance.letter(key)
            asked_kafka = True
        except (Retryable, Unknown, Permanent) as error:
            walk.report.log += f"; dead letters not read: {error}"
    missing = len(balance.missing())
    checked.dead_letters_found = balance.expected - missing
    if asked_kafka and checked.complete:
        walk.report.findings += balance.findings()
    else:
        checked.dead_letters_unverified = missing


def _reason(report: Report, known_loss: int) -> str:
    checked = report.checked
    errors = sum(f.severity is Severity.ERROR for f in report.findings)
    lost = sum(f.records for f in report.findings if f.severity is Severity.LOSS)
    if report.verdict is Verdict.FOUND:
        parts = [f"{errors} finding{'s' * (errors != 1)}"] if errors else []
        parts += [f"{lost} records lost by Kafka's retention, on record"] if lost > known_loss else []
        return " and ".join(parts) + "."
    if report.verdict is Verdict.OK:
        known = f" {lost} lost records are known." if lost else ""
        return f"Every claim checked is whole and has its part.{known}"
    if not checked.claims:
        return "Nothing was checked: the lake holds no claim of this dataset."
    if not checked.claims_in_window:
        return "Nothing was checked: no claim lies between these dates."
    if not checked.complete:
        return "The time given ran out before everything was looked at."
    return f"{checked.dead_letters_unverified} dead letters could not be looked for: Kafka was not read."
