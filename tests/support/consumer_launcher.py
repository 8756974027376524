"""Runs a real consumer process, and does to it what a test asks for: `python -m tests.support.consumer_launcher`.

The faults are put around `RealWorld.perform` from here, so that the product has no hooks. A port call has a name that
means the same in every run, `<zone>:<effect>[:<object>]`, and a count: `raw:Create:claim#1`. TEST_TRACE is a file that
gets the name of each call, TEST_FAULT a JSON object: which call (`at`; `name#*` is each one), `when` (before or after
it is performed), what to `do` (kill, hang, slow, retryable, unknown, permanent), `seconds` and how many `times`.
"""

import ctypes
import faulthandler
import functools
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from typing import Any

from streamlake.consumer import kafka_log, service
from streamlake.consumer import main as consumer_main
from streamlake.consumer.world import RealWorld
from streamlake.errors import Permanent, Retryable, StreamlakeError, Unknown
from streamlake.settings import load

_ERRORS: dict[str, type[StreamlakeError]] = {"retryable": Retryable, "unknown": Unknown, "permanent": Permanent}
_perform = RealWorld.perform


class Saboteur:
    """Names each call, and strikes at the one that was asked for."""

    def __init__(self, trace: str, fault: dict[str, Any]) -> None:
        self._trace = trace
        self._fault = fault
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._struck = 0
        self._here = threading.local()

    def perform(self, world: RealWorld, effect: Any) -> Any:
        name = self._name(effect)
        with self._lock:
            self._counts[name] += 1
            call = f"{name}#{self._counts[name]}"
            if self._trace:
                with open(self._trace, "a") as trace:  # noqa: PTH123 - one line, one write
                    trace.write(f"{call}\n")
        self._strike(name, call, "before")
        answer = _perform(world, effect)
        self._strike(name, call, "after")
        return answer

    def _name(self, effect: Any) -> str:
        # A procedure lives in one thread, and each begins by asking for its topic's id.
        topic = getattr(effect, "topic", None) or getattr(effect, "source_topic", None)
        if topic is not None:
            self._here.zone = "raw" if topic.endswith(".raw") else "dlq"
        name = f"{getattr(self._here, 'zone', '?')}:{type(effect).__name__}"
        stored = getattr(effect, "name", None)
        return name if stored is None else f"{name}:{_kind(stored)}"

    def _strike(self, name: str, call: str, when: str) -> None:
        fault = self._fault
        if fault.get("at") not in (call, f"{name}#*") or fault.get("when", "before") != when:
            return
        with self._lock:
            if self._struck >= fault.get("times", 1):
                return
            self._struck += 1
        match fault["do"]:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "slow" | "hang":
                time.sleep(fault.get("seconds", 3600))
            case kind:
                raise _ERRORS[kind](f"The test broke {call}.")


def _kind(name: str) -> str:
    if name.startswith("ledger/"):
        last = name.rsplit("/", 1)[-1]
        return "chain" if last == "chain.json" else "amendment" if ".lost" in last else "claim"
    return "seal" if name.endswith("_metadata.json") else name.split("/", 1)[0] + "-part"


def main(dataset: str, instance: str) -> int:
    faulthandler.enable()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # end with the test run, however that ends
    saboteur = Saboteur(os.environ.get("TEST_TRACE", ""), json.loads(os.environ.get("TEST_FAULT", "{}")))

    def perform(world: RealWorld, effect: Any) -> Any:
        return saboteur.perform(world, effect)

    RealWorld.perform = perform  # type: ignore[method-assign, assignment]
    probe = float(os.environ.get("TEST_PROBE_SECONDS", "0.5"))
    for name in ("Policy", "ThreadRunner"):
        setattr(consumer_main, name, functools.partial(getattr(consumer_main, name), probe_seconds=probe))
    if "TEST_PATIENCE_SECONDS" in os.environ:
        shorter = float(os.environ["TEST_PATIENCE_SECONDS"])
        service.patience = lambda _seconds: kafka_log.patience(shorter)  # type: ignore[attr-defined, assignment]
    settings = load({name: value for name, value in os.environ.items() if name.startswith("STREAMLAKE_")})
    return consumer_main.run(settings, dataset, instance)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
