"""The strict pydantic model of a contract: it decides what the fast path did not accept, and words why.

It is given what `strict_json` has read. Leaves are strict (no "1" for 1, no true for 1, no 1.0 for an integer). Dates
and timestamps are what msgspec takes for RFC 3339, so that both paths have one meaning of them.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Strict, ValidationError, create_model
from pydantic import Field as Rule
from pydantic_core import ErrorDetails, PydanticCustomError

from streamlake.contract.fast import highest, lowest
from streamlake.contract.formats import PATTERNS, is_date, is_timestamp
from streamlake.contract.model import Contract, Field
from streamlake.contract.pattern import accepts
from streamlake.contract.rejection import Rejection
from streamlake.contract.strict_json import kind_of

_MAX_REPORTED: Final = 10
_REASONS: Final = {
    "missing": "contract.missing",
    "extra_forbidden": "contract.extra",
    "string_pattern_mismatch": "contract.pattern",
    "string_too_short": "contract.length",
    "string_too_long": "contract.length",
    "too_short": "contract.length",
    "too_long": "contract.length",
    "greater_than_equal": "contract.range",
    "less_than_equal": "contract.range",
    "greater_than": "contract.range",
    "less_than": "contract.range",
    "finite_number": "contract.range",
    "contract.format": "contract.format",
    "contract.enum": "contract.enum",
}


def model(contract: Contract) -> type[BaseModel]:
    """The contract as a pydantic model."""
    return _model(contract.fields, refuse_extra=contract.extra_fields == "refuse")


def explain(event_model: type[BaseModel], event: dict[str, Any]) -> Rejection | None:
    """Why the event breaks the contract: the first reason as the code, up to ten of them in words."""
    try:
        event_model.model_validate(event)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=True)
        told = [f"{_path(p['loc'])}: {_words(p)}" for p in problems[:_MAX_REPORTED]]
        if len(problems) > _MAX_REPORTED:
            told.append(f"and {len(problems) - _MAX_REPORTED} more")
        first = problems[0]
        return Rejection(_reason(first), "; ".join(told), _path(first["loc"])[2:] or None)
    return None


def _model(fields: tuple[Field, ...], *, refuse_extra: bool) -> type[BaseModel]:
    members: dict[str, Any] = {}
    for number, field in enumerate(fields):
        kind = _type(field, refuse_extra=refuse_extra)
        default = ... if field.required else None
        members[f"f{number}"] = (kind, Rule(default, alias=field.name))
    config = ConfigDict(extra="forbid" if refuse_extra else "ignore", regex_engine="rust-regex")
    return create_model("Event", __config__=config, **members)


def _type(field: Field, *, refuse_extra: bool) -> Any:
    kind = _constrained(field, refuse_extra=refuse_extra)
    return kind | None if field.nullable else kind


def _constrained(field: Field, *, refuse_extra: bool) -> Any:
    if field.enum:
        leaf = int if field.type == "integer" else str
        return Annotated[leaf, Strict(), AfterValidator(_one_of(field.enum))]
    lengths = Rule(min_length=field.min_length, max_length=field.max_length)
    match field.type:
        case "string":
            text = Annotated[str, Strict(), Rule(pattern=field.pattern), lengths]
            return Annotated[text, AfterValidator(_format(field.format))] if field.format else text
        case "integer":
            return Annotated[int, Strict(), Rule(ge=lowest(field), le=highest(field))]
        case "number":
            inclusive = Rule(ge=field.minimum, le=field.maximum, allow_inf_nan=False)
            return Annotated[float, Strict(), inclusive, Rule(gt=field.exclusive_minimum, lt=field.exclusive_maximum)]
        case "boolean":
            return Annotated[bool, Strict()]
        case "date":
            return Annotated[str, Strict(), AfterValidator(_reads_as(is_date, "a date like 2026-11-21"))]
        case "timestamp":
            like = "a timestamp with its zone like 2026-11-21T09:30:00Z"
            return Annotated[str, Strict(), AfterValidator(_reads_as(is_timestamp, like))]
        case "array":
            items = _type(field.items, refuse_extra=refuse_extra) if field.items else Any
            return Annotated[list[items], lengths]  # type: ignore[valid-type] # the type is made here
        case "object":
            return _model(field.fields, refuse_extra=refuse_extra and bool(field.fields))


def _one_of(allowed: tuple[str | int, ...]) -> Callable[[str | int], str | int]:
    listed = ", ".join(map(str, allowed))

    def check(value: str | int) -> str | int:
        if value not in allowed:
            raise PydanticCustomError("contract.enum", "must be one of {listed}", {"listed": listed})
        return value

    return check


def _format(name: Any) -> Callable[[str], str]:
    is_written = accepts(PATTERNS[name], None, None)

    def check(value: str) -> str:
        if not is_written(value):
            raise PydanticCustomError("contract.format", "must be written as a {name}", {"name": name})
        return value

    return check


def _reads_as(reads: Callable[[str], bool], like: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not reads(value):
            raise PydanticCustomError("contract.format", "must be {like}", {"like": like})
        return value

    return check


def _reason(problem: ErrorDetails) -> str:
    known = _REASONS.get(problem["type"])
    if known is None:
        return "contract.null" if problem["input"] is None else "contract.type"
    return known


def _words(problem: ErrorDetails) -> str:
    """What is asked for, and what kind of thing came instead; never the value."""
    match _reason(problem):
        case "contract.missing":
            return "is required"
        case "contract.extra":
            return "is not in the contract, which refuses extra fields"
        case "contract.null":
            return "must not be null"
        case "contract.type":
            return f"{problem['msg'].lower()}, is {kind_of(problem['input'])}"
    return problem["msg"]


def _path(loc: tuple[int | str, ...]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
