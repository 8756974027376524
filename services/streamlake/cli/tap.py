"""`streamlake tap`: watch what flows, or see what the gate would refuse. Mounted as one command."""

import base64
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from streamlake.audit import questions
from streamlake.audit.reachable import unreachable
from streamlake.audit.tap import Tap, Tapped, judged
from streamlake.cli import output
from streamlake.cli.dlq import readable
from streamlake.cli.known_dataset import require_dataset
from streamlake.errors import EXIT_DONE, EXIT_FOUND
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.kafka.reader import Reader
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings, load

_SHOWN_BYTES = 240


def tap(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    bad: Annotated[bool, typer.Option("--bad", help="Only what waits for the consumer and would be refused.")] = False,
    last: Annotated[int, typer.Option(min=0, metavar="N", help="Begin with so many records of each partition.")] = 0,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Show at most so many.")] = 100,
    for_: Annotated[str | None, typer.Option("--for", metavar="TIME", help="Watch for so long: 10s, 5m.")] = None,
    as_json: output.AsJson = False,
) -> None:
    """Watch what flows, in no group: nothing is committed, nobody is disturbed. Ctrl-C ends it, or `--for`, `--limit`.

    With `--bad`: what the consumer has not landed yet and the gate refuses, with the reason, as when the breaker has
    tripped. Looks once, unless `--for` says longer. Exit code 1 if there is any.

    Example: streamlake tap orders --bad
    """
    settings = load(os.environ)
    seconds = questions.duration(for_)
    require_dataset(settings, dataset)
    ends = None if seconds is None else time.monotonic() + seconds
    once = seconds is None and (bad or as_json)
    shown: list[dict[str, Any]] = []
    reasons: Counter[str] = Counter()
    seen = 0
    console = output.people()
    with _tap(settings, dataset) as tapped:
        tapped.begin_at_consumer() if bad else tapped.begin_at_end(last)

        def enough() -> bool:
            return (len(shown) >= limit and not bad) or (ends is not None and time.monotonic() >= ends)

        if not once and not as_json:
            output.note(f"watching {tapped.topic}; Ctrl-C ends it")
        registry = FileRegistry(settings.contracts_dir, dataset=dataset)
        try:
            for batch in tapped.waiting() if once else tapped.flow(enough):
                if not bad and len(shown) >= limit:
                    break
                seen += len(batch)
                for one in judged(registry, dataset, batch) if bad else (Tapped(message) for message in batch):
                    if bad and one.rejection is None:
                        continue
                    reasons[one.rejection.reason if one.rejection else ""] += 1
                    if len(shown) < limit:
                        shown.append(_plain(one))
                        if not as_json:
                            _draw(console, shown[-1])
        except KeyboardInterrupt:
            pass
    refused = sum(reasons.values()) if bad else 0
    document: dict[str, Any] = {"dataset": dataset, "topic": tapped.topic, "looked_at": seen, "records": shown}
    document |= {"refused": refused, "reasons": dict(reasons.most_common())} if bad else {}
    output.answer(
        document, lambda console: _sum_up(console, document), as_json=as_json, suggest=_suggest(dataset, refused)
    )
    raise typer.Exit(EXIT_FOUND if refused else EXIT_DONE)


@contextmanager
def _tap(settings: Settings, dataset: str) -> Iterator[Tap]:
    down = unreachable(settings.bootstrap_servers)
    if down is not None:
        raise down
    security = security_of(settings)
    admin = Admin(settings.bootstrap_servers, security=security)
    reader = Reader(settings.bootstrap_servers, admin=admin, security=security)
    try:
        yield Tap(admin, reader, dataset)
    finally:
        reader.close()


def _suggest(dataset: str, refused: int) -> list[str]:
    return [f"streamlake consumer resume {dataset}", f"streamlake status {dataset}"] if refused else []


def _plain(tapped: Tapped) -> dict[str, Any]:
    message = tapped.message
    value = message.value()
    told: dict[str, Any] = {
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp_ms": message.timestamp()[1],
        **_key(message.key()),
        "bytes": None if value is None else len(value),
        "value": _text(None if value is None else value[:_SHOWN_BYTES]),
    }
    if tapped.rejection is not None:
        told |= {"reason": tapped.rejection.reason, "detail": tapped.rejection.detail}
    return told


def _key(key: str | bytes | None) -> dict[str, Any]:
    """As in the raw line: a key that is not UTF-8 is null, with its bytes beside it."""
    try:
        return {"key": key.decode() if isinstance(key, bytes) else key}
    except UnicodeDecodeError:
        return {"key": None, "key_base64": base64.b64encode(key).decode()}  # type: ignore[arg-type] # bytes it is


def _text(content: str | bytes | None) -> str | None:
    return content.decode(errors="backslashreplace") if isinstance(content, bytes) else content


def _draw(console: Console, told: dict[str, Any]) -> None:
    value = "null" if told["value"] is None else readable(told["value"]).replace("\n", " ")
    more = "…" if (told["bytes"] or 0) > _SHOWN_BYTES else ""
    line = f"{output.moment(told['timestamp_ms'])} {told['partition']}/{told['offset']} {value}{more}"
    console.print(escape(line), soft_wrap=True)
    if "reason" in told:
        console.print(escape(f"    {told['reason']}: {readable(told['detail'])}"), style="yellow", soft_wrap=True)


def _sum_up(console: Console, document: dict[str, Any]) -> None:
    if "reasons" not in document:
        console.print(f"looked at {document['looked_at']} records of {document['topic']}")
        return
    console.print(f"{document['refused']} of {document['looked_at']} records that wait would be refused")
    for reason, count in document["reasons"].items():
        console.print(escape(f"  {reason}: {count}"))
