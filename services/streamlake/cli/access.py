"""`streamlake access plan|apply`: Kafka's users and grants against the datasets and the files with credentials."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from streamlake.cli import output
from streamlake.errors import EXIT_DONE, EXIT_FOUND
from streamlake.kafka.access import API, CONSUMER, Access, Grant, wanted
from streamlake.kafka.admin import Admin
from streamlake.kafka.client_file import WrongClientFile, read, security_of
from streamlake.kafka.errors import Denied
from streamlake.registry.files import FileRegistry
from streamlake.settings import Settings, load

app = typer.Typer(
    help="Who may do what in Kafka.\n\nExample: streamlake access plan",
    no_args_is_help=True,
)
Credentials = Annotated[
    Path | None,
    typer.Option("--credentials", metavar="FOLDER", help="Files `kafka-...`, whose passwords Kafka should have."),
]
Withdraw = Annotated[bool, typer.Option("--withdraw", help="Also take away what no dataset needs any more.")]
_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Plan:
    passwords: dict[str, str]
    missing: list[Grant]
    extra: list[Grant]

    @property
    def empty(self) -> bool:
        return not (self.passwords or self.missing)

    def document(self) -> dict[str, Any]:
        return {
            "passwords": sorted(self.passwords),
            "missing": [_row(grant) for grant in self.missing],
            "not_needed": [_row(grant) for grant in self.extra],
        }


@app.command("plan")
def plan_command(credentials: Credentials = None, as_json: output.AsJson = False) -> None:
    """Show what `apply` would change; nothing is changed. Exits with 1 if something is missing.

    Example: streamlake access plan --credentials /etc/streamlake/credentials
    """
    plan = _plan(load(os.environ), credentials)
    apply = "streamlake access apply" + (f" --credentials {credentials}" if credentials else "")

    def draw(console: Console) -> None:
        _draw(console, plan)
        if not plan.empty:
            console.print(f"nothing was changed; to apply: {apply}", soft_wrap=True, markup=False)

    output.answer(plan.document(), draw, as_json=as_json, suggest=[] if plan.empty else [apply])
    raise typer.Exit(EXIT_DONE if plan.empty else EXIT_FOUND)


@app.command("apply")
def apply_command(credentials: Credentials = None, withdraw: Withdraw = False, as_json: output.AsJson = False) -> None:
    """Set passwords and give grants that are missing. Takes nothing away unless told to.

    Example: streamlake access apply --credentials /etc/streamlake/credentials
    """
    settings = load(os.environ)
    plan = _plan(settings, credentials)
    access = Access(_admin(settings))
    for user, password in plan.passwords.items():
        access.set_password(user, password)
    access.give(plan.missing)
    if withdraw:
        access.withdraw(plan.extra)
    made = len(plan.passwords) + len(plan.missing) + (len(plan.extra) if withdraw else 0)

    def draw(console: Console) -> None:
        _draw(console, plan)
        console.print(f"{made} changes made.")

    output.answer({**plan.document(), "applied": made}, draw, as_json=as_json)


def _plan(settings: Settings, credentials: Path | None) -> _Plan:
    registry = FileRegistry(settings.contracts_dir)
    have, want = Access(_admin(settings)).grants(), wanted(registry.datasets())
    return _Plan(
        passwords=dict(_not_let_in(settings, credentials)),
        missing=sorted(want - have),
        extra=sorted(grant for grant in have - want if grant.ours),
    )


def _not_let_in(settings: Settings, credentials: Path | None) -> Iterable[tuple[str, str]]:
    """Users whom Kafka does not know by the password of their file. It tells nobody a password, so each is tried."""
    for path in sorted(credentials.glob("kafka-*")) if credentials else ():
        security = read(path)
        user, password = security.get("sasl.username", ""), security.get("sasl.password", "")
        if not (user == API or user.startswith(CONSUMER)):
            continue
        if not security["sasl.mechanism"].startswith("SCRAM-"):
            raise WrongClientFile(f"{path}: Kafka keeps passwords for SCRAM only.", next_step="See SL-0215.")
        try:
            Admin(settings.bootstrap_servers, seconds=_SECONDS, security=security).cluster_id()
        except Denied:
            yield user, password


def _admin(settings: Settings) -> Admin:
    return Admin(settings.bootstrap_servers, seconds=_SECONDS, security=security_of(settings))


def _row(grant: Grant) -> dict[str, str]:
    return {"user": grant.user, "kind": grant.kind, "name": grant.name, "operation": grant.operation}


def _draw(console: Console, plan: _Plan) -> None:
    rows = [(user, "password", "", "", "not the file's") for user in sorted(plan.passwords)]
    rows += [(g.user, g.kind, g.name, g.operation, "missing") for g in plan.missing]
    rows += [(g.user, g.kind, g.name, g.operation, "not needed (--withdraw)") for g in plan.extra]
    if rows:
        console.print(output.table(("user", "what", "name", "operation", "note"), rows))
    else:
        console.print("Kafka has the users and grants that are needed.")
