"""`streamlake audit`: walk the chains and say what was found. Mounted as one command."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from streamlake.audit import questions
from streamlake.audit.dead_letters import DeadLetters
from streamlake.audit.errors import WrongQuestion
from streamlake.audit.findings import MOST_OF_A_KIND, Finding, Kind, Severity, Verdict
from streamlake.audit.options import Options
from streamlake.audit.reachable import unreachable
from streamlake.audit.report import Report
from streamlake.audit.run import audit as run_audit
from streamlake.audit.state import Progress
from streamlake.cli import output
from streamlake.cli.known_dataset import require_dataset
from streamlake.cli.progress import Shown
from streamlake.contract.problems import WrongContract
from streamlake.errors import Misconfigured
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.kafka.reader import Reader
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings, load
from streamlake.storage.open import open_store

_SHOWN = 50
_KAFKA_SECONDS = 5.0
_COLOURS = {Verdict.OK: "green", Verdict.FOUND: "red", Verdict.INDETERMINATE: "yellow"}


def audit(
    dataset: Annotated[str, typer.Argument(help="The dataset.")],
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="Only folders from this day on.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Only folders up to this day.")] = None,
    read: Annotated[str | None, typer.Option(metavar="N%", help="Read this share of the parts, too.")] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read every part, and balance the dead letters.")] = False,
    max_duration: Annotated[str | None, typer.Option(metavar="TIME", help="Stop after so long: 90s, 15m, 1h.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the same audit stopped.")] = False,
    known_loss: Annotated[int, typer.Option(metavar="N", min=0, help="So many lost records are known.")] = 0,
    errors_only: Annotated[bool, typer.Option("--errors-only", help="Only what was found.")] = False,
    lake_only: Annotated[bool, typer.Option("--lake-only", help="Do not ask Kafka.")] = False,
    as_json: output.AsJson = False,
) -> None:
    """Prove that nothing is missing and nothing is there twice.

    Walks every chain of the dataset: each offset in one part, among the dead letters, or on record as gone. Says what
    it checked of how much. Exit code 0: all is well. 1: something was found, or nothing was checked. 3: Kafka could
    not be asked whether the lake ends where the log does. 5: time ran out, or Ctrl-C; `--resume` goes on.

    Example: streamlake audit orders --deep --max-duration 1h --resume
    """
    settings = load(os.environ)
    if deep and read is not None:
        raise WrongQuestion("--deep reads every part, --read a share of them.", next_step="Give one of both.")
    options = Options(
        first=questions.day(first),
        last=questions.day(last),
        read_share=questions.share(read),
        deep=deep,
        max_seconds=questions.duration(max_duration),
        seed=time.time_ns() % 1_000_000,
        keep_days=_keep_days(settings, dataset),
    )
    if options.first is not None and options.last is not None and options.first > options.last:
        raise WrongQuestion(f"--from {first} lies behind --to {last}.", next_step="Exchange them.")
    store = open_store(settings.lake_url)
    require_dataset(settings, dataset, store)
    progress = Progress(settings.state_dir / "audits", store.url, dataset, options)
    security = security_of(settings)
    down = None if lake_only else unreachable(settings.bootstrap_servers)
    admin = Admin(settings.bootstrap_servers, seconds=_KAFKA_SECONDS, security=security)
    reader = Reader(settings.bootstrap_servers, admin=admin, security=security)
    try:
        with Shown(f"audit {dataset}") as shown, _ctrl_c() as stopped:
            report = run_audit(
                store,
                dataset,
                options,
                None if lake_only or down else admin,
                None if lake_only else DeadLetters(admin, reader, dataset).seen,
                reader.fetch_one,
                known_loss=known_loss,
                unreachable=down,
                progress=progress,
                resume=resume,
                tell=shown,
                stopped=stopped,
            )
    finally:
        reader.close()
    output.answer(
        report.document(errors_only=errors_only),
        lambda console: _draw(console, report, errors_only=errors_only),
        as_json=as_json,
        suggest=_suggest(report, options, max_duration, known_loss, lake_only=lake_only),
    )
    raise typer.Exit(report.exit_code)


def _keep_days(settings: Settings, dataset: str) -> int | None:
    """What the contract says of how long parts are kept; None where it says nothing or cannot be read."""
    try:
        return FileRegistry(settings.contracts_dir, dataset=dataset).current(dataset).lake_retention_days
    except (WrongContract, Misconfigured):
        return None


@contextmanager
def _ctrl_c() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C ends the audit where its state is whole, the second one at once."""
    asked = False

    def ask(_number: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def _suggest(
    report: Report, options: Options, max_duration: str | None, known_loss: int, *, lake_only: bool
) -> list[str]:
    words = ["streamlake audit", report.dataset]
    words += ["--from", options.first] if options.first else []
    words += ["--to", options.last] if options.last else []
    words += ["--lake-only"] if lake_only else []
    if not report.checked.complete:
        words += ["--deep"] if options.deep else []
        words += ["--read", f"{options.read_share * 100:g}%"] if options.read_share else []
        words += ["--max-duration", max_duration] if max_duration else []
        words += ["--known-loss", str(known_loss)] if known_loss else []
        return [" ".join([*words, "--resume"])]
    if report.verdict is Verdict.FOUND or options.deep or not report.checked.claims_in_window:
        return []
    return [" ".join([*words, "--deep"])]


def _draw(console: Console, report: Report, *, errors_only: bool) -> None:
    if not errors_only and report.partitions:
        console.print(
            output.table(
                ["topic", "chain", "partition", "claims", "up to", "records", "rejected", "lost", "lag", "days"],
                [
                    (p.topic, _short(p.chain), p.partition, p.claims, p.next, p.records, p.dead_letters, p.lost, p.lag,
                     f"{p.first_date} to {p.last_date}" if p.first_date else None)
                    for p in sorted(report.partitions, key=lambda p: (p.topic, p.chain, p.partition))
                ],
                numbers=["partition", "claims", "up to", "records", "rejected", "lost", "lag"],
            )
        )  # fmt: skip
    found = [f for f in report.findings if f.severity is not Severity.NOTE or not (errors_only or _is_common(f))]
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
        console.print(f"and {len(found) - _SHOWN} more; --json lists them.")
    for of_kind, count in report.tally.counts.items():
        if count > MOST_OF_A_KIND:
            console.print(f"{of_kind}: {count} in all")
    _draw_checked(console, report)


def _draw_checked(console: Console, report: Report) -> None:
    checked = report.checked
    console.print(
        f"checked: {checked.chains} chains, {checked.claims} of {checked.claims_total} claims ({checked.claims_read} "
        f"read, {checked.claims_by_seal} counted by {checked.seals} seals, {checked.claims_in_window} of the days "
        f"asked for), {checked.parts_found} of {checked.parts} parts found, {checked.parts_measured} measured, "
        f"{checked.parts_read} of {checked.parts_to_read} chosen ones read ({checked.lines_read} lines, "
        f"{output.size(checked.bytes_read)} of {output.size(checked.bytes_to_read)})",
        soft_wrap=True,
    )
    if checked.parts_expired:
        console.print(
            f"expired: {checked.parts_expired} parts, by the contract's lakeRetentionDays of {report.keep_days}"
        )
    if checked.dead_letters_expected:
        console.print(f"dead letters: {checked.dead_letters_found} of {checked.dead_letters_expected} found")
    elif any(p.dead_letters for p in report.partitions):
        console.print("dead letters: not looked for one by one; --deep does")
    if report.resumed:
        console.print(f"begun: {report.began}, and gone on with")
    console.print(escape(f"log: {report.log}"), soft_wrap=True)
    console.print(f"[{_COLOURS[report.verdict]}]{report.verdict}[/] {escape(report.reason)}", soft_wrap=True)


def _is_common(finding: Finding) -> bool:
    """One line a part would bury what matters: how many there are is said below."""
    return finding.kind is Kind.PART_EXPIRED


def _short(chain: str) -> str:
    """A chain's name is long, and its beginning tells it from the few others."""
    return f"{chain[:6]}…{chain[26:]}" if chain else "-"
