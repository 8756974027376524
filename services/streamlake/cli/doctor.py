"""`streamlake doctor`: every prerequisite and connection, in the order in which one needs the other."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from streamlake.cli import canary, checks, output
from streamlake.cli.checks import Check
from streamlake.cli.known_dataset import require_dataset
from streamlake.cli.send import UnreadableFile
from streamlake.errors import EXIT_DONE, EXIT_FOUND
from streamlake.local.environment import local_settings

_COLOURS = {"ok": "green", "failed": "red", "skipped": "dim", "warning": "yellow"}


def doctor(
    end_to_end: Annotated[
        bool, typer.Option("--end-to-end", help="Send an event and follow it into the lake.")
    ] = False,
    dataset: Annotated[str, typer.Option("--dataset", help="Where the event goes; the first that takes one.")] = "",
    api_key: Annotated[str, typer.Option("--api-key", help="For an API that asks for keys.")] = "",
    key_file: Annotated[Path | None, typer.Option("--key-file", help="A file that holds the API key.")] = None,
    timeout: Annotated[float, output.seconds_option("--timeout", help="Seconds that each hop may take.")] = 60.0,
    as_json: output.AsJson = False,
) -> None:
    """Check everything that StreamLake needs; a check whose cause failed already is skipped.

    With --end-to-end an example of the contract is posted, marked with the header ce_type streamlake.canary, and
    stays in the lake like any event. Exits with 1 if something failed.

    Example: streamlake doctor --end-to-end --dataset orders
    """
    settings = local_settings(os.environ)
    if dataset and any(settings.contracts_dir.glob("*/contract.yaml")):  # where there is none, a check says so
        require_dataset(settings, dataset)
    if key_file is not None:
        api_key = _key(key_file)
    results = checks.run(settings)
    if end_to_end:
        results += canary.follow(settings, dataset, api_key, timeout, healthy=not checks.failed(results))
    suggest = [c.next_step for c in results if c.status == "failed" and c.next_step]
    document = {"ok": not checks.failed(results), "checks": [asdict(check) for check in results]}
    output.answer(document, lambda console: _draw(console, results), as_json=as_json, suggest=suggest)
    raise typer.Exit(EXIT_FOUND if checks.failed(results) else EXIT_DONE)


def _key(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{file} cannot be read: {error}.", next_step="It holds one API key.") from error


def _draw(console: Console, results: list[Check]) -> None:
    for check in results:
        took = f"  ({check.seconds * 1000:.0f} ms)" if check.seconds is not None else ""
        console.print(f"[{_COLOURS[check.status]}]{check.status:<8}[/] {check.name:<22}", end="")
        console.print(f"{check.detail}{took}", markup=False, soft_wrap=True)
