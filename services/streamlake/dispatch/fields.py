"""PURE. What the values of a request may be: a field is a function that gives a sentence for what is wrong, or ""."""

import re
from collections.abc import Callable
from typing import Any, Final

Field = Callable[[Any], str]
DATASET: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
EVERY: Final = "all"


def one_of(*words: str) -> Field:
    """Exactly one of these words."""
    return lambda value: "" if isinstance(value, str) and value in words else f"must be one of {', '.join(words)}"


def dataset(value: Any) -> str:
    """The name of a dataset, or `all`."""
    return "" if isinstance(value, str) and DATASET.fullmatch(value) else f"must match ^{DATASET.pattern}$, or be all"


def text(most: int) -> Field:
    """Words for people. They go into the journal and nowhere else, so only what prints is let in."""

    def check(value: Any) -> str:
        fits = isinstance(value, str) and 0 < len(value) <= most and value.isprintable()
        return "" if fits else f"must be 1 to {most} printable characters"

    return check


def flag(value: Any) -> str:
    """True or false."""
    return "" if isinstance(value, bool) else "must be true or false"
