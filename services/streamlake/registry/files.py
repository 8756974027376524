"""The registry in a folder: `<dataset>/contract.yaml` is today's version, `<dataset>/history/N.yaml` those before."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from streamlake.contract import odcs
from streamlake.contract.evolution import judgement
from streamlake.contract.model import Contract
from streamlake.contract.problems import Problem, WrongContract
from streamlake.registry.registry import MissingVersion, UnknownDataset, UnknownVersion

_WHERE: Final = "run this in the project's folder, or set STREAMLAKE_CONTRACTS_DIR"

Snapshot = Mapping[str, tuple[Contract, ...]]
Versions = dict[str, tuple[Contract, ...]]
Broken = dict[str, WrongContract]


class FileRegistry:
    """See `Registry`. Reads the folder once at construction.

    Whoever needs all contracts (a plan, a check) gets WrongContract with all mistakes of all files. With `dataset` only
    that one's files are read: a process of one dataset has nothing to do with what is wrong in another's. With
    `piecemeal` each dataset stands for itself: what can be used is in force, the rest is `broken`.
    """

    def __init__(self, contracts_dir: Path, *, dataset: str | None = None, piecemeal: bool = False) -> None:
        self._dir = contracts_dir
        self._dataset = dataset
        self._piecemeal = piecemeal
        self._snapshot: Snapshot
        self._broken: Broken
        self._snapshot, self._broken = load_each(contracts_dir, dataset)
        if self._broken and (not piecemeal or not self._snapshot):
            raise _all_of(self._broken)

    @property
    def broken(self) -> Broken:
        """See Registry."""
        return self._broken

    def datasets(self) -> tuple[str, ...]:
        """See Registry."""
        return tuple(self._snapshot)

    def current(self, dataset: str) -> Contract:
        """See Registry."""
        return self.history(dataset)[-1]

    def version(self, dataset: str, version: int) -> Contract:
        """See Registry."""
        versions = self.history(dataset)
        for contract in versions:
            if contract.version == version:
                return contract
        newest = versions[-1].version
        if version > newest:
            raise UnknownVersion(dataset, version, newest)
        raise MissingVersion(dataset, version)

    def history(self, dataset: str) -> tuple[Contract, ...]:
        """See Registry."""
        snapshot = self._snapshot
        try:
            return snapshot[dataset]
        except KeyError:
            names = _names(self._dir)
            is_draft = dataset in names and dataset not in self._broken
            raise UnknownDataset(dataset, tuple(snapshot) or names, is_draft=is_draft) from None

    def refresh(self) -> tuple[str, ...]:
        """See Registry. A version never goes back, and within one version what judges an event never changes."""
        old = self._snapshot
        new, broken = load_each(self._dir, self._dataset)
        for name in old.keys() & new.keys():
            if (text := _wrong_step(old[name], new[name])) is not None:
                broken[name] = WrongContract([Problem(str(self._dir / name / "contract.yaml"), 1, "version", text)])
        if broken and not self._piecemeal:
            raise _all_of(broken)
        new.update({name: old[name] for name in broken.keys() & old.keys()})
        self._snapshot, self._broken = {name: new[name] for name in sorted(new)}, broken
        return tuple(sorted(name for name in {*old, *new} if old.get(name) != new.get(name)))


def dataset_folders(contracts_dir: Path) -> list[Path]:
    """One a dataset, sorted. Hidden folders, and those that begin with `_`, are none."""
    return [f for f in sorted(contracts_dir.iterdir()) if f.is_dir() and not f.name.startswith((".", "_"))]


def load(contracts_dir: Path) -> Snapshot:
    """All contracts of the folder; WrongContract lists all mistakes of all files."""
    snapshot, broken = load_each(contracts_dir)
    if broken:
        raise _all_of(broken)
    return MappingProxyType(snapshot)


def load_each(contracts_dir: Path, dataset: str | None = None) -> tuple[Versions, Broken]:
    """What can be used, by dataset, and what is wrong with each of the others; of one dataset, or of all.

    Raises WrongContract where there is no such folder: then nothing is known of any.
    """
    if not contracts_dir.is_dir():
        raise WrongContract([Problem(str(contracts_dir), 1, "", f"there is no such folder of contracts; {_WHERE}")])
    snapshot: Versions = {}
    broken: Broken = {}
    for folder in dataset_folders(contracts_dir):
        if dataset not in (None, folder.name):
            continue
        problems: list[Problem] = []
        try:
            versions = load_dataset(folder, problems)
        except OSError as error:
            if not folder.exists():
                continue  # it went while it was read
            problems.append(Problem(str(folder), 1, "", f"cannot be read: {error.strerror}"))
        if problems:
            broken[folder.name] = WrongContract(problems)
        elif versions := without_draft(versions):
            snapshot[folder.name] = versions
    return snapshot, broken


def _names(contracts_dir: Path) -> tuple[str, ...]:
    return tuple(folder.name for folder in dataset_folders(contracts_dir)) if contracts_dir.is_dir() else ()


def _all_of(broken: Broken) -> WrongContract:
    return WrongContract(problem for wrong in broken.values() for problem in wrong.problems)


def load_dataset(folder: Path, problems: list[Problem]) -> tuple[Contract, ...]:
    """All versions of one dataset, today's last, a draft or not; what is wrong is added to `problems`."""
    wrong = odcs.wrong_name(folder.name)
    if wrong is not None:
        problems.append(Problem(str(folder), 1, "", f"a dataset's name {wrong}"))
        return ()
    today = _read(folder / "contract.yaml", folder.name, problems)
    before: list[Contract] = []
    for file in sorted((folder / "history").glob("*.yaml")):
        contract = _read(file, folder.name, problems)
        if contract is None:
            continue
        if file.name != f"{contract.version}.yaml":
            problems.append(Problem(str(file), 1, "version", f"is {contract.version}, so the file must be named so"))
        elif today is not None and contract.version >= today.version:
            text = f"is {contract.version}, not below today's {today.version}"
            problems.append(Problem(str(file), 1, "version", text))
        before.append(contract)
    before.sort(key=lambda contract: contract.version)
    return (*before, today) if today is not None else ()


def without_draft(versions: tuple[Contract, ...]) -> tuple[Contract, ...]:
    """Those that are in force, or were: while today's is a draft, the one before it stays."""
    return versions[:-1] if versions and versions[-1].draft else versions


def _read(file: Path, dataset: str, problems: list[Problem]) -> Contract | None:
    try:
        contract = odcs.parse(file.read_bytes(), str(file))
    except OSError as error:
        problems.append(Problem(str(file), 1, "", f"cannot be read: {error.strerror}"))
        return None
    except WrongContract as error:
        problems.extend(error.problems)
        return None
    if contract.dataset != dataset:
        problems.append(Problem(str(file), 1, "name", f"is {contract.dataset}, but the folder is {dataset}"))
        return None
    return contract


def _wrong_step(old: tuple[Contract, ...], new: tuple[Contract, ...]) -> str | None:
    known, now = old[-1], new[-1]
    if now.version < known.version:
        return f"is {now.version}, but {known.version} is already in use; a version only grows"
    if now.version == known.version and judgement(now) != judgement(known):
        return f"is still {now.version}, but fields, key or event time changed; raise it and keep the old in history/"
    return None
