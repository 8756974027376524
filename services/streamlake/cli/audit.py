"""`streamlake audit`: walk the chains and say what was found. Mounted as one command."""

import os
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from streamlake.audit import questions
from streamlake.audit.dead_letters import DeadLetters
from streamlake.audit.findings import Severity, Verdict
from streamlake.audit.report import Report
from streamlake.audit.run import audit as run_audit
from streamlake.audit.walk import Options
from streamlake.cli import output
from streamlake.cli.known_dataset import require_dataset
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.kafka.reader import Reader
from streamlake.settings import load
from streamlake.storage.open import open_store

_SHOWN = 50
_KAFKA_SECONDS = 5.0
"""The lake is judged without Kafka too, so nobody waits long for one that is down."""
_COLOURS = {Verdict.OK: "green", Verdict.FOUND: "red", Verdict.INDETERMINATE: "yellow"}


def audit(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="Only folders from this day on.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Only folders up to this day.")] = None,
    read: Annotated[str | None, typer.Option(metavar="N%", help="Read this share of the parts, too.")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read every part, and balance the dead letters.")] = False,
    max_duration: Annotated[str | None, typer.Option(metavar="TIME", help="Stop after so long: 90s, 15m, 1h.")] = None,
    known_loss: Annotated[int, typer.Option(metavar="N", min=0, help="So many lost records are known.")] = 0,
    errors_only: Annotated[bool, typer.Option("--errors-only", help="Only what was found.")] = False,
    lake_only: Annotated[bool, typer.Option("--lake-only", help="Do not ask Kafka.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Prove that nothing is missing and nothing is there twice.

    Walks every chain of the dataset: each offset in one part, among the dead letters, or on record as gone. Says what
    it checked of how much. Exit code 0: all is well. 1: something was found, or too little was checked to say.

    Example: streamlake audit orders --deep
    """
    settings = load(os.environ)
    options = Options(
        first=questions.day(first),
        last=questions.day(last),
        read_share=questions.share(read),
        deep=deep,
        max_seconds=questions.duration(max_duration),
        seed=time.time_ns() % 1_000_000,
    )
    store = open_store(settings.lake_url)
    require_dataset(settings, dataset, store)
    if lake_only:
        report = run_audit(store, dataset, options, known_loss=known_loss)
    else:
        security = security_of(settings)
        admin = Admin(settings.bootstrap_servers, seconds=_KAFKA_SECONDS, security=security)
        reader = Reader(settings.bootstrap_servers, admin=admin, security=security)
        try:
            letters = DeadLetters(admin, reader, dataset)
            report = run_audit(store, dataset, options, admin, letters.keys, known_loss=known_loss)
        finally:
            reader.close()
    output.answer(
        report.document(errors_only=errors_only),
        lambda console: _draw(console, report, errors_only=errors_only),
        as_json=as_json,
        suggest=_suggest(report, deep=deep),
    )
    raise typer.Exit(report.exit_code)


def _suggest(report: Report, *, deep: bool) -> list[str]:
    if report.verdict is Verdict.FOUND or deep:
        return []
    return [f"streamlake audit {report.dataset} --deep"]


def _draw(console: Console, report: Report, *, errors_only: bool) -> None:
    if not errors_only and report.partitions:
        console.print(
            output.table(
                ["topic", "chain", "partition", "claims", "up to", "records", "dead letters", "lost", "lag", "days"],
                [
                    (p.topic, _short(p.chain), p.partition, p.claims, p.next, p.records, p.dead_letters, p.lost, p.lag,
                     f"{p.first_date} to {p.last_date}" if p.first_date else None)
                    for p in sorted(report.partitions, key=lambda p: (p.topic, p.chain, p.partition))
                ],
                numbers=["partition", "claims", "up to", "records", "dead letters", "lost", "lag"],
            )
        )  # fmt: skip
    found = [f for f in report.findings if not errors_only or f.severity is not Severity.NOTE]
    for finding in found[:_SHOWN]:
        where = finding.where
        at = f" {where.topic}/{where.partition}" if where.topic and where.partition is not None else ""
        up_to = "…" if where.next is None else where.next
        at += f" [{where.start}, {up_to})" if where.start is not None else ""
        console.print(escape(f"{finding.severity} {finding.kind}{at}: {finding.sentence}"), soft_wrap=True)
        if finding.object:
            console.print(escape(f"    {finding.object}"), style="dim", soft_wrap=True)
        if finding.next_step:
            console.print(escape(f"    {finding.next_step}"), style="dim", soft_wrap=True)
    if len(found) > _SHOWN:
        console.print(f"and {len(found) - _SHOWN} more; --json lists all of them.")
    _draw_checked(console, report)


def _draw_checked(console: Console, report: Report) -> None:
    checked = report.checked
    console.print(
        f"checked: {checked.chains} chains, {checked.claims_in_window} of {checked.claims} claims, "
        f"{checked.parts_found} of {checked.parts} parts found, {checked.parts_read} read "
        f"({checked.lines_read} lines, {output.size(checked.bytes_read)})",
        soft_wrap=True,
    )
    if checked.dead_letters_expected:
        console.print(f"dead letters: {checked.dead_letters_found} of {checked.dead_letters_expected} found")
    console.print(escape(f"log: {report.log}"), soft_wrap=True)
    console.print(f"[{_COLOURS[report.verdict]}]{report.verdict}[/] {escape(report.reason)}", soft_wrap=True)


def _short(chain: str) -> str:
    """A chain's name is long, and its beginning tells it from the few others."""
    return f"{chain[:6]}…{chain[26:]}" if chain else "-"
