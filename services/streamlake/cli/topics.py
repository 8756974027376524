"""`streamlake topics plan|apply`: Kafka's topics against the contracts."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from streamlake.cli import output
from streamlake.cli.topic_plan_file import agreed, load, require_same, save, settings_of
from streamlake.errors import EXIT_DONE, EXIT_FOUND
from streamlake.kafka import topic_changes, topics
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import security_of
from streamlake.kafka.topics import Allowed, Change, Create, Plan
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings
from streamlake.settings import load as load_settings

app = typer.Typer(help="Kafka's topics against the contracts.\n\nExample: streamlake topics plan", no_args_is_help=True)

Grow = Annotated[
    list[str] | None,
    typer.Option("--grow-partitions", metavar="DATASET", help="Add partitions although the dataset has a key."),
]
Shrink = Annotated[
    list[str] | None,
    typer.Option("--shrink-retention", metavar="DATASET", help="Let Kafka remove this dataset's events sooner."),
]


@app.command("plan")
def plan_command(
    grow_partitions: Grow = None,
    shrink_retention: Shrink = None,
    out: Annotated[Path | None, typer.Option("--out", help="Keep the plan for `apply`.")] = None,
    as_json: output.AsJson = False,
) -> None:
    """Show what `apply` would change; nothing is changed. Exits with 1 if there are differences.

    Example: streamlake topics plan --out topics.json
    """
    settings = load_settings(os.environ)
    plan = _plan(
        settings,
        Admin(settings.bootstrap_servers, security=security_of(settings)),
        _allowed(grow_partitions, shrink_retention),
    )
    if out is not None:
        save(out, plan)
    flags = [f"--grow-partitions {name}" for name in grow_partitions or ()]
    flags += [f"--shrink-retention {name}" for name in shrink_retention or ()]
    apply = " ".join(["streamlake topics apply", *([str(out)] if out else flags)])
    suggest = [apply] if plan.creates or plan.changes else []
    suggest += [held.command for held in plan.held_back if held.command]

    def draw(console: Console) -> None:
        _draw(console, plan)
        if plan.creates or plan.changes:
            console.print(f"nothing was changed; to apply: {apply}", soft_wrap=True, markup=False)

    output.answer(_document(plan), draw, as_json=as_json, suggest=suggest)
    raise typer.Exit(EXIT_DONE if plan.empty else EXIT_FOUND)


@app.command("apply")
def apply_command(
    plan_file: Annotated[Path | None, typer.Argument(help="A plan that was kept; refused if anything moved.")] = None,
    grow_partitions: Grow = None,
    shrink_retention: Shrink = None,
    as_json: output.AsJson = False,
) -> None:
    """Create and alter what differs. Never deletes; what is risky waits until it is asked for by name (exit 4).

    Example: streamlake topics apply --grow-partitions clicks
    """
    settings = load_settings(os.environ)
    admin = Admin(settings.bootstrap_servers, security=security_of(settings))
    kept = load(plan_file) if plan_file is not None else None
    plan = _plan(settings, admin, agreed(kept) if kept else _allowed(grow_partitions, shrink_retention))
    if kept is not None:
        require_same(kept, plan)
    made: list[Create | Change] = []

    def done(step: Create | Change) -> None:
        made.append(step)
        if not as_json:
            output.note(f"done: {_sentence(step)}")

    topic_changes.apply(admin, plan, done)
    # Said after all else is done, so that one topic that waits for somebody holds no other back.
    topic_changes.require_nothing_held_back(plan)

    def draw(console: Console) -> None:
        for warning in plan.warnings:
            console.print(f"warning: {warning}", soft_wrap=True, markup=False)
        console.print(f"{len(made)} changes made; Kafka has what the contracts say.")

    output.answer({**_document(plan), "applied": len(made)}, draw, as_json=as_json, suggest=["streamlake status"])


def _plan(settings: Settings, admin: Admin, allowed: Allowed) -> Plan:
    registry = FileRegistry(settings.contracts_dir)
    for name in sorted(allowed.grow_partitions | allowed.shrink_retention):
        registry.current(name)  # a mistyped dataset is told, not passed over
    contracts = [registry.current(name) for name in registry.datasets()]
    names = [topic.name for contract in contracts for topic in topics.wanted(contract)]
    actual = topic_changes.read(admin, names)
    return topics.plan(contracts, actual, may_be_down_hours=settings.consumer_may_be_down_hours, allowed=allowed)


def _allowed(grow: list[str] | None, shrink: list[str] | None) -> Allowed:
    return Allowed(frozenset(grow or ()), frozenset(shrink or ()))


def _document(plan: Plan) -> dict[str, Any]:
    return {
        "changes": settings_of(plan),
        "held_back": [
            {
                "topic": held.change.topic,
                "setting": held.change.setting,
                "before": held.change.before,
                "after": held.change.after,
                "why": held.why,
                "command": held.command,
            }
            for held in plan.held_back
        ],
        "warnings": list(plan.warnings),
    }


def _draw(console: Console, plan: Plan) -> None:
    rows = [(row["topic"], row["setting"], row["before"], "->", row["after"], "") for row in settings_of(plan)]
    rows += [
        (held.change.topic, held.change.setting, held.change.before, "->", held.change.after, f"held back: {held.why}")
        for held in plan.held_back
    ]
    if rows:
        console.print(output.table(("topic", "setting", "before", "", "after", "note"), rows))
    else:
        console.print("Kafka has what the contracts say.")
    for warning in plan.warnings:
        console.print(f"warning: {warning}", soft_wrap=True, markup=False)


def _sentence(step: Create | Change) -> str:
    if isinstance(step, Create):
        return f"created {step.topic} with {step.partitions} partitions"
    return f"{step.topic} {step.setting} {step.before} -> {step.after}"
