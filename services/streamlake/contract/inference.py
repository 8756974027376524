"""A first contract from sample events: what they have in common, as an ODCS file for a person to go over.

It accepts all the events that it was made from. Where they disagree, it leaves a field out and says so, for a guess
that looks like a decision is worse than a question.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import yaml

from streamlake.contract.formats import MAX_INTEGER, MIN_INTEGER, is_date, is_timestamp
from streamlake.contract.model import Field, FieldType
from streamlake.contract.odcs_field import is_field_name
from streamlake.contract.strict_json import kind_of

_MAX_NESTING: Final = 8
_KEY_NAMES: Final = ("id", "key", "uuid")


@dataclass(slots=True)
class Draft:
    """The file's text, how many fields it has, and what a person has to decide."""

    text: str
    fields: int
    questions: list[str]


def infer(dataset: str, events: Sequence[dict[str, Any]]) -> Draft:
    """A draft for these events, of which there is at least one."""
    questions: list[str] = []
    fields = _members(list(events), "", questions)
    key = _key(dataset, fields, events)
    if key is None:
        questions.append("no key: no required field had another value in each event; name one in keyFields")
    times = [f.name for f in fields if f.type == "timestamp" and f.required]
    if not times:
        questions.append("no event time: no required field is a timestamp; name one in eventTimeField if there is one")
    document: dict[str, Any] = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": f"urn:streamlake:{dataset}",
        "name": dataset,
        "version": "1",
        "status": "draft",
        "description": {"purpose": "TODO: what one event means, and who sends it."},
        "schema": [{"name": dataset, "logicalType": "object", "properties": [_property(f) for f in fields]}],
        "customProperties": [
            *([{"property": "keyFields", "value": [key]}] if key else []),
            *([{"property": "eventTimeField", "value": times[0]}] if times else []),
            {"property": "onInvalid", "value": "refuse"},
        ],
    }
    head = "".join(f"# TODO: {question}\n" for question in questions)
    return Draft(
        head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120), len(fields), questions
    )


def _members(objects: list[dict[str, Any]], inside: str, questions: list[str]) -> tuple[Field, ...]:
    names = dict.fromkeys(name for members in objects for name in members)
    found: list[Field] = []
    for name in names:
        if not is_field_name(name):
            questions.append(f"{inside}{name!r} was left out: no field can have that name")
        elif any(known.name.casefold() == name.casefold() for known in found):
            questions.append(f"{inside}{name} was left out: another field differs in case alone")
        else:
            seen = [members[name] for members in objects if name in members]
            guess = _field(name, seen, inside + name, questions)
            if guess is not None:
                always = len(seen) == len(objects) and None not in seen
                found.append(replace(guess, required=always, nullable=not always))
    return tuple(found)


def _field(name: str, seen: list[Any], path: str, questions: list[str]) -> Field | None:
    values = [value for value in seen if value is not None]
    kinds = sorted({kind_of(value) for value in values})
    if len(kinds) != 1:
        what = "was null in all events" if not kinds else f"was {' and '.join(kinds)}"
        questions.append(f"{path} was left out: it {what}")
        return None
    if any(isinstance(value, float) and not math.isfinite(value) for value in values):
        questions.append(f"{path} was left out: it was a number too large for any column")
        return None
    if kinds == ["an object"]:
        fields = _members(values, path + ".", questions) if path.count(".") < _MAX_NESTING else ()
        return Field(name, "object", fields=fields)
    if kinds == ["an array"]:
        elements = [element for value in values for element in value]
        items = None
        if elements and path.count("[]") < _MAX_NESTING:
            items = _field("item", elements, path + "[]", questions)
        if items is not None and None in elements:
            items = None
            questions.append(f"{path}[] is not declared: some elements were null")
        return Field(name, "array", items=items)
    return Field(name, _scalar(values, kinds[0]))


def _scalar(values: list[Any], kind: str) -> FieldType:
    if kind == "a boolean":
        return "boolean"
    if kind == "a number":
        whole = all(type(value) is int and MIN_INTEGER <= value <= MAX_INTEGER for value in values)
        return "integer" if whole else "number"
    if all(is_timestamp(value) for value in values):
        return "timestamp"
    return "date" if all(is_date(value) for value in values) else "string"


def _key(dataset: str, fields: tuple[Field, ...], events: Sequence[dict[str, Any]]) -> str | None:
    """The field that looks most like an id, if it differs in all events."""
    wanted = [f"{dataset}_id", f"{dataset.removesuffix('s')}_id", *_KEY_NAMES]
    able = [
        f.name
        for f in fields
        if f.required and f.type in ("string", "integer") and len({event[f.name] for event in events}) == len(events)
    ]
    for name in wanted:
        if name in able:
            return name
    return next((name for name in able if name.lower().endswith("id")), None)


def _property(field: Field) -> dict[str, Any]:
    told: dict[str, Any] = {"name": field.name, "logicalType": field.type}
    if field.required:
        told["required"] = True
    if field.fields:
        told["properties"] = [_property(member) for member in field.fields]
    if field.items is not None:
        told["items"] = _property(field.items)
    return told
