"""The lake's heads against the log: what waits is lag and no fault; what the log lost before it was landed is one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from streamlake.audit.errors import OtherKafka
from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.audit.report import PartitionReport
from streamlake.errors import Permanent, Retryable, Unknown
from streamlake.kafka.admin import Admin, Bounds
from streamlake.kafka.names import consumer_group, dlq_topic, raw_topic
from streamlake.storage.layout import Chain

RESTART: Final = "Start the consumer, or restart it before more is posted: it begins where the lake ends."


@dataclass(frozen=True, slots=True)
class TopicLog:
    """What Kafka says of a topic now. `id` is None where there is none."""

    topic: str
    id: UUID | None
    bounds: Mapping[int, Bounds]
    committed: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """Both topics of a dataset, and what could not be asked about them."""

    logs: list[TopicLog]
    trouble: str = ""


def look(admin: Admin, dataset: str, cluster_id: str | None = None) -> Seen:
    """What Kafka says now. Asked after the ledger was read, so that no head can be ahead of a log that grows.

    OtherKafka where it is not the cluster that the lake was landed from.
    """
    topics = [(topic, admin.topic_id(topic)) for topic in (raw_topic(dataset), dlq_topic(dataset))]
    if cluster_id is not None and (ours := admin.cluster_id()) != cluster_id:
        raise OtherKafka(
            f"The lake was landed from the Kafka cluster {cluster_id}; the one that answers is {ours}.",
            next_step="Point STREAMLAKE_BOOTSTRAP_SERVERS at the lake's own cluster.",
        )
    trouble, group = "", consumer_group(dataset)
    committed: dict[str, dict[int, int]] = {}
    try:
        committed = {topic: admin.committed(group, topic) for topic, id_ in topics if id_}
    except (Retryable, Unknown, Permanent) as error:
        # A cluster that never had a group has no coordinator yet, and an auditor may not be allowed to look at groups:
        # that is no reason not to compare the rest, for no verdict hangs on the group's offsets.
        trouble = f", but for the group's offsets: {error}"
    logs = []
    for topic, id_ in topics:
        bounds = admin.all_bounds(topic, range(admin.partitions(topic))) if id_ else {}
        logs.append(TopicLog(topic, id_, bounds, committed.get(topic, {})))
    return Seen(logs, trouble)


def compare(
    partitions: list[PartitionReport], logs: list[TopicLog], goes_on: Callable[[PartitionReport], bool]
) -> Iterator[Finding]:
    """Fills in each partition's lag, adds those that were never landed, and yields what does not fit. `goes_on` says
    whether a partition has been landed further since its claims were listed.
    """
    for log in logs:
        if log.id is None and any(p.topic == log.topic for p in partitions):
            sentence = f"Kafka has no topic {log.topic} now: there is nothing to compare the lake with."
            yield Finding(Severity.NOTE, Kind.TOPIC_GONE, Where(log.topic), "", sentence)
        current = current_chain(partitions, log)
        landed = {p.partition: p for p in partitions if p.chain == current}
        for partition, bounds in sorted(log.bounds.items()):
            report = landed.get(partition)
            if report is None:
                report = PartitionReport(log.topic, current, partition)
                partitions.append(report)
            report.lag = max(bounds.stable - max(report.next, bounds.start), 0)
            committed = log.committed.get(partition)
            if report.claims:
                yield from _compare(report, bounds, committed, goes_on)
            elif log.id is not None and _is_first(current):
                # Nothing was landed here, or all of it was deleted: only the group can tell.
                begun = replace(report, chain=current or str(Chain(log.id)))
                yield from _committed_ahead(begun, bounds, committed, goes_on)


def current_chain(partitions: Sequence[PartitionReport], log: TopicLog) -> str:
    """The newest generation of the topic's id, as its chain is named; empty where it has none."""
    chains = {Chain.parse(p.chain) for p in partitions if p.chain}
    ours = [c for c in chains if c.topic_id == log.id]
    return str(max(ours)) if ours else ""


def _compare(
    report: PartitionReport, bounds: Bounds, committed: int | None, goes_on: Callable[[PartitionReport], bool]
) -> Iterator[Finding]:
    at = f"{report.topic}/{report.partition}"
    if report.next > bounds.end:
        where = Where(report.topic, report.chain, report.partition, bounds.end, report.next)
        sentence = f"The lake ends at {report.next}, but the log of {at} at {bounds.end}: Kafka lost what was landed."
        step = "Stop producers. See the runbook of the consumer's alarm before the offsets are used again."
        yield Finding(Severity.ERROR, Kind.AHEAD_OF_LOG, where, "", sentence, step)
    if bounds.start > report.next:
        where = Where(report.topic, report.chain, report.partition, report.next, bounds.start)
        sentence = f"Kafka has deleted [{report.next}, {bounds.start}) of {at} before it was landed. Not on record yet."
        step = "Start the consumer: it puts the loss on record. Then lengthen the topic's retention."
        yield Finding(Severity.ERROR, Kind.LOSS_PENDING, where, "", sentence, step, bounds.start - report.next)
    yield from _committed_ahead(report, bounds, committed, goes_on)


def _is_first(chain: str) -> bool:
    """Whether the log begins with this chain: a later generation begins where its opening says."""
    return not chain or Chain.parse(chain).generation == 0


def _committed_ahead(
    report: PartitionReport, bounds: Bounds, committed: int | None, goes_on: Callable[[PartitionReport], bool]
) -> Iterator[Finding]:
    at = f"{report.topic}/{report.partition}"
    if committed is not None and committed > report.next and not goes_on(report):
        where = Where(report.topic, report.chain, report.partition, report.next, committed)
        sentence = (
            f"The group has committed {committed} of {at}, the lake ends at {report.next}. Either somebody set the "
            f"offset ahead, or {'the end' if report.next else 'all'} of the chain was deleted. The lake decides: the "
            "range is read from Kafka."
        )
        # What no log ever held a consumer cannot have committed.
        severity = Severity.ERROR if committed <= bounds.end else Severity.NOTE
        yield Finding(severity, Kind.COMMITTED_AHEAD, where, "", sentence, f"{RESTART} Then audit again.")
