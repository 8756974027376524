"""What consumers on other hosts have landed, told by the group and by the lake: their own vitals stay on their hosts.

Several hosts run the same unit in the same group, so a host holds some of a dataset's partitions, or none. Who holds
the others is asked of the group; how far they have come is read from the ledger, for an offset that the group has
committed is only a hint.
"""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from streamlake.consumer.chains import chains_of
from streamlake.consumer.effects import Effect, ListFrom, Read, Work
from streamlake.consumer.head import last_claim
from streamlake.consumer.place import Place
from streamlake.errors import StreamlakeError
from streamlake.kafka.admin import Admin
from streamlake.kafka.names import consumer_group, raw_topic
from streamlake.recovery.generations import drive
from streamlake.storage import layout
from streamlake.storage.claim import Claim
from streamlake.storage.store import ObjectStore

Where = tuple[str, int]
T = TypeVar("T")
_AT_ONCE: Final = 8
"""Partitions looked up together: over a network each takes as long as all of them."""


def held_elsewhere(
    admin: Admin,
    store: ObjectStore | None,
    dataset: str,
    ends: Mapping[Where, int] | None,
    here: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, Any], ...]:
    """A document as a consumer tells of its partitions, of each that a member on another host holds.

    `ends` are the log's ends, `here` what this host's consumers say. Empty where it cannot be found out: what was not
    read is not known. Costs nothing where this host holds all of them.
    """
    missing = set(ends or ()) - {(p["topic"], p["partition"]) for said in here for p in said.get("partitions") or ()}
    if not missing or ends is None or store is None:
        return ()
    try:
        holders = {w: m for w, m in admin.holders(consumer_group(dataset)).items() if w in missing}
        if not holders:
            return ()
        committed = {
            topic: admin.committed(consumer_group(dataset), topic) for topic in {topic for topic, _ in holders}
        }
        heads = _heads(admin, store, dataset, {(t, p): committed[t].get(p, 0) for t, p in holders})
    except StreamlakeError:
        return ()
    now = time.time()
    return tuple(_document(w, holders[w], heads[w], ends[w], now) for w in sorted(holders))


@dataclass(frozen=True, slots=True)
class _Head:
    """Up to which offset all has landed, and the newest timestamp below it; no chain where nothing was ever claimed."""

    chain: layout.Chain | None = None
    next: int = 0
    landed_up_to_ms: int | None = None


def _document(where: Where, member: str, head: _Head, end: int, now: float) -> dict[str, Any]:
    lag = max(0, end - head.next)
    # When the first of the waiting ones came nobody has told: it was after the last one that has landed.
    oldest = head.landed_up_to_ms if lag else None
    return {
        "topic": where[0],
        "partition": where[1],
        "member": member,
        "chain": str(head.chain) if head.chain else None,
        "head": head.next,
        "log_end": end,
        "lag_records": lag,
        "lag_seconds": max(0.0, now - oldest / 1000) if oldest is not None else 0.0,
        "oldest_waiting_ms": oldest,
        "landed_up_to_ms": head.landed_up_to_ms,
    }


def _heads(admin: Admin, store: ObjectStore, dataset: str, hints: Mapping[Where, int]) -> dict[Where, _Head]:
    """How far each partition has landed."""
    chains = {topic: _chain(admin, store, dataset, topic) for topic in {topic for topic, _ in hints}}

    def head(where: Where) -> _Head:
        chain, start = chains[where[0]]
        if chain is None:
            return _Head()
        place = _place(dataset, *where)
        claim: Claim | None = _drive(last_claim(place, chain, hints[where]), store)
        if claim is None:
            return _Head(chain, start.get(str(where[1]), 0))
        landed = claim.part is None or store.size(claim.part) is not None
        return _Head(chain, claim.next if landed else claim.start, claim.max_timestamp_ms)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(hints, pool.map(head, hints), strict=True))


def _chain(admin: Admin, store: ObjectStore, dataset: str, topic: str) -> tuple[layout.Chain | None, Mapping[str, int]]:
    """The newest generation of the log that Kafka has now, and where it begins."""
    topic_id = admin.topic_id(topic)
    known = [(c, o) for c, o in _drive(chains_of(_place(dataset, topic, 0)), store) if c.topic_id == topic_id]
    if not known:
        return None, {}
    chain, opening = max(known, key=lambda pair: pair[0])
    return chain, opening.starts


def _place(dataset: str, topic: str, partition: int) -> Place:
    zone = layout.RAW if topic == raw_topic(dataset) else layout.DEAD_LETTERS
    return Place(dataset, topic, partition, zone)


def _drive(work: Work[T], store: ObjectStore) -> T:
    """Run a procedure that only looks into the lake."""

    def perform(effect: Effect[Any]) -> Any:
        if isinstance(effect, ListFrom):
            return list(store.list_from(effect.prefix, effect.start, effect.limit))
        assert isinstance(effect, Read)  # noqa: S101 - these two are all that looking takes
        return store.read(effect.name)

    return drive(work, perform)
