"""Which releases go, and which one came before. Standard library only.

    old_releases.py FOLDER --current NAME --before NAME --keep N [--check]    prints what it removes, or would
    old_releases.py FOLDER --previous                                         prints the release to go back to

`FOLDER/.history` has a line for each release that was put in force, the newest last. What is in force, what was before
it, and what a process still runs is never removed; nor is one that another run is making just now: it holds the lock.
"""

import argparse
import shutil
import sys
from pathlib import Path


def order(history: "list[str]") -> "list[str]":
    """Each release once, by when it was last put in force, the newest first."""
    return list(dict.fromkeys(reversed(history)))


def leaving(whole: "dict[str, float]", history: "list[str]", needed: "set[str]", keep: int) -> "list[str]":
    """What goes of the whole releases (name -> when made): all but `needed` and the `keep` that were in force last."""
    recent = {name: -place for place, name in enumerate(order(history))}
    ranked = sorted(whole, key=lambda name: (recent.get(name, -len(recent) - 1), whole[name]), reverse=True)
    staying = [name for name in ranked if name in needed]
    staying += [name for name in ranked if name not in needed][: max(0, keep - len(staying))]
    return sorted(set(whole) - set(staying))


def previous(history: "list[str]", whole: "set[str]", current: str) -> "str | None":
    """The release that was in force before this one, if it is still whole."""
    return next((name for name in order(history) if name != current and name in whole), None)


def running(folder: Path, processes: Path = Path("/proc")) -> "set[str]":
    """The releases that a living process runs."""
    found = set()
    for process in processes.glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile
        for word in words[:2]:
            path = Path(word.decode(errors="replace"))
            if path.is_relative_to(folder) and path != folder:
                found.add(path.relative_to(folder).parts[0])
    return found


def main(arguments: "list[str]") -> int:
    """Carry out one command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--current", default="")
    parser.add_argument("--before", default="")
    parser.add_argument("--keep", type=int, default=3)
    parser.add_argument("--previous", action="store_true")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args(arguments)
    whole = {path.parent.name: path.stat().st_mtime for path in given.folder.glob("*/.complete")}
    log = given.folder / ".history"
    history = log.read_text().split() if log.exists() else []
    if given.previous:
        link = given.folder.parent / "current"
        found = previous(history, set(whole), link.readlink().name if link.is_symlink() else "")
        if found is None:
            print(f"no other release stands whole in {given.folder}: there is none to go back to", file=sys.stderr)
            return 1
        print(found)
        return 0
    names = {path.name for path in given.folder.iterdir() if path.is_dir()}
    going = leaving(whole, history, {given.current, given.before} | running(given.folder), max(2, given.keep))
    going += sorted(names - set(whole))  # half-made
    for name in going:
        print(name)
        if not given.check:
            (given.folder / name / ".complete").unlink(missing_ok=True)  # first: half a release is none
            shutil.rmtree(given.folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
