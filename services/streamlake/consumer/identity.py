"""Is it the log we know? Offsets alone cannot say: a truncated log uses them again under the same topic id."""

import zlib

from streamlake.consumer.effects import Above, Below, Fetch, LogBounds, Message, ReadBounds, ReadTopicId, Work, ask
from streamlake.consumer.faults import LogOverwritten, RecordsReplaced, TopicChanged, TopicMissing
from streamlake.consumer.place import Place
from streamlake.storage.claim import Fingerprint
from streamlake.storage.layout import Chain


def fingerprint(message: Message) -> Fingerprint:
    """What identifies a record beyond its offset."""
    crc = zlib.crc32(message.key() or b"", zlib.crc32(message.value() or b""))
    return Fingerprint(message.offset(), message.leader_epoch(), message.timestamp()[1], crc)


def require_topic(place: Place, chain: Chain) -> Work[None]:
    """The topic of that name still is the chain's; a fetch goes by name and would not notice."""
    topic_id = yield from ask(ReadTopicId(place.topic))
    if topic_id is None:
        raise TopicMissing(f"Topic {place.topic} does not exist.", next_step="`streamlake topics apply` creates it.")
    if topic_id != chain.topic_id:
        raise TopicChanged(f"Topic {place.topic} was deleted and created again; a new chain is opened.")


def require_known_log(place: Place, chain: Chain, reached: int, known: Fingerprint | None) -> Work[LogBounds]:
    """The log holds what we claimed: its end is not before `reached`, and the record `known` is still itself.

    A record that retention has deleted proves nothing and is passed over. The topic's id is read last: a fetch goes
    by name, and only an id that still is the chain's says that everything read before came from this log.
    """
    bounds = yield from ask(ReadBounds(place.topic, place.partition))
    overwritten = bounds.end if bounds.end < reached else None
    if overwritten is None and known is not None and known.offset >= bounds.start:
        found = yield from ask(Fetch(place.topic, place.partition, known.offset, known.offset + 1))
        if isinstance(found, Below):
            bounds = LogBounds(found.log_start, bounds.end)
        elif isinstance(found, Above) or not found or fingerprint(found[0]) != known:
            overwritten = known.offset
    yield from require_topic(place, chain)
    if overwritten is not None:
        raise _overwritten(place, overwritten, reached)
    return bounds


def require_still_there(place: Place, last: Message) -> Work[None]:
    """The newest record that we hold and have not claimed is still what Kafka has.

    An unclean election may have taken it back. Then nothing is lost: it is dropped, and what is there now is read.
    """
    found = yield from ask(Fetch(place.topic, place.partition, last.offset(), last.offset() + 1))
    if isinstance(found, Below):
        return
    if isinstance(found, Above) or not found or fingerprint(found[0]) != fingerprint(last):
        raise RecordsReplaced(
            f"Offset {last.offset()} of {place.topic}/{place.partition} no longer holds the record that was read."
        )


def _overwritten(place: Place, start: int, next_offset: int) -> LogOverwritten:
    where = f"{place.topic}/{place.partition} [{start}, {next_offset})"
    return LogOverwritten(
        f"Offsets were overwritten in {where}: Kafka no longer has the records that were claimed there.",
        next_step=f"`streamlake chain fork {place.dataset} --topic {place.topic}` opens the log's next generation.",
    )
