"""Requests and events a second over HTTP, answered after the broker's ack, against an idiomatic FastAPI service.

Both run on the same server with one worker, in the same minute, and take turns. The gate: as many records in Kafka as
events were acknowledged. CPU is that of the server's processes; the load runs beside them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import Consumer, TopicPartition
from tests.support.broker import BrokerUnderTest, free_port, software_folder, until

from benchmarks.figures import figure
from benchmarks.findings import Finding
from streamlake.kafka import install, java

ROOT = Path(__file__).parents[1]
TARGET = {1: 2.5, 100: 8.0}
"""By events a request: how many times the idiomatic service's events a second."""


def measure(arguments: list[str]) -> list[Finding]:
    parser = argparse.ArgumentParser(prog="scripts/bench ingest", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="of one event each; batches get a fiftieth")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args(arguments)
    install.install(software_folder())
    java.ensure(software_folder())
    with tempfile.TemporaryDirectory(prefix="streamlake-bench-") as folder:
        broker = BrokerUnderTest(Path(folder) / "broker")
        broker.start()
        try:
            broker.create_topic("streamlake.orders.raw", 3)
            broker.create_topic("idiomatic", 3)
            with _streamlake(Path(folder), broker) as ours, _idiomatic(broker) as theirs:
                found = [found for number in (1, 100) for found in _pairs(broker, ours, theirs, options, number)]
            _say_floor(broker, options.requests)
            return found
        finally:
            broker.stop()


def _pairs(broker: BrokerUnderTest, ours: "Server", theirs: "Server", options: Any, events: int) -> list[Finding]:
    """Both servers in turns, with so many events a request."""
    requests = options.requests if events == 1 else max(100, options.requests // 50)
    runs: dict[str, list[dict[str, float]]] = {"streamlake": [], "idiomatic": []}
    for turn in range(options.repeat + 1):
        for name, server in (("streamlake", ours), ("idiomatic", theirs)):
            run = server.load(broker, requests, options.connections, events)
            if turn:  # the first one warms up
                runs[name].append(run)
    for name, measured in runs.items():
        print(f"{name}, {events} event(s) a request: checked, {options.repeat} runs, median (lowest to highest)")
        for key in ("requests_a_second", "events_a_second", "cpu_us_a_request", "p50_ms", "p99_ms"):
            print(f"  {key:18} {figure([run[key] for run in measured])}")
    pairs = list(zip(runs["streamlake"], runs["idiomatic"], strict=True))
    rate = figure([a["events_a_second"] / b["events_a_second"] for a, b in pairs])
    cpu = figure([b["cpu_us_a_request"] / a["cpu_us_a_request"] for a, b in pairs])
    what = f"ingest, {events} event(s) a request"
    print(f"{what}: the idiomatic service takes {cpu} times the CPU")
    found = [Finding(f"{what}: events a second", rate, TARGET[events], "times the idiomatic service's")]
    if events == 1:
        p99 = figure([a["p99_ms"] for a, _ in pairs])
        found.append(Finding(f"{what}: p99 at {options.connections} connections", p99, 20, "ms", at_least=False))
    return found


def _say_floor(broker: BrokerUnderTest, events: int) -> None:
    """What no service that answers for each event can go below."""
    argv = [sys.executable, "-m", "benchmarks.floor", broker.bootstrap, "idiomatic", str(10 * events)]
    said = [json.loads(subprocess.run(argv, cwd=ROOT, check=True, capture_output=True).stdout) for _ in range(3)]
    print("the Kafka client alone, an event with a key, a header and its delivery: median of 3 runs")
    for key in ("cpu_us", "wall_us"):
        print(f"  {key:18} {figure([run[key] for run in said])}")


class Server:
    """A running service."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, one: str, many: str, topic: str) -> None:
        self._process = psutil.Process(process.pid)
        self._port = port
        self._paths = {True: one, False: many}
        self._topic = topic

    def load(self, broker: BrokerUnderTest, requests: int, connections: int, events: int) -> dict[str, float]:
        """One run, with its gate."""
        before, cpu = _records(broker, self._topic), self._cpu()
        argv = [str(self._port), self._paths[events == 1], str(requests), str(connections), str(events)]
        ran = subprocess.run(
            [sys.executable, "-m", "benchmarks.load", *argv], cwd=ROOT, check=True, capture_output=True, text=True
        )
        said: dict[str, float] = json.loads(ran.stdout)
        landed = _records(broker, self._topic) - before
        if landed != requests * events:
            raise SystemExit(f"gate: {requests * events} events were acknowledged, {landed} are in {self._topic}")
        return {
            "requests_a_second": requests / said["wall_seconds"],
            "events_a_second": requests * events / said["wall_seconds"],
            "cpu_us_a_request": 1e6 * (self._cpu() - cpu) / requests,
            "p50_ms": said["p50_ms"],
            "p99_ms": said["p99_ms"],
        }

    def _cpu(self) -> float:
        times = [process.cpu_times() for process in (self._process, *self._process.children(recursive=True))]
        return sum(time_.user + time_.system for time_ in times)


@contextmanager
def _streamlake(folder: Path, broker: BrokerUnderTest) -> Iterator[Server]:
    port = free_port()
    settings = {
        "HOME": str(folder / "home"),
        "API_PORT": str(port),
        "BOOTSTRAP_SERVERS": broker.bootstrap,
        "CONTRACTS_DIR": str(ROOT / "contracts"),
    }
    environment = {f"STREAMLAKE_{name}": value for name, value in settings.items()}
    argv = [sys.executable, "-c", "from streamlake.cli.main import main; main()", "serve", "api"]
    path = "/v1/datasets/orders/events"
    with _running(argv, environment, port) as process:
        yield Server(process, port, path, path, "streamlake.orders.raw")


@contextmanager
def _idiomatic(broker: BrokerUnderTest) -> Iterator[Server]:
    port = free_port()
    environment = {"BOOTSTRAP": broker.bootstrap, "TOPIC": "idiomatic", "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-W", "ignore", "-m", "gunicorn", "-k", "uvicorn.workers.UvicornWorker"]
    argv += ["-b", f"127.0.0.1:{port}", "--log-level", "warning", "--no-control-socket", "benchmarks.idiomatic_api:app"]
    with _running(argv, environment, port) as process:
        yield Server(process, port, "/one", "/many", "idiomatic")


@contextmanager
def _running(argv: list[str], environment: dict[str, str], port: int) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(argv, cwd=ROOT, env={**os.environ, **environment})
    try:
        until(lambda: any(c.laddr.port == port for p in _family(process) for c in p.net_connections("tcp")), 30)
        time.sleep(2)  # the worker is up after its master listens; the first run warms up anyway
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _family(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def _records(broker: BrokerUnderTest, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "bench"})
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10) for partition in range(3)]
    consumer.close()
    return sum(end[1] for end in ends if end)
