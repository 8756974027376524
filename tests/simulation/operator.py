"""What an operator does: forks a chain whose log was overwritten, adopts one, lets the breaker go."""

from typing import TYPE_CHECKING

from streamlake.consumer.consumer import Control
from streamlake.consumer.identity import fingerprint
from streamlake.storage import layout
from streamlake.storage.claim import ChainOpening, Fingerprint, decode_opening
from streamlake.storage.layout import Chain

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation


def resume(sim: "Simulation") -> None:
    """Let go what the breaker stopped; what was written up to now is known to be as it is."""
    for process in sim.processes:
        if any(p.stop_at is not None for p in process.consumer.partitions.values()):
            newest_ms = max((event.timestamp_ms for event in sim.broker.events), default=0)
            process.control = Control(False, max(process.control.resumed_at_ms, newest_ms) + 1)


def is_overwritten(sim: "Simulation") -> bool:
    """The log that Kafka has now no longer is what its chain tells."""
    chain = newest_chain(sim)
    return chain is not None and any(overwritten_from(sim, chain, p) is not None for p in sim.partitions())


def was_overwritten(sim: "Simulation") -> bool:
    """It was so at some time, of some log: who saw it may say so late."""
    for (chain, partition), line in sim.watch.lines.items():
        cuts = sim.broker.topics[chain.topic_id].logs[partition].cuts
        below = opening_of(sim, chain).lasts.get(str(partition))
        lasts = [(below.offset + 1, below)] if below else []
        for next_, last in [*lasts, *((claim.next, claim.last) for claim in line.claims)]:
            if last and any(at < next_ and epoch >= (last.leader_epoch or 0) for at, epoch in cuts):
                return True
    return False


def newest_chain(sim: "Simulation") -> Chain | None:
    """The chain of the log that Kafka has now, if it was opened."""
    topic_id = sim.broker.topic_id()
    if topic_id is None:
        return None
    chain, found = Chain(topic_id), None
    while layout.chain_opening("orders", chain) in sim.watch.store.objects:
        found = chain
        chain = Chain(topic_id, chain.generation + 1)
    return found


def overwritten_from(sim: "Simulation", chain: Chain, partition: int) -> int | None:
    """The first claimed offset that holds another record now, or none any more; None if the chain tells the log."""
    log, first = sim.broker.topics[chain.topic_id].logs[partition], None
    claimed = [(claim.start, claim.last) for claim in sim.watch.lines[chain, partition].claims if claim.last]
    below = opening_of(sim, chain).lasts.get(str(partition))
    for start, last in reversed([(0, below), *claimed] if below else claimed):
        entry = log.entries[last.offset] if last.offset < log.end else None
        if entry is not None and (entry.epoch, entry.timestamp_ms) == (last.leader_epoch, last.timestamp_ms):
            break  # what lies before a claim that still holds was told apart when that claim was made
        first = min(at for at, epoch in log.cuts if epoch >= (last.leader_epoch or 0))
        if first > start:
            break  # the same of the part of it that still holds
    return first


def opening_of(sim: "Simulation", chain: Chain) -> ChainOpening:
    name = layout.chain_opening("orders", chain)
    return decode_opening(name, sim.watch.store.objects[name])


def fork(sim: "Simulation") -> None:
    """Open the log's next generation. Every consumer was stopped, and no write of theirs is under way any more."""
    chain = newest_chain(sim)
    assert chain is not None
    starts: dict[str, int] = {}
    lasts: dict[str, Fingerprint] = {}
    for partition in sim.partitions():
        first = overwritten_from(sim, chain, partition)
        reached = max(sim.watch.lines[chain, partition].next, opening_of(sim, chain).starts.get(str(partition), 0))
        starts[str(partition)] = reached if first is None else first
        log = sim.broker.log(partition)
        below = [entry for entry in log.entries[log.start : starts[str(partition)]] if entry is not None]
        if below:
            lasts[str(partition)] = fingerprint(below[-1])
        # Markers right below prove nothing if they are cut off, too, so the new generation reads them again.
        starts[str(partition)] = below[-1].offset() + 1 if below else min(starts[str(partition)], log.start)
    _open(sim, Chain(chain.topic_id, chain.generation + 1), starts, lasts, chain)
    sim.overwritten.clear()


def adopt(sim: "Simulation") -> None:
    """The group's offset was there before the lake: say that this lake is the right one."""
    topic_id = sim.broker.topic_id()
    if topic_id is not None and newest_chain(sim) is None:
        _open(sim, Chain(topic_id), {}, {}, None)
    sim.not_adopted = False


def _open(
    sim: "Simulation", chain: Chain, starts: dict[str, int], lasts: dict[str, Fingerprint], before: Chain | None
) -> None:
    opening = ChainOpening(
        dataset="orders",
        cluster_id=sim.policy.cluster_id,
        topic=sim.broker.topic,
        topic_id=str(chain.topic_id),
        generation=chain.generation,
        starts=starts,
        lasts=lasts,
        before=str(before) if before else None,
        reason="truncated" if before else "adopted",
        at=f"{sim.tick:08}",
    )
    sim.say(f"the operator opens {chain} from {starts}")
    sim.watch.store.create(layout.chain_opening("orders", chain), opening.encode())
