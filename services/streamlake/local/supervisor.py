"""Keeps every process of this machine alive, in the right order, until it is asked to stop.

One thread, one `step` a tenth of a second. It writes down what it sees in the state document, which `status` and
`up --detach` read; it knows nothing of records.
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from streamlake.errors import StreamlakeError
from streamlake.kafka import broker
from streamlake.local import datasets, processes, readiness, units
from streamlake.local.home import Home, write_state
from streamlake.local.units import Unit
from streamlake.local.watched import Watched
from streamlake.logs import error_fields
from streamlake.settings import Settings

STEP_SECONDS: Final = 0.1
_LOOK_AT_CONTRACTS_SECONDS: Final = 1.0
_WRITE_STATE_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class Supervisor:
    """See the module. `run` returns once everything has stopped."""

    def __init__(
        self, settings: Settings, environment: Mapping[str, str], program: Path, wait: Callable[[float], object]
    ) -> None:
        self._settings = settings
        self._home = Home(settings.home)
        self._environment = environment
        self._program = program
        self._wait = wait
        self._watched: dict[str, Watched] = {}
        self._seen: datasets.Fingerprint | None = None
        self._looked_at = 0.0
        self._written: tuple[dict[str, Any], float] = ({}, 0.0)
        self._stops = 0
        self._reload = False

    def ask_to_stop(self, *_: object) -> None:
        """A signal's handler: once ends everything in order, twice at once."""
        self._stops += 1

    def ask_to_reload(self, *_: object) -> None:
        """A signal's handler: look at the contracts now, and start again what failed."""
        self._reload = True

    def run(self) -> None:
        """Start, watch, stop."""
        try:
            while not self._stops:
                self.step(time.monotonic())
                self._wait(STEP_SECONDS)
        finally:
            self._stop_all()

    def step(self, now: float) -> None:
        """One look at everything."""
        if self._reload or now - self._looked_at >= _LOOK_AT_CONTRACTS_SECONDS:
            self._looked_at = now
            self._take_contracts(now)
        for watched in list(self._watched.values()):
            before = watched.state
            watched.look(now)
            if watched.state == "stopped":
                del self._watched[watched.unit.name]
            elif self._may_start(watched.unit):
                watched.start(now)
            if watched.state != before:
                self._say(watched)
        self._write("running")

    @property
    def settled(self) -> bool:
        """Everything that belongs here answers."""
        return bool(self._watched) and all(w.settled for w in self._watched.values())

    def _take_contracts(self, now: float) -> None:
        seen = datasets.fingerprint(self._settings.contracts_dir)
        asked, self._reload = self._reload, False
        if seen == self._seen and not asked:
            return
        first, self._seen = self._seen is None, seen
        try:
            names = datasets.load(self._settings)
        except StreamlakeError as error:
            log.error("the contracts are not taken: %s", error, extra=error_fields(error))  # noqa: TRY400 - a reason, no trace
            return
        wanted = {unit.name: unit for unit in units.wanted(self._settings, names)}
        for name, unit in wanted.items():
            if name not in self._watched:
                self._watched[name] = self._watch(unit)
        for name, watched in self._watched.items():
            if name not in wanted:
                watched.stop(now)
            elif not first:
                watched.again()
                if watched.unit.kind == "consumer":  # the API looks by itself, and remembers what was in force
                    watched.signal(signal.SIGHUP)
        if not first:
            log.info("the contracts were read again: %s", ", ".join(names))

    def _watch(self, unit: Unit) -> Watched:
        return Watched(
            unit=unit,
            home=self._home,
            environment=self._environment,
            command=self._kafka if unit.kind == "kafka" else lambda: [str(self._program), *unit.arguments],
            answers=lambda pid: readiness.answers(unit, self._settings, pid),
        )

    def _kafka(self) -> list[str]:
        place = broker.place_of(self._settings)
        broker.prepare(place)
        return broker.command(place)

    def _may_start(self, unit: Unit) -> bool:
        kafka, topics = (self._watched.get(u.name) for u in (units.KAFKA, units.TOPICS))
        if unit.kind in ("kafka", "bucket"):
            return True
        if kafka is not None and kafka.state != "running":
            return False
        # Refused topics are somebody's to decide; the datasets that are in order must not wait for it.
        return unit.kind == "topics" or topics is None or topics.exit_code in (0, 4)

    def _say(self, watched: Watched) -> None:
        level = logging.ERROR if watched.state in ("failed", "backing_off") else logging.INFO
        log.log(level, "%s is %s%s", watched.unit.name, watched.state, f": {watched.reason}" if watched.reason else "")

    def _write(self, state: str) -> None:
        document = {
            "supervisor": {"pid": os.getpid(), "state": state},
            "settled": self.settled,
            "processes": [watched.document() for watched in self._watched.values()],
        }
        before, at = self._written
        now = time.monotonic()
        if document != before or now - at >= _WRITE_STATE_SECONDS:
            try:
                write_state(self._home, document)
            except OSError:
                return  # a full disk must not take down what waits for it to heal; `status` sees an older state
            self._written = (document, now)

    def _stop_all(self) -> None:
        for kinds in units.STOP_ORDER:
            going = [w for w in self._watched.values() if w.unit.kind in kinds]
            for watched in going:
                watched.stop(time.monotonic())
            while any(w.state != "stopped" for w in going):
                for watched in going:
                    before = watched.state
                    if self._stops > 1:
                        watched.kill()
                    watched.look(time.monotonic())
                    if watched.state != before:
                        self._say(watched)
                self._write("stopping")
                self._wait(STEP_SECONDS / 2)
        if units.owns_kafka(self._settings):
            broker.publish_archive(broker.place_of(self._settings))
        self._write("stopped")


def stop_in_order(found: list[processes.Found]) -> list[int]:
    """End processes that no supervisor watches, in the order in which a supervisor would; the pids it had to kill."""
    kinds = {units.KAFKA.name: "kafka", units.BUCKET.name: "bucket", units.TOPICS.name: "topics", units.API.name: "api"}
    killed = []
    for group in units.STOP_ORDER:
        members = [f.process for f in found if kinds.get(f.unit, "consumer") in group]
        killed += processes.stop(members, seconds=30)
    return killed
