"""The `streamlake` command: parse, call, print. Nothing is decided here."""

import importlib
import logging
import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from types import FrameType
from typing import Annotated, Final

import typer

from streamlake import __version__, journal
from streamlake.cli import output, streams, wrong_use
from streamlake.errors import (
    EXIT_BUG,
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_UNREACHABLE,
    Misconfigured,
    Permanent,
    Refused,
    StreamlakeError,
    Tripped,
)
from streamlake.local import chosen_lake
from streamlake.notify import Manager, status

_ONE_INTERRUPT_SECONDS: Final = 1.0
NOUNS: Final = {
    "status": "status",
    "doctor": "doctor",
    "send": "send",
    "audit": "audit",
    "trace": "trace",
    "tap": "tap",
    "dlq": "dlq:app",
    "consumer": "consumer:app",
    "contracts": "contracts:app",
    "topics": "topics:app",
    "access": "access:app",
    "chain": "chain:app",
    "keys": "keys:app",
    "settings": "settings",
    "units": "units",
    "serve": "serve:app",
    "consume": "consume",
    "local": "local:app",
}
"""The first word of a command and where it is: `module` for a function of the same name, `module:app` for verbs."""


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


def build(word: str | None = None) -> typer.Typer:
    """The command with all its nouns, or with one: `status` must not wait until a web framework is loaded."""
    app = typer.Typer(
        name="streamlake",
        help="Every event lands exactly once, and you can prove it.\n\nExample: streamlake status",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
    )
    app.callback()(_nothing)
    for noun in [word] if word in NOUNS else NOUNS:
        module, _, attribute = NOUNS[noun].partition(":")
        found = getattr(importlib.import_module(f"streamlake.cli.{module}"), attribute or module)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=noun)
        else:
            app.command(noun)(found)
    return app


def _nothing(
    version: Annotated[bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say it.")] = False,
) -> None:
    """Every event lands exactly once, and you can prove it.

    Example: streamlake status
    """


def run(arguments: list[str]) -> int:
    """Carry out one command line; returns its exit code. The outermost guard of the process."""
    as_json = "--json" in arguments
    try:
        code = _run(arguments, as_json=as_json)
        with suppress(BrokenPipeError):
            sys.stdout.flush()
    except streams.NoRoom as error:
        return _end(error, arguments, as_json=as_json)
    trouble = streams.trouble()
    return code if trouble is None else _end(trouble, arguments, as_json=as_json)


def _run(arguments: list[str], *, as_json: bool) -> int:
    try:
        return _carry_out(arguments)
    except streams.NoRoom:
        raise
    except typer.TyperException as error:
        if as_json:
            return output.fail(wrong_use.of(error), as_json=True)
        return wrong_use.show(error)
    except SystemExit as stopped:
        return stopped.code if isinstance(stopped.code, int) else EXIT_BUG
    except StreamlakeError as error:
        return _end(error, arguments, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort) as left:
        return _interrupted(left, arguments, as_json=as_json)
    except BrokenPipeError:  # `streamlake tap … | head`
        return EXIT_DONE
    except Exception as bug:  # noqa: BLE001 - the one place that catches all: a person gets a report, not a trace
        return _report(bug, arguments, as_json=as_json)


def _carry_out(arguments: list[str]) -> int:
    command = typer.main.get_command(build(next(iter(arguments), None)))
    try:
        # Not `main`, which words its refusals for people alone and decides itself how the process ends.
        with command.make_context("streamlake", list(arguments)) as context:
            ended = command.invoke(context)
    except typer.Exit as left:
        return left.exit_code
    return ended if isinstance(ended, int) else EXIT_DONE


def exit_code(error: StreamlakeError, word: str | None) -> int:
    """The error's own; but what stays and serves ends with 4 only where a guard refused, and is not started again.

    What someone must act on, as a permission, is tried again by a new start, with credentials that are read anew.
    """
    may_heal = isinstance(error, Permanent | Tripped) and not isinstance(error, Misconfigured | Refused)
    return EXIT_UNREACHABLE if may_heal and word in ("consume", "serve") else error.exit_code


def _end(error: StreamlakeError, arguments: list[str], *, as_json: bool) -> int:
    """The last words of a command: to the terminal, or of a unit to the journal and into its status line."""
    Manager.of(os.environ).tell(status(f"ended: {error}"))
    if not as_json and journal.is_read_by(os.environ):
        journal.say(logging.ERROR, str(error))
    else:
        output.fail(error, as_json=as_json)
    return exit_code(error, next(iter(arguments), None))


def _interrupted(left: BaseException, arguments: list[str], *, as_json: bool) -> int:
    """Ctrl-C, or Ctrl-D where something was asked and so nothing is done yet."""
    if isinstance(left, typer.Abort) or {"apply", "--apply"}.isdisjoint(arguments):
        return EXIT_INTERRUPTED
    halfway = output.Interrupted("interrupted, perhaps halfway.", next_step="The same command does what is left.")
    return _end(halfway, arguments, as_json=as_json)


def _report(bug: Exception, arguments: list[str], *, as_json: bool) -> int:
    where = traceback.extract_tb(bug.__traceback__)[-1]
    sentence = f"this is a bug in StreamLake: {type(bug).__name__}: {bug} ({where.filename}:{where.lineno})."
    next_step = f"Please report it with the command `streamlake {' '.join(arguments)}`."
    what = f"SL-0800: {sentence} {next_step}"
    Manager.of(os.environ).tell(status(f"ended: {what}"))
    if as_json:
        output.error_document("SL-0800", sentence, next_step, suggest=())
    elif journal.is_read_by(os.environ):
        journal.say(logging.CRITICAL, what)
        journal.say(logging.ERROR, "".join(traceback.format_exception(bug)))
        return EXIT_BUG
    output.note(f"{what} STREAMLAKE_LOG_LEVEL=DEBUG shows the trace.")
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        traceback.print_exception(bug)
    return EXIT_BUG


class _Interrupts:
    """Ctrl-C, which many send twice: the second one must not break into what the first one has begun to end."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if now - self._last > _ONE_INTERRUPT_SECONDS:
            self._last = now
            raise KeyboardInterrupt


def main() -> None:
    """The entry point. What `scripts/up --lake` chose for this home holds for all of its commands."""
    os.environ.update(chosen_lake.recall(os.environ))
    streams.prepare()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _Interrupts())
    sys.exit(run(sys.argv[1:]))
