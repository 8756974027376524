"""The hostile phase: anything may happen between any two effects, each kind of trouble as often as the seed says."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation import broker_trouble, process_trouble

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

_BURSTS = (1, 1, 2, 4, 9)
"""How many effects in a row before something else may happen."""

_TROUBLE: dict[Callable[["Simulation"], None], float] = {
    broker_trouble.retention: 1.2,
    broker_trouble.truncation: 0.8,
    broker_trouble.recreation: 0.4,
    broker_trouble.clock: 1.0,
    broker_trouble.late_write: 3.0,
    broker_trouble.group_offset: 0.8,
    process_trouble.rebalance: 1.5,
    process_trouble.kill: 1.2,
    process_trouble.stop: 0.4,
    process_trouble.contract: 1.0,
    process_trouble.stall: 1.0,
    process_trouble.wander: 2.0,
    process_trouble.pause: 0.3,
    process_trouble.ambush: 0.8,
    process_trouble.seal: 0.3,
    process_trouble.flap: 1.5,
}


def rage(sim: "Simulation", steps: int) -> None:
    """Every seed leaves out some kinds of trouble, so that the rest meets less of a crowd."""
    rng = sim.rng
    weights: dict[Callable[[Simulation], None], float] = {
        broker_trouble.produce: 14,
        _loop: 24,
        _work: 60,
        process_trouble.operate: 0.8,
    }
    weights |= {trouble: weight * rng.choice((0, 1, 1, 2)) for trouble, weight in _TROUBLE.items()}
    actions, share = list(weights), list(weights.values())
    sim.zombies = rng.choice((0.0, 0.3, 0.6))
    sim.world.rate = rng.choice((0.0, 0.05, 0.2))
    for _ in range(rng.randint(1, 2)):
        process_trouble.start(sim)
    if rng.random() < 0.3:
        broker_trouble.group_offset(sim)
    process_trouble.rebalance(sim)
    for action in rng.choices(actions, share, k=steps):
        sim.pass_time()
        action(sim)
        if action is broker_trouble.recreation:
            process_trouble.rebalance(sim)
    sim.world.rate = 0.0


def _loop(sim: "Simulation") -> None:
    awake = [p for p in sim.processes if p.stalled_until <= sim.tick]
    if awake:
        sim.step(sim.rng.choice(awake))


def _work(sim: "Simulation") -> None:
    awake = [p for p in sim.processes if p.stalled_until <= sim.tick and p.tasks.running]
    if awake:
        process = sim.rng.choice(awake)
        for _ in range(sim.rng.choice(_BURSTS)):
            if process not in sim.processes or not sim.advance(process):
                return
            process_trouble.spring(sim, process)
