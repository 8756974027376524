"""`streamlake local up|down`: everything on one machine. `scripts/up` and `scripts/down` call these."""

import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from streamlake import logs
from streamlake.cli import output
from streamlake.kafka.download import Progress
from streamlake.local import chosen_lake, datasets
from streamlake.local import down as stopping
from streamlake.local import up as starting
from streamlake.local.environment import local_settings
from streamlake.local.errors import RunsAlready, WipeRefused
from streamlake.local.readiness import api_url
from streamlake.settings import PREFIX, Settings

_CAT: Final = {"json": "cat", "json.gz": "zcat", "json.zst": "zstdcat"}
app = typer.Typer(help="Everything on this machine.\n\nExample: streamlake local up --detach", no_args_is_help=True)


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return when everything answers.")] = False,
    lake: Annotated[
        str, typer.Option("--lake", metavar="gs|file|URL", help="gs: a bucket on this machine. Kept for this home.")
    ] = "",
) -> None:
    """Start Kafka, the API and a consumer for each dataset, and keep them alive.

    Example: streamlake local up --detach
    """
    if lake:
        chosen_lake.choose(os.environ, lake)
    settings = local_settings(os.environ)
    logs.configure(settings.log_level, "supervisor")
    try:
        names = starting.prepare(settings, _progress())
        if lake:
            chosen_lake.remember(settings)
    except RunsAlready as error:
        if not detach:
            raise
        output.note(f"{error.message} Nothing was started.")
        names = datasets.load(settings)
    else:
        if detach:
            starting.detach(settings, os.environ, output.note)
        names = names or datasets.load(settings)
    if detach:
        for line in welcome(settings, names, os.environ):
            typer.echo(line)
        return
    starting.log_to_file(settings)

    def write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    starting.supervise(
        settings,
        os.environ,
        write=write,
        terminal=sys.stdout.isatty(),
        settled=lambda: write("\n".join(["", *welcome(settings, names, os.environ), "  Ctrl-C stops everything\n\n"])),
    )


@app.command(hidden=True)
def supervise() -> None:
    """What `up --detach` leaves in the background.

    Example: streamlake local supervise
    """
    settings = local_settings(os.environ)
    logs.configure(settings.log_level, "supervisor")
    starting.supervise(settings, os.environ, write=None)


@app.command("serve-bucket", hidden=True)
def serve_bucket() -> None:
    """What `up --lake gs` starts: the bucket of this machine.

    Example: streamlake local serve-bucket
    """
    from streamlake.local.bucket_server import serve_bucket as server_of  # only here: it loads a checksum's library

    settings = local_settings(os.environ)
    logs.configure(settings.log_level, "bucket")
    server = server_of(chosen_lake.BUCKET, chosen_lake.folder(settings.home), settings.bucket_port)
    # From a thread: `shutdown` waits until the loop has ended, and the handler interrupts that loop.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    logging.getLogger(__name__).info("the bucket %s answers at %s", chosen_lake.BUCKET, server.url)
    server.serve_forever()


@app.command()
def down(
    wipe: Annotated[bool, typer.Option("--wipe", help="Forget all data, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before wiping.")] = False,
) -> None:
    """Stop what `up` started: the API first, then the consumers, then Kafka.

    Example: streamlake local down
    """
    settings = local_settings(os.environ)
    delete, left = stopping.wipeable(settings) if wipe else ([], [])
    if wipe and not yes:
        _confirm(settings, delete)
    if stopping.down(settings, output.note):
        typer.echo("StreamLake is stopped.")
    else:
        typer.echo(f"Nothing runs in {_short(settings.home)}.")
    if wipe:
        stopping.wipe(settings)
        typer.echo(f"The data in {_short(settings.home)} is gone." if delete else "There was no data to forget.")
        for thing in left:
            typer.echo(f"Left as it is, because it stands elsewhere: {thing}. A new Kafka needs a new lake.")


def _confirm(settings: Settings, delete: list[Path]) -> None:
    if not delete:
        return
    name = settings.home.name
    if not sys.stdin.isatty():
        raise WipeRefused("nothing was deleted: there is nobody to ask.", next_step="`scripts/down --wipe --yes`")
    output.note("This deletes for good:")
    for path in delete:
        output.note(f"  {_short(path)}")
    if typer.prompt(f"Type {name} to go on", default="", show_default=False) != name:
        raise WipeRefused("nothing was deleted, and nothing was stopped.")


def welcome(settings: Settings, names: list[str], environment: Mapping[str, str]) -> list[str]:
    """What to type next. Without the settings of this `environment` another terminal would mean another home."""
    command = _short(Path(sys.executable).with_name("streamlake"))
    dataset = "orders" if "orders" in names else next(iter(names), None)
    lines = [
        f"StreamLake is up: API {api_url(settings)}, Kafka {settings.bootstrap_servers}, lake {_lake(settings)}",
        "",
    ]
    if dataset is None:
        return [*lines, "There is no contract yet. Make one from sample events:", f"  {command} contracts new --help"]
    event = datasets.first_event(settings.contracts_dir, dataset)
    if event is not None:
        lines += [
            "Send an event:",
            f"  curl -sS {api_url(settings)}/v1/datasets/{dataset}/events "
            f"-H 'Content-Type: application/json' --data-binary @{_short(event)}",
            "See it land, a few seconds later:",
            f"  {_see(settings, dataset)}",
        ]
    return [
        *lines,
        "Then:",
        *_settings_of(environment),
        f"  {command} status",
        f"  {command} dlq list {dataset}",
        f"  {command} audit {dataset}",
        "  scripts/down",
    ]


def _settings_of(environment: Mapping[str, str]) -> list[str]:
    own = [f"{name}={shlex.quote(value)}" for name, value in sorted(environment.items()) if name.startswith(PREFIX)]
    return [f"  export {' '.join(own)}    # in another terminal, before the rest"] if own else []


def _lake(settings: Settings) -> str:
    url = settings.lake_url
    return _short(Path(url.removeprefix("file://"))) if url.startswith("file://") else url


def _see(settings: Settings, dataset: str) -> str:
    """The command that shows a dataset's lines. Parquet has none that every machine has."""
    suffix = datasets.part_suffix(settings.contracts_dir, dataset)
    mine = chosen_lake.serves_bucket(settings)
    lake = _short(chosen_lake.folder(settings.home) / "lake") if mine else _lake(settings)
    parts = f"{lake}/raw/dataset={dataset}/ingestion_date=*/part-*.{suffix}"
    if suffix not in _CAT:
        return f"{parts} is Parquet: docs/reading.md has the query"
    if mine or settings.lake_url.startswith("file://"):
        return f"{_CAT[suffix]} {parts}"
    return f"gcloud storage cat {parts}" + ("" if suffix == "json" else f" | {_CAT[suffix]}")


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _progress() -> Progress:
    said = ""

    def progress(step: str, done: int, total: int) -> None:
        nonlocal said
        if step != said:
            said = step
            output.note(f"{step} ...")

    return progress
