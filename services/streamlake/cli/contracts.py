"""`streamlake contracts`: check them, draft a new one, see what a change breaks."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from streamlake import settings
from streamlake.cli import output
from streamlake.contract.evolution import Change, compare
from streamlake.contract.model import Contract
from streamlake.contract.problems import WrongContract
from streamlake.errors import EXIT_FOUND, EXIT_WRONG_USE
from streamlake.registry import drafting, past
from streamlake.registry.checking import Checked, check_all
from streamlake.registry.files import load

app = typer.Typer(
    name="contracts", help="What events must be: check, draft and compare contracts.", no_args_is_help=True
)

Against = Annotated[str, typer.Option("--against", help="A git commit or branch, a folder of contracts, or one file.")]
Samples = Annotated[Path, typer.Option("--from", help="A file with one JSON event a line.")]


def _dir() -> Path:
    return settings.load(os.environ).contracts_dir


@app.command()
def check(
    path: Annotated[
        Path | None, typer.Argument(help="A folder of contracts, one dataset's folder, or one file.")
    ] = None,
    as_json: output.AsJson = False,
) -> None:
    """Check contracts and their examples; all mistakes at once, with their places.

    Example: streamlake contracts check contracts/orders
    """
    checked, problems = check_all(path or _dir())
    document: dict[str, Any] = {
        "ok": not problems,
        "datasets": [
            {
                "name": c.contract.dataset,
                "version": c.contract.version,
                "draft": c.contract.draft,
                "examples": c.examples,
                "version_not_in_history": c.not_kept,
            }
            for c in checked
        ],
        "problems": [{"file": p.file, "line": p.line, "path": p.path, "text": p.text} for p in problems],
    }
    if problems:
        document["error"] = {"id": WrongContract.code, "message": f"{len(problems)} to mend"}

    def draw(console: Console) -> None:
        if checked:
            console.print(output.table(("dataset", "version", "fields", "examples"), map(_row, checked)))
        for problem in problems:
            console.print(escape(str(problem)), soft_wrap=True)
        for name in (c.contract.dataset for c in checked if c.contract.draft):
            console.print(f"{name} is a draft, and not in force: set its status to active when it is right")
        for name, version in ((c.contract.dataset, c.not_kept) for c in checked if c.not_kept is not None):
            console.print(
                f"{name} has no history/{version}.yaml: an event of version {version} that waits in Kafka would stop "
                "it (SL-0104). Keep the contract before under that name, unless it never was in force.",
                soft_wrap=True,
            )
        words = f"{WrongContract.code}: {len(problems)} to mend" if problems else "all contracts are right"
        console.print(words)

    output.answer(document, draw, as_json=as_json, suggest=() if problems else ("streamlake topics plan",))
    if problems:
        raise typer.Exit(EXIT_WRONG_USE)


def _row(checked: Checked) -> tuple[object, ...]:
    contract = checked.contract
    return contract.dataset, contract.version, len(contract.fields), checked.examples


@app.command()
def new(
    dataset: Annotated[str, typer.Argument(help="The dataset's name: lower-case letters, digits and _.")],
    samples: Samples,
    as_json: output.AsJson = False,
) -> None:
    """Draft a contract from sample events, in a folder of its own; never over one that is there.

    Example: streamlake contracts new returns --from returns.ndjson
    """
    drafted = drafting.draft(_dir(), dataset, samples)
    document = {"folder": str(drafted.folder), "events": drafted.events, "questions": list(drafted.questions)}

    def draw(console: Console) -> None:
        console.print(escape(f"made {drafted.folder} from {drafted.events} events"), soft_wrap=True)
        for question in drafted.questions:
            console.print(escape(f"to decide: {question}"), soft_wrap=True)
        console.print("Go over contract.yaml and its TODOs: a sample does not show what is allowed.")
        console.print("It is a draft, and not in force: set its status to active when it is right.")

    output.answer(
        document,
        draw,
        as_json=as_json,
        suggest=(f"streamlake contracts check {drafted.folder}",),
    )


@app.command()
def diff(against: Against = "HEAD", as_json: output.AsJson = False) -> None:
    """Say what changed in the contracts since then, and what of it breaks producers or readers.

    Example: streamlake contracts diff --against main
    """
    folder = _dir()
    now = load(folder)
    before = past.contracts_at(folder, against)
    # One file to compare with is about its own dataset; all others are not new for that.
    names = sorted(before if Path(against).is_file() else {*before, *now})
    changes = {name: _changes(before.get(name), now.get(name)) for name in names}
    breaking = sum(change.breaking for of_dataset in changes.values() for change in of_dataset)
    document = {
        "against": against,
        "datasets": names,
        "breaking": breaking,
        "changes": [
            {"dataset": name, "breaking": change.breaking, "path": change.path, "text": change.text}
            for name, of_dataset in changes.items()
            for change in of_dataset
        ],
    }

    def draw(console: Console) -> None:
        rows = [
            (name, "BREAKS" if change.breaking else "compatible", change.path, change.text)
            for name, of_dataset in changes.items()
            for change in of_dataset
        ]
        if rows:
            console.print(output.table(("dataset", "", "where", "what"), rows))
        console.print(
            escape(f"{len(names)} datasets against {against}: {len(rows)} changes, {breaking} break something"),
            soft_wrap=True,
        )

    output.answer(document, draw, as_json=as_json)
    if breaking:
        raise typer.Exit(EXIT_FOUND)


def _changes(before: Contract | None, versions: tuple[Contract, ...] | None) -> tuple[Change, ...]:
    if before is None:
        return (Change(False, "", "is new"),)
    if versions is None:
        return (Change(True, "", "is gone: its producers are refused and its readers get nothing new"),)
    now = versions[-1]
    if before.version < now.version and all(known.version != before.version for known in versions):
        lost = Change(True, f"history/{before.version}.yaml", "is missing: copy the contract as it was to that place")
        return (lost, *compare(before, now))
    return compare(before, now)
