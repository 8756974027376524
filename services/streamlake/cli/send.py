"""`streamlake send`: post a file of events, with progress and receipts."""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import httpx
import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from streamlake import settings
from streamlake.cli import output
from streamlake.cli.streams import NoRoom
from streamlake.errors import EXIT_DONE, EXIT_FOUND, EXIT_HALFWAY, Misconfigured, StreamlakeError
from streamlake.ingest import client
from streamlake.ingest.client import Tally, WrongRequest
from streamlake.ingest.event_file import portions
from streamlake.local.readiness import api_url

_LINE_EVERY_SECONDS: Final = 2.0
_SHOWN_REFUSALS: Final = 10


class UnreadableFile(Misconfigured):
    """The file of events or of the key cannot be read."""

    code = "SL-0529"


def send(
    dataset: Annotated[str, typer.Argument(help="Where the events go.")],
    file: Annotated[Path, typer.Argument(help="NDJSON, a JSON array, or one event.")],
    url: Annotated[str, typer.Option(help="The API's address; by default that of the settings.")] = "",
    key_file: Annotated[Path | None, typer.Option(help="A file that holds the API key.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Certificates to trust, beside the system's.")] = None,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Events in one request.")] = 500,
    receipts: Annotated[Path | None, typer.Option(help="Write a line of JSON for each receipt.")] = None,
    patience: Annotated[float, output.seconds_option(help="Seconds to try again when the API does not take it.")] = 60,
    new_ids: Annotated[bool, typer.Option(help="New ingestion ids, although this file was sent before.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Post a file of events. Running it again sends them under the same ids, so that readers can count each once.

    Example: streamlake send orders events.ndjson --receipts receipts.ndjson
    """
    if not file.is_file():
        raise UnreadableFile(f"{file} is not a file.", next_step="NDJSON, a JSON array, or one event is taken.")
    tally = Tally()
    try:
        with (
            _client(url or api_url(settings.load(os.environ)), key_file, ca) as http,
            _receipts(receipts) as on_receipt,
            _progress(str(file)) as on_progress,
        ):
            client.send(
                http,
                dataset,
                portions(file, batch),
                salt=secrets.token_hex(8) if new_ids else dataset,
                patience_seconds=patience,
                tally=tally,
                on_receipt=on_receipt,
                on_progress=on_progress,
            )
    except KeyboardInterrupt:
        again = "would send all of it again, as new events" if new_ids else "sends the rest, and nothing counts twice"
        stop = output.Interrupted("interrupted.", next_step=f"The same command {again}.")
        _answer(dataset, tally, as_json=as_json, error=stop)
        raise typer.Exit(EXIT_HALFWAY) from stop
    except StreamlakeError as error:
        if not tally.answered:
            raise
        _answer(dataset, tally, as_json=as_json, error=error)
        raise typer.Exit(EXIT_HALFWAY) from error
    except OSError as error:
        raise UnreadableFile(f"{error.filename}: {error.strerror}.") from error
    _answer(dataset, tally, as_json=as_json)
    raise typer.Exit(EXIT_FOUND if tally.refused or tally.dead_lettered else EXIT_DONE)


def _client(url: str, key_file: Path | None, ca: Path | None) -> httpx.Client:
    headers = {}
    if key_file is not None:
        headers["Authorization"] = f"Bearer {key_file.read_text(encoding='utf-8').strip()}"
    # A process's proxy settings are for other hosts; the address that was named is meant.
    if not url.startswith(("http://", "https://")):
        raise WrongRequest(f"{url!r} is no address.", next_step="Write it as http://127.0.0.1:8080.")
    return httpx.Client(base_url=url, headers=headers, verify=str(ca) if ca else True, trust_env=False)


@contextmanager
def _receipts(path: Path | None) -> Iterator[Callable[[dict[str, Any]], None]]:
    if path is None:
        yield lambda _: None
        return
    try:
        # By line: what was said of a request is kept, whatever becomes of the next one.
        with path.open("w", encoding="utf-8", buffering=1) as file:
            yield lambda receipt: _keep(receipt, file)
    except _NotKept as error:
        raise NoRoom(f"{path} lacks receipts: {error}.", next_step="Make room, and send again.") from error


class _NotKept(Exception):
    """A receipt could not be written."""


def _keep(receipt: dict[str, Any], file: TextIO) -> None:
    try:
        print(json.dumps(receipt), file=file)
    except OSError as error:
        raise _NotKept(error.strerror) from error


@contextmanager
def _progress(name: str) -> Iterator[Callable[[Tally], None]]:
    """A bar on a terminal, else a line of JSON now and then. How many there are is not known before the end."""
    if sys.stderr.isatty():
        columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=output.people(stderr=True), transient=True) as bar:
            task = bar.add_task(name, total=None)
            yield lambda tally: bar.update(task, completed=tally.answered)
        return
    said_at = time.monotonic()

    def say(tally: Tally) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _LINE_EVERY_SECONDS:
            said_at = time.monotonic()
            print(json.dumps({"progress": name, "answered": tally.answered}), file=sys.stderr, flush=True)

    yield say


def _answer(dataset: str, tally: Tally, *, as_json: bool, error: StreamlakeError | None = None) -> None:
    offsets = {place: {"first": first, "last": last} for place, (first, last) in sorted(tally.offsets.items())}
    document: dict[str, Any] = {
        "dataset": dataset,
        "accepted": tally.accepted,
        "dead_lettered": tally.dead_lettered,
        "refused": tally.refused,
        "requests": tally.attempts,
        "repeated_receipts": tally.repeated,
        "offsets": offsets,
        "refusals": tally.refusals,
    }
    if error is not None:
        document["error"] = {"id": error.code, "message": error.message, "next_step": error.next_step}
    suggest = []
    if tally.dead_lettered:
        suggest.append(f"streamlake dlq list {dataset}")
    if tally.accepted:
        suggest.append(f"streamlake status {dataset}")

    def draw(console: Console) -> None:
        console.print(
            f"{dataset}: {tally.accepted:,} accepted, {tally.dead_lettered:,} dead-lettered, {tally.refused:,} refused",
            markup=False,
        )
        if not tally.attempts and error is None:
            console.print("The file holds no event, so nothing was sent.")
        rows = [(place, span["first"], span["last"]) for place, span in offsets.items()]
        if rows:
            console.print(output.table(("partition", "first offset", "last offset"), rows))
        for refusal in tally.refusals[:_SHOWN_REFUSALS]:
            console.print(f"event {refusal['index']}: {refusal['type']}: {refusal['detail']}", markup=False)
        if tally.refused > _SHOWN_REFUSALS:
            console.print(f"… and {tally.refused - _SHOWN_REFUSALS:,} more", markup=False)
        if error is not None:
            console.print(f"stopped half-way: {error}", markup=False, soft_wrap=True)

    output.answer(document, draw, as_json=as_json, suggest=suggest)
