"""One consumer process: the real `Consumer`, on a model of its client and of its threads."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from streamlake.consumer.consumer import Consumer, Control, Key, TopicPartition
from streamlake.consumer.effects import Above, Below, Effect, Message, Work
from streamlake.consumer.partition import Policy
from streamlake.consumer.place import Writer
from streamlake.errors import Permanent, Retryable, StreamlakeError, Unknown
from tests.simulation.landing_parts import InlineWriter, VersionedHandler
from tests.simulation.world import WRITES, World


@dataclass(slots=True)
class Task:
    """A procedure under way, and the effect that it waits for. Nothing drives it before `not_before`."""

    work: Work[Any]
    effect: Effect[Any]
    not_before: int = 0
    last: int = 0


class Tasks:
    """The runner: one effect at a time of whichever procedure the scheduler picks."""

    def __init__(self, world: World, rng: Random) -> None:
        self._world = world
        self._rng = rng
        self._ended: list[tuple[Key, Any]] = []
        self.running: dict[Key, Task] = {}

    def start(self, key: Key, work: Work[Any]) -> None:
        assert key not in self.running, f"two procedures for {key}"
        try:
            self.running[key] = Task(work, next(work))
        except StopIteration as end:
            self._ended.append((key, end.value))

    def cancel(self, key: Key) -> None:
        task = self.running.pop(key, None)
        if task is not None:
            task.work.close()
            if isinstance(task.effect, WRITES) and self._rng.random() < self._world.rate:
                self._world.late.append(task.effect)

    def finished(self) -> Iterable[tuple[Key, Any]]:
        ended, self._ended = self._ended, []
        return ended

    def advance(self, key: Key, tick: int) -> None:
        """One attempt at the procedure's effect. It is repeated for as long as the port says no."""
        task = self.running[key]
        task.last = tick
        try:
            answer = self._world.perform(task.effect)
        except Permanent:
            task.not_before = tick + self._rng.randint(5, 30)
            return
        except (Retryable, Unknown):
            return
        try:
            task.effect = task.work.send(answer)
        except StopIteration as end:
            self._end(key, end.value)
        except StreamlakeError as error:
            self._end(key, error)

    def _end(self, key: Key, result: Any) -> None:
        del self.running[key]
        self._ended.append((key, result))


class Client:
    """The Kafka client: delivers from positions, by topic name, a few records at a time."""

    def __init__(self, world: World, rng: Random) -> None:
        self._world = world
        self._rng = rng
        self._out: list[TopicPartition] = []
        self.positions: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()

    def poll(self) -> Iterable[tuple[TopicPartition, Sequence[Message]]]:
        delivered: list[tuple[TopicPartition, Sequence[Message]]] = []
        for where, position in list(self.positions.items()):
            if where in self.paused or self._rng.random() < self._world.rate:
                continue
            try:
                found = self._world.broker.fetch(where[1], position, 1 << 62, self._rng.randint(1, 6))
            except Retryable:
                continue
            if isinstance(found, (Below, Above)):
                del self.positions[where]
                self._out.append(where)
            elif found:
                self.positions[where] = found[-1].offset() + 1
                delivered.append((where, found))
        return delivered

    def out_of_range(self) -> Iterable[TopicPartition]:
        out, self._out = self._out, []
        return out

    def seek(self, where: TopicPartition, offset: int) -> None:
        self.positions[where] = offset

    def pause(self, where: Sequence[TopicPartition]) -> None:
        self.paused |= set(where)

    def resume(self, where: Sequence[TopicPartition]) -> None:
        self.paused -= set(where)

    def forget(self, where: Iterable[TopicPartition]) -> None:
        for w in where:
            self.positions.pop(w, None)
            self.paused.discard(w)


class Process:
    """See the module. `failures` are what ended procedures, for the simulation to judge."""

    def __init__(
        self,
        number: int,
        world: World,
        rng: Random,
        policy: Policy,
        today: int,
        budget: int,
        writer: Callable[[int], Writer],
        failed: Callable[["Process", TopicPartition, Exception], None],
    ) -> None:
        self.number = number
        self.world = world
        self.tasks = Tasks(world, rng)
        self.client = Client(world, rng)
        self.handler = VersionedHandler(today)
        self.control = Control()
        self.stalled_until = 0
        self.zombie = False
        self.consumer = Consumer(
            self.client,
            self.tasks,
            {world.broker.topic: self.handler},
            InlineWriter,
            policy,
            lambda: writer(number),
            dataset="orders",
            budget=budget,
        )
        self.consumer.on_result(
            lambda partition, result: (
                failed(self, (partition.place.topic, partition.place.partition), result)
                if isinstance(result, Exception)
                else None
            )
        )

    def step(self, now: float) -> None:
        self.consumer.step(now, self.control)

    def assigned(self, partitions: Iterable[int]) -> None:
        where = [(self.world.broker.topic, p) for p in partitions]
        self.client.forget(where)
        self.consumer.assigned(where)

    def lost(self, partitions: Iterable[int]) -> None:
        where = [(self.world.broker.topic, p) for p in partitions]
        self.consumer.lost(where)
        self.client.forget(where)

    def revoked(self, partitions: Iterable[int], now: float, keep_on: Callable[[], bool]) -> None:
        where = [(self.world.broker.topic, p) for p in partitions]
        self.consumer.revoked(where, now, keep_on)
        self.client.forget(where)

    def ready(self, tick: int) -> list[Key]:
        return [key for key, task in self.tasks.running.items() if task.not_before <= tick]
