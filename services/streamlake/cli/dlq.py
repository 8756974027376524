"""`streamlake dlq`: what was rejected, and why. Reads the dead letter topic in no group, and changes nothing."""

import base64
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from streamlake.audit import questions
from streamlake.audit.dead_letters import DeadLetters, Entry, by_reason, plain
from streamlake.cli import output
from streamlake.cli.known_dataset import require_dataset
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.kafka.dead_letter import headers_of
from streamlake.kafka.reader import Reader
from streamlake.settings import load

app = typer.Typer(
    help="Dead letters: what was rejected, and why.\n\nExample: streamlake dlq list orders", no_args_is_help=True
)
Dataset = Annotated[str, typer.Argument(help="The dataset.")]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only those from then on: 1h, 2d, 2026-11-21, 2026-11-21T08:00:00Z.")
]


@app.command()
def summary(dataset: Dataset, since: Since = None, as_json: output.AsJson = False) -> None:
    """Count the dead letters by reason.

    Example: streamlake dlq summary orders --since 1d
    """
    with _letters(dataset) as letters:
        reasons = by_reason(letters.entries(questions.moment_ms(since, datetime.now(UTC))))
    total = sum(row["count"] for row in reasons)

    def draw(console: Console) -> None:
        if not reasons:
            console.print(f"no dead letters in {letters.topic}")
            return
        rows = [(r["reason"], r["count"], output.moment(r["newest_ms"]), r["example"]) for r in reasons]
        console.print(output.table(["reason", "count", "newest", "example"], rows, numbers=["count"]))
        console.print(f"{total} in {letters.topic}")

    document = {"dataset": dataset, "topic": letters.topic, "total": total, "reasons": reasons}
    suggest = [f"streamlake dlq list {dataset} --reason {reasons[0]['reason']}"] if reasons else []
    output.answer(document, draw, as_json=as_json, suggest=suggest)


@app.command("list")
def list_(
    dataset: Dataset,
    reason: Annotated[str | None, typer.Option(help="Only those of this reason.")] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 20,
    as_json: output.AsJson = False,
) -> None:
    """List the dead letters, newest first. Copies of one record are folded.

    Example: streamlake dlq list orders --reason contract.missing --limit 5
    """
    with _letters(dataset) as letters:
        all_of_them = letters.entries(questions.moment_ms(since, datetime.now(UTC)))
    found = [entry for entry in all_of_them if reason is None or entry.reason == reason]
    shown = found[:limit]
    others = sorted({entry.reason for entry in all_of_them}) if reason is not None and not found else []

    def draw(console: Console) -> None:
        rows = [
            (e.dlq_offset, output.moment(e.timestamp_ms), e.reason, readable(e.detail), _source(e), e.id) for e in shown
        ]
        if rows:
            console.print(
                output.table(["offset", "when", "reason", "detail", "record", "id"], rows, numbers=["offset"])
            )
        console.print(f"{len(shown)} of {len(found)} in {letters.topic}")
        if others:
            console.print(readable(f"none was rejected as {reason}; there are: {', '.join(others)}"), markup=False)

    document = {
        "dataset": dataset,
        "topic": letters.topic,
        "total": len(found),
        "shown": len(shown),
        "dead_letters": [plain(entry) for entry in shown],
    }
    suggest = [f"streamlake dlq show {dataset} {shown[0].id}"] if shown else []
    suggest += [f"streamlake dlq summary {dataset}"] if others else []
    output.answer(document, draw, as_json=as_json, suggest=suggest)


@app.command()
def show(
    dataset: Dataset,
    id: Annotated[str, typer.Argument(help="Its id, its ingestion_id, or its offset in the list.")],
    as_json: output.AsJson = False,
) -> None:
    """Show one dead letter: why, where it came from, and its bytes as they were sent.

    Example: streamlake dlq show orders 12
    """
    with _letters(dataset) as letters:
        entry, letter, message = letters.find(id)
    # A record that is none of ours has no original: it is shown as it stands.
    key = letter.key if letter else message.key()
    headers = letter.headers if letter else headers_of(message.headers())
    original = {
        **_bytes("key", key.encode() if isinstance(key, str) else key),
        "headers": [{"name": name, **_bytes("value", value)} for name, value in headers],
        **_bytes("value", letter.value if letter else message.value()),
    }

    def draw(console: Console) -> None:
        for name, value in plain(entry).items():
            if value is not None:
                shown = output.moment(value) if name == "timestamp_ms" else readable(str(value))
                console.print(escape(f"{name:>16}  {shown}"), soft_wrap=True)
        console.print(escape(f"{'key':>16}  {_shown(original, 'key')}"), soft_wrap=True)
        for header in original["headers"]:
            text = f"{'header':>16}  {readable(header['name'])}: {_shown(header, 'value')}"
            console.print(escape(text), soft_wrap=True)
        console.print(escape(f"{'value':>16}  {_shown(original, 'value')}"), soft_wrap=True)

    output.answer({"dataset": dataset, **plain(entry), "original": original}, draw, as_json=as_json)


@contextmanager
def _letters(dataset: str) -> Iterator[DeadLetters]:
    settings = load(os.environ)
    require_dataset(settings, dataset)
    security = security_of(settings)
    admin = Admin(settings.bootstrap_servers, security=security)
    reader = Reader(settings.bootstrap_servers, admin=admin, security=security)
    try:
        yield DeadLetters(admin, reader, dataset)
    finally:
        reader.close()


def _source(entry: Entry) -> str:
    return entry.topic if entry.offset is None else f"{entry.topic}/{entry.partition}/{entry.offset}"


def _bytes(name: str, value: bytes | None) -> dict[str, Any]:
    """As in the raw line: text where it is UTF-8, else base64 beside a null."""
    if value is None:
        return {name: None}
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {name: None, f"{name}_base64": base64.b64encode(value).decode()}


def _shown(original: dict[str, Any], name: str) -> str:
    if f"{name}_base64" in original:
        return f"base64:{original[f'{name}_base64']}"
    return "null" if original[name] is None else readable(original[name])


def readable(text: str) -> str:
    """What came from outside, safe for a terminal: control characters are written out, so that none can act."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
