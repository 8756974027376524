"""Every kind of the schedule with what does it, and the one who does them in time."""

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from tests.torture import faults_kafka, faults_processes, faults_wires
from tests.torture.platform import Platform
from tests.torture.schedule import BY_NAME, Planned

Act = Callable[[Platform, Planned], str]


def _act(name: str) -> Act:
    for room in (faults_processes, faults_kafka, faults_wires):
        found: Act | None = getattr(room, name, None)
        if found is not None:
            return found
    assert name.startswith("store_"), name
    return faults_wires.store


REST_SECONDS: Final = 15.0
"""So long Kafka serves between two faults of its own: what needs it must get its turn, however busy the machine."""
ACTS: Final = {name: _act(name) for name in BY_NAME}


@dataclass
class Done:
    """One fault of the schedule: when it really began, how long it took, and its proof, or why there is none."""

    planned: Planned
    began: float = 0.0
    took: float = 0.0
    proof: str = ""
    missing: str = ""


class Inflictor:
    """Begins each fault in its time, in a thread of its own; those that need the same thing wait for each other."""

    def __init__(self, platform: Platform, planned: Sequence[Planned], say: Callable[[str], None]) -> None:
        self._platform = platform
        self._say = say
        self._locks = {held: threading.Lock() for p in planned for held in p.holds}
        self.done = [Done(p) for p in planned]

    def run(self) -> None:
        """Until the last one is over."""
        began = time.monotonic()
        threads = []
        for done in self.done:
            time.sleep(max(0.0, done.planned.at - (time.monotonic() - began)))
            thread = threading.Thread(target=self._one, args=(done, began), name=done.planned.kind)
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join()

    def _one(self, done: Done, run_began: float) -> None:
        with ExitStack() as held:
            for name in done.planned.holds:
                held.enter_context(self._locks[name])
            done.began = time.monotonic() - run_began
            try:
                done.proof = ACTS[done.planned.kind](self._platform, done.planned)
            except Exception as error:  # noqa: BLE001 - whatever it is, it did not happen as it should
                done.missing = "".join(traceback.format_exception_only(error)).strip()
            done.took = time.monotonic() - run_began - done.began
            self._tell(done)
            if "broker" in done.planned.holds:
                time.sleep(REST_SECONDS)

    def _tell(self, done: Done) -> None:
        said = f"{done.proof}" if done.proof else f"NOT PROVEN: {done.missing}"
        self._say(f"{done.began:7.1f} s  {done.planned.kind:<24} {done.took:5.1f} s  {said}")
