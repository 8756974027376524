"""`streamlake keys`: producers' API keys."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from streamlake import settings
from streamlake.cli import output
from streamlake.errors import Misconfigured
from streamlake.ingest import keys
from streamlake.ingest.errors import BadKeysFile
from streamlake.ingest.keys import Key
from streamlake.registry.files import FileRegistry

app = typer.Typer(help="Producers' API keys.\n\nExample: streamlake keys list", no_args_is_help=True)

_PRODUCER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@/-]{0,127}")


class WrongProducer(Misconfigured):
    """A producer's name that cannot be."""

    code = "SL-0525"


@app.command()
def new(
    producer: Annotated[str, typer.Argument(help="Who writes; it stands beside each event.")],
    datasets: Annotated[str, typer.Option("--datasets", help="Which datasets it may write: a,b or all.")],
    as_json: output.AsJson = False,
) -> None:
    """Make a key. Its secret is shown once, and kept nowhere.

    Example: streamlake keys new checkout --datasets orders,payments
    """
    if not _PRODUCER.fullmatch(producer):
        raise WrongProducer(
            f"{producer[:128]!r} cannot be a producer's name.",
            next_step="Names have 1 to 128 of A-Z, a-z, 0-9 and _ . : @ / -, and begin with a letter or digit.",
        )
    in_force = settings.load(os.environ)
    names = tuple(dict.fromkeys(name.strip() for name in datasets.split(",")))
    registry = FileRegistry(in_force.contracts_dir)
    for name in names:
        if name != keys.ALL:
            registry.current(name)
    with _changing(in_force.api_keys_file) as known:
        secret, key = keys.new(producer, names, _now())
        keys.save(in_force.api_keys_file, (*known, key))
    document = {"key": _shown(key), "secret": secret}

    def draw(console: Console) -> None:
        console.print(f"key {key.id} for {producer}, datasets {', '.join(names)}:\n", markup=False)
        console.print(f"  {secret}\n", markup=False, soft_wrap=True)
        console.print("This is the only time that it is shown. The API takes it within two seconds.")
        console.print("As long as there is a key file, every write needs a key, on loopback too.")
        console.print(f"to undo: streamlake keys revoke {key.id}", markup=False)

    output.answer(document, draw, as_json=as_json, suggest=["streamlake keys list"])


@app.command("list")
def list_keys(as_json: output.AsJson = False) -> None:
    """Show every key, without its secret.

    Example: streamlake keys list
    """
    found = keys.load(settings.load(os.environ).api_keys_file)
    shown = [_shown(key) for key in found or ()]

    def draw(console: Console) -> None:
        if not shown:
            console.print("no keys: on loopback anybody may write, and off it the API does not start.")
            return
        columns = ("id", "producer", "datasets", "created_at", "revoked_at")
        console.print(output.table(columns, [[_cell(row[name]) for name in columns] for row in shown]))

    output.answer({"keys": shown}, draw, as_json=as_json, suggest=[] if shown else ["streamlake keys new PRODUCER"])


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")],
    as_json: output.AsJson = False,
) -> None:
    """Take a key back. The API refuses it within two seconds; it stays in the list.

    Example: streamlake keys revoke 1f0c9a2b
    """
    in_force = settings.load(os.environ)
    with _changing(in_force.api_keys_file) as known:
        changed = keys.revoke(known, id, _now())
        keys.save(in_force.api_keys_file, changed)
    key = next(key for key in changed if key.id == id)

    def draw(console: Console) -> None:
        console.print(f"key {key.id} of {key.producer}: in force → revoked at {key.revoked_at}.", markup=False)

    output.answer(
        {"key": _shown(key)}, draw, as_json=as_json, suggest=[f"streamlake keys new {key.producer} --datasets …"]
    )


@contextmanager
def _changing(path: Path) -> Iterator[tuple[Key, ...]]:
    """The keys as they are; nobody else changes them meanwhile, for two who do would lose one key."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(f".{path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield keys.load(path) or ()
    except OSError as error:
        step = "STREAMLAKE_API_KEYS_FILE may name another place."
        raise BadKeysFile(f"{path} cannot be changed: {error.strerror}.", next_step=step) from error


def _shown(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "producer": key.producer,
        "datasets": list(key.datasets),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }


def _cell(value: object) -> object:
    return ", ".join(value) if isinstance(value, list) else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
