"""Land a backlog: StreamLake's consumer process and the naive one, in turns, on the same topic.

StreamLake judges by the contract, compresses, hashes, claims, dead-letters and commits; the naive one does less
(see `naive`). The cost is the CPU time of the process with all its threads, from ready to ended.
"""

import argparse
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from benchmarks import gate
from benchmarks.backlog import Backlog, fill, forget, running_broker
from benchmarks.figures import Figure, figure
from benchmarks.findings import Finding
from benchmarks.process import Cost, start_naive, start_streamlake
from benchmarks.store_cost import (
    CLASS_A_PER_1000,
    CLASS_B_PER_1000,
    PRICES_OF,
    STORED_PER_GB_MONTH,
    StoreCost,
    store_cost,
)
from streamlake import vitals
from streamlake.kafka.names import raw_topic

TARGET = 4.0
EVENT_SIZE = {"flat": "202 B", "nested": "0.9 KB"}


def measure(arguments: list[str]) -> list[Finding]:
    parser = argparse.ArgumentParser(prog="scripts/bench landing", description=__doc__)
    parser.add_argument("--records", type=int, default=600_000)
    parser.add_argument("--event", choices=("flat", "nested"), default="flat")
    parser.add_argument("--bad", default="1%", help="share of bad records, as 1%% or 0.01")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--partitions", type=int, default=3)
    parser.add_argument(
        "--alone", action="store_true", help="without the baseline, to compare two versions of the code"
    )
    options = parser.parse_args(arguments)
    bad = float(options.bad.rstrip("%")) / (100 if options.bad.endswith("%") else 1)
    calls: list[StoreCost] = []
    with running_broker() as (bootstrap, folder):
        backlog = fill(bootstrap, options.event, options.records, options.partitions, bad)
        wrong = sum(len(sent.bad) for sent in backlog.partitions)
        print(
            f"{backlog.records} {options.event} events of {backlog.size // backlog.records} B, {wrong} of them bad,"
            f" {options.partitions} partitions, lz4, one header"
        )
        ours, theirs, flushed = [], [], []
        for _ in range(options.pairs):
            ours.append(_pass(backlog, folder, lambda b, f: land(b, f, calls)))
            if not options.alone:
                theirs.append(_pass(backlog, folder, write_naively))
                flushed.append(_pass(backlog, folder, partial(write_naively, flush_each=True)))
    _table("streamlake", backlog, ours)
    _say_store_cost(calls)
    if not theirs:
        return []
    _table("naive", backlog, theirs)
    _table("naive, with a flush a line", backlog, flushed)
    title = f"landing, {EVENT_SIZE[options.event]}: CPU of the naive consumer"
    return [
        Finding(title, _ratio(theirs, ours), TARGET, "times ours"),
        Finding(f"{title} that flushes each line", _ratio(flushed, ours), TARGET, "times ours"),
    ]


def _ratio(theirs: list[Cost], ours: list[Cost]) -> Figure:
    return figure([b.cpu_seconds / a.cpu_seconds for a, b in zip(ours, theirs, strict=True)])


def _say_store_cost(calls: list[StoreCost]) -> None:
    a, b, gigabytes = (figure([getattr(c, name) for c in calls]) for name in ("class_a", "class_b", "gigabytes"))
    usd, month = figure([c.operations_usd for c in calls]), figure([c.month_usd for c in calls])
    print("store, per million records: calls that a bucket would charge for")
    print(f"  class A (create, list)           {a}")
    print(f"  class B (read, size)             {b}")
    print(f"  stored, GB                       {gigabytes}")
    print(f"  operations, USD                  {usd}; to keep it for a month, USD {month}")
    print(f"  ({PRICES_OF}: {CLASS_A_PER_1000} and {CLASS_B_PER_1000} per 1000, {STORED_PER_GB_MONTH} a GB and month)")


def land(backlog: Backlog, folder: Path, calls: list[StoreCost] | None = None) -> Cost:
    """One run of the consumer over the whole backlog, checked; what it asked of the store goes into `calls`."""
    home = folder / "streamlake"
    with start_streamlake(backlog.dataset, backlog.bootstrap, home) as process:
        process.wait_ready()
        process.wait_for(lambda: all_read(backlog, home), 600)
        cost = process.stop()  # lands what is held
    gate.check_lake(backlog, home / "lake")
    if calls is not None:
        stored = sum(path.stat().st_size for path in (home / "lake").rglob("*") if path.is_file())
        calls.append(store_cost(json.loads((home / "store-calls.json").read_text()), stored, backlog.records))
    return cost


def write_naively(backlog: Backlog, folder: Path, *, flush_each: bool = False) -> Cost:
    """The same of the naive one."""
    path = folder / "naive" / "records.json"
    path.parent.mkdir()
    with start_naive(backlog.dataset, backlog.bootstrap, path, flush_each=flush_each) as process:
        process.wait_ready()
        process.wait_for(all_committed(backlog, "naive"), 600)
        cost = process.stop()
    gate.check_file(backlog, path)
    return cost


def all_read(backlog: Backlog, home: Path) -> bool:
    """Whether the consumer's positions are the ends of the raw topic."""
    documents = vitals.gather(home / "state")
    raw = raw_topic(backlog.dataset)
    positions = {p["partition"]: p["position"] for d in documents for p in d.get("partitions", ()) if p["topic"] == raw}
    return positions == {number: sent.records for number, sent in enumerate(backlog.partitions)}


def all_committed(backlog: Backlog, group: str) -> Callable[[], bool]:
    """Asks whether the group has committed the ends."""
    admin = AdminClient({"bootstrap.servers": backlog.bootstrap})
    wanted = {number: sent.records for number, sent in enumerate(backlog.partitions)}
    where = [TopicPartition(raw_topic(backlog.dataset), number) for number in wanted]

    def committed() -> bool:
        asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group, where)])
        return {p.partition: p.offset for p in asked[group].result(10).topic_partitions} == wanted

    return committed


def _pass(backlog: Backlog, folder: Path, run: Callable[[Backlog, Path], Cost]) -> Cost:
    forget(backlog)
    try:
        return run(backlog, folder)
    finally:
        for name in ("streamlake", "naive"):
            shutil.rmtree(folder / name, ignore_errors=True)


def _table(name: str, backlog: Backlog, costs: list[Cost]) -> None:
    millions = backlog.records / 1e6
    print(f"{name}: checked, {len(costs)} runs, median (lowest to highest)")
    print(f"  CPU seconds per million records  {figure([c.cpu_seconds / millions for c in costs])}")
    print(f"  records a second                 {figure([backlog.records / c.wall_seconds for c in costs])}")
    print(f"  peak RSS, MB                     {figure([c.peak_rss_bytes / 1e6 for c in costs])}")
    print(f"  start-up, CPU seconds            {figure([c.start_cpu_seconds for c in costs])}")
