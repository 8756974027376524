"""Which names an object may have: the same for every adapter, so that a lake can move between them."""

import re
from typing import Final

from streamlake.storage.errors import WrongName

MAX_NAME: Final = 1024
MAX_SEGMENT: Final = 255
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*")


def check_name(name: str) -> None:
    """Raise WrongName unless `name` is segments of `A-Z a-z 0-9 . _ = -` joined by `/`, none beginning with a dot.

    The dot keeps `.`, `..` and an adapter's own files out of every name.
    """
    segments = name.split("/")
    if len(name) > MAX_NAME or not all(len(s) <= MAX_SEGMENT and _SEGMENT.fullmatch(s) for s in segments):
        raise WrongName(
            f"{name[:200]!r} cannot name an object.",
            next_step="A name is relative, has segments of A-Z a-z 0-9 . _ = - and no segment begins with a dot.",
        )


def check_prefix(prefix: str) -> None:
    """Raise WrongName unless some name could begin with `prefix`."""
    folder, _, tail = prefix.rpartition("/")
    if folder:
        check_name(folder)
    elif prefix.startswith("/"):
        check_name(prefix)
    if tail:
        check_name(tail)


def path_clash(name: str) -> WrongName:
    """The error for a name that lies below an object, or above one: no file system can hold both."""
    return WrongName(
        f"{name!r} clashes with another object: one of the two names is a folder of the other.",
        next_step="Only names that `storage/layout.py` builds belong into a lake.",
    )
