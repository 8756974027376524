"""Gathers what `status` shows: processes, vitals, the lake and Kafka. What cannot be asked stays unknown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streamlake import vitals
from streamlake.cli import health, host_units
from streamlake.cli.elsewhere import held_elsewhere
from streamlake.cli.health import Advice, DatasetHealth, Word
from streamlake.cli.lake_look import LakeLook
from streamlake.contract.problems import WrongContract
from streamlake.errors import Permanent, StreamlakeError
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.kafka.names import dlq_topic, raw_topic
from streamlake.local import readiness
from streamlake.local.home import Home, holder, read_state
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings

KAFKA_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at everything on this machine."""

    health: Word
    processes: list[dict[str, Any]]
    datasets: list[DatasetHealth]
    advice: list[Advice]
    kafka_answers: bool
    api_answers: bool
    disk_free_bytes: int | None
    disk_total_bytes: int | None


class Gatherer:
    """Looks as often as asked; its connection to Kafka is made once."""

    def __init__(self, settings: Settings, dataset: str | None) -> None:
        self._settings = settings
        self._wrong_contracts: tuple[Advice, ...] = ()
        self._datasets = self._known(dataset)
        self._admin = Admin(settings.bootstrap_servers, seconds=KAFKA_SECONDS, security=security_of(settings))
        self._kafka_said: StreamlakeError | None = None
        self._every_dataset = dataset is None
        self._start_all = host_units.START_ALL if host_units.is_host() else "scripts/up"

    def _known(self, dataset: str | None) -> dict[str, float]:
        """Each dataset to look at, and the age at which its parts close.

        A contract that is broken is no reason to refuse a look: what runs goes on with the one before.
        """
        usual = self._settings.part_max_age_seconds
        try:
            registry = FileRegistry(self._settings.contracts_dir)
        except WrongContract as error:
            self._wrong_contracts = (Advice(error.message, "streamlake contracts check", error.code),)
            names = sorted(path.parent.name for path in self._settings.contracts_dir.glob("*/contract.yaml"))
            if dataset is not None and dataset not in names:
                raise
            return {name: usual for name in names if dataset in (None, name)}
        names = [dataset] if dataset else list(registry.datasets())
        return {name: registry.current(name).rotation.max_age_seconds or usual for name in names}

    def look(self) -> Snapshot:
        """One look. Nothing is changed."""
        lake = LakeLook(self._settings)
        documents = vitals.gather(self._settings.state_dir)
        processes = list(self._processes(documents))
        runs = [p for p in processes if p["pid"]]
        kafka = self._kafka_answers()
        api = any(p["kind"] == "api" for p in runs) and readiness.get_status(self._settings, "/readyz") == 200
        judged = [self._judge(name, age, documents, lake, ask_kafka=kafka) for name, age in self._datasets.items()]
        word, advice = health.of_processes(processes)
        advice = (*advice, *(a for d in judged for a in d.advice))
        if runs and self._supervisor_was_killed():
            word = "unhealthy"
            advice = (
                Advice("the supervisor was killed, so nothing is started again if it dies", "scripts/up"),
                *advice,
            )
        words = [d.health for d in judged]
        if not runs:
            word, advice, words = "stopped", (Advice("nothing runs here", self._start_all),), []
        elif not kafka:
            word = "unhealthy"
            advice = (self._kafka_advice(),)
        elif not api and any(p["kind"] == "api" for p in processes) and word == "healthy":
            word = "unhealthy"
            advice = (*advice, Advice("the API does not answer /readyz", "streamlake doctor"))
        wrong_contracts = self._wrong_contracts or health.of_refused_edits(documents, self._datasets)
        wrong_files = (*wrong_contracts, *health.of_broken_keys(documents))
        if runs and self._every_dataset and not self._wrong_contracts:
            wrong_files += health.of_unknown(documents, self._datasets, self._settings.contracts_dir)
        if wrong_files and word in ("healthy", "starting"):
            word = "unhealthy"
        if runs and lake.advice:
            word = "unhealthy"
            advice = (*advice, *lake.advice)
        return Snapshot(
            health=health.worst([word, *words]),
            processes=processes,
            datasets=judged,
            advice=[*wrong_files, *advice],
            kafka_answers=kafka,
            api_answers=api,
            disk_free_bytes=lake.free_bytes,
            disk_total_bytes=lake.total_bytes,
        )

    def _processes(self, documents: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The supervisor's where there is one, else whoever answers on a socket (units of systemd)."""
        home = Home(self._settings.home)
        state = read_state(home) if holder(home) is not None else None
        if state is not None:
            for process in state["processes"]:
                # What is done, as applying the topics, is no process any more.
                if process["state"] != "done" and (
                    self._every_dataset or process["dataset"] in (None, *self._datasets)
                ):
                    yield process
            return
        if host_units.is_host():
            found = host_units.rows(host_units.ask(), documents, host_units.booted())
            yield from (p for p in found if self._every_dataset or p["dataset"] in (None, *self._datasets))
            return
        for document in documents:
            yield {
                "name": document.get("process"),
                "kind": document.get("kind"),
                "dataset": document.get("dataset"),
                "pid": document.get("pid"),
                "state": document.get("state"),
                "reason": document.get("waiting_for") or "",
                "log": "",
            }

    def _supervisor_was_killed(self) -> bool:
        home = Home(self._settings.home)
        state = read_state(home)
        return state is not None and state["supervisor"]["state"] != "stopped" and holder(home) is None

    def _judge(
        self,
        name: str,
        part_max_age_seconds: float,
        documents: Sequence[dict[str, Any]],
        lake: LakeLook,
        *,
        ask_kafka: bool,
    ) -> DatasetHealth:
        mine = [d for d in documents if d.get("kind") == "consumer" and d.get("dataset") == name]
        ends = log_ends(self._admin, name) if ask_kafka else None
        facts = health.DatasetFacts(
            name=name,
            consumers=tuple(mine),
            log_ends=ends,
            elsewhere=held_elsewhere(self._admin, lake.store, name, ends, mine),
            sealed_until=lake.sealed_until(name),
            dead_letters=self._dead_letters(name) if ask_kafka else None,
            start=host_units.start_command(name) if host_units.is_host() else "scripts/up",
        )
        return health.of_dataset(facts, part_max_age_seconds)

    def _kafka_answers(self) -> bool:
        try:
            self._admin.cluster_id()
        except StreamlakeError as error:
            self._kafka_said = error
            return False
        return True

    def _kafka_advice(self) -> Advice:
        at, said = self._settings.bootstrap_servers, self._kafka_said
        if isinstance(said, Permanent):
            return Advice(f"Kafka at {at} refuses: {said.message}", "streamlake doctor", said.code)
        return Advice(f"Kafka does not answer at {at}", "streamlake doctor")

    def _dead_letters(self, dataset: str) -> int | None:
        try:
            topic = dlq_topic(dataset)
            bounds = self._admin.all_bounds(topic, range(self._admin.partitions(topic)))
        except StreamlakeError:
            return None
        return sum(b.end - b.start for b in bounds.values())


def log_ends(admin: Admin, dataset: str) -> dict[tuple[str, int], int] | None:
    """Where each partition of the dataset's topics ends now; None if Kafka does not say."""
    ends = {}
    try:
        for topic in (raw_topic(dataset), dlq_topic(dataset)):
            bounds = admin.all_bounds(topic, range(admin.partitions(topic)))
            ends.update({(topic, partition): b.stable for partition, b in bounds.items()})
    except StreamlakeError:
        return None
    return ends
