"""`streamlake status`: everything on one screen, in a word first, and what to do last."""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from streamlake.cli import output
from streamlake.cli.lake_look import is_sealed
from streamlake.cli.snapshot import Gatherer, Snapshot
from streamlake.errors import EXIT_DONE, EXIT_FOUND, EXIT_UNREACHABLE, Misconfigured, Retryable
from streamlake.local.readiness import api_url
from streamlake.settings import Settings, load

_COLOURS = {"healthy": "green", "catching-up": "yellow", "paused": "yellow", "starting": "yellow"}


class WrongCondition(Misconfigured):
    """`--exit-when` names something else than it may."""

    code = "SL-0802"


class NotYet(Retryable):
    """What was waited for did not come in time."""

    code = "SL-0803"


def status(
    dataset: Annotated[str | None, typer.Argument(help="One dataset; all of them if left out.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Look every two seconds until Ctrl-C.")] = False,
    exit_when: Annotated[
        str, typer.Option("--exit-when", help="Return at healthy, caught-up or sealed:YYYY-MM-DD.")
    ] = "",
    timeout: Annotated[
        float, output.seconds_option("--timeout", help="Seconds to wait for --exit-when; 0 is for ever.")
    ] = 0,
    as_json: output.AsJson = False,
) -> None:
    """Show health, lag, what landed and what to do. Exits with 0 if healthy, 1 if not, 3 if nothing runs.

    Example: streamlake status orders --exit-when caught-up --timeout 60
    """
    settings = load(os.environ)
    condition = _condition(exit_when)
    gatherer = Gatherer(settings, dataset)
    if condition:
        snapshot = _wait(gatherer, settings, condition, timeout, quiet=as_json)
    elif watch and not as_json:
        _watch(gatherer, settings)
        return
    else:
        snapshot = gatherer.look()
    suggest = list(dict.fromkeys(a.command for a in snapshot.advice if a.command))
    if as_json:
        output.answer(document(snapshot, settings), lambda _: None, as_json=True, suggest=suggest)
    else:
        output.people().print(screen(snapshot, settings))
    raise typer.Exit(EXIT_DONE if condition else exit_code(snapshot))


def exit_code(snapshot: Snapshot) -> int:
    """0 if nothing is wrong, 1 if something is, 3 if there is nobody to ask."""
    if snapshot.health == "stopped" and not any(p["pid"] for p in snapshot.processes):
        return EXIT_UNREACHABLE
    return EXIT_DONE if snapshot.health in ("healthy", "catching-up") else EXIT_FOUND


def document(snapshot: Snapshot, settings: Settings) -> dict[str, Any]:
    """The answer for machines."""
    return {
        "health": snapshot.health,
        "home": str(settings.home),
        "api": {"url": api_url(settings), "ready": snapshot.api_answers},
        "kafka": {"bootstrap_servers": settings.bootstrap_servers, "answers": snapshot.kafka_answers},
        "lake": {
            "url": settings.lake_url,
            "disk_free_bytes": snapshot.disk_free_bytes,
            "disk_total_bytes": snapshot.disk_total_bytes,
        },
        "processes": snapshot.processes,
        "datasets": [asdict(d) for d in snapshot.datasets],
        "advice": [asdict(a) for a in snapshot.advice],
    }


def screen(snapshot: Snapshot, settings: Settings) -> RenderableType:
    """The answer for people."""
    now = time.time()
    colour = _COLOURS.get(snapshot.health, "red")
    head = Text.assemble(("StreamLake is "), (snapshot.health, f"bold {colour}"))
    free, total = snapshot.disk_free_bytes, snapshot.disk_total_bytes
    disk = f", disk {output.size(free)} of {output.size(total)} free" if free is not None and total else ""
    lines: list[RenderableType] = [head, Text(f"lake {settings.lake_url}{disk}")]
    if snapshot.processes:
        rows = [
            (p["name"], p["pid"], p["state"], _age(p.get("since"), now), p.get("restarts"), p.get("reason") or "")
            for p in snapshot.processes
        ]
        lines.append(
            output.table(("process", "pid", "state", "for", "restarts", ""), rows, numbers=("pid", "restarts"))
        )
        figures = [
            (
                d.name,
                d.health,
                "?" if d.lag_records is None else f"{d.lag_records:,}",
                "?" if d.lag_seconds is None else output.seconds(d.lag_seconds),
                output.seconds(now - d.oldest_waiting_ms / 1000) if d.oldest_waiting_ms else "-",
                output.moment(d.landed_up_to_ms),
                d.sealed_until or "-",
                "?" if d.dead_letters is None else f"{d.dead_letters:,}",
            )
            for d in snapshot.datasets
        ]
        columns = ("dataset", "health", "lag", "lag time", "oldest waits", "landed up to", "sealed", "dead letters")
        lines.append(output.table(columns, figures, numbers=("lag", "lag time", "dead letters")))
    for one in snapshot.datasets:
        lines += [Text(f"{one.name}: {said}", style="dim") for said in _elsewhere(one.elsewhere)]
    for advice in snapshot.advice:
        runbook = f"  (docs/runbooks/{advice.runbook}.md)" if advice.runbook else ""
        lines.append(Text(f"{advice.sentence}{runbook}"))
        if advice.command:
            lines.append(Text(f"  {advice.command}", style="bold"))
    if not snapshot.advice:
        lines.append(Text("nothing to do", style="dim"))
    return Group(*lines)


def _elsewhere(partitions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which partitions others hold, and who: in figures above, but not among the processes."""
    held: dict[str, list[str]] = {}
    for p in partitions:
        held.setdefault(p["member"], []).append(f"{p['topic']}/{p['partition']}")
    return [f"{', '.join(where)} read by {member}" for member, where in sorted(held.items())]


def _age(since: object, now: float) -> str:
    return output.seconds(max(0.0, now - since)) if isinstance(since, int | float) else "-"


def _condition(text: str) -> str:
    if text in ("", "healthy", "caught-up") or (text.startswith("sealed:") and _is_day(text.removeprefix("sealed:"))):
        return text
    raise WrongCondition(
        f"--exit-when {text!r} is not known.", next_step="Use healthy, caught-up or sealed:YYYY-MM-DD."
    )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _holds(condition: str, snapshot: Snapshot, settings: Settings) -> bool:
    if not snapshot.datasets:
        return False  # nothing was looked at, so nothing was found to hold
    if condition == "healthy":
        return snapshot.health == "healthy"
    if condition == "caught-up":
        return all(d.caught_up for d in snapshot.datasets)
    return all(is_sealed(settings, d.name, condition.removeprefix("sealed:")) for d in snapshot.datasets)


def _wait(gatherer: Gatherer, settings: Settings, condition: str, timeout: float, *, quiet: bool) -> Snapshot:
    deadline = time.monotonic() + timeout if timeout else None
    told = ""
    while True:
        snapshot = gatherer.look()
        if _holds(condition, snapshot, settings):
            return snapshot
        if deadline is not None and time.monotonic() >= deadline:
            raise NotYet(
                f"not {condition} after {timeout:g} s: {snapshot.health}.", next_step="`streamlake status` says why."
            )
        if snapshot.health != told and not quiet:
            told = snapshot.health
            output.note(f"{told}, waiting until {condition} ...")
        threading.Event().wait(0.5)


def _watch(gatherer: Gatherer, settings: Settings) -> None:
    console: Console = output.people()
    with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
        while True:
            live.update(screen(gatherer.look(), settings), refresh=True)
            threading.Event().wait(2.0)
