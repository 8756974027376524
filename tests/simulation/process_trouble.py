"""What happens to processes: rebalances, zombies, kills, stalls, contracts that differ, an operator."""

from typing import TYPE_CHECKING

from streamlake.consumer.calendar import date_of
from streamlake.consumer.consumer import Control
from streamlake.consumer.effects import Alarm, Create, FinishPart, Measure, SendDeadLetters
from streamlake.storage import layout
from tests.simulation import broker_trouble, operator
from tests.simulation.landing_parts import DAY_MS, NEWEST_VERSION
from tests.simulation.process import Process, Task
from tests.simulation.world import WRITES

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation


class _KilledWhileItDrains(Exception):
    pass


def someone(sim: "Simulation") -> Process:
    return sim.rng.choice(sim.processes) if sim.processes else start(sim)


def start(sim: "Simulation") -> Process:
    return sim.start_process(sim.rng.randint(1, NEWEST_VERSION))


def stall(sim: "Simulation") -> None:
    """A process stands still, or each of its procedures does."""
    process, until = someone(sim), sim.tick + sim.rng.randint(30, 120)
    sim.say(f"process {process.number} stalls")
    if sim.rng.random() < 0.5:
        process.stalled_until = until
        return
    for task in process.tasks.running.values():
        task.not_before = until


def wander(sim: "Simulation") -> None:
    """The next one that is about to create a claim or a part stands still, and its partition moves on without it."""
    sim.trap = _wander, (Create, SendDeadLetters)


def flap(sim: "Simulation") -> None:
    """The next one that is about to create a claim or a part loses its partition and gets it back at once."""
    sim.trap = _flap, (Create, SendDeadLetters)


def ambush(sim: "Simulation") -> None:
    """The next one that comes to a call that is rare is killed there, or stands still for long."""
    sim.trap = sim.rng.choice((_killed_here, _stalled_here)), (Measure, Alarm, FinishPart)


def spring(sim: "Simulation", process: Process) -> None:
    """The trap, if one is set and the process stands where it hurts."""
    if sim.trap is None or sim.draining:
        return
    trap, kinds = sim.trap
    for key, task in process.tasks.running.items():
        if isinstance(task.effect, kinds):
            sim.trap = None
            trap(sim, process, key[1], task)
            return


def _wander(sim: "Simulation", process: Process, partition: int, task: Task) -> None:
    sim.say(f"process {process.number} stands still before {type(task.effect).__name__} of partition {partition}")
    task.not_before = sim.tick + sim.rng.randint(30, 120)
    if sim.owners.get(partition) is process:
        del sim.owners[partition]
        process.zombie = True
        others = [p for p in sim.processes if p is not process]
        _give(sim, partition, sim.rng.choice(others) if others else start(sim))
    if sim.rng.random() < 0.5:
        broker_trouble.retention_into_the_last_claim(sim, partition)


def _killed_here(sim: "Simulation", process: Process, partition: int, task: Task) -> None:
    kill_this(sim, process)
    start(sim)
    rebalance(sim)


def _stalled_here(sim: "Simulation", process: Process, partition: int, task: Task) -> None:
    task.last, task.not_before = sim.tick, sim.tick + sim.rng.randint(31, 60)


def _flap(sim: "Simulation", process: Process, partition: int, task: Task) -> None:
    """The call that was under way may still take effect."""
    if sim.owners.get(partition) is process:
        process.lost([partition])
        if sim.world.rate and sim.rng.random() < 0.7:
            sim.world.late.append(task.effect)
        _give(sim, partition, process)


def seal(sim: "Simulation") -> None:
    """Somebody seals the day before: what comes for it from now on lies in the next one."""
    yesterday = date_of(sim.broker.clock_ms - DAY_MS)
    sim.say(f"{yesterday} is sealed")
    sim.watch.store.create(layout.seal("raw", "orders", yesterday), b"{}")


def contract(sim: "Simulation") -> None:
    process = someone(sim)
    process.handler.today = sim.rng.randint(1, NEWEST_VERSION)
    sim.say(f"process {process.number} now has contract {process.handler.today}")


def pause(sim: "Simulation") -> None:
    process = someone(sim)
    process.control = Control(not process.control.paused, process.control.resumed_at_ms)


def operate(sim: "Simulation") -> None:
    """An operator looks, and does what only an operator may."""
    operator.resume(sim)
    if sim.not_adopted:
        operator.adopt(sim)
    if sim.overwritten and operator.is_overwritten(sim) and not sim.draining:
        for process in list(sim.processes):
            kill_this(sim, process)
        while sim.world.late:
            sim.world.apply_late(0)
        if operator.is_overwritten(sim):
            operator.fork(sim)
        start(sim)
        rebalance(sim)


def rebalance(sim: "Simulation") -> None:
    """Partitions get new owners; who had them is asked to leave, told that it is too late, or never hears."""
    rng = sim.rng
    if sim.draining:
        return
    if len(sim.processes) < 3 and rng.random() < 0.4:
        start(sim)
    members = [p for p in sim.processes if not p.zombie] or [start(sim)]
    for partition in range(3):
        old = sim.owners.get(partition)
        new = rng.choice(members) if partition in sim.partitions() else None
        if old is new or (old is not None and new is not None and rng.random() < 0.4):
            continue
        if old is not None:
            del sim.owners[partition]
            _take(sim, partition, old)
        if new is not None and new in sim.processes:
            _give(sim, partition, new)
    _wake_zombies(sim)


def stop(sim: "Simulation") -> None:
    """A clean stop, and a start."""
    if not sim.draining:
        process = someone(sim)
        _drain(sim, process, [w[1] for w in process.consumer.partitions])
        sim.remove(process)
        sim.start_process(process.handler.today)
        rebalance(sim)


def kill(sim: "Simulation") -> None:
    if not sim.draining:
        kill_this(sim, someone(sim))
        start(sim)
        rebalance(sim)


def kill_this(sim: "Simulation", process: Process) -> None:
    """Each call that is under way took effect, or never will, or will in a while."""
    sim.say(f"process {process.number} is killed")
    for task in process.tasks.running.values():
        if sim.rng.random() < 0.5:
            sim.world.count("killed before", task.effect)
            if isinstance(task.effect, WRITES) and sim.world.rate and sim.rng.random() < 0.3:
                sim.world.late.append(task.effect)
        else:
            sim.world.count("killed after", task.effect)
            sim.world.late.append(task.effect)
            sim.world.apply_late(-1)
    sim.remove(process)


def _take(sim: "Simulation", partition: int, old: Process) -> None:
    if sim.rng.random() < sim.zombies:
        old.zombie = True
        sim.say(f"process {old.number} does not hear that partition {partition} is gone")
    elif sim.rng.random() < 0.3:
        old.lost([partition])
    elif not _drain(sim, old, [partition]):
        kill_this(sim, old)


def _give(sim: "Simulation", partition: int, new: Process) -> None:
    if (sim.broker.topic, partition) in new.consumer.partitions:
        new.lost([partition])
    sim.say(f"process {new.number} owns partition {partition}")
    sim.owners[partition] = new
    new.assigned([partition])


def _drain(sim: "Simulation", process: Process, partitions: list[int]) -> bool:
    """Revoked: a bounded number of steps, in which the world goes on and the process may be killed."""
    rng, left = sim.rng, sim.rng.randint(0, 40)

    def keep_on() -> bool:
        nonlocal left
        left -= 1
        sim.pass_time()
        if rng.random() < 0.005:
            raise _KilledWhileItDrains
        if rng.random() < 0.3:
            rng.choice((broker_trouble.produce, broker_trouble.late_write))(sim)
            others = [p for p in sim.processes if p is not process]
            if others:
                sim.advance(rng.choice(others))
        sim.advance(process)
        return left > 0

    sim.say(f"process {process.number} drains {partitions}")
    sim.draining = True
    try:
        process.revoked(partitions, sim.now, keep_on)
    except _KilledWhileItDrains:
        return False
    finally:
        sim.draining = False
    return True


def _wake_zombies(sim: "Simulation") -> None:
    """A zombie hears it in the end: its session is over."""
    for process in sim.processes:
        if process.zombie and sim.rng.random() < 0.3:
            process.zombie = False
            process.lost([w[1] for w in process.consumer.partitions if sim.owners.get(w[1]) is not process])
