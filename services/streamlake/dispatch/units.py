"""The verb `units`: status, start, stop, restart, pause, resume of one dataset's consumers on this host, or of all."""

import difflib
import time
from pathlib import Path
from typing import Any, Final

from streamlake.dispatch import control, systemd
from streamlake.dispatch.errors import UnknownDataset
from streamlake.dispatch.fields import DATASET, EVERY, dataset, flag, one_of, text
from streamlake.dispatch.locks import held
from streamlake.dispatch.places import Places
from streamlake.dispatch.request import Schema
from streamlake.dispatch.systemd import Unit
from streamlake.errors import EXIT_DONE, EXIT_FOUND, EXIT_HALFWAY, StreamlakeError

SCHEMA: Final = Schema(
    required={
        "action": one_of("status", "start", "stop", "restart", "pause", "resume"),
        "dataset": dataset,
    },
    optional={
        "reason": text(200),
        # One of several hosts need not have the dataset; whoever asks all of them looks that one had.
        "if_placed": flag,
    },
)
Answer = dict[str, Any]


def run(fields: dict[str, Any], places: Places) -> tuple[int, Answer]:
    """Do it; the exit code and the answer. Asking twice is as asking once, but for `restart`."""
    action, wanted = fields["action"], fields["dataset"]
    chosen = _chosen(places, wanted)
    if not chosen:
        exit_code = EXIT_DONE if fields.get("if_placed") else EXIT_FOUND
        return exit_code, {"units": [], "said": f"this host has no consumer of {wanted}"}
    if action == "status":
        return _told(places, systemd.show(places, chosen))
    with held(places.lock_dir, chosen, places.lock_seconds):
        if action in ("pause", "resume"):
            return _controlled(places, action, chosen)
        return _changed(places, action, chosen)


def _controlled(places: Places, action: str, chosen: list[str]) -> tuple[int, Answer]:
    """One dataset after the other; what was done before one fails is said."""
    deadline = time.monotonic() + places.work_seconds
    done: list[dict[str, Any]] = []
    wrong: Answer = {}
    for name in sorted({systemd.dataset_of(unit) for unit in chosen}):
        try:
            done.append(control.ask(places, action, name, max(1.0, deadline - time.monotonic())))
        except StreamlakeError as error:
            if not done:
                raise
            wrong = {"error": {"id": error.code, "message": error.message, "next_step": error.next_step}}
            break
    units = [_line(places, unit) for unit in systemd.show(places, chosen)]
    return (EXIT_HALFWAY if wrong else EXIT_DONE), {"datasets": done, "units": units, **wrong}


def _changed(places: Places, action: str, chosen: list[str]) -> tuple[int, Answer]:
    before = {unit.name: unit for unit in systemd.show(places, chosen)}
    said = systemd.ask(places, action, chosen)
    after = systemd.show(places, chosen)
    lines = [_line(places, unit) | {"before": before[unit.name].state} for unit in after if unit.name in before]
    wrong = [unit.name for unit in after if not _as_asked(action, before.get(unit.name), unit)]
    answer: Answer = {"units": lines}
    if wrong or said:
        answer |= {"not_done": wrong, "said": said, "suggest": [f"journalctl -u {name} -n 50" for name in wrong]}
    return (EXIT_FOUND if wrong or len(lines) < len(chosen) else EXIT_DONE), answer


def _as_asked(action: str, before: Unit | None, after: Unit) -> bool:
    if action == "stop":
        return after.state == "inactive"
    begun_again = before is None or before.invocation != after.invocation
    return after.state == "active" and (action == "start" or begun_again)


def _told(places: Places, units: list[Unit]) -> tuple[int, Answer]:
    down = [unit.name for unit in units if unit.state != "active"]
    answer: Answer = {"units": [_line(places, unit) for unit in units]}
    if down:
        answer |= {"not_active": down, "suggest": [f"journalctl -u {name} -n 50" for name in down]}
    return (EXIT_FOUND if down else EXIT_DONE), answer


def _line(places: Places, unit: Unit) -> dict[str, Any]:
    return {
        "unit": unit.name,
        "dataset": unit.dataset,
        "state": unit.state,
        "sub": unit.sub,
        "result": unit.result,
        "status": unit.status,
        "pid": unit.pid,
        "restarts": unit.restarts,
        "since": unit.since,
        "enabled": unit.enabled,
        "paused": control.paused(places, unit.dataset),
    }


def _chosen(places: Places, wanted: str) -> list[str]:
    here = systemd.names(places)
    chosen = [unit for unit in here if wanted in (EVERY, systemd.dataset_of(unit))]
    if chosen or wanted == EVERY:
        return chosen
    registered = _registered(places)
    if wanted not in registered:
        near = difflib.get_close_matches(wanted, {*registered, *map(systemd.dataset_of, here)}, n=3)
        raise UnknownDataset(
            f"There is no dataset {wanted}.", next_step=f"Did you mean {' or '.join(near)}?" if near else ""
        )
    return []


def _registered(places: Places) -> set[str]:
    try:
        return {entry.name for entry in Path(places.contracts_dir).iterdir() if DATASET.fullmatch(entry.name)}
    except OSError:
        return set()
