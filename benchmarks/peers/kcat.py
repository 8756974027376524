"""kcat: a consumer in C, the floor of what a record can cost. It validates nothing and keeps no place."""

from pathlib import Path

from benchmarks.backlog import Backlog
from benchmarks.gate import check_bag, check_file
from benchmarks.process import Cost, Measured
from streamlake.kafka.names import raw_topic

PAYLOAD = "%s\n"
ENVELOPE = (
    '{"topic":"%t","kafka_partition":%p,"kafka_offset":%o,"timestamp_ms":%T,"key":"%k","headers":"","payload":%s}\n'
)
"""Without the header, which kcat cannot quote."""


def write(program: str, backlog: Backlog, folder: Path, layout: str) -> Cost:
    """One run over the whole backlog, checked. Its start is in it: a few milliseconds."""
    out = folder / "kcat.out"
    argv = [program, "-C", "-q", "-e", "-b", backlog.bootstrap, "-t", raw_topic(backlog.dataset), "-o", "beginning"]
    with Measured([*argv, "-f", layout], {}, out) as process:
        cost = process.wait_end()
    if layout == PAYLOAD:
        with out.open("rb") as lines:
            check_bag(backlog.all, lines)
    else:
        check_file(backlog, out, normalised=False)
    return cost
