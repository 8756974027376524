"""One run from its seed to its verdict: load, faults, healing, waiting, stopping, judging."""

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaException

from tests.oracle.verify import Proof
from tests.torture import verdict
from tests.torture.contracts import DATASET
from tests.torture.faults import Done, Inflictor
from tests.torture.journal import Writer, receipts
from tests.torture.load_kafka import Direct, make_producer
from tests.torture.platform import DLQ, RAW, Options, Platform
from tests.torture.proving import NotProven, insist
from tests.torture.schedule import KINDS, plan, possible
from tests.torture.units import waited
from tests.torture.watch import BOUNDS_MIB, Watch

CATCH_UP_SECONDS = 300.0


@dataclass
class Result:
    """What a run was, and every invariant that did not hold."""

    options: Options
    abilities: frozenset[str]
    done: list[Done]
    found: verdict.Found = field(default_factory=verdict.Found)
    proof: Proof | None = None
    audit: dict[str, Any] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)
    deleted: int = 0
    caught_up_seconds: float = 0.0
    took_seconds: float = 0.0
    violations: list[str] = field(default_factory=list)

    @property
    def not_proven(self) -> list[Done]:
        """Faults that were scheduled, and that nothing shows to have happened."""
        return [done for done in self.done if not done.proof]

    @property
    def impossible(self) -> list[str]:
        """Kinds that this machine, or this lake, cannot have."""
        here = {kind.name for kind in possible(self.abilities)}
        return [kind.name for kind in KINDS if kind.name not in here]

    @property
    def ok(self) -> bool:
        """Nothing lost, nothing twice, every fault proven, of something."""
        return not self.violations and not self.not_proven and bool(self.done) and self.found.acknowledged > 0


def run(options: Options, say: Callable[[str], None]) -> Result:
    """See the module. Leaves no process behind; what was written stays in the home."""
    began = time.monotonic()
    platform = Platform(options)
    result = Result(options, platform.abilities, [])
    try:
        platform.start()
        watch = Watch(platform)
        say(f"{time.monotonic() - began:.0f} s to start; in {platform.home}")
        planned = plan(options.seed, options.minutes, platform.abilities, every_seconds=options.every_seconds)
        inflictor = Inflictor(platform, planned, say)
        result.done = inflictor.done
        inflictor.run()
        _settle(platform, watch, result, say)
        _judge(platform, watch, result, say)
    finally:
        platform.close()
    result.took_seconds = time.monotonic() - began
    return result


def _settle(platform: Platform, watch: Watch, result: Result, say: Callable[[str], None]) -> None:
    """No more load; then everything must catch up without help (I11), and stop cleanly."""
    began = time.monotonic()
    try:
        # While the load still flows: every producer gets receipts again.
        before = receipts(platform.home / "journals")
        waited(lambda: _all_served(platform, before), CATCH_UP_SECONDS, "receipts for every producer again")
    except TimeoutError as error:
        result.violations.append(f"I11: {error}")
    say(f"every producer is served again after {time.monotonic() - began:.1f} s")
    code = platform.load.stop()
    if code != 0:
        result.violations.append(f"the load ended with {code}; see {platform.load.log.name}")
    try:
        last = _close_partitions(platform)
        waited(lambda: _landed(platform, watch, last), CATCH_UP_SECONDS, "everything landed")
    except (TimeoutError, NotProven) as error:
        heads = watch.look.heads
        result.violations.append(f"I11: {error}: landed to {heads.of(RAW)} {heads.of(DLQ)} of {_bounds(platform)}")
    result.caught_up_seconds = time.monotonic() - began
    say(f"caught up within {result.caught_up_seconds:.1f} s")
    for unit in (platform.api, *platform.consumers):
        code = unit.stop()
        if code not in (0, None):
            result.violations.append(f"I11: {unit.name} did not stop cleanly but with {code}")
    watch.close()


def _all_served(platform: Platform, before: dict[str, int]) -> bool:
    now = receipts(platform.home / "journals")
    return all(count > before[name] for name, count in now.items())


def _close_partitions(platform: Platform) -> dict[int, int]:
    """One more record into each partition, so that no marker is the last: where each partition must come to."""
    journal = Writer(platform.home / "journals" / "last.journal")
    dice = random.Random(f"last {platform.options.seed}")
    direct = Direct("last", platform.broker.bootstrap, RAW, lambda: True, journal, dice, 1)
    producer = make_producer(platform.broker.bootstrap)
    for partition in range(platform.partitions):
        direct.one(producer, partition)
    if producer.flush(60):
        raise TimeoutError("Kafka did not take the last records")
    return {partition: end for partition, (_, end) in insist(lambda: platform.bounds(RAW)).items()}


def _landed(platform: Platform, watch: Watch, last: dict[int, int]) -> bool:
    reached = watch.look.heads.of(RAW)
    if any(reached.get(partition, 0) < end for partition, end in last.items()):
        return False
    letters = watch.look.heads.of(DLQ)
    try:
        return all(letters.get(partition, 0) >= end for partition, (_, end) in platform.bounds(DLQ).items())
    except KafkaException:
        return False


def _bounds(platform: Platform) -> object:
    try:
        return platform.bounds(RAW), platform.bounds(DLQ)
    except KafkaException as error:
        return error


def _judge(platform: Platform, watch: Watch, result: Result, say: Callable[[str], None]) -> None:
    failed = any(done.planned.kind.startswith("broker_") for done in result.done)
    result.found = verdict.against_journals(platform.root, platform.home / "journals", broker_failed=failed)
    result.proof = verdict.against_kafka(platform.root, platform.broker.bootstrap)
    result.audit = platform.command("audit", DATASET, "--deep", seconds=900)
    result.violations += watch.violations
    result.violations += result.found.violations
    result.violations += ["{invariant}: {where}: {what}".format(**v) for v in result.proof.violations]
    result.violations += verdict.disagreements(result.proof, result.audit)
    if result.proof.waiting:
        result.violations.append(f"I11: {result.proof.waiting} records still wait")
    result.peaks, result.seen, result.deleted = watch.peaks, dict(watch.seen), platform.deleted
    for name, peak in watch.peaks.items():
        bound = BOUNDS_MIB[name.partition(".")[0]]
        if peak > bound:
            result.violations.append(f"I12: {name} took {peak:.0f} MiB, and may take {bound}")
    for unit in (platform.api, *platform.consumers, platform.store):
        result.restarts[unit.name] = max(0, unit.starts - 1)
        if unit.gave_up:
            result.violations.append(f"I11: {unit.gave_up}")
        if unit.wrong_exits():
            result.violations.append(f"{unit.name} ended with {unit.wrong_exits()}; see its log")
    say(f"judged: {result.found.events} events, {len(result.violations)} violations")


def say_to_stderr(line: str) -> None:
    """At once, for a run is long."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
