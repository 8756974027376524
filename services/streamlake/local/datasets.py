"""Which datasets there are, and whether a contract has changed, from the folder of contracts."""

from contextlib import suppress
from pathlib import Path

from streamlake.registry import files
from streamlake.settings import Settings

Fingerprint = dict[str, tuple[int, int]]


def fingerprint(contracts_dir: Path) -> Fingerprint:
    """Each contract file with its time and size: cheap enough to take every second."""
    found = {}
    with suppress(OSError):  # a folder that went while it was listed: the next look sees it gone
        for path in contracts_dir.glob("*/contract.yaml"):
            with suppress(OSError):
                status = path.stat()
                found[path.parent.name] = (status.st_mtime_ns, status.st_size)
    return found


def load(settings: Settings) -> list[str]:
    """The names of all datasets; WrongContract says all that is wrong with all of them at once."""
    return sorted(files.load(settings.contracts_dir))


def first_event(contracts_dir: Path, dataset: str) -> Path | None:
    """An event that the contract's author calls good, to try things with."""
    return next(iter(sorted((contracts_dir / dataset / "examples" / "ok").glob("*.json"))), None)


def part_suffix(contracts_dir: Path, dataset: str) -> str:
    """What the dataset's next raw part ends in."""
    return files.load(contracts_dir)[dataset][-1].part_suffix
