"""One consumer process, from its settings to its end: what the unit `streamlake-consumer@<dataset>` starts."""

import datetime
import gc
import logging
import os
import re
import signal
import socket
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import tenacity

from streamlake import logs, vitals
from streamlake.consumer import memory
from streamlake.consumer.breaker import BreakerPolicy
from streamlake.consumer.commit_manager import CommitManager
from streamlake.consumer.consumer import Consumer
from streamlake.consumer.dlq_handler import DlqHandler
from streamlake.consumer.handler import DeadLetterHandler, Handler, RawHandler
from streamlake.consumer.kafka_log import KafkaLog
from streamlake.consumer.part_writer import PartThread
from streamlake.consumer.partition import Policy
from streamlake.consumer.place import Writer
from streamlake.consumer.rotation import RotationPolicy
from streamlake.consumer.runner import ThreadRunner
from streamlake.consumer.sealer import Sealer
from streamlake.consumer.service import Service
from streamlake.consumer.snapshot import Vitals, iso
from streamlake.consumer.startup import require_topics
from streamlake.consumer.world import RealWorld
from streamlake.contract.model import Contract
from streamlake.errors import EXIT_UNREACHABLE, Misconfigured, Permanent, Refused, Retryable, Unknown
from streamlake.kafka import clients
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.kafka.names import consumer_group, dlq_topic, raw_topic
from streamlake.kafka.reader import Reader
from streamlake.notify import ALIVE, READY, Manager, status
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings
from streamlake.storage.lake import claim_lake, prove_create_only
from streamlake.storage.open import open_store

T = TypeVar("T")
REFUSED_SECONDS = 300.0
SAY_AGAIN_SECONDS = 60.0
log = logging.getLogger(__name__)
PREFETCH_BYTES = 4 << 20
"""16 MiB held 50 MB more and was not faster beyond the noise: payload is counted, the client's records are held."""


def run(settings: Settings, dataset: str, instance: str = "") -> int:
    """Land `dataset` until SIGTERM or SIGINT. Raises what cannot be waited for; else answers an exit code."""
    name = f"streamlake-consumer@{dataset}" + (f".{instance}" if instance else "")
    logs.configure(settings.log_level, name)
    memory.share_arenas()
    manager = Manager.of(os.environ)
    manager.tell(status("starting"))
    stopping = _Stop()
    security = security_of(settings)
    registry = FileRegistry(settings.contracts_dir, dataset=dataset)
    contract = registry.current(dataset)
    vital = Vitals(name, os.getpid(), dataset, since=iso(time.time()))
    stop_vitals = vitals.serve(settings.state_dir, name, lambda: vital.document([]))
    store = open_store(settings.lake_url)
    admin = Admin(settings.bootstrap_servers, security=security)
    now, host = datetime.datetime.now(datetime.UTC), socket.gethostname()
    try:
        wait = _Patience(vital, stopping, manager)
        cluster_id = wait.until(admin.cluster_id)
        lake_id = str(uuid.uuid4())
        wait.until(lambda: claim_lake(store, cluster_id, settings.deployment, now, lake_id))
        wait.until(lambda: prove_create_only(store, settings.deployment, host, now, str(uuid.uuid4())))
        wait.until(lambda: require_topics(admin, dataset))
    except _Stopped:
        stop_vitals()
        return 0
    commits = CommitManager()
    dead_letters = DlqHandler(settings.bootstrap_servers, dataset, store, security=security)
    reader = Reader(settings.bootstrap_servers, admin=admin, security=security)
    world = RealWorld(store, admin, reader, dead_letters, commits, consumer_group(dataset))
    runner = ThreadRunner(world, concurrent=settings.upload_threads)
    config = clients.consumer(
        settings.bootstrap_servers,
        consumer_group(dataset),
        prefetch_bytes=PREFETCH_BYTES,
        session_timeout_seconds=settings.session_timeout_seconds,
        max_poll_interval_seconds=settings.max_poll_interval_seconds,
        # A static member: one that was killed comes back to its partitions at once, and does not wait for its own end.
        instance=_member(name, host),
        security=security,
    )
    kafka = KafkaLog(dict(config), [raw_topic(dataset), dlq_topic(dataset)], commits)
    raw = RawHandler(registry, dataset)
    handlers: dict[str, Handler] = {raw_topic(dataset): raw, dlq_topic(dataset): DeadLetterHandler()}

    def writer() -> Writer:
        return Writer(f"{name}/{host}/{os.getpid()}", iso(time.time()), str(uuid.uuid4()))

    consumer = Consumer(
        kafka,
        runner,
        handlers,
        PartThread(),
        Policy(_rotation(settings, contract), _breaker(settings), cluster_id),
        writer,
        dataset=dataset,
        budget=settings.open_parts_max_bytes,
    )
    sealer = Sealer(ThreadRunner(world, concurrent=1), writer, grace_seconds=settings.seal_grace_seconds)
    service = Service(settings, dataset, consumer, kafka, runner, world, vital, registry, raw, sealer, manager)
    stop_vitals()
    stop_vitals = vitals.serve(settings.state_dir, name, service.document)
    # What lives now lives to the end; the loop makes no cycles, so the collector would only look for nothing.
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        service.run(stopping)
    finally:
        stop_vitals()
        reader.close()
    return 0


def _member(name: str, host: str) -> str:
    """Who this process is to the group, in the letters that Kafka takes."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", f"{name}-{host}")


class _Stopped(Exception):
    """Asked to stop while waiting."""


class _Stop:
    """Signals as two questions."""

    def __init__(self) -> None:
        self.asked = False
        self._reload = False
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, self._hup)

    def take_reload(self) -> bool:
        """Whether contracts should be read again; once for each SIGHUP."""
        reload, self._reload = self._reload, False
        return reload

    def _stop(self, _number: int, _frame: Any) -> None:
        self.asked = True

    def _hup(self, _number: int, _frame: Any) -> None:
        self._reload = True


class _Patience:
    """Calls until it works, as long as waiting may help. Each wait has a name, so it counts as life."""

    def __init__(self, vital: Vitals, stopping: _Stop, manager: Manager) -> None:
        self._vital = vital
        self._stopping = stopping
        self._manager = manager
        self._said, self._said_at = "", 0.0

    def until(self, call: Callable[[], T]) -> T:
        """Its answer at last."""
        began = time.monotonic()
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: may_pass(error, time.monotonic() - began)),
            wait=tenacity.wait_exponential(multiplier=0.5, max=5),
            before_sleep=lambda state: self._say(state.outcome.exception() if state.outcome else None),
            reraise=True,
        )
        result = attempts(call)
        self._vital.state, self._vital.waiting_for = "starting", ""
        return result

    def _say(self, error: BaseException | None) -> None:
        self._vital.state, self._vital.waiting_for = "waiting", str(error)
        # What we could check alone is right. A host must not hang in its start because a broker is away.
        self._manager.tell(READY, ALIVE, status(f"waits for: {error}"))
        if self._said != str(error) or time.monotonic() - self._said_at >= SAY_AGAIN_SECONDS:
            self._said, self._said_at = str(error), time.monotonic()
            log.warning("waiting: %s", error, extra=logs.error_fields(error) if error else {})
        if self._stopping.asked:
            raise _Stopped


def may_pass(error: BaseException, waited: float) -> bool:
    """Whether to go on trying at the start.

    What someone must act on is told meanwhile, and ends at last: only a new start reads new credentials, and a unit
    gets its own anew at each. What is configured wrongly, or refused by a guard, ends at once; so does what only a new
    start can see, as a disk that is mounted later.
    """
    if isinstance(error, Retryable | Unknown):
        return True
    at_once = isinstance(error, Misconfigured | Refused) or (
        isinstance(error, Permanent) and error.exit_code == EXIT_UNREACHABLE
    )
    return isinstance(error, Permanent) and not at_once and waited < REFUSED_SECONDS


def _rotation(settings: Settings, contract: Contract) -> RotationPolicy:
    """The contract's word counts, then the process's."""
    asked = contract.rotation
    return RotationPolicy(
        max_records=asked.max_records or settings.part_max_records,
        max_bytes=asked.max_bytes or settings.part_max_bytes,
        max_age_seconds=asked.max_age_seconds or settings.part_max_age_seconds,
    )


def _breaker(settings: Settings) -> BreakerPolicy:
    return BreakerPolicy(settings.breaker_consecutive, settings.breaker_ratio, settings.breaker_window)
