"""The forced command of the operators' SSH account: one request in, one JSON document and an exit code out.

It reads two things that the other side controls: SSH_ORIGINAL_COMMAND, whose bytes `request.py` judges, and
SSH_CONNECTION, which sshd writes and the journal shows. Adding a verb is a module with SCHEMA and `run`, and a line in
VERBS; what it may do to units is the polkit rule's line.
"""

import json
import os
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from streamlake.dispatch import units
from streamlake.dispatch.journal import say
from streamlake.dispatch.places import Places
from streamlake.dispatch.request import Request, Schema, parse
from streamlake.errors import EXIT_BUG, EXIT_DONE, StreamlakeError


class Verb(NamedTuple):
    """What a verb takes, and what does it."""

    schema: Schema
    run: Callable[[dict[str, Any], Places], tuple[int, dict[str, Any]]]


VERBS: Final[Mapping[str, Verb]] = {
    "units": Verb(units.SCHEMA, units.run),
}


def main(places: Places | None = None) -> int:
    """Answer the request of this SSH session; the exit code."""
    command = os.environb.get(b"SSH_ORIGINAL_COMMAND", b"")
    caller = os.environb.get(b"SSH_CONNECTION", b"")[:100].split(b" ")[0]
    exit_code, answer = answered(command, caller, places or Places())
    document = json.dumps({"ok": exit_code == EXIT_DONE, "exit_code": exit_code, **answer}) + "\n"
    try:
        os.write(1, document.encode())
    except OSError:  # whoever asked is gone; the journal has it
        say("answer lost", {"from": caller}, warning=True)
    return exit_code


def answered(command: bytes, caller: bytes, places: Places) -> tuple[int, dict[str, Any]]:
    """The exit code and the answer of one request, both told to the journal."""
    request: Request | None = None
    try:
        request = parse(command, {name: verb.schema for name, verb in VERBS.items()})
        facts = {name: json.dumps(value) for name, value in request.fields.items()}
        say("asked", {"from": caller, "verb": request.verb, **facts})
        exit_code, answer = VERBS[request.verb].run(request.fields, places)
    except StreamlakeError as error:
        told: dict[str, bytes | str] = {"from": caller, "error": str(error)}
        if request is None:
            told["request"] = command
        say("refused" if request is None else "failed", told, warning=True)
        wrong = {"id": error.code, "message": error.message, "next_step": error.next_step}
        return error.exit_code, _named(request) | {"error": wrong}
    except Exception:  # noqa: BLE001 - the outermost place of this process
        trace = traceback.format_exc()
        say("bug", {"from": caller, "request": command, "trace": trace[-300:]}, warning=True)
        wrong = {"id": "SL-0000", "message": "A bug; please report it.", "next_step": "journalctl -t streamlake-ops"}
        return EXIT_BUG, _named(request) | {"error": wrong}
    say("done", {"from": caller, "verb": request.verb, "exit_code": str(exit_code)})
    return exit_code, _named(request) | answer


def _named(request: Request | None) -> dict[str, Any]:
    if request is None:
        return {}
    return {"host": os.uname().nodename, "verb": request.verb, **request.fields}
