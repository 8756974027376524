"""Quix Streams, a library for streams in Python: see `quix_sink`, which is the program."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.backlog import Backlog
from benchmarks.gate import check_values
from benchmarks.landing import all_committed
from benchmarks.process import Cost, Measured
from streamlake.kafka.names import raw_topic


class _Line(msgspec.Struct):
    value: msgspec.Raw = msgspec.field(name="_value")


def write(python: Path, backlog: Backlog, folder: Path) -> Cost:
    """One run over the whole backlog, checked."""
    out = folder / "quix"
    out.mkdir()
    argv = [str(python), str(Path(__file__).with_name("quix_sink.py")), backlog.bootstrap]
    with Measured([*argv, raw_topic(backlog.dataset), str(out)], {}, folder / "quix.log") as process:
        process.wait_ready()
        process.wait_for(all_committed(backlog, "quix"), 900)
        cost = process.stop()
    check_values(backlog, _values(out / "lines"))
    return cost


def _values(folder: Path) -> Iterator[bytes]:
    decode = msgspec.json.Decoder(_Line).decode
    for path in folder.rglob("*.jsonl.gz"):
        with gzip.open(path) as file:
            for line in file:
                yield bytes(decode(line).value)
