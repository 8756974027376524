"""Memory of the consumer in front of a large backlog of many partitions: it must not grow with it."""

import argparse

from benchmarks import gate
from benchmarks.backlog import fill, running_broker
from benchmarks.events import events
from benchmarks.figures import figure
from benchmarks.findings import Finding
from benchmarks.landing import all_read
from benchmarks.process import start_streamlake

TARGET_MB = 220


def measure(arguments: list[str]) -> list[Finding]:
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
    print(f"CPU seconds per million records {cost.cpu_seconds / records * 1e6:.2f}")
    print(
        f"records a second {records / cost.wall_seconds:.0f}, MB a second {backlog.size / 1e6 / cost.wall_seconds:.0f}"
    )
    peak = figure([cost.peak_rss_bytes / 1e6])
    return [Finding("peak RSS in front of a backlog", peak, TARGET_MB, "MB", at_least=False)]
