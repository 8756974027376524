"""`scripts/bench <what> [options]`: each benchmark is a module whose `measure(options)` answers findings.

`all` runs those that have a target, one after the other, and prints one table. `--json FILE` keeps the findings.
"""

import importlib
import json
import os
import platform
import sys
from pathlib import Path

from benchmarks.findings import Finding, table

BENCHMARKS = {
    "landing": ("landing", "CPU, time and memory to land a backlog, against the naive consumer"),
    "rss": ("rss", "memory of the consumer in front of a large backlog"),
    "latency": ("latency", "from an event to its line in the raw zone, at a moderate rate"),
    "catch-up": ("catch_up", "a backlog after an outage, while events go on coming"),
    "ingest": ("ingest", "requests and events a second over HTTP, against an idiomatic service"),
    "peers": ("peers.side_by_side", "kcat, Kafka Connect and Quix Streams at the same work"),
    "sizes": ("sizes", "what a record costs, by its size; draws docs/cost-by-size.svg"),
}
ALL: dict[str, list[str]] = {
    "landing": ["--records", "400000", "--pairs", "5"],
    "rss": ["--gigabytes", "1"],
    "latency": ["--seconds", "30"],
    "catch-up": [],
    "ingest": ["--requests", "10000"],
    "peers": [],
}
"""What `all` runs: some fifteen minutes on a machine with two cores to itself."""


def machine() -> str:
    """What the figures are of: a ratio of two programs differs from one kind of core to another, too."""
    about = [line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines()]
    said = {name.strip(): value.strip() for name, _, value in about}
    kind = f"{said.get('model name', platform.machine())}, family {said.get('cpu family')}, model {said.get('model')}"
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {kind}; Python {platform.python_version()}; load before {load:.1f}"


def measure(what: str, arguments: list[str]) -> list[Finding]:
    found: list[Finding] = importlib.import_module(f"benchmarks.{BENCHMARKS[what][0]}").measure(arguments)
    return found


def run(arguments: list[str]) -> int:
    asks = set(arguments) & {"-h", "--help"}
    if not arguments or arguments[0] not in {*BENCHMARKS, "all"} or (arguments[0] == "all" and asks):
        print("usage: scripts/bench <what> [options] [--json FILE]; --help behind one says its options\n")
        print("\n".join(f"  {name:9} {about}" for name, (_, about) in BENCHMARKS.items()))
        print("  all       everything that has a target, and one table of them")
        return 0 if asks or not arguments else 2
    what, rest = arguments[0], arguments[1:]
    keep = None
    if "--json" in rest[:-1]:
        at = rest.index("--json")
        keep = Path(rest[at + 1])
        del rest[at : at + 2]
    found = []
    print(machine(), flush=True)
    for name, options in ALL.items() if what == "all" else [(what, rest)]:
        if what == "all":
            print(f"\n=== scripts/bench {' '.join([name, *options])}", flush=True)
        found += measure(name, options)
    if found:
        print("\n" + table(found))
    if keep is not None:
        keep.write_text(json.dumps([finding.document() for finding in found], indent=1) + "\n")
    return 0 if all(finding.verdict == "holds" for finding in found) else 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
