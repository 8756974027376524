"""Looks on meanwhile: is what is committed durable (I5), what is visible whole (I6), memory bounded (I12)?"""

import hashlib
import re
import threading
import time
from collections import Counter
from pathlib import Path

import psutil
from confluent_kafka import Consumer, KafkaException, TopicPartition

from tests.oracle.parts import BROKEN, unpacked
from tests.torture.contracts import DATASET
from tests.torture.lake_look import Look
from tests.torture.platform import DLQ, GROUP, RAW, Platform

BOUNDS_MIB = {"api": 300, "consumer": 448}
"""Of one process. The consumers' is MemoryHigh of their unit."""
VISIBLE = re.compile(r"part-[a-z2-7]{26}-[0-9]+-[0-9]{5}-[0-9]{20}\.(json(\.gz|\.zst)?|parquet)|_metadata\.json")
EVERY_SECONDS = 1.0


def observer(bootstrap: str) -> Consumer:
    """Asks what the group has committed, and never joins it. An admin client may crash as it asks (see the manual)."""
    return Consumer({"bootstrap.servers": bootstrap, "group.id": GROUP, "enable.auto.commit": False, "log_level": 0})


class Watch:
    """A thread that looks until it is closed."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.look = Look(platform.root)
        self.violations: list[str] = []
        self.peaks: dict[str, float] = {}
        self.seen: Counter[str] = Counter()
        self._over = threading.Event()
        self._observer = observer(platform.broker.bootstrap)
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look once more, and end."""
        self._over.set()
        self._thread.join(60)

    def wrong(self, invariant: str, what: str) -> None:
        """Note what does not hold."""
        self.violations.append(f"{invariant}: {what}")

    def _run(self) -> None:
        while True:
            began = time.monotonic()
            last = self._over.is_set()
            self._memory()
            # The offsets first: what they say must be durable by then.
            committed = self._committed()
            heads = self.look.again()
            for (topic, partition), offset in committed.items():
                self.seen["offsets"] += 1
                tampered = self._platform.tampered.get(partition, 0) if topic == RAW else 0
                if offset > max(heads.next[topic, partition], tampered):
                    self.wrong(
                        "I5", f"{topic}/{partition} is committed at {offset}, landed to {heads.next[topic, partition]}"
                    )
            self._visible()
            if last:
                return
            self._over.wait(max(0.0, EVERY_SECONDS - (time.monotonic() - began)))

    def _committed(self) -> dict[tuple[str, int], int]:
        asked = [TopicPartition(RAW, partition) for partition in range(self._platform.partitions)]
        try:
            found = self._observer.committed([*asked, TopicPartition(DLQ, 0)], timeout=3)
        except KafkaException:
            return {}
        return {(p.topic, p.partition): p.offset for p in found if p.offset >= 0 and p.error is None}

    def _visible(self) -> None:
        """Each part, as soon as a reader can see it, is whole and is what its claim says."""
        parts, self.look.heads.parts = self.look.heads.parts, []
        for path, records, sha256 in parts:
            self.seen["parts"] += 1
            try:
                lines = unpacked(path.name, path.read_bytes())
            except BROKEN as error:
                self.wrong("I6", f"{path.name} cannot be read: {error!r}")
                continue
            if (lines.count(b"\n"), hashlib.sha256(lines).hexdigest()) != (records, sha256):
                self.wrong("I6", f"{path.name} is not what its claim says")
        for path in _fresh(self._platform.root):
            if not VISIBLE.fullmatch(path.name):
                self.wrong("I6", f"readers see {path.name}")

    def _memory(self) -> None:
        for unit in (self._platform.api, *self._platform.consumers):
            for process in unit.members():
                try:
                    mebibytes = process.memory_info().rss / 2**20
                except psutil.Error:
                    continue
                self.peaks[unit.name] = max(self.peaks.get(unit.name, 0.0), mebibytes)


def _fresh(root: Path) -> list[Path]:
    """What a wildcard over the zones shows."""
    return [
        path for zone in ("raw", "dead_letters") for path in root.glob(f"{zone}/dataset={DATASET}/ingestion_date=*/*")
    ]
