"""Texts that must match a pattern, searched by an engine whose time grows with the text and no faster.

Python's own goes back and tries again: a pattern like `^(a+)+$` lets one event of fifty letters hold a process for
hours, and `.+@.+` one of a megabyte. So the contract's patterns are those of Rust's regex, which pydantic brings.
"""

from collections.abc import Callable
from typing import Any, Final

from pydantic_core import SchemaError, SchemaValidator, core_schema

MAX_LENGTH: Final = 1000
"""Characters in a pattern. Each asks for a little time with each character of a text."""


def what_is_wrong(pattern: object) -> str:
    """Why this is no pattern, in words; empty if it is one."""
    if not isinstance(pattern, str):
        return "must be text"
    if len(pattern) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters"
    try:
        accepts(pattern, None, None)
    except SchemaError as error:
        return f"is no regular expression of https://docs.rs/regex: {str(error).splitlines()[-1].strip()}"
    return ""


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
