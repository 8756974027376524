"""The embedded broker: Apache Kafka as one process of this machine, for `scripts/up` and for the tests.

Everything of one broker stands below `<home>/kafka/`: `server.properties`, `data/`, `broker.log`, `launch.json`.
`prepare` makes it ready to start and is safe to repeat; `command` is then what a supervisor executes. SIGTERM stops
the broker cleanly. `Broker` does both for whoever wants to own the process itself.
"""

import base64
import hashlib
import json
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streamlake.kafka import java, node, ports
from streamlake.kafka.download import Progress
from streamlake.kafka.errors import BrokerFailed, BrokerNotReady, UnusableFolder
from streamlake.kafka.install import install, quiet, storage_errors
from streamlake.kafka.jars import fingerprint, locked
from streamlake.settings import Settings

READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
_FORMAT_SECONDS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a broker stands and how it is set. `software` may be shared with other brokers, `home` is its own."""

    home: Path
    port: int
    software: Path
    maven_base_url: str = ""
    durable: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """All that is this broker's own."""
        return self.home / "kafka"

    @property
    def log(self) -> Path:
        """What the broker has to say."""
        return self.folder / "broker.log"


def place_of(settings: Settings) -> Place:
    """The broker that these settings describe."""
    return Place(
        home=settings.home,
        port=settings.kafka_port,
        software=settings.kafka_software_dir,
        maven_base_url=settings.maven_base_url,
        durable=settings.kafka_durable,
    )


def prepare(place: Place, *, progress: Progress = quiet) -> None:
    """Install, configure and format what is missing. Safe to repeat, before every start; never while it runs.

    Raises Misconfigured (no Java, no source of jars, port taken), Retryable (no network), Permanent (disk, format).
    """
    for folder in (place.home, place.software):
        _require_usable(folder)
    ports.require_free(place.port)
    libs = install(place.software, base_url=place.maven_base_url, progress=progress)
    runtime = java.ensure(place.software, progress=progress)
    with storage_errors(place.folder):
        (place.folder / "data").mkdir(parents=True, exist_ok=True)
        controller = ports.first_free(ports.controller_candidates(place.port, _stored_controller_port(place)))
        _write(
            place.folder / "server.properties",
            node.properties(place.folder / "data", place.port, controller, durable=place.durable, extra=place.extra),
        )
        _write(place.folder / "log4j2.properties", node.LOGGING.format(log=node.escaped(str(place.log))))
        key = hashlib.sha256(f"{runtime.program}{runtime.build}{libs}{node.FLAGS}".encode()).hexdigest()[:12]
        launch = {
            "java": str(runtime.program),
            "class_path": node.class_path(libs, [jar.name for jar in locked()]),
            "archive": str(place.software / f"classes-{fingerprint(locked())}-{key}.jsa"),
        }
        _write(place.folder / "launch.json", json.dumps({"format": 1, **launch}))
        publish_archive(place)
        if not (place.folder / "data" / "meta.properties").exists():
            progress("formatting Kafka's log", 0, 0)
            _format(place)


def command(place: Place) -> list[str]:
    """The broker's argv, to be executed as it stands. Needs `prepare`."""
    launch = _launch(place)
    archive = Path(launch["archive"])
    # The first run of this Java with these jars writes the archive as it ends; it is shared once it is complete.
    classes = f"-XX:SharedArchiveFile={archive}" if archive.exists() else f"-XX:ArchiveClassesAtExit={_fresh(place)}"
    crash = f"-XX:ErrorFile={place.folder / 'crash.log'}"
    arguments = [*node.HEAP, *node.FLAGS, classes, crash]
    return _java(place, launch, arguments, "kafka.Kafka", str(place.folder / "server.properties"))


def publish_archive(place: Place) -> None:
    """Let every broker of this software share the class archive that this one wrote at its end, if it did.

    Only a whole one: Java maps the file and trusts it, so that a broker that was killed as it wrote would leave one
    that ends every later start.
    """
    fresh = _fresh(place)
    if not fresh.exists():
        return
    try:
        launch = _launch(place)
        archive = Path(launch["archive"])
        check = ["-Xshare:on", "-XX:+VerifySharedSpaces", f"-XX:SharedArchiveFile={fresh}", *node.FLAGS]
        whole = subprocess.run(  # noqa: S603 - no shell, our arguments
            _java(place, launch, [*check, f"-XX:ErrorFile={place.folder / 'crash.log'}"], "-version"),
            check=False,
            capture_output=True,
            timeout=60,
        )
        if whole.returncode == 0 and not archive.exists():
            fresh.replace(archive)
    except (OSError, subprocess.TimeoutExpired):
        pass  # only speed is lost: the software's folder may be read-only, or on another disk
    fresh.unlink(missing_ok=True)


def wait_until_ready(
    port: int, *, seconds: float = READY_SECONDS, process: subprocess.Popen[bytes] | None = None
) -> None:
    """Return once the broker on this port serves requests; BrokerNotReady after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            return
        if not ports.is_free(port) and _answers(port):
            return
        time.sleep(0.05)
    raise BrokerNotReady(
        f"Kafka on 127.0.0.1:{port} did not answer within {seconds:.0f} s.", next_step="Read kafka/broker.log."
    )


class Broker:
    """One broker process that this process owns: started, waited for, and stopped within a bounded time."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.place.port}"

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self, *, seconds: float = READY_SECONDS, progress: Progress = quiet) -> None:
        """Prepare, start, and return once it serves requests."""
        prepare(self.place, progress=progress)
        with (self.place.folder / "broker.out").open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603 - no shell, our arguments
                self._argv(), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        try:
            wait_until_ready(self.place.port, seconds=seconds, process=self._process)
        except BaseException:
            self.kill()
            raise
        code = self._process.poll()
        if code is not None:
            raise BrokerFailed(
                f"Kafka ended with {code} as it started: {_last_words(self.place)}",
                next_step=f"Read {self.place.log}.",
            )

    def _argv(self) -> list[str]:
        return command(self.place)

    def stop(self, *, seconds: float = STOP_SECONDS) -> None:
        """End it cleanly, or after `seconds` at once."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        else:
            publish_archive(self.place)
        self._process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            _fresh(self.place).unlink(missing_ok=True)


def _format(place: Place) -> None:
    # A cluster id must not begin with "-": the tool takes it for an option.
    cluster = "A" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
    arguments = ["-Xmx64m", *node.FLAGS]
    tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(place.folder / "server.properties")]
    try:
        run = subprocess.run(  # noqa: S603 - no shell, our arguments
            _java(place, _launch(place), arguments, *tool, "--ignore-formatted"),
            check=False,
            capture_output=True,
            text=True,
            timeout=_FORMAT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BrokerFailed(f"Kafka's log could not be formatted: {error}.", next_step="Run it again.") from error
    if run.returncode != 0:
        words = (run.stderr or run.stdout).strip().splitlines()
        raise BrokerFailed(
            f"Kafka's log could not be formatted: {' '.join(words[-2:])[:500]}", next_step=f"Look at {place.folder}."
        )


def _java(place: Place, launch: Mapping[str, str], arguments: list[str], *program: str) -> list[str]:
    logging = f"-Dlog4j2.configurationFile={place.folder / 'log4j2.properties'}"
    argv = [launch["java"], *arguments, logging, "-cp", launch["class_path"], *program]
    # Java reads its arguments in the locale's encoding: in the C locale it would not find a folder named in any other.
    return argv if all(word.isascii() for word in argv) else ["/usr/bin/env", "LC_ALL=C.UTF-8", *argv]


def _require_usable(folder: Path) -> None:
    character = node.unusable(folder)
    if character is not None:
        raise UnusableFolder(
            f"Kafka cannot stand in {str(folder)!r}: there is a {character!r} in its name.",
            next_step="Choose another folder with STREAMLAKE_HOME, or rename it.",
        )


def _launch(place: Place) -> dict[str, str]:
    launch: dict[str, str] = json.loads((place.folder / "launch.json").read_text())
    return launch


def _fresh(place: Place) -> Path:
    return place.folder / "classes.jsa.fresh"


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text)
    partial.replace(path)


def _stored_controller_port(place: Place) -> int | None:
    try:
        stored = (place.folder / "server.properties").read_text()
    except OSError:
        return None
    match = re.search(r"^controller\.quorum\.voters=1@127\.0\.0\.1:(\d+)$", stored, re.MULTILINE)
    return int(match[1]) if match else None


def _answers(port: int) -> bool:
    # A client of its own each time: one that met a closed port waits longer and longer before it tries again.
    client = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0, "allow.auto.create.topics": False})
    try:
        return bool(client.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def _last_words(place: Place) -> str:
    words = []
    for path in (place.folder / "broker.out", place.log):
        if path.exists():
            words += [line for line in path.read_text(errors="replace").splitlines() if line.strip()][-3:]
    return " | ".join(words)[-1000:]
