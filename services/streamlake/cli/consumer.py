"""`streamlake consumer pause|resume`: by hand, or after the breaker."""

import getpass
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from streamlake.cli import output
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings, load

app = typer.Typer(
    help="Pause and resume a dataset's consumers.\n\nExample: streamlake consumer pause orders", no_args_is_help=True
)
Dataset = Annotated[str, typer.Argument(help="The dataset.")]


@app.command()
def pause(dataset: Dataset, as_json: output.AsJson = False) -> None:
    """Stop landing this dataset. What was read is kept in Kafka; the API goes on taking events.

    Example: streamlake consumer pause orders
    """
    _ask(dataset, "paused", None, as_json, f"streamlake consumer resume {dataset}")


@app.command()
def resume(dataset: Dataset, as_json: output.AsJson = False) -> None:
    """Go on landing, after `pause` or after the breaker tripped: what tripped it becomes dead letters.

    Example: streamlake consumer resume orders
    """
    # The breaker forgets what is older than this, or the same records would trip it again.
    _ask(dataset, "running", time.time_ns() // 1_000_000, as_json, f"streamlake consumer pause {dataset}")


def _ask(dataset: str, state: str, resumed_at_ms: int | None, as_json: bool, undo: str) -> None:
    settings = load(os.environ)
    FileRegistry(settings.contracts_dir, dataset=dataset).current(dataset)
    path = control_file(settings, dataset)
    before = _read(path).get("state", "running")
    asked = {
        "state": state,
        "resumed_at_ms": resumed_at_ms,
        "by": getpass.getuser(),
        "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    _write(path, asked)

    def draw(console: Console) -> None:
        console.print(f"{dataset}: {before} -> {state}; its consumers see it within a second")
        console.print(f"to undo: {undo}", markup=False)

    document = {"dataset": dataset, "before": before, "after": state, "undo": undo, **asked}
    output.answer(document, draw, as_json=as_json, suggest=[f"streamlake status {dataset}"])


def control_file(settings: Settings, dataset: str) -> Path:
    """Where a dataset's consumers on this machine look once a second."""
    return settings.state_dir / "control" / f"{dataset}.json"


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _write(path: Path, document: dict[str, Any]) -> None:
    """Replace the file as a whole: a consumer never reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".", delete=False) as partial:
        json.dump(document, partial)
        partial.flush()
        # The consumer is another user than the operator; both are in the state folder's group.
        os.fchmod(partial.fileno(), 0o640)
        os.fsync(partial.fileno())
    Path(partial.name).replace(path)
