"""The shape of the repository: short modules, rooms that stay apart, nothing that names one machine."""

import ast
import os
import re
import shutil
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "services" / "streamlake"

# Put together here, so that this file does not hold what it forbids.
UNFINISHED = re.compile(r"(#|<!--).*\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")
INDEXES = re.compile(
    "|".join(("pypi" + r"\.org", "python" + r"hosted\.org", "repo1?" + r"\.maven", "maven" + r"\.org"))
)
MACHINE = re.compile("|".join(("/wo" + "rk/", "/ro" + "ot/", "/ho" + r"me/\w")))
DRAFTS = PACKAGE / "contract" / "inference.py"
"""Writes the first draft of a contract, with what its author must still decide."""
VAGUE = {"utils", "util", "common", "helpers", "helper", "misc"}


def files() -> list[Path]:
    """What is in the repository, or is about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def modules() -> list[Path]:
    return [path for path in files() if path.suffix == ".py"]


def text_of(path: Path) -> str:
    return path.read_text(errors="replace")


def test_no_module_is_longer_than_300_lines_and_most_are_short() -> None:
    lengths = {path: len(text_of(path).splitlines()) for path in modules()}
    assert len(lengths) > 100, "the modules were not found"
    long = {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > 300}
    assert not long
    ours = [length for path, length in lengths.items() if path.is_relative_to(PACKAGE) and length > 0]
    assert statistics.median(ours) <= 130


def test_the_scripts_are_short() -> None:
    for path in (ROOT / "scripts").iterdir():
        assert len(text_of(path).splitlines()) <= 40, path


def test_packages_are_empty_but_for_the_root() -> None:
    for path in modules():
        if path.name == "__init__.py" and path.is_relative_to(PACKAGE) and path.parent != PACKAGE:
            assert text_of(path).strip() == "", f"{path} is not empty"


def test_every_folder_of_tests_is_a_package() -> None:
    for path in modules():
        if path.is_relative_to(ROOT / "tests"):
            assert (path.parent / "__init__.py").exists(), path


def test_names_say_what_is_inside() -> None:
    for path in files():
        assert not VAGUE & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}, path


@pytest.mark.parametrize(
    "forbidden", [UNFINISHED, INDEXES, MACHINE], ids=["unfinished", "index hosts", "machine paths"]
)
def test_nothing_names_what_is_unfinished_or_one_machine(forbidden: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in files()
        if path != DRAFTS and (match := forbidden.search(text_of(path)))
    ]
    assert not found


def test_the_guard_against_unfinished_work_bites() -> None:
    assert UNFINISHED.search("# TO" + "DO: later")
    assert MACHINE.search("open('/ro" + "ot/x')")
    assert INDEXES.search("https://pypi" + ".org/simple")


def test_suppressions_carry_their_rule() -> None:
    bare = re.compile(r"# noq" + r"a(?!:)|# type: ignor" + r"e(?!\[)")
    found = [str(path.relative_to(ROOT)) for path in modules() if path != Path(__file__) and bare.search(text_of(path))]
    assert not found


def test_the_environment_is_read_only_where_a_process_begins() -> None:
    """`settings.load` takes what the command hands over. Java and systemd are asked for by their own variables, in the
    module where a process begins or where its log does."""
    begins = ("kafka/java.py", "consumer/main.py", "ingest/server.py", "logs.py")
    allowed = {PACKAGE / name for name in begins}
    found = []
    for path in modules():
        if path.is_relative_to(PACKAGE) and not path.is_relative_to(PACKAGE / "cli") and path not in allowed:
            nodes = ast.walk(ast.parse(text_of(path)))
            found += [str(path) for n in nodes if isinstance(n, ast.Attribute) and ast.unparse(n) == "os.environ"]
    assert not found


def layers() -> list[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = pyproject["tool"]["importlinter"]["contracts"][0]["layers"]
    return [name.strip() for line in lines for name in line.split("|")]


def test_every_room_stands_in_the_linter_and_in_the_picture() -> None:
    rooms = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()}
    rooms |= {p.stem for p in PACKAGE.glob("*.py")} - {"__init__"}
    assert rooms == set(layers())
    picture = (ROOT / "docs" / "architecture.md").read_text().split("```")[1]
    for room in rooms:
        assert re.search(rf"\b{room}\b", picture), f"{room} is not in the picture of docs/architecture.md"


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A copy of the package, to do damage to."""
    shutil.copytree(PACKAGE, tmp_path / "services" / "streamlake", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "services")}
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_layers_hold(planted: Path) -> None:
    done = lint(planted)
    assert done.returncode == 0, done.stdout


def test_a_planted_import_upwards_is_found(planted: Path) -> None:
    with (planted / "services" / "streamlake" / "storage" / "names.py").open("a") as module:
        module.write("\nfrom streamlake.cli import output\n")
    done = lint(planted)
    assert done.returncode != 0
    assert "Imports go one way BROKEN" in done.stdout


def test_a_room_that_is_not_placed_is_found(planted: Path) -> None:
    (planted / "services" / "streamlake" / "attic").mkdir()
    (planted / "services" / "streamlake" / "attic" / "__init__.py").touch()
    assert lint(planted).returncode != 0


def test_a_contract_that_reads_settings_is_found(planted: Path) -> None:
    with (planted / "services" / "streamlake" / "contract" / "model.py").open("a") as module:
        module.write("\nfrom streamlake import settings\n")
    done = lint(planted)
    assert "A contract is pure BROKEN" in done.stdout


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_the_locks_hold_what_the_project_asks_for_with_hashes() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, dev = versions("requirements.lock"), versions("requirements-dev.lock")
    wanted = {re.split(r"[<>=\[ ;]", d)[0].lower() for d in pyproject["project"]["dependencies"]}
    assert wanted <= run.keys(), "run scripts/lock"
    wanted = {re.split(r"[<>=\[ ;]", d)[0].lower() for d in pyproject["dependency-groups"]["dev"]}
    assert wanted <= dev.keys(), "run scripts/lock"
    assert run.items() <= dev.items(), "what is tested is not what runs"
    for lock in ("requirements.lock", "requirements-dev.lock", "requirements-tools.lock"):
        entries = re.split(r"^(?=\S)", (ROOT / lock).read_text(), flags=re.MULTILINE)
        assert all("--hash=sha256:" in entry for entry in entries if entry.strip()), f"{lock} has an entry without hash"
