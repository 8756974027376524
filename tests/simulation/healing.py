"""The quiet phase: every fault heals, and everything must catch up, helped only by what is an operator's to do."""

from typing import TYPE_CHECKING

from streamlake.consumer.consumer import Control
from streamlake.storage.layout import Chain
from tests.simulation import operator
from tests.simulation.landing_parts import NEWEST_VERSION
from tests.simulation.watch import Violation

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

_PATIENCE = 3000


def heal(sim: "Simulation") -> None:
    """I11. Late writes take effect while the survivors work; then a last start looks after what came even later."""
    sim.say("everything heals")
    if sim.broker.current is None:
        sim.broker.create_topic(2)
    for process in list(sim.processes):
        if sim.rng.random() < 0.5 or process.zombie:
            sim.remove(process)
    _catch_up(sim)
    while sim.world.late:
        sim.world.apply_late(sim.rng.randrange(len(sim.world.late)))
    for process in list(sim.processes):
        sim.remove(process)
    _catch_up(sim)


def _catch_up(sim: "Simulation") -> None:
    _settle(sim)
    for turn in range(_PATIENCE):
        sim.pass_time()
        if sim.world.late and sim.rng.random() < 0.1:
            sim.world.apply_late(sim.rng.randrange(len(sim.world.late)))
        _let_the_operator_act(sim)
        for process in list(sim.processes):
            sim.step(process)
            for _ in range(len(process.tasks.running)):
                sim.advance(process)
        if turn % 8 == 0 and _caught_up(sim):
            return
        sim.now += 2
    raise Violation(f"I11: did not catch up: {_where(sim)}")


def _settle(sim: "Simulation") -> None:
    """Everybody is awake, knows the newest contract, and has what the group says: each partition has one owner."""
    if not sim.processes:
        sim.start_process(NEWEST_VERSION)
    for process in sim.processes:
        process.stalled_until = 0
        process.handler.today = NEWEST_VERSION
        process.control = Control(False, process.control.resumed_at_ms)
        process.lost([w[1] for w in process.consumer.partitions if sim.owners.get(w[1]) is not process])
        for task in process.tasks.running.values():
            task.not_before = 0
    for partition in [p for p in sim.owners if p not in sim.partitions()]:
        sim.owners.pop(partition).lost([partition])
    for partition in sim.partitions():
        if partition not in sim.owners:
            sim.owners[partition] = sim.processes[-1]
            sim.processes[-1].assigned([partition])


def _let_the_operator_act(sim: "Simulation") -> None:
    operator.resume(sim)
    if sim.not_adopted:
        operator.adopt(sim)
    if sim.overwritten and operator.is_overwritten(sim):
        for process in list(sim.processes):
            sim.remove(process)
        while sim.world.late:
            sim.world.apply_late(0)
        operator.fork(sim)
        _settle(sim)


def _caught_up(sim: "Simulation") -> bool:
    chain = operator.newest_chain(sim)
    for process in sim.processes:
        if any(p.state != "reading" or not p.idle for p in process.consumer.partitions.values()):
            return False
    return all(_reached(sim, chain, p) for p in sim.partitions())


def _reached(sim: "Simulation", chain: Chain | None, partition: int) -> bool:
    """Whatever lies behind the head holds no record."""
    log = sim.broker.log(partition)
    reached = sim.watch.lines[chain, partition].next if chain else 0
    return all(entry is None for entry in log.entries[reached:])


def _where(sim: "Simulation") -> str:
    owned = [
        f"process {process.number} {w[1]} {p.state} {p.waiting_for} {p.filling and (p.filling.start, p.filling.next)}"
        f" position {process.client.positions.get(w)} tasks {list(process.tasks.running)}"
        for process in sim.processes
        for w, p in process.consumer.partitions.items()
    ]
    logs = [(log.start, log.end) for log in sim.broker.current.logs] if sim.broker.current else []
    return f"{owned}, logs {logs}, chain {operator.newest_chain(sim)}"
