"""Docs against code: what is written down is what the code does."""

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import streamlake
from streamlake import errors
from tests.support import reference
from tests.support.readme import blocks

RUNBOOKS = reference.ROOT / "docs" / "runbooks"
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/promises.md", "docs/decisions/README.md"]


def load_everything() -> None:
    for module in pkgutil.walk_packages(streamlake.__path__, "streamlake."):
        importlib.import_module(module.name)


def codes() -> dict[str, set[str]]:
    """Each error's id with the classes that bear it, our own only."""
    load_everything()
    found: dict[str, set[str]] = {}
    for error in reference.error_classes():
        if error.__module__.startswith("streamlake.") and "code" in vars(error):
            found.setdefault(error.code, set()).add(f"{error.__module__}.{error.__name__}")
    return found


@pytest.mark.parametrize("path", sorted(reference.pages()), ids=lambda p: p.name)
def test_the_reference_pages_say_what_the_code_does(path: Path) -> None:
    assert path.read_text() == reference.pages()[path], "run scripts/reference"


def test_every_error_has_an_id_of_its_own_with_a_page_that_says_what_to_do() -> None:
    found = codes()
    assert len(found) > 50, "the errors were not found"
    # An id may be shared by a class and those derived from it, for they are one to an operator.
    for code in sorted(found.keys() - {"SL-0000"}):
        assert re.fullmatch(r"SL-\d{4}", code)
        page = RUNBOOKS / f"{code}.md"
        assert page.exists(), f"{code} of {found[code]} has no runbook"
        text = page.read_text()
        assert text.startswith(f"# {code}"), page
        assert "hat to do" in text, f"{page} does not say what to do"


def test_an_id_is_shared_only_within_one_room() -> None:
    for code, classes in codes().items():
        rooms = {name.rsplit(".", 1)[0] for name in classes}
        assert len(rooms) == 1, f"{code} stands for {sorted(classes)}"


def test_no_page_is_left_of_an_error_that_is_gone() -> None:
    sources = "".join(p.read_text() for p in (reference.ROOT / "services").rglob("*.py"))
    for page in RUNBOOKS.glob("SL-*.md"):
        assert page.stem in sources, f"{page} explains an error that nobody raises"


def test_every_exit_code_is_explained() -> None:
    declared = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert declared == reference._EXITS.keys()


@pytest.mark.parametrize(("words", "command"), list(reference.commands()), ids=[w for w, _ in reference.commands()])
def test_every_command_has_help_with_an_example_of_itself(words: str, command: object) -> None:
    text = str(getattr(command, "help", ""))
    assert "Example:" in text, f"{words} --help has no example"
    assert words in text.split("Example:")[1], f"{words} --help has the example of another command"


def typed(document: str) -> list[str]:
    """The commands of ours that a document's blocks tell one to type."""
    text = "\n".join(b for kind in ("sh", "console") for b in blocks(reference.ROOT / document, kind))
    return re.findall(r"(?:\.venv/bin/)?(streamlake(?: [a-z]+)+|scripts/[a-z]+)", text.replace(".venv/bin/", ""))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_the_commands_that_a_document_names_exist(document: str) -> None:
    known = {words for words, _ in reference.commands()}
    found = typed(document)
    assert found, "no command was found, so nothing was checked"
    for command in found:
        if command.startswith("scripts/"):
            assert (reference.ROOT / command).exists(), command
        else:
            assert any(command == k or command.startswith(k + " ") for k in known), command


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/decisions/README.md"]
)
def test_the_links_and_paths_of_a_document_lead_somewhere(document: str) -> None:
    path = reference.ROOT / document
    text = path.read_text()
    links = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
    for target in links:
        assert (path.parent / target).exists(), f"{document} links to {target}"
    names = re.findall(r"`((?:services|tests|docs|scripts|contracts)/[\w./-]+)(?:::\w+)?`", text)
    assert links or names, "nothing was found, so nothing was checked"
    for name in names:
        assert (reference.ROOT / name).exists(), f"{document} names {name}"


def test_every_decision_stands_in_the_index() -> None:
    folder = reference.ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text()
    for page in folder.glob("0*.md"):
        assert f"({page.name})" in index, f"{page.name} is not in the index"


def test_a_bug_ends_with_code_70_and_no_trace() -> None:
    program = (
        "from streamlake.cli import main, output; import streamlake.cli.settings as s, sys\n"
        "def broken(_): raise RuntimeError('planted')\n"
        "s.load = broken\n"
        "sys.exit(main.run(['settings']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == errors.EXIT_BUG
    assert "SL-0800" in done.stderr
    assert "Traceback" not in done.stderr
