"""`streamlake trace`: where one event is, from receipt to line. Mounted as one command."""

import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape

from streamlake.audit import questions
from streamlake.audit.ledger import folders
from streamlake.audit.reachable import unreachable
from streamlake.audit.trace import Trace
from streamlake.audit.trace import trace as run_trace
from streamlake.audit.trace_log import LogTrace
from streamlake.audit.trace_question import Question, parse, time_of
from streamlake.cli import output
from streamlake.cli.dlq import readable
from streamlake.cli.known_dataset import require_dataset
from streamlake.contract.problems import WrongContract
from streamlake.errors import EXIT_DONE, EXIT_FOUND, EXIT_UNREACHABLE
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.kafka.reader import Reader
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings, load
from streamlake.storage import layout
from streamlake.storage.open import open_store
from streamlake.storage.store import ObjectStore

_KAFKA_SECONDS = 5.0
_SAID = {
    "landed": "landed",
    "waiting": "in Kafka, not claimed yet: it waits for the consumer",
    "dead_lettered": "dead-lettered",
    "before_streamlake": "was in Kafka before StreamLake began, and never read",
    "earlier_generation": "is in the earlier generation of this log",
    "retention": "lost: Kafka deleted it before it was read",
    "lost_before_landing": "lost: Kafka deleted it between its claim and its part",
    "no_record": "no record: the offset is a marker, or of an aborted transaction",
    "part_missing": "claimed, but its part is not there",
    "damaged": "its part is damaged",
}


def trace(
    what: Annotated[
        str,
        typer.Argument(metavar="ID", help="An ingestion_id, TOPIC/PARTITION/OFFSET, or a receipt's JSON; - reads it."),
    ],
    around: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When it was sent (looked for from 5 minutes before to 15 after): 1h, 2026-11-21T08:00Z.",
        ),
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Look only there; by default in all datasets.")] = None,
    as_json: output.AsJson = False,
) -> None:
    """Show where one event is: log, claim, part and line, or why it was dead-lettered; and how long each hop took.

    Works without Kafka, and says then what it could not see. Exit code 1: it was not found, or it is not well.

    Example: streamlake trace streamlake.orders.raw/0/41
    """
    settings = load(os.environ)
    text = sys.stdin.read() if what == "-" else what
    question = parse(text, questions.moment_ms(around, datetime.now(UTC)), dataset)
    store = open_store(settings.lake_url)
    if question.dataset is not None:
        require_dataset(settings, question.dataset, store)
    down = unreachable(settings.bootstrap_servers)
    security = security_of(settings)
    admin = None if down else Admin(settings.bootstrap_servers, seconds=_KAFKA_SECONDS, security=security)
    reader = (
        Reader(settings.bootstrap_servers, admin=admin, seconds=_KAFKA_SECONDS, security=security) if admin else None
    )
    log = LogTrace(admin, reader, str(down) if down else "")
    try:
        answer = run_trace(store, log, question, _datasets(settings, store, question))
    finally:
        if reader is not None:
            reader.close()
    document = answer.document()
    output.answer(
        document, lambda console: _draw(console, document), as_json=as_json, suggest=_suggest(answer, question)
    )
    raise typer.Exit(_exit(answer))


def _exit(answer: Trace) -> int:
    if answer.found:
        return EXIT_DONE if all(event.is_well for event in answer.events) else EXIT_FOUND
    return EXIT_UNREACHABLE if answer.not_seen else EXIT_FOUND


def _datasets(settings: Settings, store: ObjectStore, question: Question) -> Sequence[str]:
    """Those that a contract names, and those that have a ledger: contracts may have been removed."""
    if question.dataset is not None:
        return [question.dataset]
    landed = (folder.removeprefix("dataset=") for folder in folders(store, "ledger/"))
    found = {name for name in landed if layout.DATASET_NAME.fullmatch(name)}
    try:
        found.update(FileRegistry(settings.contracts_dir).datasets())
    except WrongContract:
        found.update(folder.parent.name for folder in settings.contracts_dir.glob("*/contract.yaml"))
    return sorted(found)


def _suggest(answer: Trace, question: Question) -> list[str]:
    found = []
    for event in answer.events:
        dataset = event.topic.split(".")[1]
        day = event.landed.claim.date if event.landed is not None else ""
        if event.state == "waiting":
            found.append(f"streamlake status {dataset}")
        elif event.state == "dead_lettered":
            letter = f"{event.landed.ledger.chain.topic_id}/{event.partition}/{event.offset}" if event.landed else ""
            own = event.topic.endswith(".dlq")
            found.append(
                f"streamlake dlq show {dataset} {event.ingestion_id if own and event.ingestion_id else letter}"
            )
        elif not event.is_well:
            found.append(f"streamlake audit {dataset} --from {day} --to {day} --deep")
    by_id = question.ingestion_id if not question.has_place else None
    if not answer.found and by_id and time_of(UUID(by_id)) is None:
        found.append(f"streamlake trace {by_id} --around TIME")
    if answer.not_seen:
        found.append("streamlake doctor")
    return list(dict.fromkeys(found))


def _draw(console: Console, document: dict[str, Any]) -> None:
    for event in document["events"]:
        console.print(escape(f"{event['topic']}/{event['partition']}/{event['offset']}"), style="bold", soft_wrap=True)
        for name, value in _rows(event):
            if value not in (None, ""):
                console.print(escape(f"{name:>19}  {readable(str(value))}"), soft_wrap=True)
    if not document["events"]:
        console.print("not found. Looked into:")
        for place in dict.fromkeys(document["looked"]) or ["nothing: the lake holds no claim of these datasets"]:
            console.print(escape(f"  {place}"), soft_wrap=True)
    for trouble in document["not_seen"]:
        console.print(escape(f"not seen: {trouble}"), style="yellow", soft_wrap=True)


def _rows(event: dict[str, Any]) -> Iterator[tuple[str, object]]:
    letter, claim, part = event["dead_letter"], event["claim"], event["part"]
    yield "state", _SAID.get(event["state"], event["state"])
    yield "ingestion_id", event["ingestion_id"]
    yield "producer", event["producer"]
    yield "Kafka", _kafka(event["log"]["kafka"])
    if claim:
        yield "claim", f"{claim['object']}  [{claim['start']}, {claim['next']}), by {claim['writer']}"
    if part:
        yield "part", part["object"] + ("" if part["exists"] else "  (not there)")
        yield "line", part["line"] and f"{part['line']} of {part['lines']}"
    if letter:
        yield from (("reason", letter["reason"]), ("detail", letter["detail"]), ("dead letter", letter["place"]))
        yield from (("landed in", letter["landed_in"]), ("line", letter["line"]))
    yield "trouble", event["trouble"]
    for hop in event["hops"]:
        since = "" if hop["seconds"] is None else f"  {hop['seconds']:+.3f} s"
        yield hop["hop"], f"{hop['at']}{since}"


def _kafka(state: str) -> str:
    return {
        "there": "has it",
        "deleted": "has deleted it by now",
        "not_written": "ends before it",
        "no_record": "has no record there",
        "no_topic": "has another topic of this name now, or none",
        "unknown": "could not be asked",
    }[state]
