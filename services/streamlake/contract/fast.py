"""The fast acceptance: a msgspec Struct made from the contract. What it decodes is thrown away.

It checks what it knows; inside fields that it skips it checks syntax, escapes and surrogates, but neither UTF-8 nor
depth, so `gate` looks at those itself.
"""

from datetime import date
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from streamlake.contract import pattern
from streamlake.contract.formats import MAX_INTEGER, MIN_INTEGER, PATTERNS, TIMESTAMP
from streamlake.contract.model import Contract, Field, FieldType

REFUSALS: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What the decoder raises on bytes that it does not take."""


def decoder(contract: Contract) -> "msgspec.json.Decoder[Any]":
    """Decodes an event that the contract accepts and raises one of REFUSALS otherwise."""
    event = _struct(contract.fields, refuse_extra=contract.extra_fields == "refuse")
    return msgspec.json.Decoder(event, dec_hook=pattern.decode)


def key_decoder(contract: Contract) -> "msgspec.json.Decoder[Any]":
    """Decodes the key fields alone, in the key's order; dates stay the text that they are."""
    types: dict[str, FieldType] = {f.name: "integer" if f.type == "integer" else "string" for f in contract.fields}
    fields = tuple(Field(name, types[name], required=True) for name in contract.key)
    return msgspec.json.Decoder(_struct(fields, refuse_extra=False))


def _struct(fields: tuple[Field, ...], *, refuse_extra: bool) -> type[Any]:
    members: list[Any] = []
    for number, field in enumerate(fields):
        kind = _type(field, refuse_extra=refuse_extra)
        members.append((f"f{number}", kind) if field.required else (f"f{number}", kind, None))
    return msgspec.defstruct(
        "Event",
        members,
        rename={f"f{number}": field.name for number, field in enumerate(fields)},
        kw_only=True,
        gc=False,
        forbid_unknown_fields=refuse_extra,
    )


def _type(field: Field, *, refuse_extra: bool) -> Any:
    kind = _constrained(field, refuse_extra=refuse_extra)
    return kind | None if field.nullable else kind


def _constrained(field: Field, *, refuse_extra: bool) -> Any:
    if field.enum:
        return Literal[field.enum]
    match field.type:
        case "string":
            return _text(field)
        case "integer":
            return Annotated[int, Meta(ge=lowest(field), le=highest(field))]
        case "number":
            low, high = field.minimum, field.maximum
            return _with(float, ge=low, le=high, gt=field.exclusive_minimum, lt=field.exclusive_maximum)
        case "boolean":
            return bool
        case "date":
            return date
        case "timestamp":
            return TIMESTAMP
        case "array":
            items = _type(field.items, refuse_extra=refuse_extra) if field.items else Any
            elements: Any = list[items]  # type: ignore[valid-type] # the type is made here
            return _with(elements, min_length=field.min_length, max_length=field.max_length)
        case "object":
            # Free-form: an empty Struct skips all members without building them.
            return _struct(field.fields, refuse_extra=refuse_extra and bool(field.fields))


def _text(field: Field) -> Any:
    written = PATTERNS[field.format] if field.format else field.pattern
    if written is not None:
        return pattern.matching(written, field.min_length, field.max_length)
    return _with(str, min_length=field.min_length, max_length=field.max_length)


def _with(kind: Any, **constraints: Any) -> Any:
    given = {name: value for name, value in constraints.items() if value is not None}
    return Annotated[kind, Meta(**given)] if given else kind


def lowest(field: Field) -> int:
    """The smallest integer that the field takes."""
    bounds = [MIN_INTEGER]
    if field.minimum is not None:
        bounds.append(int(field.minimum))
    if field.exclusive_minimum is not None:
        bounds.append(int(field.exclusive_minimum) + 1)
    return max(bounds)


def highest(field: Field) -> int:
    """The largest integer that the field takes."""
    bounds = [MAX_INTEGER]
    if field.maximum is not None:
        bounds.append(int(field.maximum))
    if field.exclusive_maximum is not None:
        bounds.append(int(field.exclusive_maximum) - 1)
    return min(bounds)
