"""What a record costs by its size: StreamLake, and kcat where it is installed, on topics of one size each.

Draws the picture of it, and with `--lag` that of a run of catch-up, below docs/.
"""

import argparse
import json
import shutil
from pathlib import Path

from benchmarks.backlog import fill, forget, running_broker
from benchmarks.chart import Axis, Line, chart
from benchmarks.figures import Figure, figure
from benchmarks.findings import Finding
from benchmarks.landing import land
from benchmarks.peers import kcat

DOCS = Path(__file__).parents[1] / "docs"
SIZES = (170, 300, 600, 1200, 2500, 5000, 10_000)
BATCH_BYTES = 120_000_000
MOST_RECORDS = 300_000


def measure(arguments: list[str]) -> list[Finding]:
    parser = argparse.ArgumentParser(prog="scripts/bench sizes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of records")
    parser.add_argument("--into", type=Path, default=DOCS, help="where the pictures go")
    parser.add_argument("--lag", type=Path, help="draw this file of `scripts/bench catch-up --samples` instead")
    options = parser.parse_args(arguments)
    if options.lag:
        (options.into / "lag-while-catching-up.svg").write_text(lag_chart(json.loads(options.lag.read_text())))
        return []
    program = shutil.which("kcat")
    ours: dict[int, Figure] = {}
    theirs: dict[int, Figure] = {}
    for size in SIZES:
        records = int(min(MOST_RECORDS, BATCH_BYTES // size) * options.share)
        with running_broker() as (bootstrap, folder):
            backlog = fill(bootstrap, "flat", records, 3, 0.0, event_bytes=size)
            costs, floor = [], []
            for _ in range(options.rounds):
                forget(backlog)
                costs.append(land(backlog, folder).cpu_seconds / records * 1e6)
                shutil.rmtree(folder / "streamlake")
                if program:
                    floor.append(kcat.write(program, backlog, folder, kcat.PAYLOAD).cpu_seconds / records * 1e6)
        ours[size] = figure(costs)
        print(f"{size:6} B, {records} records: {ours[size]} µs a record", flush=True)
        if floor:
            theirs[size] = figure(floor)
            print(f"{'':10}kcat, payload lines: {theirs[size]} µs a record", flush=True)
    (options.into / "cost-by-size.svg").write_text(cost_chart(ours, theirs))
    return []


def cost_chart(ours: dict[int, Figure], kcats: dict[int, Figure]) -> str:
    lines = [_line("StreamLake: validated, gzip, exactly once", ours)]
    if kcats:
        lines.append(_line("kcat: payload lines, nothing else", kcats))
    return chart(
        "What a record costs, by its size",
        "CPU of the process, microseconds a record; the shade is from the lowest to the highest run",
        lines,
        Axis("bytes of an event", logarithmic=True),
        Axis("µs of CPU a record", logarithmic=True),
    )


def _line(name: str, found: dict[int, Figure]) -> Line:
    return Line(name, [(n, f.median) for n, f in found.items()], [(f.low, f.high) for f in found.values()])


def lag_chart(samples: list[list[float | None]]) -> str:
    """`samples` are seconds, sent, read, and how old the oldest is that has not landed."""
    waiting = [(float(s[0] or 0), float((s[1] or 0) - (s[2] or 0)) / 1000) for s in samples]
    rate = ((samples[-1][1] or 0) - (samples[0][1] or 0)) / ((samples[-1][0] or 0) - (samples[0][0] or 0))
    return chart(
        "Catching up after an outage",
        f"events go on coming, {rate:,.0f} a second; the consumer starts at 0",
        [Line("thousand records that wait to be read", waiting)],
        Axis("seconds"),
        Axis("thousand records"),
    )
