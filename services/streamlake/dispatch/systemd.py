"""What systemd knows of a dataset's consumers, and what it is asked to do with them."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from streamlake.dispatch.errors import HostNotReady, NotAllowed, StillRunning
from streamlake.dispatch.places import Places
from streamlake.dispatch.processes import Ended, run

# A second process of a dataset on the same host is `orders.2`.
UNIT: Final = re.compile(r"streamlake-consumer@([a-z][a-z0-9_]{0,47})(?:\.[0-9]{1,2})?\.service")
_EVERY: Final = "streamlake-consumer@*.service"
_ASKED: Final = (
    "Id,ActiveState,SubState,Result,StatusText,MainPID,NRestarts,InvocationID,ActiveEnterTimestamp,UnitFileState"
)
_SHORT_SECONDS: Final = 30.0


class Unit(NamedTuple):
    """One unit as it is now."""

    name: str
    state: str
    sub: str
    result: str
    status: str
    pid: int
    restarts: int
    since: str
    enabled: bool
    invocation: str

    @property
    def dataset(self) -> str:
        """Whose consumer it is."""
        return dataset_of(self.name)


def dataset_of(unit: str) -> str:
    """The dataset in a unit's name."""
    match = UNIT.fullmatch(unit)
    return match[1] if match else ""


def names(places: Places) -> list[str]:
    """Every consumer unit that this host has: running, stopped, failed or only enabled."""
    found = set()
    for listing in (["list-units", "--all", "--plain"], ["list-unit-files"]):
        ended = _query(places, [*listing, "--no-legend", _EVERY])
        # `list-unit-files` ends with 1 where nothing matches.
        if ended.exit_code not in (0, 1) or (ended.exit_code and ended.err.strip()):
            raise HostNotReady(f"systemd does not list its units: {_first_line(ended.err)}")
        found |= {word for line in ended.out.splitlines() for word in line.split()[:2] if UNIT.fullmatch(word)}
    return sorted(found)


def show(places: Places, units: Iterable[str]) -> list[Unit]:
    """These units as they are now, by name."""
    wanted = list(units)
    if not wanted:
        return []
    ended = _query(places, ["show", f"--property={_ASKED}", "--", *wanted])
    if ended.exit_code:
        raise HostNotReady(f"systemd does not show its units: {_first_line(ended.err)}")
    blocks = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in ended.out.split("\n\n")]
    return sorted(_unit(block) for block in blocks if UNIT.fullmatch(block.get("Id", "")))


def ask(places: Places, verb: str, units: Sequence[str]) -> str:
    """Have systemd do it to all units at once, and wait for it; what systemd said of a failure, or "".

    systemd's own ladder applies: a stop is a SIGTERM, then the unit's TimeoutStopSec, then SIGKILL.
    """
    argv = [places.systemctl, "--no-ask-password", "--no-pager", "--quiet", verb, "--", *units]
    ended = run(argv, places.work_seconds)
    said = _first_line(ended.err)
    if ended.exit_code and re.search(r"(?i)access denied|authentication|not authorized", ended.err):
        raise NotAllowed(f"systemd does not let this account {verb} it: {said}")
    if ended.exit_code and re.search(r"(?i)failed to connect to bus|connection (refused|reset)", ended.err):
        raise HostNotReady(f"systemd cannot be reached: {said}")
    return said if ended.exit_code else ""


def _query(places: Places, words: list[str]) -> Ended:
    try:
        return run([places.systemctl, "--no-ask-password", "--no-pager", *words], _SHORT_SECONDS)
    except StillRunning:  # by a look nothing was touched
        raise HostNotReady(f"systemd did not answer within {_SHORT_SECONDS:g} seconds.") from None


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "it did not say why")[:300]


def _unit(shown: dict[str, str]) -> Unit:
    return Unit(
        name=shown["Id"],
        state=shown.get("ActiveState", "unknown"),
        sub=shown.get("SubState", ""),
        result=shown.get("Result", ""),
        status=shown.get("StatusText", ""),
        pid=int(shown.get("MainPID") or 0),
        restarts=int(shown.get("NRestarts") or 0),
        since=shown.get("ActiveEnterTimestamp", ""),
        enabled=shown.get("UnitFileState") == "enabled",
        invocation=shown.get("InvocationID", ""),
    )
