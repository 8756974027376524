"""Contracts and their examples, checked together: what `streamlake contracts check` says."""

from dataclasses import dataclass
from pathlib import Path

from streamlake.contract import odcs
from streamlake.contract.gate import compile_gate
from streamlake.contract.model import Contract
from streamlake.contract.problems import Problem, WrongContract
from streamlake.registry import examples
from streamlake.registry.files import dataset_folders, load_dataset


@dataclass(frozen=True, slots=True)
class Checked:
    """A contract that was read, and how many examples were sent through its gate. `not_kept` is the newest
    version before that the history lacks.
    """

    contract: Contract
    examples: int
    not_kept: int | None = None


def check_all(path: Path) -> tuple[tuple[Checked, ...], tuple[Problem, ...]]:
    """Check a folder of contracts, one dataset's folder, or one file. Finding nothing to check is a problem, too."""
    problems: list[Problem] = []
    if path.is_file():
        checked = [Checked(contract, 0)] if (contract := _file(path, problems)) else []
    elif (path / "contract.yaml").exists():
        checked = _folder(path.resolve(), problems)
    elif path.is_dir():
        checked = [one for folder in dataset_folders(path) for one in _folder(folder, problems)]
    else:
        checked = []
        problems.append(Problem(str(path), 1, "", "there is no such file or folder"))
    if not checked and not problems:
        problems.append(Problem(str(path), 1, "", "there is no contract in it: <dataset>/contract.yaml"))
    return tuple(checked), tuple(sorted(problems))


def _file(path: Path, problems: list[Problem]) -> Contract | None:
    try:
        return odcs.parse(path.read_bytes(), str(path))
    except WrongContract as error:
        problems.extend(error.problems)
    except OSError as error:
        problems.append(Problem(str(path), 1, "", f"cannot be read: {error.strerror}"))
    return None


def _folder(folder: Path, problems: list[Problem]) -> list[Checked]:
    versions = load_dataset(folder, problems)
    found = examples.load(folder, problems)
    if not versions:
        return []
    examples.try_out(compile_gate(versions[-1]), found, problems)
    *history, today = versions
    kept = {contract.version for contract in history}
    # A dataset may have begun with any version, but has every one since.
    since = range(today.version - 1, max(1, min(kept, default=today.version - 1)) - 1, -1)
    return [Checked(today, len(found), next((version for version in since if version not in kept), None))]
