"""What happens to Kafka: producers, retention, truncation, a topic made anew, a clock that jumps, a group's offsets."""

from typing import TYPE_CHECKING

from tests.simulation import operator

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

_HOUR_MS = 3_600_000
_JUMPS_MS = (_HOUR_MS, 24 * _HOUR_MS, -_HOUR_MS, -24 * _HOUR_MS, 49 * _HOUR_MS)


def produce(sim: "Simulation") -> None:
    rng = sim.rng
    if not sim.partitions():
        return
    partition = rng.choice(sim.partitions())
    names = rng.choice((None, None, 1, 2, 3, 4)) if rng.random() < 0.4 else None
    for _ in range(rng.randint(1, 5)):
        sim.broker.produce(partition, names)
        if rng.random() < 0.1:
            sim.broker.mark(partition, rng.randint(1, 3))
    sim.say(f"partition {partition} ends at {sim.broker.log(partition).end}")


def retention(sim: "Simulation") -> None:
    if sim.partitions():
        partition = sim.rng.choice(sim.partitions())
        log = sim.broker.log(partition)
        retain(sim, partition, log.end if sim.rng.random() < 0.2 else sim.rng.randint(log.start, log.end))


def retention_into_the_last_claim(sim: "Simulation", partition: int) -> None:
    """What was claimed, and not landed yet, is lost in part."""
    chain = operator.newest_chain(sim)
    if chain is None or partition not in sim.partitions() or not sim.watch.lines[chain, partition].claims:
        return
    claim, log = sim.watch.lines[chain, partition].claims[-1], sim.broker.log(partition)
    if log.start < claim.next <= log.end:
        retain(sim, partition, sim.rng.randint(max(log.start, claim.start), claim.next))


def retain(sim: "Simulation", partition: int, start: int) -> None:
    log = sim.broker.log(partition)
    sim.say(f"retention moves partition {partition} to {start} of {log.end}")
    sim.broker.retain(log, start)


def truncation(sim: "Simulation") -> None:
    """An unclean election: what comes next has the same offsets, under a later epoch. Often it hits what was claimed.

    The log may have grown beyond the old end before anybody looks: offsets alone tell nothing then.
    """
    if not sim.partitions():
        return
    rng, partition = sim.rng, sim.rng.choice(sim.partitions())
    log, chain = sim.broker.log(partition), operator.newest_chain(sim)
    old_end = log.end
    head = sim.watch.lines[chain, partition].next if chain else 0
    near = head if rng.random() < 0.6 and log.start < head <= log.end else log.end
    end = max(log.start, near - rng.randint(1, 6))
    sim.broker.truncate(log, end)
    if rng.random() < 0.5:
        for _ in range(rng.randint(1, 12) if rng.random() < 0.3 else near - end + rng.randint(1, 6)):
            sim.broker.produce(partition, None)
    sim.say(f"partition {partition} is truncated from {old_end} to {end}, and ends at {log.end}")


def recreation(sim: "Simulation") -> None:
    """The topic is deleted, and created again at once or later, perhaps with other partitions, perhaps filled."""
    rng = sim.rng
    sim.say("the topic is deleted" if sim.broker.current else "the topic is created again")
    if sim.broker.current is not None:
        sim.broker.delete_topic()
        if rng.random() < 0.3:
            return
    sim.broker.create_topic(rng.randint(1, 3))
    if rng.random() < 0.5:
        for partition in sim.partitions():
            for _ in range(rng.randint(0, 20)):
                sim.broker.produce(partition, None)


def clock(sim: "Simulation") -> None:
    """Midnight, or a broker that was set right: also back."""
    jump = sim.rng.choice(_JUMPS_MS)
    sim.say(f"the broker's clock jumps by {jump} ms")
    sim.broker.clock_ms += jump


def group_offset(sim: "Simulation") -> None:
    """The group's offset is lost, set back or set ahead."""
    partition = sim.rng.randint(0, 2)
    if sim.rng.random() < 0.4:
        sim.broker.committed.pop(partition, None)
    else:
        sim.broker.committed[partition] = sim.rng.randint(0, 80)
    sim.say(f"the group's offset of partition {partition} is now {sim.broker.committed.get(partition)}")


def late_write(sim: "Simulation") -> None:
    """A write that nobody waits for any more takes effect."""
    if sim.world.late:
        index = sim.rng.randrange(len(sim.world.late))
        sim.say(f"late: {sim.world.late[index]!r:.300}")
        sim.world.apply_late(index)
