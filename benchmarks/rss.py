"""Memory of the consumer in front of a large backlog of many partitions: it must not grow with it."""

import argparse

from benchmarks import gate
from benchmarks.backlog import fill, running_broker
from benchmarks.events import events
from benchmarks.landing import all_read
from benchmarks.process import start_streamlake

TARGET_BYTES = 220e6


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench rss", description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0, help="of payload")
    parser.add_argument("--partitions", type=int, default=12)
    parser.add_argument("--event", choices=("flat", "nested"), default="nested")
    parser.add_argument("--bad", type=float, default=0.01, help="share of bad records")
    options = parser.parse_args(arguments)
    sample = [len(event.value) for event in events(options.event, 1000, 0.0)]
    records = int(options.gigabytes * 1e9 * len(sample) / sum(sample))
    with running_broker() as (bootstrap, folder):
        backlog = fill(bootstrap, options.event, records, options.partitions, options.bad)
        home = folder / "streamlake"
        with start_streamlake(backlog.dataset, bootstrap, home) as process:
            process.wait_ready()
            process.wait_for(lambda: all_read(backlog, home), 1800)
            cost = process.stop()
        gate.check_lake(backlog, home / "lake")
    print(f"checked: {backlog.size / 1e9:.2f} GB in {records} {options.event} events, {options.partitions} partitions")
    print(f"peak RSS {cost.peak_rss_bytes / 1e6:.0f} MB; the target is below {TARGET_BYTES / 1e6:.0f}")
    print(f"CPU seconds per million records {cost.cpu_seconds / records * 1e6:.2f}")
    print(
        f"records a second {records / cost.wall_seconds:.0f}, MB a second {backlog.size / 1e6 / cost.wall_seconds:.0f}"
    )
    return 0 if cost.peak_rss_bytes < TARGET_BYTES else 1
