"""A command line that cannot be carried out, as machines are told: typer only has words for people."""

from typing import Any, cast

import typer

from streamlake.errors import Misconfigured


class WrongUse(Misconfigured):
    """The command line has a word, an option or a value that the command does not take, or lacks one."""

    code = "SL-0804"


def show(error: typer.TyperException) -> int:
    """Say to people what typer refused, in its own words below the usage; returns the exit code."""
    cast(Any, error).show()  # it has click's method, and no type says so
    return error.exit_code


def of(error: typer.TyperException) -> WrongUse:
    """What typer refused, with the command whose help says better."""
    context = getattr(error, "ctx", None)
    command = "streamlake" if context is None else context.command_path
    # Where words are missing altogether typer's message is the whole help; its first line says how it is used.
    message = error.format_message().strip().splitlines()[0].rstrip(".")
    return WrongUse(f"{message}.", next_step=f"`{command} --help` says what is taken.")
