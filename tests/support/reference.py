"""The pages under docs/reference/, made from the code: `scripts/reference` writes them, a test compares them."""

import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer

from streamlake import errors
from streamlake.cli.main import build
from streamlake.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"
_MADE = "Made by `scripts/reference` from the code; do not edit.\n"
_EXITS = {
    errors.EXIT_DONE: "done, nothing wrong",
    errors.EXIT_FOUND: "ran, and found what it looks for: a gap, a duplicate, a failed check, a difference",
    errors.EXIT_WRONG_USE: "wrong use or wrong input: nothing was touched",
    errors.EXIT_UNREACHABLE: "could not reach something: try again",
    errors.EXIT_REFUSED: "refused: permission, guard, missing approval, stale plan",
    errors.EXIT_HALFWAY: "stopped half-way: what is done is said, running it again continues",
    errors.EXIT_BUG: "a bug: please report",
    errors.EXIT_INTERRUPTED: "ended by Ctrl-C; what had been done stays, and it may be run again",
}


def pages() -> dict[Path, str]:
    """Each page's path and text."""
    return {
        FOLDER / "settings.md": _settings(),
        FOLDER / "commands.md": _commands(),
        FOLDER / "exit-codes.md": _exit_codes(),
        ROOT / "docs" / "runbooks" / "README.md": _runbooks(),
    }


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that a user may type, by its words."""
    yield from _below("streamlake", typer.main.get_command(build()))


def _below(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    verbs = getattr(command, "commands", None)
    if verbs is None:
        yield words, command
        return
    for name, verb in verbs.items():
        if not verb.hidden:
            yield from _below(f"{words} {name}", verb)


def error_classes(
    base: type[errors.StreamlakeError] = errors.StreamlakeError,
) -> Iterator[type[errors.StreamlakeError]]:
    """Every class of error that is loaded, once."""
    seen = set()
    waiting = [base]
    while waiting:
        found = waiting.pop()
        if found not in seen:
            seen.add(found)
            waiting += found.__subclasses__()
            yield found


def _table(columns: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _settings() -> str:
    rows = (
        (
            f"`{PREFIX}{f.name.upper()}`",
            f"`{f.metadata['default']}`" if f.metadata["default"] else "",
            f.metadata["help"],
        )
        for f in fields(Settings)
    )
    text = (
        "Environment variables, read in one place. `{home}` is `STREAMLAKE_HOME`. A name that is not here is refused.\n"
    )
    return f"# Settings\n\n{_MADE}\n{text}\n{_table(('setting', 'default', 'what it is'), rows)}"


def _commands() -> str:
    rows = (
        (f"`{words}{_arguments(command)}`", _first_line(command), _options(command)) for words, command in commands()
    )
    text = "Each has `--help` with an example. Exit codes are in [exit-codes.md](exit-codes.md).\n"
    return f"# Commands\n\n{_MADE}\n{text}\n{_table(('command', 'does', 'options'), rows)}"


def _first_line(command: Any) -> str:
    return str(command.help).strip().split("\n\n")[0].replace("\n", " ")


def _arguments(command: Any) -> str:
    names = [
        name if p.required else f"[{name}]"
        for p in command.params
        if not p.opts[0].startswith("-") and (name := p.metavar or p.name.upper())
    ]
    return "".join(f" {name}" for name in names)


def _options(command: Any) -> str:
    return " ".join(f"`{p.opts[0]}`" for p in command.params if p.opts[0].startswith("-") and p.opts[0] != "--help")


def _exit_codes() -> str:
    rows = ((str(code), meaning) for code, meaning in _EXITS.items())
    return f"# Exit codes\n\n{_MADE}\nEvery command ends with one of these.\n\n{_table(('code', 'means'), rows)}"


def _runbooks() -> str:
    found = sorted((ROOT / "docs" / "runbooks").glob("SL-*.md"))
    titles = (path.read_text().splitlines()[0].removeprefix("# ") for path in found)
    rows = ((f"[{p.stem}]({p.name})", t.split(":", 1)[-1].strip()) for p, t in zip(found, titles, strict=True))
    text = "Every error carries its id; its page says what you see, why, and what to do.\n"
    return f"# Runbooks\n\n{_MADE}\n{text}\n{_table(('id', 'what'), rows)}"


def main() -> None:
    """Write what differs."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
