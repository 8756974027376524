"""The one line that `systemctl status` shows of the API, made from its workers' vitals. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def status_line(workers: Sequence[Mapping[str, Any]], wanted: int) -> str:
    """Whether events are taken, by how many workers, what came of the requests so far, what is held now.

    `ready, 2 of 2 workers: 4,512 requests (4,500 taken, 12 refused), 9,000 events kept, last 10:31:02Z; 0 held`
    """
    if not workers:
        return "not ready: no worker answers yet"
    blocked = [str(worker["not_ready"]) for worker in workers if worker["not_ready"]]
    ready = len(workers) - len(blocked)
    responses: Counter[str] = Counter()
    for worker in workers:
        for status, count in worker["responses"].items():
            responses[status[0]] += count
    figures = f"{responses.total():,} requests ({_outcomes(responses)}), {_events(workers)}"
    broken = sorted({name for worker in workers for name in worker["contracts_broken"]})
    held = sum(worker["held_events"] for worker in workers)
    line = f"{'ready' if ready else 'not ready'}, {ready} of {wanted} workers"
    # Before the figures: a terminal cuts a long line at its end.
    line += f", contract of {', '.join(broken)} not usable" if broken else ""
    line += f": waits for {blocked[0]}; {figures}" if blocked else f": {figures}"
    return f"{line}; {held:,} events on their way"


def _outcomes(responses: Counter[str]) -> str:
    words = [f"{responses['2']:,} taken", f"{responses['4']:,} refused"]
    if responses["5"]:
        words.append(f"{responses['5']:,} failed")
    return ", ".join(words)


def _events(workers: Sequence[Mapping[str, Any]]) -> str:
    datasets = [dataset for worker in workers for dataset in worker["datasets"].values()]
    kept = sum(dataset["accepted"] + dataset["dead_lettered"] for dataset in datasets)
    last = max((dataset["last_accepted"] or 0.0 for dataset in datasets), default=0.0)
    since = f", last {datetime.fromtimestamp(last, UTC):%Y-%m-%d %H:%M:%SZ}" if last else ""
    return f"{kept:,} events kept{since}"
