"""A property of an ODCS schema to a `Field`: a rule that StreamLake does not check is refused, not ignored."""

import math
import re
from collections.abc import Sequence
from typing import Any, Final, get_args

from open_data_contract_standard.model import SchemaProperty

from streamlake.contract import custom_properties
from streamlake.contract.formats import MAX_INTEGER, MIN_INTEGER
from streamlake.contract.model import Field, FieldType, Format
from streamlake.contract.pattern import what_is_wrong
from streamlake.contract.problems import Path, Problems, nearest

_TYPES: Final = get_args(FieldType)
_FORMATS: Final = get_args(Format)
_NAME: Final = re.compile(r'[^\x00-\x1f"\\.\[\]\x7f]{1,128}')
_MAX_NESTING: Final = 32
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": (*_BOUNDS, "format"),
    "number": (*_BOUNDS, "format"),
    "date": ("format",),
    "timestamp": ("timezone",),
    "array": ("minItems", "maxItems"),
}
_INTEGERS: Final = {f"{sign}{bits}": (sign, bits) for sign in "iu" for bits in (8, 16, 32, 64)}


def read_all(properties: Sequence[SchemaProperty] | None, path: Path, problems: Problems) -> tuple[Field, ...]:
    """The fields of an object. Two names that differ in case alone are refused: engines fold them into one column."""
    fields: list[Field] = []
    names: dict[str, str] = {}
    for index, given in enumerate(properties or ()):
        at = (*path, "properties", index)
        field = _read(given, at, problems, in_array=False)
        folded = field.name.casefold()
        other = names.get(folded)
        names.setdefault(folded, field.name)
        if field.name and other is not None:
            twice = "stands twice" if other == field.name else f"differs from {other} in case alone"
            problems.add((*at, "name"), f"{field.name} {twice}")
        fields.append(field)
    return tuple(fields)


def _read(given: SchemaProperty, path: Path, problems: Problems, *, in_array: bool) -> Field:
    name = given.name or ""
    if not in_array:
        _check_name(given.name, path, problems)
    own = custom_properties.read(given.customProperties, custom_properties.OF_FIELD, path, problems)
    required = bool(given.required)
    kind = _type(given.logicalType, path, problems)
    if len(path) > 2 * _MAX_NESTING:
        problems.add(path, f"nested more than {_MAX_NESTING} deep")
        return Field(name, kind)
    options = _options(kind, given.logicalTypeOptions or {}, (*path, "logicalTypeOptions"), problems)
    return Field(
        name=name,
        type=kind,
        required=required,
        # ODCS: what is not required may be null. Elements of an array are there, so they are not null by default.
        nullable=own.get("nullable", not required and not in_array),
        description=given.description or "",
        classification=given.classification,
        enum=_enum(given, kind, path, problems),
        fields=_fields(given, kind, path, problems),
        items=_items(given, kind, path, problems),
        **options,
    )


def is_field_name(name: str) -> bool:
    """True if a contract can declare a field of this name. A path is written with dots and brackets."""
    return _NAME.fullmatch(name) is not None and name.isprintable()


def _check_name(name: str | None, path: Path, problems: Problems) -> None:
    if not name:
        problems.add((*path, "name"), "is required")
    elif not is_field_name(name):
        words = "has at most 128 printable characters and no quote, backslash, dot or bracket"
        problems.add((*path, "name"), words)


def _type(kind: str | None, path: Path, problems: Problems) -> FieldType:
    for known in _TYPES:
        if kind == known:
            return known  # type: ignore[no-any-return] # get_args has no types
    at = (*path, "logicalType")
    if kind is None:
        problems.add(at, f"is required: one of {', '.join(_TYPES)}")
    elif kind == "decimal":
        problems.add(at, "decimal is no type of ODCS: take string with logicalTypeOptions.format: decimal")
    else:
        problems.add(at, f"{kind} is not supported{nearest(kind, _TYPES)}")
    return "string"


def _fields(given: SchemaProperty, kind: str, path: Path, problems: Problems) -> tuple[Field, ...]:
    if given.properties is not None and kind != "object":
        problems.add((*path, "properties"), f"only an object has properties, this is {kind}")
        return ()
    return read_all(given.properties, path, problems)


def _items(given: SchemaProperty, kind: str, path: Path, problems: Problems) -> Field | None:
    if given.map is not None:
        problems.add((*path, "map"), "is not supported; an object without properties is free-form")
    if given.items is None:
        return None
    if kind != "array":
        problems.add((*path, "items"), f"only an array has items, this is {kind}")
        return None
    return _read(given.items, (*path, "items"), problems, in_array=True)


def _enum(given: SchemaProperty, kind: str, path: Path, problems: Problems) -> tuple[str | int, ...]:
    """From `enum`, or as v3.1 says it: `quality` with the library metric invalidValues that must be 0."""
    found: list[tuple[Path, list[Any]]] = []
    if given.enum is not None:
        found.append(((*path, "enum"), [entry.value for entry in given.enum]))
    for index, rule in enumerate(given.quality or ()):
        values = (rule.arguments or {}).get("validValues")
        if "invalidValues" in (rule.metric, rule.rule) and rule.mustBe == 0 and isinstance(values, list):
            found.append(((*path, "quality", index, "arguments", "validValues"), values))
    if not found:
        return ()
    at, values = found[0]
    if len(found) > 1:
        problems.add(found[1][0], "the allowed values are given twice")
    wrong = _wrong_enum(values, kind)
    if wrong is not None:
        problems.add(at, wrong)
        return ()
    if given.logicalTypeOptions:
        problems.add(at, "with the allowed values given, leave logicalTypeOptions out")
    return tuple(values)


def _wrong_enum(values: list[Any], kind: str) -> str | None:
    wanted = {"string": str, "integer": int}.get(kind)
    if wanted is None:
        return f"allowed values can be given for a string or an integer, this is {kind}"
    if not values or any(type(value) is not wanted for value in values):
        return f"must list values of type {kind}"
    if len(set(values)) < len(values):
        return "lists a value twice"
    if wanted is int and not all(MIN_INTEGER <= value <= MAX_INTEGER for value in values):
        return "an integer holds 64 bits"
    return None


def _options(kind: str, options: dict[str, Any], path: Path, problems: Problems) -> dict[str, Any]:
    known = _OPTIONS.get(kind, ())
    for name in options:
        if name not in known:
            what = nearest(name, known) if known else ""
            problems.add((*path, name), f"is not checked for the type {kind}, so it is not accepted{what}")
    given = {name: value for name, value in options.items() if name in known and value is not None}
    match kind:
        case "string":
            return _of_string(given, path, problems)
        case "integer" | "number":
            return _of_number(kind, given, path, problems)
        case "array":
            return _lengths(given, ("minItems", "maxItems"), path, problems)
        case "date" if given.get("format", "yyyy-MM-dd") != "yyyy-MM-dd":
            problems.add((*path, "format"), "a date is written yyyy-MM-dd")
        case "timestamp" if given.get("timezone", True) is not True:
            problems.add((*path, "timezone"), "a timestamp is RFC 3339 with its zone, as 2026-11-21T09:30:00Z")
    return {}


def _lengths(given: dict[str, Any], names: tuple[str, str], path: Path, problems: Problems) -> dict[str, Any]:
    for name in names:
        value = given.get(name)
        if value is not None and (type(value) is not int or not 0 <= value <= MAX_INTEGER):
            problems.add((*path, name), "must be a whole number, 0 or more")
            given.pop(name)
    low, high = given.get(names[0]), given.get(names[1])
    if low is not None and high is not None and low > high:
        problems.add((*path, names[0]), f"is above {names[1]}")
    return {"min_length": low, "max_length": high}


def _of_string(given: dict[str, Any], path: Path, problems: Problems) -> dict[str, Any]:
    found = _lengths(given, ("minLength", "maxLength"), path, problems)
    written, pattern = given.get("format"), given.get("pattern")
    if written is not None and written not in _FORMATS:
        there = f"there is {', '.join(_FORMATS)}, else write a pattern"
        problems.add((*path, "format"), f"{written} is not checked, so it is not accepted; {there}")
    elif written is not None and pattern is not None:
        problems.add((*path, "pattern"), "give a format or a pattern, not both")
    if pattern is not None and (wrong := what_is_wrong(pattern)):
        problems.add((*path, "pattern"), wrong)
    return {**found, "format": written, "pattern": pattern}


def _of_number(kind: str, given: dict[str, Any], path: Path, problems: Problems) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _BOUNDS:
        value = given.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            problems.add((*path, name), "must be a number")
        elif kind == "integer" and (value != int(value) or not MIN_INTEGER <= value <= MAX_INTEGER):
            problems.add((*path, name), "must be an integer of 64 bits")
        else:
            found[name] = int(value) if kind == "integer" else float(value)
    written = given.get("format")
    if kind == "integer" and written in _INTEGERS:
        low, high = _width(written)
        found["minimum"] = max(low, found.get("minimum", low))
        found["maximum"] = min(high, found.get("maximum", high))
    elif written is not None and not (kind == "number" and written in ("f32", "f64")):
        there = "i8 to i64 and u8 to u64" if kind == "integer" else "f32 and f64"
        problems.add((*path, "format"), f"{written} is not supported; there is {there}")
    _check_bounds(kind, found, path, problems)
    return {
        "minimum": found.get("minimum"),
        "maximum": found.get("maximum"),
        "exclusive_minimum": found.get("exclusiveMinimum"),
        "exclusive_maximum": found.get("exclusiveMaximum"),
    }


def _width(written: str) -> tuple[int, int]:
    sign, bits = _INTEGERS[written]
    if sign == "u":
        # 64 bits unsigned end where a signed column of an engine ends.
        return 0, min(2**bits - 1, MAX_INTEGER)
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def _check_bounds(kind: str, found: dict[str, Any], path: Path, problems: Problems) -> None:
    step = 1 if kind == "integer" else 0
    for own, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if kind == "number" and own in found and exclusive in found:
            problems.add((*path, exclusive), f"give {own} or {exclusive}, not both")
            return
    lows = [found[n] + s for n, s in (("minimum", 0), ("exclusiveMinimum", step)) if n in found]
    highs = [found[n] - s for n, s in (("maximum", 0), ("exclusiveMaximum", step)) if n in found]
    if lows and highs and max(lows) > min(highs):
        problems.add(path, "no number lies between the bounds")


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False
