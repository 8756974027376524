"""`streamlake consumer pause|resume`: by hand, or after the breaker."""

import getpass
import json
import os
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from streamlake import vitals
from streamlake.cli import output
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings, load

app = typer.Typer(
    help="Pause and resume a dataset's consumers.\n\nExample: streamlake consumer pause orders", no_args_is_help=True
)
_PATIENCE_SECONDS: Final = 5.0
_SAID: Final = {
    True: "its consumers say so",
    False: "its consumers have not said so yet",
    None: "no consumer of it answers here, so it holds once one starts",
}
Dataset = Annotated[str, typer.Argument(help="The dataset.")]


@app.command()
def pause(dataset: Dataset, as_json: output.AsJson = False) -> None:
    """Stop landing this dataset, and wait until its consumers say so. The API goes on taking events; Kafka keeps them.

    Example: streamlake consumer pause orders
    """
    _ask(dataset, "paused", as_json, f"streamlake consumer resume {dataset}")


@app.command()
def resume(dataset: Dataset, as_json: output.AsJson = False) -> None:
    """Go on landing, after `pause` or after the breaker tripped: what tripped it becomes dead letters.

    After a pause alone the breaker still guards what came meanwhile.

    Example: streamlake consumer resume orders
    """
    _ask(dataset, "running", as_json, f"streamlake consumer pause {dataset}")


def _ask(dataset: str, state: str, as_json: bool, undo: str) -> None:
    settings = load(os.environ)
    FileRegistry(settings.contracts_dir, dataset=dataset).current(dataset)
    path = control_file(settings, dataset)
    known = _read(path)
    consumers = _consumers(settings, dataset)
    tripped = any(map(_is_tripped, consumers))
    before = "tripped" if tripped else known.get("state", "running")
    resumed_at_ms = known.get("resumed_at_ms")
    if state == "running" and (tripped or not consumers):
        # The breaker forgets what is older than this, or the same records would trip it again.
        resumed_at_ms = time.time_ns() // 1_000_000
    asked = {
        "state": state,
        "resumed_at_ms": resumed_at_ms,
        "by": getpass.getuser(),
        "at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    _write(path, asked)
    holds = _wait(settings, dataset, state) if consumers else None

    def draw(console: Console) -> None:
        console.print(f"{dataset}: {before} -> {state}; {_SAID[holds]}")
        console.print(f"to undo: {undo}", markup=False)

    document = {"dataset": dataset, "before": before, "after": state, "holds": holds, "undo": undo, **asked}
    output.answer(document, draw, as_json=as_json, suggest=[f"streamlake status {dataset}"])


def _consumers(settings: Settings, dataset: str) -> list[dict[str, Any]]:
    """Those of this machine that answer."""
    documents = vitals.gather(settings.state_dir)
    return [d for d in documents if d.get("kind") == "consumer" and d.get("dataset") == dataset]


def _is_tripped(consumer: Mapping[str, Any]) -> bool:
    """Also where a pause hides it."""
    return consumer.get("state") == "tripped" or any(p.get("state") == "tripped" for p in consumer["partitions"])


def _wait(settings: Settings, dataset: str, state: str) -> bool:
    """Whether the consumers obey by now; they look once a second."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        states = {consumer.get("state") for consumer in _consumers(settings, dataset)}
        if states <= {"paused"} if state == "paused" else not states & {"paused", "tripped"}:
            return True
        time.sleep(0.1)
    return False


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
