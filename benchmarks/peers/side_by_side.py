"""kcat, Kafka Connect, Quix Streams, the naive consumer and StreamLake at the same work, in turns, in the same minutes.

Cost is the CPU time of the tool's process with all its threads. A start is not in it, but for kcat, whose start is
nothing. kcat's runs take a second and are of two kinds, one of which waits less and costs nearly twice as much: three
make a round of it. Kafka Connect is measured warm (see `connect`). What is slow gets a shorter topic: cost is told by
the million.
"""

import argparse
import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.backlog import Backlog, fill, forget, running_broker
from benchmarks.figures import Figure, figure
from benchmarks.findings import Finding
from benchmarks.landing import land, write_naively
from benchmarks.peers import connect, install, kcat, quix
from benchmarks.process import Cost

OURS = "StreamLake: envelope, validated, gzip, exactly once"
NAIVE = "naive Python: envelope, validated with pydantic"
KCAT_PAYLOAD = "kcat: payload lines"
KCAT_ENVELOPE = "kcat: envelope without the header"
CONNECT = "Kafka Connect FileStreamSink, warm: payload lines"
QUIX = "Quix Streams: payload lines, JSON schema, gzip"
QUIX_TARGET = 8.0
CONNECT_TARGET = {"flat": 1.8, "nested": 1.1}
SIZE = {"flat": "202 B", "nested": "0.9 KB"}


@dataclass(slots=True)
class Tool:
    """One contender: what it lands in a run, and what its runs cost. Of `times` runs a round the middle one counts."""

    name: str
    backlog: Backlog
    run: Callable[[], Cost]
    times: int = 1
    costs: list[Cost] = field(default_factory=list)

    def per_million(self) -> list[float]:
        return [cost.cpu_seconds / self.backlog.records * 1e6 for cost in self.costs]


def measure(arguments: list[str]) -> list[Finding]:
    parser = argparse.ArgumentParser(prog="scripts/bench peers", description=__doc__)
    parser.add_argument("--records", type=int, default=400_000, help="for those that are quick; half of it if nested")
    parser.add_argument("--few", type=int, default=80_000, help="for Quix Streams and the naive consumer")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--event", choices=("flat", "nested", "both"), default="both")
    parser.add_argument("--bad", type=float, default=0.0, help="share of bad records, which only some keep out")
    options = parser.parse_args(arguments)
    found = []
    for kind in ("flat", "nested") if options.event == "both" else (options.event,):
        records = options.records if kind == "flat" else options.records // 2
        found += _measure(kind, records, options.few, options.rounds, options.bad)
    return found


def _measure(kind: str, records: int, few: int, rounds: int, bad: float) -> list[Finding]:
    with (
        _filled(kind, records, bad) as (many, folder),
        _filled(kind, few, bad) as (some, _),
        _tools(kind, many, some, folder) as tools,
    ):
        for _ in range(rounds):
            for tool in tools:
                ran = sorted((_run(tool, folder) for _ in range(tool.times)), key=lambda cost: cost.cpu_seconds)
                tool.costs.append(ran[len(ran) // 2])
    print(
        f"\n{kind}, {SIZE[kind]}: {records} records, {few} for the slow ones, {rounds} rounds, {bad:.1%} bad; checked"
    )
    print(table(tools))
    return _findings(kind, {tool.name: tool for tool in tools})


def _run(tool: Tool, folder: Path) -> Cost:
    forget(tool.backlog)
    try:
        return tool.run()
    finally:
        for name in ("streamlake", "naive", "quix", "kcat.out"):
            _remove(folder / name)


@contextlib.contextmanager
def _filled(kind: str, records: int, bad: float) -> Iterator[tuple[Backlog, Path]]:
    with running_broker() as (bootstrap, folder):
        yield fill(bootstrap, kind, records, 3, bad), folder


@contextlib.contextmanager
def _tools(kind: str, many: Backlog, some: Backlog, folder: Path) -> Iterator[list[Tool]]:
    """Those that can be had here; of the others it is said why not."""
    with contextlib.ExitStack() as stack:
        tools = [Tool(OURS, many, lambda: land(many, folder))]
        with _or_without():
            program = install.kcat()
            tools.append(Tool(KCAT_PAYLOAD, many, lambda: kcat.write(program, many, folder, kcat.PAYLOAD), 3))
            if not any(sent.bad for sent in many.partitions):
                tools.append(Tool(KCAT_ENVELOPE, many, lambda: kcat.write(program, many, folder, kcat.ENVELOPE), 3))
        with _or_without():
            java, libs = install.connect()
            worker = stack.enter_context(connect.running(java, libs, many, folder))
            tools.append(Tool(CONNECT, many, lambda: worker.write(many)))
        if kind == "flat":
            with _or_without():
                python = install.quix()
                tools.append(Tool(QUIX, some, lambda: quix.write(python, some, folder)))
        tools.append(Tool(NAIVE, some, lambda: write_naively(some, folder)))
        yield tools


@contextlib.contextmanager
def _or_without() -> Iterator[None]:
    try:
        yield
    except install.NotHere as error:
        print(f"left out: {error}")


def table(tools: list[Tool]) -> str:
    """One line a tool: figures, and how many times our cost, round by round."""
    ours = tools[0].per_million()
    lines = [f"{'':54}{'CPU s per million':38}{'wall s per million':38}{'peak RSS, MB':14}CPU, times ours"]
    for tool in tools:
        millions = tool.backlog.records / 1e6
        wall = figure([cost.wall_seconds / millions for cost in tool.costs])
        rss = max(cost.peak_rss_bytes for cost in tool.costs) / 1e6
        times = figure([theirs / own for theirs, own in zip(tool.per_million(), ours, strict=True)])
        lines.append(f"{tool.name:54}{figure(tool.per_million())!s:38}{wall!s:38}{rss:<14.0f}{times}")
    return "\n".join(lines)


def _findings(kind: str, tools: dict[str, Tool]) -> list[Finding]:
    found = []
    if QUIX in tools:
        found.append(
            Finding(f"CPU of Quix Streams, {SIZE[kind]}", _ratio(tools, QUIX, OURS), QUIX_TARGET, "times ours")
        )
    if CONNECT in tools:
        ratio, limit = _ratio(tools, OURS, CONNECT), CONNECT_TARGET[kind]
        found.append(Finding(f"our CPU, {SIZE[kind]}", ratio, limit, "times Kafka Connect's", at_least=False))
    return found


def _ratio(tools: dict[str, Tool], above: str, below: str) -> Figure:
    """Round by round: what ran in the same minute."""
    pairs = zip(tools[above].per_million(), tools[below].per_million(), strict=True)
    return figure([a / b for a, b in pairs])


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
