"""The chains of a dataset: which logs were ever read, and which one is read now."""

from collections.abc import Mapping, Sequence

from streamlake.consumer.effects import Create, ListFrom, Read, ReadCommitted, ReadPartitions, ReadTopicId, Work, ask
from streamlake.consumer.faults import ChainNotAdopted, LedgerBroken, OtherCluster, TopicMissing
from streamlake.consumer.place import Place, Writer
from streamlake.storage import layout
from streamlake.storage.claim import ChainOpening, decode_opening
from streamlake.storage.layout import Chain

Before = Sequence[tuple[Chain, Mapping[str, int]]]
"""Chains that are read no more, and by partition up to where Kafka still has what they claimed: 0 if not at all."""


def chains_of(place: Place) -> Work[Sequence[tuple[Chain, ChainOpening]]]:
    """Every chain that was opened for this topic, oldest id first; few, so each is looked up by name."""
    prefix = layout.ledger_prefix(place.dataset)
    found: list[tuple[Chain, ChainOpening]] = []
    after = prefix
    while True:
        names = yield from ask(ListFrom(prefix, after, 1))
        if not names:
            return found
        chain = Chain.parse(names[0].removeprefix(prefix).split("/")[0])
        after = layout.chain_prefix(place.dataset, chain) + "~"
        opening = yield from _read_opening(place, chain)
        if opening is not None and opening.topic == place.topic:
            found.append((chain, opening))


def current_chain(place: Place, cluster_id: str, writer: Writer) -> Work[tuple[Chain, ChainOpening, Before]]:
    """The chain of the log that Kafka has now, opened if it is new, and the chains before it."""
    topic_id = yield from ask(ReadTopicId(place.topic))
    if topic_id is None:
        raise TopicMissing(f"Topic {place.topic} does not exist.", next_step="`streamlake topics apply` creates it.")
    known = yield from chains_of(place)
    ours = [(chain, opening) for chain, opening in known if chain.topic_id == topic_id]
    if ours:
        chain, opening = max(ours)  # the newest generation
        _require_cluster(place, opening, cluster_id)
        return chain, opening, _before(chain, known)
    newest = max(known, key=lambda pair: pair[1].at)[0] if known else None
    chain = Chain(topic_id)
    if newest is None:
        yield from _require_nothing_committed(place)
    opening = ChainOpening(
        dataset=place.dataset,
        cluster_id=cluster_id,
        topic=place.topic,
        topic_id=str(topic_id),
        generation=0,
        before=str(newest) if newest else None,
        reason="recreated" if newest else "first",
        at=writer.now_iso,
    )
    yield from ask(Create(layout.chain_opening(place.dataset, chain), [opening.encode()]))
    stored = yield from _read_opening(place, chain)
    if stored is None:
        raise LedgerBroken(f"The opening of chain {chain} was created but cannot be read.")
    _require_cluster(place, stored, cluster_id)
    return chain, stored, _before(chain, known)


def _require_nothing_committed(place: Place) -> Work[None]:
    """In any partition: whoever opens the chain opens it for all of them."""
    for partition in range((yield from ask(ReadPartitions(place.topic)))):
        committed = yield from ask(ReadCommitted(place.topic, partition))
        if committed:
            raise ChainNotAdopted(
                f"The group has committed {committed} in {place.topic}/{partition}, but the lake has no chain of it.",
                next_step=f"If this lake is the right one, `streamlake chain adopt {place.dataset}` begins it here.",
            )


def _before(current: Chain, known: Sequence[tuple[Chain, ChainOpening]]) -> Before:
    return [(chain, _kept(chain, known)) for chain, _ in known if chain != current]


def _kept(chain: Chain, known: Sequence[tuple[Chain, ChainOpening]]) -> Mapping[str, int]:
    """A log that was cut again further below kept less."""
    later = [o.starts for c, o in known if c.topic_id == chain.topic_id and c.generation > chain.generation]
    return {partition: min(starts.get(partition, 0) for starts in later) for partition in (later[0] if later else ())}


def partitions_of(place: Place, chain: Chain) -> Work[Sequence[int]]:
    """The partitions of a chain that have a claim, one list each."""
    prefix = layout.chain_prefix(place.dataset, chain)
    found: list[int] = []
    while True:
        after = layout.partition_prefix(place.dataset, chain, found[-1] + 1) if found else prefix
        names = yield from ask(ListFrom(prefix, after, 1))
        folder = names[0].removeprefix(prefix).split("/")[0] if names else ""
        if not folder.isdigit():
            return found
        found.append(int(folder))


def _read_opening(place: Place, chain: Chain) -> Work[ChainOpening | None]:
    name = layout.chain_opening(place.dataset, chain)
    data = yield from ask(Read(name))
    return None if data is None else decode_opening(name, data)


def _require_cluster(place: Place, opening: ChainOpening, cluster_id: str) -> None:
    if opening.cluster_id != cluster_id:
        raise OtherCluster(
            f"The chain of {place.topic} was opened on Kafka cluster {opening.cluster_id}, this one is {cluster_id}.",
            next_step="Check STREAMLAKE_BOOTSTRAP_SERVERS and STREAMLAKE_LAKE_URL.",
        )
