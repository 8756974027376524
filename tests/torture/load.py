"""The load as a process of its own: `python -m tests.torture.load CONFIG`, until SIGTERM.

It ends when every attempt that has begun has its answer, so that the journals are whole.
"""

import json
import random
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from tests.torture.journal import Writer
from tests.torture.load_http import Poster
from tests.torture.load_kafka import Direct, Transactions


def main(config: dict[str, Any]) -> int:
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    folder, seed, rate = Path(config["journals"]), config["seed"], config["rate"]
    secret = Path(config["secret"])
    posters = config["posters"]
    workers: list[Any] = []
    for name in [f"p{number}" for number in range(posters)]:
        journal, dice = Writer(folder / f"{name}.journal"), random.Random(f"load {seed} {name}")
        share = rate * 0.8 / posters
        post = Poster(name, config["port"], config["dataset"], secret.read_text, ended.is_set, journal, dice, share)
        workers.append(post)
    for name, kind, share in (("k0", Direct, 0.2), ("t0", Transactions, 0.0)):
        journal, dice = Writer(folder / f"{name}.journal"), random.Random(f"load {seed} {name}")
        where = name, config["bootstrap"], config["topic"]
        workers.append(kind(*where, ended.is_set, journal, dice, max(1.0, rate * share)))
    failed: list[BaseException] = []

    def run(worker: Any) -> None:
        try:
            worker.run()
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text())))
