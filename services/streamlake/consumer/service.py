"""The process around the loop: signals, contracts, control, vitals, the watchdog, a clean end."""

import datetime
import gc
import logging
import threading
import time
from typing import Any, Protocol

from streamlake.consumer.consumer import Consumer, Control, TopicPartition
from streamlake.consumer.control import read_control
from streamlake.consumer.handler import RawHandler
from streamlake.consumer.kafka_log import KafkaLog, patience
from streamlake.consumer.landing import Landed
from streamlake.consumer.partition import Partition
from streamlake.consumer.runner import ThreadRunner
from streamlake.consumer.sealer import Sealer
from streamlake.consumer.snapshot import PartitionView, Vitals, describe, standing
from streamlake.consumer.status_line import status_line
from streamlake.consumer.watchdog import Progress, Standing
from streamlake.consumer.world import RealWorld
from streamlake.errors import StreamlakeError
from streamlake.logs import error_fields
from streamlake.notify import ALIVE, READY, STOPPING, Manager, status
from streamlake.registry.registry import Registry
from streamlake.settings import Settings

log = logging.getLogger(__name__)


class Signals(Protocol):
    """What was asked from outside."""

    asked: bool

    def take_reload(self) -> bool:
        """Whether contracts should be read again."""
        ...


class Service:
    """See the module."""

    def __init__(
        self,
        settings: Settings,
        dataset: str,
        consumer: Consumer,
        kafka: KafkaLog,
        runner: ThreadRunner,
        world: RealWorld,
        vital: Vitals,
        registry: Registry,
        raw: RawHandler,
        sealer: Sealer,
        manager: Manager,
    ) -> None:
        self._settings = settings
        self._dataset = dataset
        self._consumer = consumer
        self._kafka = kafka
        self._runner = runner
        self._world = world
        self._vital = vital
        self._registry = registry
        self._raw = raw
        self._sealer = sealer
        self._manager = manager
        self._control = Control()
        self._progress = Progress()
        # Whoever joins again may have to wait until the others have answered, each as long as it may stay away.
        self._membership = Progress(120.0 + settings.max_poll_interval_seconds)
        self._tripped: set[tuple[str, int]] = set()
        self._lock = threading.Lock()
        self._described: list[dict[str, Any]] = []
        self._said: dict[tuple[str, int], tuple[str, float]] = {}
        self._reload_at = self._collect_at = self._ask_at = 0.0
        self._ends_at = 0.0
        self._unread: dict[TopicPartition, int] = {}
        self._trouble = self._refused = ""
        consumer.on_result(self._report)

    def run(self, signals: Signals) -> None:
        """Step until asked to stop, then land what is held, commit, and leave the group."""
        # Half of the poll interval: Kafka takes a member for dead that drains longer.
        self._kafka.attach(self._consumer, min(20.0, self._settings.max_poll_interval_seconds / 2))
        self._manager.tell(READY, ALIVE)
        look_again = 0.0
        while not signals.asked:
            now = time.monotonic()
            self._consumer.step(now, self._control)
            self._kafka.commit()
            reload = signals.take_reload()
            if now >= look_again or reload:
                look_again = now + 1.0
                self._look_around(now, reload=reload)
        self._manager.tell(STOPPING, status("stopping: what is held is landed, then the group is left"))
        self._vital.state = "stopping"
        self._consumer.stop(time.monotonic(), patience(20.0))
        self._runner.close()
        self._sealer.close()
        closing = threading.Thread(target=self._leave, daemon=True)
        closing.start()
        closing.join(5.0)  # nothing uncommitted matters, so a close that hangs is left behind
        self._manager.tell(status("stopped"))

    def _leave(self) -> None:
        self._kafka.commit(wait=True)  # waits without end for a broker that is away
        self._kafka.close()

    def document(self) -> dict[str, Any]:
        """The vitals, from any thread."""
        with self._lock:
            return self._vital.document(self._described)

    def _look_around(self, now: float, *, reload: bool) -> None:
        """Once a second: what operators asked for, contracts that we wait for, what to tell."""
        self._sealer.tick(self._consumer, now, datetime.datetime.now(datetime.UTC))
        if reload or (now >= self._reload_at and self._wait_for_a_contract()):
            self._reload_at = now + 5.0
            self._reload()
        if now >= self._collect_at:
            # The loop makes no cycles, but an exception that nobody took may hold one, and with it a whole part.
            self._collect_at = now + 60.0
            gc.collect()
        self._announce_trips()
        waits, steps = self._runner.waiting(), self._runner.steps()
        views = []
        self._ask_while_paused(now)
        for where, partition in self._consumer.partitions.items():
            end = self._kafka.ends.of(where)
            at = partition.filling.next if partition.filling else None
            at_end = self._kafka.ends.reached(where, at)
            view = PartitionView(
                end, at_end, waits.get(where, self._trouble), self._unread_since(where, partition, end)
            )
            views.append((partition, view))
        described = [describe(p, v, time.time()) for p, v in views]
        with self._lock:
            self._described = described
            self._vital.counters.retries = self._runner.retries
            self._vital.counters.alarms = self._world.alarms
            self._vital.last_sealed = dict(self._sealer.last_sealed)
            unreachable = "" if views else self._kafka.unreachable
            self._vital.waiting_for = next(
                filter(None, (v.waiting_for or p.waiting_for for p, v in views)), unreachable
            )
            self._vital.state = self._state(views)
            self._vital.stands_by = self._kafka.stands_by
        standings = {
            w: standing(p, v, steps.get(w, 0)) for w, (p, v) in zip(self._consumer.partitions, views, strict=True)
        }
        # Paused, or full because of what others wait for, a partition owes nothing.
        excused = self._control.paused or (self._crowded() and bool(self._vital.waiting_for))
        quiet = self._progress.quiet_seconds(now, {} if excused else standings)
        self._ask_kafka(now, quiet)
        # While Kafka answers, to have lost its place is no wait: it owns nothing, so nothing else would tell on it.
        place = Standing(mark=None, owes=self._kafka.outside, named=bool(self._trouble))
        outside = self._membership.quiet_seconds(now, {("group", 0): place})
        if quiet >= self._progress.patience_seconds:
            self._manager.tell(status(f"stuck: no movement for {quiet:.0f} s and nothing that it waits for"))
        elif outside >= self._membership.patience_seconds:
            self._manager.tell(status(f"stuck: out of its group for {outside:.0f} s, though Kafka answers"))
        else:
            self._manager.tell(ALIVE, status(status_line(self.document())))
        # Last, so that what was told just now is what the last step obeyed.
        self._control = read_control(self._settings.state_dir, self._dataset, self._control)

    def _ask_while_paused(self, now: float) -> None:
        """No fetch says how far the log goes; who looks for lag must see it all the same."""
        if self._control.paused and now >= self._ends_at:
            self._ends_at = now + 5.0
            self._kafka.ends.ask(self._consumer.partitions)

    def _unread_since(self, where: TopicPartition, partition: Partition, end: int | None) -> int | None:
        """Since when, of what waits behind a pause, at the latest; its own time is not known before it is read."""
        waits = end is not None and partition.head is not None and end > partition.head.next
        if not (self._control.paused and waits):
            self._unread.pop(where, None)
            return None
        return self._unread.setdefault(where, time.time_ns() // 1_000_000)

    def _wait_for_a_contract(self) -> bool:
        return any(
            code in p.waiting_for
            for p in self._consumer.partitions.values()
            for code in ("SL-0102", "SL-0103", "SL-0104")
        )

    def _crowded(self) -> bool:
        held = sum(p.held_bytes for p in self._consumer.partitions.values())
        return held > self._settings.open_parts_max_bytes // 2

    def _ask_kafka(self, now: float, quiet: float) -> None:
        """Find the name of a silence, or whether what the client complained of still holds.

        Where Kafka is away the client may say nothing at all, and nothing moves.
        """
        if (quiet > 20.0 or self._trouble or self._kafka.unreachable) and now >= self._ask_at:
            self._ask_at = now + 10.0
            self._trouble = self._kafka.trouble()
            if not self._trouble and self._consumer.partitions:
                self._kafka.unreachable = ""

    def _announce_trips(self) -> None:
        """Say once, loudly, that a breaker tripped."""
        tripped = {w for w, p in self._consumer.partitions.items() if p.stop_at is not None}
        for topic, partition in tripped - self._tripped:
            error = self._consumer.partitions[topic, partition].error
            fields = {"dataset": self._dataset, "topic": topic, "partition": partition}
            log.error("tripped: %s", error, extra=fields | (error_fields(error) if error else {}))
        self._tripped = tripped

    def _state(self, views: list[tuple[Partition, PartitionView]]) -> str:
        if self._control.paused:
            return "paused"
        if any(p.state == "tripped" or p.stop_at is not None for p, _ in views):
            return "tripped"
        return "waiting" if self._vital.waiting_for else "running"

    def _reload(self) -> None:
        try:
            changed = self._registry.refresh()
        except (StreamlakeError, OSError) as error:
            if str(error) != self._refused:
                log.exception("contracts were not taken", extra=error_fields(error))
            self._refused = str(error)
            return
        self._refused = ""
        self._raw.forget_contracts()
        if changed:
            log.info("contracts taken: %s", ", ".join(changed))

    def _report(self, partition: Partition, result: Landed | Exception) -> None:
        """A landing ended: count it and write the line that an operator looks for."""
        if isinstance(result, Exception) and not isinstance(result, StreamlakeError):
            raise result
        with self._lock:
            self._vital.counters.count(partition.place.zone, result)
        place = partition.place
        fields: dict[str, Any] = {"dataset": place.dataset, "topic": place.topic, "partition": place.partition}
        if isinstance(result, Exception):
            self._say_stopped(result, fields)
            return
        self._vital.landed(result, time.time())
        fields |= {"offset_start": result.start, "offset_next": result.head.next, "write_path": result.part}
        fields |= {"records": result.records, "dead_letters": result.dead_letters, "lost": result.lost}
        log.info("landed" if result.ours else "completed for another", extra=fields)

    def _say_stopped(self, error: StreamlakeError, fields: dict[str, Any]) -> None:
        """One line for a reason, and one a minute as long as it stays: it is tried again every second."""
        where, now = (fields["topic"], fields["partition"]), time.monotonic()
        text, said_at = self._said.get(where, ("", 0.0))
        if text != str(error) or now - said_at >= 60.0:
            self._said[where] = str(error), now
            log.error("stopped: %s", error, extra=fields | error_fields(error))
