"""The whole platform as processes of this machine, with a wire that can be hurt between each two of them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # half typed

from streamlake.errors import StreamlakeError
from tests.support.broker import BrokerUnderTest, free_port
from tests.torture import bucket, contracts
from tests.torture.clock import Clock, compile_shim
from tests.torture.contracts import DATASET
from tests.torture.links import Link, Wires
from tests.torture.mounts import Disk
from tests.torture.schedule import CONSUMERS, EVERY_SECONDS
from tests.torture.store_link import StoreLink
from tests.torture.units import Keeper, Supervisor, Unit, waited

ROOT = Path(__file__).parents[2]
STREAMLAKE = Path(sys.executable).with_name("streamlake")
SESSION_SECONDS = 5
RAW, DLQ = f"streamlake.{DATASET}.raw", f"streamlake.{DATASET}.dlq"
GROUP = f"streamlake-consumer-{DATASET}"


@dataclass(frozen=True)
class Options:
    """What a run is. `consumer` is the program of the consumers; tests put a broken one there."""

    seed: int
    minutes: float
    home: Path
    lake: str
    rate: float = 150.0
    every_seconds: float = EVERY_SECONDS
    posters: int = 3
    mounts: bool = False
    consumer: tuple[str, ...] = (str(STREAMLAKE), "consume")


class Platform:
    """See the module. `start` it, hurt it, `close` it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.home = options.home
        for name in ("journals", "logs", "state", "contracts", "clocks"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        self.contracts = self.home / "contracts"
        self.version = 1
        self.partitions = contracts.PARTITIONS
        self.key_id = ""
        self.tampered: dict[int, int] = {}
        """By partition of the raw topic, the highest offset that somebody set by hand."""
        self.deleted = 0
        contracts.write(self.contracts, self.version)
        self.wires = Wires()
        self.keeper = Keeper()
        self.broker = _broker(self.home)
        self.shim = compile_shim(self.home)
        self.disks: dict[str, Disk] = {}
        self.stores: list[StoreLink] = []
        self._lay()
        abilities = {"bucket"} if options.lake == "bucket" else set()
        abilities |= {"clock"} if self.shim else set()
        if options.mounts:
            abilities |= {"mount", "lake mount"} if options.lake == "local" else {"mount"}
        self.abilities = frozenset(abilities)

    def _lay(self) -> None:
        """Disks, wires, clocks and units."""
        if self.options.mounts:
            self.disks["state"] = Disk(self.home / "state", "512k")
        if self.options.lake == "bucket":
            self.root = self.home / "bucket" / "lake"
            self.bucket_port = free_port()
            for number in range(CONSUMERS + 1):
                self.stores.append(StoreLink(free_port(), self.bucket_port, self.options.seed + number))
        else:
            self.root = self.home / "lake"
            if self.options.mounts:
                self.disks["lake"] = Disk(self.root, f"{256 + round(self.options.minutes * 24)}m")
        self.root.mkdir(parents=True, exist_ok=True)
        self.links = [Link(self.wires, advertised, inner) for advertised, inner in self.broker.doors]
        names = ["api", *(f"consumer.{n}" for n in range(CONSUMERS))]
        self.clocks = {name: Clock(self.home / "clocks" / name, self.shim) for name in names}
        self.api_port = free_port()
        self.secret = self.home / "secret"
        self.api = self._unit("api", [str(STREAMLAKE), "serve", "api"], CONSUMERS)
        self.consumers = [
            self._unit(f"consumer.{n}", [*self.options.consumer, f"{DATASET}.{n + 1}" if n else DATASET], n)
            for n in range(CONSUMERS)
        ]
        arguments = [str(self.home / "bucket"), str(getattr(self, "bucket_port", 0))]
        self.store = self._unit("store", [sys.executable, "-m", "tests.torture.bucket", *arguments], None)
        config = self.home / "load.json"
        self.load = self._unit("load", [sys.executable, "-m", "tests.torture.load", str(config)], None)
        self.load.stop_seconds = 120

    def _unit(self, name: str, argv: list[str], door: int | None) -> Unit:
        environment = self.environment(door)
        if door is not None:
            environment |= self.clocks[name].environment
        return Unit(name, argv, environment, ROOT, self.home / "logs" / f"{name}.log")

    def environment(self, door: int | None = None) -> dict[str, str]:
        """The settings of a process that goes through this door to Kafka, or straight there; so with the store."""
        bucket_url = f"gs://{bucket.NAME}/lake"
        settings: Mapping[str, object] = {
            "home": self.home,
            "api_port": self.api_port,
            "api_workers": 2,
            "api_keys_file": self.home / "keys.json",
            "bootstrap_servers": self.broker.bootstrap if door is None else f"127.0.0.1:{self.broker.doors[door][0]}",
            "lake_url": bucket_url if self.options.lake == "bucket" else f"file://{self.root}",
            "contracts_dir": self.contracts,
            "state_dir": self.home / "state",
            "part_max_age_seconds": 1.5,
            "session_timeout_seconds": SESSION_SECONDS,
            "max_poll_interval_seconds": 20,
            "seal_grace_seconds": 20,
        }
        plain = {n: v for n, v in os.environ.items() if not n.startswith("STREAMLAKE_")}
        plain |= {f"STREAMLAKE_{name.upper()}": str(value) for name, value in settings.items()}
        if self.options.lake == "bucket":
            straight = f"http://127.0.0.1:{self.bucket_port}"
            plain["STORAGE_EMULATOR_HOST"] = straight if door is None else self.stores[door].url
        return plain

    def start(self) -> None:
        """Everything, until the load flows."""
        self.start_broker()
        self.supervisor = Supervisor([self.store, self.api, *self.consumers, self.load])
        if self.options.lake == "bucket":
            self.store.start()
        self.command("topics", "apply")
        self.key_id = self.new_key()
        for unit in (self.api, *self.consumers):
            unit.start()
        config = {
            "journals": str(self.home / "journals"),
            "secret": str(self.secret),
            "seed": self.options.seed,
            "rate": self.options.rate,
            "posters": self.options.posters,
            "port": self.api_port,
            "dataset": DATASET,
            "bootstrap": self.broker.bootstrap,
            "topic": RAW,
        }
        (self.home / "load.json").write_text(json.dumps(config))
        self.load.start()
        landed = f"raw/dataset={DATASET}/ingestion_date=*/part-*"
        waited(lambda: any(self.root.glob(landed)), 300, "a first part in the lake")

    def start_broker(self) -> None:
        """Start Kafka, as long as that takes: on a busy machine more than a minute, and a supervisor tries again."""
        deadline = time.monotonic() + 300
        while True:
            try:
                self.keeper.do(lambda: self.broker.start(seconds=120))
            except StreamlakeError:
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def command(self, *words: str, seconds: float = 120) -> Any:
        """What `streamlake … --json` answers, on wires that nothing happens to."""
        done = subprocess.run(
            [STREAMLAKE, *words, "--json"],
            env=self.environment(),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        if not done.stdout:
            raise RuntimeError(f"streamlake {' '.join(words)} ended with {done.returncode}: {done.stderr[-1500:]}")
        return json.loads(done.stdout) | {"exit_code": done.returncode}

    def new_key(self) -> str:
        """Another key for the producers; its id."""
        made = self.command("keys", "new", "torture", "--datasets", "all")
        partial = self.home / ".secret"
        partial.write_text(made["secret"])
        partial.replace(self.secret)
        return str(made["key"]["id"])

    def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """Log start and end of each partition, as Kafka says. KafkaException while it is away."""
        admin = self.broker.admin()
        partitions = sorted(admin.list_topics(topic, timeout=5).topics[topic].partitions)
        earliest, latest = OffsetSpec.earliest(), OffsetSpec.latest()  # type: ignore[no-untyped-call]  # half typed
        first = admin.list_offsets({TopicPartition(topic, p): earliest for p in partitions}, request_timeout=10)
        last = admin.list_offsets({TopicPartition(topic, p): latest for p in partitions}, request_timeout=10)
        starts = {where.partition: future.result(20).offset for where, future in first.items()}
        return {where.partition: (starts[where.partition], f.result(20).offset) for where, f in last.items()}

    def close(self) -> None:
        """Leave no process behind, and no disk."""
        if hasattr(self, "supervisor"):
            self.supervisor.close()
        for unit in (self.load, self.api, *self.consumers, self.store):
            unit.wanted = False
            if unit.pid is not None:
                unit.kill()
        self.broker.kill()
        self.keeper.close()
        for link in self.stores:
            link.shutdown()
            link.server_close()
        self.wires.close()
        for disk in self.disks.values():
            disk.close()


class Broker(BrokerUnderTest):
    """One with a door for each consumer and for the API: a listener that advertises the wire in front of it."""

    doors: list[tuple[int, int]]

    def admin(self) -> AdminClient:
        """One that says nothing of the faults that it meets."""
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0, "reconnect.backoff.max.ms": 500})


def _broker(home: Path) -> Broker:
    doors = [(free_port(), free_port()) for _ in range(CONSUMERS + 1)]
    main, controller = free_port(), free_port()
    inner = "".join(f",DOOR{n}://127.0.0.1:{port}" for n, (_, port) in enumerate(doors))
    outer = "".join(f",DOOR{n}://127.0.0.1:{port}" for n, (port, _) in enumerate(doors))
    plain = "".join(f",DOOR{n}:PLAINTEXT" for n in range(len(doors)))
    extra = {
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": f"PLAINTEXT://127.0.0.1:{main},CONTROLLER://127.0.0.1:{controller}{inner}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{main}{outer}",
        "listener.security.protocol.map": f"PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{plain}",
        # A broker that was killed leaves half an index: small segments are checked quickly.
        "log.segment.bytes": str(16 << 20),
    }
    broker = Broker(home, extra=extra, port=main)
    broker.doors = doors
    return broker
