"""From a lake's URL to its store: the only place that knows which adapters there are."""

import os
from pathlib import Path

from streamlake.storage.errors import UnknownStore
from streamlake.storage.local import LocalStore
from streamlake.storage.local_errors import translate
from streamlake.storage.store import ObjectStore


def open_store(url: str) -> ObjectStore:
    """The store at `file:///an/absolute/path`. Nothing is read or written yet."""
    return LocalStore(_local_root(url))


def make_root(url: str) -> None:
    """Make the folder of a lake on this machine, and see it on disk.

    Only for who sets a lake up. Who uses one never makes its root: a disk that is not mounted is no new lake.
    """
    root = _local_root(url)
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    try:
        root.mkdir(parents=True, exist_ok=True)
        for folder in missing:
            descriptor = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise translate(error, f"make the lake's folder {root}") from error


def _local_root(url: str) -> Path:
    path = url.removeprefix("file://")
    if path == url or not path.startswith("/"):
        raise UnknownStore(
            f"{url!r} names no store that this release knows.", next_step="Write file:///an/absolute/path."
        )
    # Taken literally: a folder may have a `%` or a `#` in its name, and people write paths here.
    return Path(path)
