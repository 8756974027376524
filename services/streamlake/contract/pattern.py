"""Texts that must match a pattern, searched by an engine whose time grows with the text and no faster.

Python's own goes back and tries again: a pattern like `^(a+)+$` lets one event of fifty letters hold a process for
hours, and `.+@.+` one of a megabyte. So the contract's patterns are those of Rust's regex, which pydantic brings.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from pydantic_core import SchemaError, SchemaValidator, core_schema

MAX_STEPS: Final = 1000
"""Characters and classes in a pattern, each as often as it is asked for. At worst, each costs some 50 ns with each
character of a text: what is linear can still be slow.
"""
_TOKENS: Final = re.compile(
    r"(?P<atom>\\[pPxuU]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|\[[^]]*\]|[^]\\])*\]|[^(){}|?*+])|"
    r"(?P<opened>\((?:\?(?:P?<[^>]*>|[a-zA-Z-]*[:)]))?)|(?P<closed>\))|\{(?P<low>[0-9]+)(?:,(?P<high>[0-9]*))?\}|.",
    re.DOTALL,
)


def what_is_wrong(pattern: object) -> str:
    """Why this is no pattern, in words; empty if it is one."""
    if not isinstance(pattern, str):
        return "must be text"
    try:
        accepts(pattern, None, None)
    except SchemaError as error:
        return f"is no regular expression of https://docs.rs/regex: {str(error).splitlines()[-1].strip()}"
    asked = steps(pattern)
    if asked > MAX_STEPS:
        return f"asks for {asked} characters, with all that is counted; at most {MAX_STEPS} are taken"
    return ""


def steps(pattern: str) -> int:
    """How many characters and classes a correct pattern is made of, once what is counted is written out."""
    groups = [0]
    last = 0
    for token in _TOKENS.finditer(pattern):
        if token["opened"]:
            groups.append(0)
            last = 0
        elif token["closed"] and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif token["atom"]:
            last = 1
            groups[-1] += 1
        elif token["low"]:
            times = max(int(token["low"]), int(token["high"] or 0), 1)
            groups[-1] += last * (times - 1)
            last *= times
    return sum(groups)


def accepts(pattern: str, min_length: int | None, max_length: int | None) -> Callable[[Any], bool]:
    """Whether a value is text of so many characters in which the pattern is found."""
    schema = core_schema.str_schema(
        strict=True, pattern=pattern, min_length=min_length, max_length=max_length, regex_engine="rust-regex"
    )
    return SchemaValidator(schema).isinstance_python


class Matching:
    """The type of a field with a pattern: a class of its own each, so that the decoder knows which one to ask.

    Nothing of an event is kept, so what stands for a text that matches is always the same.
    """

    accepts: Callable[[Any], bool]
    matched: "Matching"


def matching(pattern: str, min_length: int | None, max_length: int | None) -> type[Matching]:
    """A type for msgspec, whose decoder needs `decode` as its hook."""
    kind: type[Matching] = type(
        "Text", (Matching,), {"accepts": staticmethod(accepts(pattern, min_length, max_length))}
    )
    kind.matched = kind()
    return kind


def decode(kind: type[Matching], value: Any) -> Matching:
    """The decoder's hook. Three times faster than its own patterns."""
    if kind.accepts(value):
        return kind.matched
    raise ValueError
