"""Pausing and resuming: by the release's own command, with the host's settings and no other environment."""

import json
import re
from pathlib import Path
from typing import Any, Final

from streamlake.dispatch.errors import ControlFailed, HostNotReady
from streamlake.dispatch.places import Places
from streamlake.dispatch.processes import run

_LINE: Final = re.compile(r"(STREAMLAKE_[A-Z0-9_]+)=(.*)")


def ask(places: Places, action: str, dataset: str, seconds: float) -> dict[str, Any]:
    """What `streamlake consumer pause|resume` answers; ControlFailed with its words where it does not."""
    argv = [places.streamlake, "consumer", action, dataset, "--json"]
    ended = run(argv, seconds, settings(places))
    try:
        answer = json.loads(ended.out)
        before, after = str(answer["before"]), str(answer["after"])
    except (ValueError, TypeError, KeyError):
        before = after = ""
    if ended.exit_code or not after:
        words = (ended.err.strip() or ended.out.strip() or "nothing").splitlines()[0][:500]
        raise ControlFailed(f"{dataset} could not be asked to {action}: {words}")
    return {"dataset": dataset, "before": before, "after": after}


def paused(places: Places, dataset: str) -> bool:
    """Whether a dataset's consumers on this host are asked to pause."""
    try:
        with Path(places.control_dir, f"{dataset}.json").open("rb") as asked:
            return bool(json.loads(asked.read(4096))["state"] == "paused")
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return False


def settings(places: Places) -> dict[str, str]:
    """The `STREAMLAKE_*` lines of the host's settings file, as systemd reads them."""
    try:
        with Path(places.settings_file).open(encoding="utf-8") as file:
            lines = [_LINE.fullmatch(line.strip()) for line in file]
    except (OSError, UnicodeDecodeError) as error:
        raise HostNotReady(f"{places.settings_file} cannot be read: {error}.") from None
    return {line[1]: _unquoted(line[2]) for line in lines if line}


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
