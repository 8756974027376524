"""One audit from beginning to end: walk the lake, compare it with the log, balance the dead letters, say so."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from streamlake.audit.against_log import RESTART, TopicLog, compare, look
from streamlake.audit.dead_letter_rules import Seen
from streamlake.audit.findings import Finding, Kind, Severity, Verdict, Where, verdict
from streamlake.audit.ledger import THREADS
from streamlake.audit.looking import Looking, Tell
from streamlake.audit.options import Options
from streamlake.audit.report import Report
from streamlake.audit.same_log import FetchOne, replaced
from streamlake.audit.state import Progress, State
from streamlake.audit.walk import Walk
from streamlake.errors import EXIT_FOUND, Permanent, Retryable, StreamlakeError, Unknown
from streamlake.kafka.admin import Admin
from streamlake.storage.lake import read_lake
from streamlake.storage.store import ObjectStore

Letters = Callable[[], Iterator[Seen]]
"""The dead letters that Kafka holds now."""


def audit(
    store: ObjectStore,
    dataset: str,
    options: Options,
    admin: Admin | None = None,
    letters_in_kafka: Letters | None = None,
    fetch_one: FetchOne | None = None,
    *,
    known_loss: int = 0,
    unreachable: StreamlakeError | None = None,
    progress: Progress | None = None,
    resume: bool = False,
    tell: Tell | None = None,
    stopped: Callable[[], bool] | None = None,
) -> Report:
    """Audit a dataset. Without `admin` the lake is judged alone, for that was asked for. `unreachable` says that Kafka
    was wanted and does not answer: then nothing is OK, for nobody knows whether the lake ends where the log does.
    `fetch_one` lets it ask whether the log is the one that was landed.

    Raises what the store raises where the lake itself cannot be read: no verdict without it.
    """
    found = progress.load() if progress is not None and resume else None
    state = found or _new(store, dataset, options)
    # Chance goes on as it began, and the verdict is about all that was seen.
    options = replace(options, seed=state.report.seed)
    state.report.resumed = found is not None
    state.report.partitions = [position.report for position in state.positions.values()]
    report = state.report
    with ThreadPoolExecutor(THREADS, "audit") as pool:
        looking = Looking(store, dataset, options, state, pool, progress)
        looking.tell = tell or looking.tell
        looking.stopped = stopped or looking.stopped
        walk = Walk(looking)
        walk.run()
        # Not where it was broken off: only behind a step the state is whole.
        if progress is not None:
            progress.save(state)
    logs = _look(looking, admin, fetch_one, unreachable)
    if report.checked.complete:
        _pending(walk, logs, looking)
        for finding in compare(report.partitions, logs, looking.goes_on):
            report.tally.add(finding)
        if options.deep:
            _balance(looking, letters_in_kafka if unreachable is None else None)
        if progress is not None:
            progress.forget()
    wanted = admin is not None or unreachable is not None
    report.verdict = verdict(report.tally, report.checked, known_loss, log_wanted=wanted, reads=options.reads)
    report.reason = _reason(report, known_loss, wanted=wanted)
    return report


def _new(store: ObjectStore, dataset: str, options: Options) -> State:
    report = Report(dataset, store.url, options.first, options.last, options.seed, keep_days=options.keep_days)
    report.began = (options.now or datetime.now(UTC)).isoformat(timespec="seconds")
    return State(report)


def _look(
    looking: Looking, admin: Admin | None, fetch_one: FetchOne | None, unreachable: StreamlakeError | None
) -> list[TopicLog]:
    report, trouble = looking.state.report, unreachable
    if trouble is None and admin is None:
        report.log = "not compared: not asked for"
        return []
    if trouble is None and admin is not None:
        try:
            lake = read_lake(looking.store)
            seen = look(admin, looking.dataset, lake.cluster_id if lake is not None else None)
            other = list(replaced(looking.state.positions.values(), seen.logs, fetch_one)) if fetch_one else []
        except (Retryable, Unknown, Permanent) as error:
            trouble = error
        else:
            for finding in other:
                report.tally.add(finding)
            gone = _gone(report, seen.logs)
            report.log = f"not compared: Kafka has no topic {gone} now" if gone else f"compared{seen.trouble}"
            report.checked.log_compared = not gone
            return seen.logs
    report.log = f"not compared: {trouble}"
    report.log_exit = trouble.exit_code if trouble is not None else EXIT_FOUND
    step = "Start Kafka, or look at STREAMLAKE_BOOTSTRAP_SERVERS. `--lake-only` judges the lake alone."
    report.tally.add(Finding(Severity.NOTE, Kind.LOG_NOT_COMPARED, Where(), "", str(trouble), step))
    return []


def _gone(report: Report, logs: list[TopicLog]) -> str:
    """The topic that was landed and that Kafka has no more: what it held last, nobody knows."""
    landed = {partition.topic for partition in report.partitions}
    return next((log.topic for log in logs if log.id is None and log.topic in landed), "")


def _pending(walk: Walk, logs: list[TopicLog], looking: Looking) -> None:
    """A last claim without its part: open, or deleted? The group only commits what has its part."""
    committed = {(log.topic, log.id, partition): at for log in logs for partition, at in log.committed.items()}
    for log, claim in walk.pending:
        expected = log.expected(looking.dataset)
        where = expected.where(claim.start, claim.next)
        at = committed.get((expected.topic, expected.chain.topic_id, expected.partition))
        if at is not None and at >= claim.next:
            kind, sentence = Kind.PART_MISSING, f"The part is not there, but the group has committed {at}: it was."
        else:
            kind = Kind.PART_PENDING
            sentence = f"Claimed at {claim.at}, and its {claim.records} records are not landed: open, or deleted."
        step = f"{RESTART} A last claim is completed from Kafka. Then audit again."
        looking.error(kind, where, str(claim.part), sentence, step)


def _balance(looking: Looking, letters_in_kafka: Letters | None) -> None:
    """Every rejected offset has a dead letter in the lake, or still in Kafka."""
    checked, balance, report = looking.checked, looking.state.balance, looking.state.report
    checked.dead_letters_expected = balance.expected
    asked_kafka = balance.missing() == 0
    if not asked_kafka and letters_in_kafka is not None:
        try:
            for seen in letters_in_kafka():
                balance.letter(seen)
            asked_kafka = True
        except (Retryable, Unknown, Permanent) as error:
            report.log += f"; dead letters not read: {error}"
            report.log_exit = error.exit_code
    missing = balance.missing()
    checked.dead_letters_found = balance.expected - missing
    if asked_kafka:
        for finding in balance.findings():
            report.tally.add(finding)
    else:
        checked.dead_letters_unverified = missing


def _reason(report: Report, known_loss: int, *, wanted: bool) -> str:
    checked, lost, errors = report.checked, report.tally.lost, report.tally.errors
    if report.verdict is Verdict.FOUND:
        parts = [f"{errors} finding{'s' * (errors != 1)}"] if errors else []
        parts += [f"{lost} records lost by Kafka's retention, on record"] if lost > known_loss else []
        more = "" if checked.complete else " It ended before everything was looked at."
        return " and ".join(parts) + "." + more
    if not checked.claims_total:
        return "Nothing was checked: the lake holds no claim of this dataset."
    if not checked.complete:
        return "It ended before everything was looked at; `--resume` goes on. So far nothing was found."
    if not checked.claims_in_window:
        return "Nothing was checked: no claim lies between these dates."
    if checked.dead_letters_unverified:
        return f"{checked.dead_letters_unverified} dead letters could not be looked for: Kafka was not read."
    if wanted and not checked.log_compared:
        return (
            "The lake is whole as far as it goes, but Kafka could not be asked whether it ends there: what was claimed "
            "last, and what waits, is not known."
        )
    if checked.parts_read < checked.parts_to_read:
        return f"Only {checked.parts_read} of {checked.parts_to_read} parts were read: the others vanished meanwhile."
    if report.verdict is Verdict.INDETERMINATE:
        return f"No part was read: all {checked.parts_expired} that were asked for have expired by policy."
    known = f" {lost} lost records are known." if lost else ""
    gone = f" {checked.parts_expired} parts have expired by policy." if checked.parts_expired else ""
    seal = f" {checked.claims_by_seal} claims were counted against their seals." if checked.claims_by_seal else ""
    alone = "" if wanted else " The log was not looked at."
    return f"Every claim checked is whole and has its part.{known}{gone}{seal}{alone}"
