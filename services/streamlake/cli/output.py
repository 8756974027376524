"""How every command answers: a table for people or one JSON document for machines on stdout, all else on stderr.

A command builds its answer as plain data first and hands it to `answer` with a function that draws it, so that
both readers are told the same. An error is an id, a sentence and the next command, and its class is the exit code.
"""

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from streamlake.errors import EXIT_HALFWAY, Permanent, StreamlakeError


def _finite(seconds: float) -> float:
    if not math.isfinite(seconds):
        raise typer.BadParameter("must be a number of seconds")
    return seconds


def seconds_option(*names: str, help: str) -> Any:
    """An option for a time to wait: zero or more, and a number."""
    return typer.Option(*names, min=0, callback=_finite, help=help)


AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, for machines.")]

WIDTH_WITHOUT_TERMINAL = 160
"""A pipe has no width; rich would fold tables at 80 columns and cut names in two."""


class Interrupted(Permanent):
    """Ctrl-C, where something was under way: what is done is said, and running it again goes on."""

    code = "SL-0805"
    exit_code = EXIT_HALFWAY


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Left to itself it would end the process, as if something had been found."""
        raise BrokenPipeError


def people(*, stderr: bool = False) -> Console:
    """The console for people, on stdout or stderr."""
    stream = sys.stderr if stderr else sys.stdout
    return _Console(stderr=stderr, width=None if stream.isatty() else WIDTH_WITHOUT_TERMINAL, highlight=False)


def answer(
    document: Mapping[str, Any],
    draw: Callable[[Console], None],
    *,
    as_json: bool,
    suggest: Sequence[str] = (),
) -> None:
    """Print the answer once. `suggest` are the next commands, which both kinds of reader get.

    Who leaves before its end (`streamlake audit … | head`) still gets the exit code.
    """
    with suppress(BrokenPipeError):
        if as_json:
            sys.stdout.write(json.dumps({**document, "suggest": list(suggest)}, default=str, ensure_ascii=False) + "\n")
        else:
            _draw(draw, suggest)
        sys.stdout.flush()


def _draw(draw: Callable[[Console], None], suggest: Sequence[str]) -> None:
    console = people()
    draw(console)
    if suggest:
        console.print("\nnext:", style="dim")
        for command in suggest:
            console.print(f"  {escape(command)}", soft_wrap=True)


def table(columns: Iterable[str], rows: Iterable[Sequence[object]], *, numbers: Iterable[str] = ()) -> Table:
    """A plain table; the columns named in `numbers` stand to the right. Cells are text, never markup."""
    to_the_right = set(numbers)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        right = column in to_the_right
        drawn.add_column(column, justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in rows:
        drawn.add_row(*(escape("-" if cell is None else str(cell)) for cell in row))
    return drawn


def note(sentence: str) -> None:
    """A line for people beside the answer, on stderr."""
    people(stderr=True).print(escape(sentence), soft_wrap=True)


def fail(error: StreamlakeError, *, as_json: bool = False) -> int:
    """Say what went wrong; returns the exit code that belongs to it."""
    if as_json:
        error_document(error.code, error.message, error.next_step, suggest=commands_in(error.next_step))
    people(stderr=True).print(escape(str(error)), soft_wrap=True)
    return error.exit_code


def error_document(id: str, message: str, next_step: str, *, suggest: Sequence[str]) -> None:
    """What went wrong, as machines are told."""
    document = {"error": {"id": id, "message": message, "next_step": next_step}, "suggest": list(suggest)}
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()


def commands_in(sentence: str) -> list[str]:
    """What stands between backticks and begins like a command of ours."""
    return [part for part in sentence.split("`")[1::2] if part.startswith(("streamlake", "scripts/"))]


def seconds(value: float | None) -> str:
    """A duration as people say it: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min, 4 d 3 h."""
    if value is None:
        return "-"
    if value < 10:
        return f"{value:.1f} s"
    whole = round(value)
    for size, unit, small, small_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // small} {small_unit}"
    return f"{whole} s"


def size(value: float) -> str:
    """Bytes as people say them: 812 B, 4.2 MiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def moment(timestamp_ms: float | None) -> str:
    """A time in UTC, to the second."""
    if timestamp_ms is None:
        return "-"
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
