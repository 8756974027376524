"""Kafka Connect's FileStreamSink in a standalone worker: payload lines, no validation, no metadata.

Measured in its steady state: the worker stays up, connectors read the topic over and over before one counts, so that
Java has compiled what runs hot, and each measured one is new, under a group of its own. Passes over 400,000 records
cost 2.9, 2.4, 3.0 and 2.6 s of CPU after a million and a half of them, and 2.3 to 2.4 from then on.
"""

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.backlog import Backlog
from benchmarks.gate import check_bag
from benchmarks.process import Cost, Measured
from streamlake.kafka.names import raw_topic
from streamlake.kafka.ports import first_free

WARM_UP_RECORDS = 4_000_000
# As Kafka's own start script has it.
HEAP = ["-Xms256M", "-Xmx2G", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"]
HEAP += ["-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent"]


class Connect:
    """A running worker."""

    def __init__(self, process: Measured, address: str, folder: Path) -> None:
        self._process = process
        self._address = address
        self._folder = folder
        self._runs = 0

    def write(self, backlog: Backlog) -> Cost:
        """One connector over the whole backlog, checked."""
        self._runs += 1
        name, out = f"sink-{self._runs}", self._folder / f"connect-{self._runs}.out"
        config = {
            "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
            "topics": raw_topic(backlog.dataset),
            "file": str(out),
            "tasks.max": "1",
        }
        wanted = backlog.size + backlog.records
        self._process.mark()
        httpx.post(f"{self._address}/connectors", json={"name": name, "config": config}, timeout=60).raise_for_status()
        self._process.wait_for(lambda: out.exists() and out.stat().st_size >= wanted, 600, pause_seconds=0.02)
        cost = self._process.since_mark()
        httpx.delete(f"{self._address}/connectors/{name}", timeout=60).raise_for_status()
        with out.open("rb") as lines:
            check_bag(backlog.all, lines)
        out.unlink()
        return cost

    def require_ready(self, seconds: float = 120) -> None:
        def answers() -> bool:
            try:
                return httpx.get(f"{self._address}/connectors", timeout=2).is_success
            except httpx.HTTPError:
                return False

        self._process.wait_for(answers, seconds, pause_seconds=0.2)


@contextmanager
def running(java: Path, libs: Path, backlog: Backlog, folder: Path) -> Iterator[Connect]:
    """A worker that is warm."""
    port = first_free(range(21000, 32000))
    converter = "org.apache.kafka.connect.storage.StringConverter"
    settings = {
        "bootstrap.servers": backlog.bootstrap,
        "key.converter": converter,
        "value.converter": converter,
        "offset.storage.file.filename": folder / "connect.offsets",
        "listeners": f"http://127.0.0.1:{port}",
        "consumer.auto.offset.reset": "earliest",
        "plugin.discovery": "service_load",
        "plugin.path": libs,
    }
    worker = folder / "worker.properties"
    worker.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    logging = folder / "log4j2.json"
    logging.write_text(json.dumps({"configuration": {"loggers": {"root": {"level": "warn"}}}}))
    argv = [str(java), *HEAP, f"-Dlog4j2.configurationFile={logging}", "-cp", f"{libs}/*"]
    argv += ["org.apache.kafka.connect.cli.ConnectStandalone", str(worker)]
    with Measured(argv, {}, folder / "connect.log", good_ends=(0, 143)) as process:
        connect = Connect(process, f"http://127.0.0.1:{port}", folder)
        connect.require_ready()
        for _ in range(math.ceil(WARM_UP_RECORDS / backlog.records)):
            connect.write(backlog)
            time.sleep(0.1)
        yield connect
        process.stop()
