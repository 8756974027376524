"""After an outage: a backlog waits, events go on coming at their rate, and the consumer starts.

How fast it reads while it catches up, against the rate of the events; and how far behind the newest event is what has
landed once it has caught up. The load, the broker and the consumer share the machine.
"""

import argparse
import json
import threading
import time
from pathlib import Path

from benchmarks import gate
from benchmarks.backlog import Backlog, Sender, fill, running_broker
from benchmarks.events import events
from benchmarks.figures import figure
from benchmarks.findings import Finding
from benchmarks.landing import all_read
from benchmarks.process import Measured, start_streamlake
from benchmarks.samples import Sample, caught_up, live_lag_seconds, reading_rate
from streamlake import vitals
from streamlake.kafka.names import raw_topic

TARGET = 2.0
LAG_SECONDS = 5.0
"""With parts that close after a second: a second to fill, one to land, and room for a machine that is busy."""


class _Live(threading.Thread):
    """Goes on sending, evenly, until told to end."""

    def __init__(self, backlog: Backlog, rate: int) -> None:
        super().__init__(daemon=True)
        self._sender = Sender(backlog)
        self._rate = rate
        self._ending = threading.Event()
        self._source = events("flat", 10**9, 0.01, seed=11)

    def run(self) -> None:
        began, sent = time.monotonic(), 0
        while not self._ending.wait(0.005):
            due = int((time.monotonic() - began) * self._rate)
            for _ in range(min(due - sent, self._rate // 20)):  # after a pause of its own it makes no burst
                self._sender.send(next(self._source))
            sent = due

    def end(self) -> None:
        self._ending.set()
        self.join()
        self._sender.finish()


def measure(arguments: list[str]) -> list[Finding]:
    parser = argparse.ArgumentParser(prog="scripts/bench catch-up", description=__doc__)
    parser.add_argument("--rate", type=int, default=10_000, help="events a second")
    parser.add_argument("--outage", type=int, default=40, help="seconds of that rate that wait at the start")
    parser.add_argument("--steady", type=int, default=15, help="seconds to watch once it has caught up")
    parser.add_argument("--samples", type=Path, help="keep what was seen, as JSON, for `scripts/bench sizes --lag`")
    options = parser.parse_args(arguments)
    with running_broker() as (bootstrap, folder):
        backlog = fill(bootstrap, "flat", options.rate * options.outage, 3, 0.01)
        home = folder / "streamlake"
        live = _Live(backlog, options.rate)
        with start_streamlake(backlog.dataset, bootstrap, home, part_max_age_seconds="1") as process:
            process.wait_ready()
            live.start()
            samples = _watch(process, backlog, home, options.rate, options.steady)
            live.end()
            process.wait_for(lambda: all_read(backlog, home), 120)
            cost = process.stop()
        gate.check_lake(backlog, home / "lake")
    if options.samples:
        options.samples.write_text(json.dumps([[s.seconds, s.sent, s.read, s.lag_seconds] for s in samples]) + "\n")
    at = caught_up(samples, options.rate)
    rate = reading_rate(samples, at)
    print(
        f"checked: {backlog.records} events, {options.rate * options.outage} of them waiting at the start,"
        f" {options.rate} a second coming in"
    )
    print(f"caught up after {samples[at].seconds:.1f} s, at {rate:.0f} records a second")
    print(f"CPU seconds per million records {cost.cpu_seconds / backlog.records * 1e6:.2f}")
    lag = figure([live_lag_seconds(samples, at)])
    return [
        Finding("catching up, records a second", figure([rate / options.rate]), TARGET, "times the rate of the events"),
        Finding("lag once caught up, the longest", lag, LAG_SECONDS, "s", at_least=False),
    ]


def _watch(process: Measured, backlog: Backlog, home: Path, rate: int, steady: int) -> list[Sample]:
    """What was sent, read and landed, four times a second, until `steady` seconds after it has caught up."""
    samples: list[Sample] = []
    began = time.monotonic()

    def done() -> bool:
        samples.append(_sample(time.monotonic() - began, backlog, home))
        at = caught_up(samples, rate)
        return at < len(samples) and samples[-1].seconds - samples[at].seconds >= steady

    process.wait_for(done, 300, pause_seconds=0.25)
    return samples


def _sample(seconds: float, backlog: Backlog, home: Path) -> Sample:
    raw = raw_topic(backlog.dataset)
    seen = [p for d in vitals.gather(home / "state") for p in d.get("partitions", ()) if p["topic"] == raw]
    read = sum(p["position"] or 0 for p in seen)
    lags = [p["lag_seconds"] for p in seen]
    known = len(lags) == len(backlog.partitions) and None not in lags
    return Sample(seconds, backlog.records, read, max(lags) if known else None)
