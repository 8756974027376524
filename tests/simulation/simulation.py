"""One seeded run: a hostile phase, in which anything may happen between any two effects, healing, and judgement."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from streamlake.consumer.breaker import BreakerPolicy
from streamlake.consumer.calendar import date_of
from streamlake.consumer.consumer import TopicPartition
from streamlake.consumer.effects import Effect
from streamlake.consumer.faults import (
    ChainNotAdopted,
    FetchSkipped,
    LogOverwritten,
    RecordsReplaced,
    TopicChanged,
    TopicMissing,
)
from streamlake.consumer.partition import Policy
from streamlake.consumer.place import Writer
from streamlake.consumer.rotation import RotationPolicy
from tests.simulation import operator, oracle
from tests.simulation.broker import Broker
from tests.simulation.healing import heal
from tests.simulation.hostile import rage
from tests.simulation.landing_parts import DAY_MS
from tests.simulation.process import Process, Task
from tests.simulation.watch import Violation, Watch
from tests.simulation.world import World

TOPIC = "streamlake.orders.raw"
CLUSTER = "cluster-of-the-simulation"
STEPS = 600
"""Of the hostile phase. More than three times what guards need to show their worth, and still milliseconds."""
MIDNIGHT_MS = 20_777 * DAY_MS
_EXPECTED = (TopicMissing, TopicChanged, FetchSkipped, LogOverwritten, RecordsReplaced, ChainNotAdopted)


@dataclass(slots=True)
class Outcome:
    """What a run met: faults by effect, alarms, and how far it went."""

    seed: int
    steps: int
    hits: Counter[tuple[str, str]]
    alarms: Counter[str]
    events: int
    claims: int


Trap = Callable[["Simulation", Process, int, Task], None]
"""What befalls a process that comes to one of some effects."""


class Simulation:
    """The state that the phases share: the models, the processes, who owns which partition, and the time."""

    def __init__(self, seed: int, trace: Callable[[str], None] | None = None) -> None:
        self.seed = seed
        self.rng = rng = Random(seed)
        self.trace = trace
        self.tick = 0
        self.now = 1000.0
        self.hits: Counter[tuple[str, str]] = Counter()
        self.broker = Broker(rng, TOPIC, rng.randint(1, 3), MIDNIGHT_MS - rng.randint(0, 3_600_000))
        self.watch = Watch(self.broker)
        self.world = World(rng, self.broker, self.watch, self.hits)
        self.processes: list[Process] = []
        self.owners: dict[int, Process] = {}
        self._numbers = 0
        self._attempts = 0
        tripping = rng.random() < 0.2
        self.policy = Policy(
            rotation=RotationPolicy(
                rng.randint(2, 9), rng.choice((400, 100_000)), rng.uniform(5, 60), rng.choice((2, 99))
            ),
            breaker=BreakerPolicy(4, 0.8, 10) if tripping else BreakerPolicy(10_000, 1.0, 10_000),
            cluster_id=CLUSTER,
            mixes_after=(0, 1, 8)[seed % 3],
            probe_seconds=20.0,
        )
        self.budget = rng.choice((300, 1 << 30, 1 << 30))
        self.zombies = 0.0
        self.draining = False
        self.trap: tuple[Trap, tuple[type[Effect[Any]], ...]] | None = None
        self.overwritten: set[int] = set()
        self.not_adopted = False

    def run(self, steps: int = STEPS) -> Outcome:
        rage(self, steps)
        heal(self)
        oracle.judge(self.broker, self.watch)
        claims = sum(len(line.claims) for line in self.watch.lines.values())
        return Outcome(self.seed, self.tick, self.hits, self.world.alarms, len(self.broker.events), claims)

    def say(self, text: str) -> None:
        if self.trace is not None:
            self.trace(f"{self.tick:5} {text}")

    # Time passes with every action; a process's clock is its own affair and names nothing.

    def pass_time(self) -> None:
        self.tick += 1
        self.now += 0.5
        self.broker.clock_ms += 200

    # Processes come, work and go.

    def start_process(self, today: int) -> Process:
        self._numbers += 1
        process = Process(
            self._numbers, self.world, self.rng, self.policy, today, self.budget, self._writer, self._failed
        )
        self.processes.append(process)
        self.say(f"process {process.number} starts with contract {today}")
        return process

    def remove(self, process: Process) -> None:
        """It is gone; what it owned belongs to nobody."""
        if process in self.processes:
            self.processes.remove(process)
        self.owners = {p: owner for p, owner in self.owners.items() if owner is not process}

    def partitions(self) -> range:
        return range(len(self.broker.current.logs)) if self.broker.current else range(0)

    def advance(self, process: Process) -> bool:
        """One attempt at one effect of one of the process's procedures."""
        keys = process.ready(self.tick)
        if not keys:
            return False
        key = keys[0] if len(keys) == 1 else self.rng.choice(keys)
        task = process.tasks.running[key]
        if task.last and self.tick - task.last > 30:
            self.world.count("stalled", task.effect)
        if self.owners.get(key[1]) is not process:
            self.world.count("zombie", task.effect)
        if self.trace is not None:
            self.say(f"process {process.number} {key[1]}: {_shortened(task.effect)}")
        process.tasks.advance(key, self.tick)
        return True

    def step(self, process: Process) -> None:
        if self.trace is not None:
            states = ", ".join(
                f"{w[1]} {p.state} {p.filling.start if p.filling else ''}..{p.filling.next if p.filling else ''}"
                for w, p in process.consumer.partitions.items()
            )
            self.say(f"process {process.number} loops: {states}")
        process.step(self.now)

    def _writer(self, number: int) -> Writer:
        self._attempts += 1
        at = date_of(self.broker.clock_ms + self.rng.randint(-2, 2) * DAY_MS)
        return Writer(f"process-{number}", f"{at}T00:00:00Z", f"{number}-{self._attempts}")

    def _failed(self, process: Process, where: TopicPartition, error: Exception) -> None:
        self.say(f"process {process.number} {where[1]} stops: {error}")
        if not isinstance(error, _EXPECTED):
            raise Violation(f"a procedure ended with {type(error).__name__}: {error}") from error
        if isinstance(error, LogOverwritten):
            if not operator.was_overwritten(self):
                raise Violation(f"stopped without a cause: {error}")
            self.overwritten.add(where[1])
        self.not_adopted = self.not_adopted or isinstance(error, ChainNotAdopted)


def _shortened(effect: object) -> str:
    text = repr(effect)
    return text if len(text) < 300 else text[:300] + "…"
