"""From a lake's URL to its store: the only place that knows which adapters there are."""

import functools
import os
import re
from pathlib import Path
from typing import Final

from streamlake.storage.errors import UnknownStore, WrongName
from streamlake.storage.local import LocalStore
from streamlake.storage.local_errors import translate
from streamlake.storage.names import check_name
from streamlake.storage.store import ObjectStore

_BUCKET: Final = re.compile(r"gs://(?P<bucket>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(/(?P<prefix>.*))?", re.DOTALL)


def open_store(url: str, seconds: float | None = None) -> ObjectStore:
    """The store at `file:///an/absolute/path` or `gs://bucket/prefix`. Nothing is read or written yet.

    `seconds` bounds a bucket's calls for who would rather know soon than wait.
    """
    return _bucket(url, seconds) if url.startswith("gs://") else LocalStore(_local_root(url))


def bucket_and_prefix(url: str) -> tuple[str, str]:
    """The two of `gs://bucket/prefix`; UnknownStore where it is none."""
    found = _BUCKET.fullmatch(url)
    prefix = (found["prefix"] or "").rstrip("/") if found else ""
    try:
        if prefix:
            check_name(prefix)
    except WrongName:
        found = None
    if found is None:
        raise UnknownStore(
            f"{url!r} names no bucket.",
            next_step="Write gs://bucket or gs://bucket/prefix; a prefix has segments of A-Z a-z 0-9 . _ = - only.",
        )
    return found["bucket"], prefix


@functools.lru_cache(maxsize=16)
def _bucket(url: str, seconds: float | None) -> ObjectStore:
    """One store a bucket and process: its connections and credentials are worth keeping."""
    # Only here: Google's packages take half a second to import, and a lake on a disk needs none of them.
    from streamlake.storage.gcs import GcsStore
    from streamlake.storage.gcs_patience import Limits

    limits = Limits() if seconds is None else Limits(seconds, seconds, seconds)
    return GcsStore(*bucket_and_prefix(url), limits)


def make_root(url: str) -> None:
    """Make the folder of a lake on this machine, and see it on disk.

    Only for who sets a lake up. Who uses one never makes its root: a disk that is not mounted is no new lake. A bucket
    is made by whoever owns the project, never from here.
    """
    if url.startswith("gs://"):
        bucket_and_prefix(url)
        return
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
            f"{url!r} names no store that this release knows.",
            next_step="Write file:///an/absolute/path or gs://bucket/prefix.",
        )
    # Taken literally: a folder may have a `%` or a `#` in its name, and people write paths here.
    return Path(path)
