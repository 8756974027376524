"""The units of a host as systemd knows them: with them `status` also shows what does not run, and why.

A process tells more of itself on its socket; one that has ended tells nothing any more.
"""

import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_PATTERNS: Final = ("streamlake-*.service", "kafka.service", "airflow@*.service")
_PROPERTIES: Final = "Id,LoadState,ActiveState,SubState,MainPID,StatusText,NRestarts,StateChangeTimestampMonotonic"
_TARGET: Final = Path("/etc/systemd/system/streamlake.target")
START_ALL: Final = "systemctl start streamlake.target"


def is_host() -> bool:
    """Whether systemd runs StreamLake here, and not a supervisor of one machine."""
    return _TARGET.exists() and Path("/run/systemd/system").is_dir()


def start_command(dataset: str) -> str:
    """What starts a dataset's consumer here."""
    return f"systemctl start streamlake-consumer@{dataset}"


def ask() -> list[dict[str, str]]:
    """What systemd says of each of our units that it has loaded; nothing where it cannot be asked."""
    command = ["systemctl", "show", f"--property={_PROPERTIES}", *_PATTERNS]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603 - no input
    except (OSError, subprocess.SubprocessError):
        return []
    return [
        dict(line.partition("=")[::2] for line in block.splitlines()) for block in done.stdout.split("\n\n") if block
    ]


def rows(
    units: Iterable[Mapping[str, str]], documents: Sequence[Mapping[str, Any]], booted: float
) -> list[dict[str, Any]]:
    """One process a unit, in words of our own; `booted` is the time at which systemd's clock began. Pure."""
    told = {document.get("pid"): document for document in documents}
    # One that others only order themselves after, as Kafka where it runs elsewhere, is no unit of this host.
    here = (unit for unit in units if unit.get("LoadState") != "not-found")
    found = [_row(unit, told.get(int(unit.get("MainPID") or 0)), booted) for unit in here]
    return sorted(found, key=lambda row: str(row["name"]))


def booted() -> float:
    """When systemd's clock began."""
    return time.time() - time.monotonic()


def _row(unit: Mapping[str, str], document: Mapping[str, Any] | None, booted: float) -> dict[str, Any]:
    name = unit["Id"].removesuffix(".service")
    kind, _, instance = name.removeprefix("streamlake-").partition("@")
    state = _state(unit, document)
    return {
        "name": name,
        "kind": kind,
        "dataset": instance.partition(".")[0] if kind == "consumer" else None,
        "pid": int(unit.get("MainPID") or 0) or None,
        "state": state,
        "reason": (document.get("waiting_for") or "") if document else _why(unit, state),
        "since": booted + int(unit.get("StateChangeTimestampMonotonic") or 0) / 1e6,
        "restarts": int(unit.get("NRestarts") or 0),
        "answers": document is not None,
        "log": "",
        "look": f"journalctl -u {name} -n 50",
    }


def _state(unit: Mapping[str, str], document: Mapping[str, Any] | None) -> str:
    active, sub = unit.get("ActiveState", ""), unit.get("SubState", "")
    if active == "active":
        return str(document.get("state")) if document else "running"
    if sub == "auto-restart":
        return "backing_off"
    return {"failed": "failed", "activating": "starting", "deactivating": "stopping"}.get(active, "stopped")


def _why(unit: Mapping[str, str], state: str) -> str:
    text = unit.get("StatusText", "")
    if state == "running" and not text.startswith("not ready"):
        return ""  # what goes well is figures, and they stand elsewhere
    return text or (f"it is {state}" if state in ("failed", "backing_off") else "")
