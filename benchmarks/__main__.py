"""`scripts/bench <what> [options]`: each benchmark is a module with a `main(arguments)` that answers an exit code."""

import importlib
import sys

BENCHMARKS = {
    "landing": "CPU, time and memory to land a backlog, against the naive consumer",
    "rss": "memory of the consumer in front of a large backlog",
    "latency": "from an event to its line in the raw zone, at a moderate rate",
    "ingest": "requests and events a second over HTTP, against an idiomatic service",
}


def run(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in BENCHMARKS:
        print("usage: scripts/bench <what> [options]; --help behind one says its options\n")
        print("\n".join(f"  {name:8} {about}" for name, about in BENCHMARKS.items()))
        return 0 if arguments[:1] in ([], ["--help"], ["-h"]) else 2
    main = importlib.import_module(f"benchmarks.{arguments[0]}").main
    return int(main(arguments[1:]) or 0)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
