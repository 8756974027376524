"""Contracts as they were: in version control, in another folder, or in a dataset's own history."""

import shutil
import subprocess
from pathlib import Path

from streamlake.contract import odcs
from streamlake.contract.model import Contract
from streamlake.contract.problems import Problem, WrongContract
from streamlake.errors import Misconfigured
from streamlake.registry.files import load


class NoSuchPast(Misconfigured):
    """What a change should be compared with cannot be found."""

    code = "SL-0107"


def contracts_at(contracts_dir: Path, reference: str) -> dict[str, Contract]:
    """Today's contract of each dataset as `reference` has it: a folder or file of contracts, else a name for git."""
    path = Path(reference)
    if path.is_dir():
        return {name: versions[-1] for name, versions in load(path).items()}
    if path.is_file():
        contract = odcs.parse(path.read_bytes(), str(path))
        return {contract.dataset: contract}
    return {
        name: contract for name, contract in _from_git(contracts_dir.resolve(), reference).items() if not contract.draft
    }


def _from_git(contracts_dir: Path, reference: str) -> dict[str, Contract]:
    names = _git(contracts_dir, "ls-tree", "-r", "--name-only", "-z", "--end-of-options", reference, "--", ".")
    found: dict[str, Contract] = {}
    problems: list[Problem] = []
    for name in names.decode("utf-8", "replace").split("\0"):
        parts = name.split("/")
        if len(parts) == 2 and parts[1] == "contract.yaml" and not parts[0].startswith((".", "_")):
            data = _git(contracts_dir, "cat-file", "blob", f"{reference}:./{name}")
            try:
                found[parts[0]] = odcs.parse(data, f"{reference}:{name}")
            except WrongContract as error:
                problems.extend(error.problems)
    if problems:
        raise WrongContract(problems)
    return found


def _git(folder: Path, *arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise NoSuchPast("git is not installed here.", next_step="Name a folder of contracts to compare with.")
    # S603: no shell, and a reference that looks like an option is kept from being one.
    done = subprocess.run([git, "-C", str(folder), *arguments], capture_output=True, check=False)  # noqa: S603
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoSuchPast(
            f"git does not know what to compare with: {said[-1] if said else 'no reason given'}.",
            next_step="Name a commit, a branch, or a folder of contracts.",
        )
    return done.stdout
