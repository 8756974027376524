"""Names below a folder in the byte order of full names, without reading folders that cannot hold any of them."""

import heapq
import itertools
import os
from collections.abc import Iterator


def walk(root: str, prefix: str, start: str, limit: int | None) -> Iterator[str]:
    """Names of files below `root` that begin with `prefix` and are >= `start`, ascending, at most `limit`.

    The folders on the way to `prefix` are never listed, and files and folders whose name begins with a dot never
    appear. OSError when a folder cannot be read; one that is missing is empty.
    """
    if limit is not None and limit <= 0:
        return
    folder = prefix[: prefix.rfind("/") + 1]
    left = limit
    for name in _below(root, folder, prefix, max(start, prefix), limit):
        yield name
        if left is not None:
            left -= 1
            if left == 0:
                return


def _below(root: str, folder: str, prefix: str, start: str, limit: int | None) -> Iterator[str]:
    for key in _keys(f"{root}/{folder}", prefix.removeprefix(folder), _rest(start, folder), limit):
        if key.endswith("/"):
            below = folder + key
            yield from _below(root, below, below, max(start, below), limit)
        else:
            yield folder + key


def _rest(start: str, folder: str) -> str:
    """What `start` asks of the names in a folder once the folder's own name is taken off."""
    return start[len(folder) :] if start.startswith(folder) else ("" if start <= folder else "\U0010ffff")


def _keys(path: str, prefix: str, start: str, limit: int | None) -> list[str]:
    """The entries of one folder, ascending: a file's name, a folder's with `/` behind it.

    With the slash, `a.json` sorts before what is in `a/`, as the full names do. At most the first `limit` files are
    of interest, and one folder more for each that turns out empty, so the cut is only made where all are files.
    """
    try:
        with os.scandir(path) as entries:
            found = []
            folders = False
            # Cheap first cut. A folder `b` holds names from `b/` on, which is above `b-c` and `b.c`, so the cut ends
            # where a character at or below the slash begins.
            floor = "".join(itertools.takewhile(lambda c: c > "/", start))
            for entry in entries:
                name = entry.name
                if name < floor or not name.startswith(prefix) or name[0] == ".":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders = True
                    key = name + "/"
                    if key >= start or start.startswith(key):
                        found.append(key)
                elif name >= start and _is_there(entry):
                    found.append(name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    if limit is not None and not folders:
        return heapq.nsmallest(limit, found)
    return sorted(found)


def _is_there(entry: "os.DirEntry[str]") -> bool:
    """Whether a reader could open it: a link that leads nowhere, a pipe or a socket is no object.

    A link to a folder counts, so that somebody who looks for what does not belong there sees it.
    """
    if not entry.is_symlink():
        return entry.is_file(follow_symlinks=False)
    try:
        return entry.is_file() or entry.is_dir()
    except OSError:
        return False  # a link to itself
