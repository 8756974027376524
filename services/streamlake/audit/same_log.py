"""Is it the log that was landed? A log that was cut and written again uses its offsets once more under the same id.

Each claim keeps the fingerprint of its last record. Kafka is asked for that of the newest claim, one read a partition.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import cast

from confluent_kafka import Message

from streamlake.audit.against_log import TopicLog, current_chain
from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.audit.state import Position
from streamlake.consumer import effects
from streamlake.consumer.identity import fingerprint
from streamlake.kafka.errors import AboveLogEnd, BelowLogStart
from streamlake.storage.claim import Fingerprint

FetchOne = Callable[[str, int, int], Message | None]
"""The first record of a partition at or after an offset; None if there is none yet."""


def replaced(positions: Collection[Position], logs: Sequence[TopicLog], fetch_one: FetchOne) -> Iterator[Finding]:
    """A finding for each partition whose newest claim names a record that Kafka has no longer, or has another one of.

    What retention deleted proves nothing, and what lies above the log's end is found by comparing the heads.
    """
    reports = [position.report for position in positions]
    for log in logs:
        chain = current_chain(reports, log)
        for position in positions:
            report, last, bounds = position.report, position.last, log.bounds.get(position.report.partition)
            if (report.topic, report.chain) != (log.topic, chain) or last is None or bounds is None:
                continue
            if not bounds.start <= last.offset < bounds.stable:
                continue
            if not _is_there(fetch_one, report.topic, report.partition, last):
                where = Where(report.topic, report.chain, report.partition, last.offset, last.offset + 1)
                yield Finding(Severity.ERROR, Kind.LOG_REPLACED, where, "", _SENTENCE.format(last.offset), _STEP)


def _is_there(fetch_one: FetchOne, topic: str, partition: int, last: Fingerprint) -> bool:
    try:
        found = fetch_one(topic, partition, last.offset)
    except BelowLogStart:
        return True  # retention came between
    except AboveLogEnd:
        return False
    return found is not None and fingerprint(cast("effects.Message", found)) == last


_SENTENCE = "The newest claim ends with a record at offset {} that Kafka no longer has: another one stands there."
_STEP = (
    "Its offsets were used again after an unclean election, or the claim was changed. Stop the producers, and see "
    "the runbook SL-0601 before the consumer goes on."
)
