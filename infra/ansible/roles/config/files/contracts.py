"""Contracts on their way to a host. Standard library only.

    contracts.py bundle FOLDER                           on the control machine: prints all contracts as one text
    contracts.py unpack BUNDLE FOLDER                    lays them out in a fresh folder
    contracts.py apply BUNDLE FOLDER PENDING [--remove NAME]... [--check]
                                                         brings a folder that is in use to what the bundle says

One text, so that `--diff` shows what is about to change, and so that a copy that was cut is never taken for contracts.
What uses the folder meanwhile never reads half a dataset: new or changed, it appears at once with all its files. A new
contract without its history, or the other way round, would be refused by a consumer that starts just then. For each
dataset that changed a note is left in PENDING before it appears: its readers must be told, by this run or the next.
"""

import ctypes
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

KEPT = ("contract.yaml", "history/*.yaml", "examples/ok/*.json", "examples/ok/*.ndjson")
END = "==> end of contracts\n"
Files = dict  # path below the folder -> text


class Wrong(Exception):
    """A sentence for people."""


def collect(folder: Path) -> "Files":
    """What belongs on a host: contracts, their history, the examples that a test event is made of."""
    found = {}
    for dataset in sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "_"))):
        for pattern in KEPT:
            for path in sorted(dataset.glob(pattern)):
                found[str(path.relative_to(folder))] = path.read_bytes().decode()
    return found


def pack(files: "Files") -> str:
    """The files as one text."""
    return "".join(f"==> {name} {len(text.encode())}\n{text}\n" for name, text in files.items()) + END


def unpacked(bundle: bytes) -> "Files":
    """The files of a text; Wrong where it is not whole."""
    files, rest = {}, bundle
    while rest != END.encode():
        head, _, rest = rest.partition(b"\n")
        mark, _, tail = head.decode().partition(" ")
        name, _, size = tail.rpartition(" ")
        parts = name.split("/")
        if mark != "==>" or not size.isdigit() or not name or ".." in parts or "" in parts:
            raise Wrong("the bundle of contracts is not whole; run the play again")
        text, rest = rest[: int(size)], rest[int(size) :]
        if len(text) != int(size) or rest[:1] != b"\n":
            raise Wrong("the bundle of contracts is not whole; run the play again")
        files[name], rest = text.decode(), rest[1:]
    return files


def plan(wanted: "Files", present: "Files") -> "dict[str, list[str]]":
    """Datasets that are new, changed and gone."""
    now, then = ({name.split("/")[0] for name in files} for files in (wanted, present))

    def of(files: "Files", dataset: str) -> "Files":
        return {name: text for name, text in files.items() if name.startswith(f"{dataset}/")}

    return {
        "new": sorted(now - then),
        "changed": sorted(d for d in now & then if of(wanted, d) != of(present, d)),
        "removed": sorted(then - now),
    }


def write(path: Path, text: str) -> None:
    """A file as a whole, readable by all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(0o644)
    Path(name).replace(path)


def unpack(files: "Files", folder: Path) -> None:
    """Lay files out."""
    for name, text in files.items():
        write(folder / name, text)


def exchange(new: Path, old: Path) -> None:
    """Two folders take each other's name in one step; where the file system cannot, in two that follow at once."""
    libc = ctypes.CDLL(None, use_errno=True)
    here, rename_exchange = -100, 2
    try:
        done = libc.renameat2(here, os.fsencode(new), here, os.fsencode(old), rename_exchange) == 0
    except AttributeError:
        done = False
    if not done:
        aside = old.with_name(f".old-{old.name}")
        shutil.rmtree(aside, ignore_errors=True)
        old.rename(aside)
        new.rename(old)
        aside.rename(new)


def put(folder: Path, dataset: str, wanted: "Files") -> None:
    """A dataset that appears, or changes, with all its files at once."""
    hidden = folder / f".new-{dataset}"
    shutil.rmtree(hidden, ignore_errors=True)
    for name, text in wanted.items():
        if name.startswith(f"{dataset}/"):
            write(hidden / name.split("/", 1)[1], text)
    for place in (hidden, *(p for p in hidden.rglob("*") if p.is_dir())):
        place.chmod(0o755)
    if (folder / dataset).exists():
        exchange(hidden, folder / dataset)
        shutil.rmtree(hidden)
    else:
        hidden.rename(folder / dataset)


def remove(folder: Path, dataset: str) -> None:
    """A dataset that is gone at once."""
    hidden = folder / f".old-{dataset}"
    shutil.rmtree(hidden, ignore_errors=True)
    (folder / dataset).rename(hidden)
    shutil.rmtree(hidden)


def apply(bundle: Path, folder: Path, pending: Path, may_go: "list[str]", *, check: bool) -> "dict[str, list[str]]":
    """Bring the folder to what the bundle says; says what that was."""
    wanted, present = unpacked(bundle.read_bytes()), collect(folder)
    steps = plan(wanted, present)
    unasked = [name for name in steps["removed"] if name not in may_go]
    if unasked:
        raise Wrong(
            f"{', '.join(unasked)}: on this host, but not among the contracts of this run. Bring it back; or, "
            "if its producers are to be refused from now on, name it: "
            f"-e '{json.dumps({'config_datasets_to_remove': unasked})}'"
        )
    if check:
        return steps
    for dataset in (*steps["changed"], *steps["new"]):
        write(pending / f"reload-{dataset}", f"the contract of {dataset} changed\n")
    for dataset in (*steps["changed"], *steps["new"]):
        put(folder, dataset, wanted)
    for dataset in steps["removed"]:
        remove(folder, dataset)
    return steps


def main(arguments: "list[str]") -> int:
    """Carry out one command line."""
    verb, *rest = arguments
    try:
        if verb == "bundle":
            sys.stdout.write(pack(collect(Path(rest[0]))))
        elif verb == "unpack":
            unpack(unpacked(Path(rest[0]).read_bytes()), Path(rest[1]))
        elif verb == "apply":
            flags = [rest[i + 1] for i, word in enumerate(rest) if word == "--remove"]
            bundle, folder, pending = map(Path, rest[:3])
            print(json.dumps(apply(bundle, folder, pending, flags, check="--check" in rest)))
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except Wrong as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
