"""An Open Data Contract Standard file (v3.1) to a `Contract`: all its mistakes at once, nothing ignored in silence.

What ODCS has no place for stands in its `customProperties`, see that module. The shape itself is checked by the
pydantic model of the `open-data-contract-standard` package.
"""

import difflib
import hashlib
import re
from typing import Any, Final

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject
from pydantic import BaseModel, ValidationError

from streamlake.contract import custom_properties, odcs_field, yaml_text
from streamlake.contract.model import Compression, ConsumerSettings, Contract, Field, Rotation, TopicSettings
from streamlake.contract.problems import Path, Problems, WrongContract, nearest

DATASET_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
RESERVED: Final = frozenset({"all"})
_DRAFT: Final = "draft"
_VERSION: Final = re.compile(r"[1-9][0-9]{0,8}")
_API: Final = re.compile(r"v3\.[12]\.[0-9]+")
_KEY_TYPES: Final = ("string", "integer", "date", "timestamp")
_EVENT_TIME_TYPES: Final = ("timestamp", "date")


def parse(data: bytes, file: str = "contract.yaml") -> Contract:
    """The contract in these bytes; `file` names them in what is said. WrongContract lists all that is wrong."""
    problems = Problems(file)
    document = yaml_text.read(data, problems)
    contract = None if document is None else _contract(document, hashlib.sha256(data).hexdigest(), problems)
    if problems.found or contract is None:
        raise WrongContract(problems.found)
    return contract


def wrong_name(name: str) -> str | None:
    """Why a dataset cannot have this name; None if it can."""
    if not DATASET_NAME.fullmatch(name):
        return "has 1 to 48 characters: lower-case letters, digits and _, a letter first"
    return f"must not be {name}, which is reserved" if name in RESERVED else None


def _contract(document: dict[str, Any], sha256: str, problems: Problems) -> Contract:
    version = document.get("version")
    if type(version) is int:
        # ODCS wants text, people write a number; both say the same.
        document = {**document, "version": str(version)}
    model = _shape(document, problems)
    _head(model, problems)
    own = custom_properties.read(model.customProperties, custom_properties.OF_CONTRACT, (), problems)
    fields = _fields(model, problems)
    key = _key(model, own.get("keyFields"), fields, problems)
    event_time = own.get("eventTimeField")
    if event_time is not None:
        at = _place_of(model, "eventTimeField")
        _check_reference("eventTimeField", event_time, fields, _EVENT_TIME_TYPES, at, problems)
    return Contract(
        dataset=model.name or "",
        version=int(model.version) if model.version and _VERSION.fullmatch(model.version) else 0,
        sha256=sha256,
        description=(model.description and (model.description.purpose or model.description.usage)) or "",
        fields=fields,
        key=key,
        event_time=event_time,
        on_invalid=own.get("onInvalid", "refuse"),
        extra_fields=own.get("extraFields", "allow"),
        topic=_given(
            TopicSettings,
            partitions=own.get("topicPartitions"),
            retention_hours=own.get("topicRetentionHours"),
            dead_letter_retention_hours=own.get("deadLetterRetentionHours"),
            max_event_bytes=own.get("maxEventBytes"),
        ),
        rotation=_given(
            Rotation,
            max_records=own.get("rotationMaxRecords"),
            max_bytes=own.get("rotationMaxBytes"),
            max_age_seconds=own.get("rotationMaxAgeSeconds"),
        ),
        format=own.get("format", "json"),
        compression=_compression(model, own, problems),
        consumer=_consumer(model, own, problems),
        lake_retention_days=own.get("lakeRetentionDays"),
        draft=(model.status or "").lower() == _DRAFT,
    )


def _compression(model: OpenDataContractStandard, own: dict[str, Any], problems: Problems) -> Compression:
    parquet = own.get("format") == "parquet"
    given: Compression = own.get("compression", "zstd" if parquet else "gzip")
    if parquet and given != "zstd":
        problems.add(
            _place_of(model, "compression"),
            f"compression {given} is for parts of format json; a parquet part is compressed inside, with zstd. "
            "Leave compression out, or set it to zstd",
        )
    return given


def _consumer(model: OpenDataContractStandard, own: dict[str, Any], problems: Problems) -> ConsumerSettings:
    processes, partitions = own.get("consumerProcesses"), own.get("topicPartitions", TopicSettings().partitions)
    if processes is not None and processes > partitions:
        problems.add(
            _place_of(model, "consumerProcesses"),
            f"{processes} processes share {partitions} partitions: some would have none. Raise topicPartitions first",
        )
    given: ConsumerSettings = _given(ConsumerSettings, processes=processes, memory_mib=own.get("consumerMemoryMib"))
    return given


def _given(kind: Any, **values: Any) -> Any:
    return kind(**{name: value for name, value in values.items() if value is not None})


def _shape(document: dict[str, Any], problems: Problems) -> OpenDataContractStandard:
    """The document as the standard's model. What does not fit is noted and left out; the rest is checked."""
    left = document
    while True:
        try:
            model = OpenDataContractStandard.model_validate(left)
        except ValidationError as error:
            rest = left
            for problem in error.errors(include_url=False):
                path = _reached(document, problem["loc"])
                unknown = problem["type"] == "extra_forbidden"
                known = OpenDataContractStandard.model_fields
                near = nearest(str(path[-1]), (f.alias or name for name, f in known.items())) if unknown else ""
                words = f"is not in the standard{near}" if unknown else problem["msg"].lower()
                problems.add(path, words, left_out=True)
                rest = _without(rest, path)
            # Each round leaves something out, so this ends; should one not, the whole document goes.
            left = rest if rest != left else {}
            continue
        _unknown_names(left, model, (), problems)
        return model


def _reached(document: Any, loc: tuple[int | str, ...]) -> Path:
    """The part of pydantic's location that is a place in the document; the rest names members of unions."""
    path: list[int | str] = []
    for part in loc:
        inside = (isinstance(document, dict) and part in document) or (
            isinstance(document, list) and isinstance(part, int) and part < len(document)
        )
        if inside:
            path.append(part)
            document = document[part]
    return tuple(path)


def _without(document: Any, path: Path) -> Any:
    if not path:
        return {}
    if isinstance(document, dict) and path[0] in document:
        if len(path) == 1:
            return {key: value for key, value in document.items() if key != path[0]}
        return {**document, path[0]: _without(document[path[0]], path[1:])}
    if isinstance(document, list) and isinstance(path[0], int):
        changed = {} if len(path) == 1 else _without(document[path[0]], path[1:])
        return [*document[: path[0]], changed, *document[path[0] + 1 :]]
    return document


def _unknown_names(given: Any, model: Any, path: Path, problems: Problems) -> None:
    """The package's inner models drop what they do not know; a mistyped `requierd` must not be dropped."""
    if isinstance(model, BaseModel) and isinstance(given, dict):
        names = {field.alias or name: name for name, field in type(model).model_fields.items()}
        for key, value in given.items():
            if key in names:
                _unknown_names(value, getattr(model, names[key]), (*path, key), problems)
            else:
                problems.add((*path, key), f"is not in the standard{nearest(str(key), names)}")
    elif isinstance(model, list) and isinstance(given, list):
        for index, (value, inner) in enumerate(zip(given, model, strict=True)):
            _unknown_names(value, inner, (*path, index), problems)


def _head(model: OpenDataContractStandard, problems: Problems) -> None:
    wanted = {"kind": ("DataContract", re.compile("DataContract")), "apiVersion": ("v3.1.0", _API)}
    for name, (example, pattern) in wanted.items():
        value = getattr(model, name)
        if value is None:
            problems.add((name,), f"is required: {example}")
        elif not pattern.fullmatch(value):
            problems.add((name,), f"must be {example}, is {value}")
    for name in ("id", "status"):
        if not getattr(model, name):
            problems.add((name,), "is required")
    _status(model.status or "", problems)
    if model.version is None:
        problems.add(("version",), "is required: a whole number that only grows, 1 at first")
    elif not _VERSION.fullmatch(model.version):
        problems.add(("version",), f"must be a whole number that only grows, as 3; is {model.version}")
    if model.name is None:
        problems.add(("name",), "is required: the dataset's name")
    elif (wrong := wrong_name(model.name)) is not None:
        problems.add(("name",), wrong)


def _status(said: str, problems: Problems) -> None:
    """Any word is a status; but what is nearly `draft` would put the contract in force."""
    if said.lower() != _DRAFT and difflib.get_close_matches(said.lower(), [_DRAFT], cutoff=0.7):
        problems.add(("status",), f"is {said}; did you mean {_DRAFT}?")


def _fields(model: OpenDataContractStandard, problems: Problems) -> tuple[Field, ...]:
    schemas: list[SchemaObject] = model.schema_ or []
    if len(schemas) != 1:
        problems.add(("schema",), f"must hold one object, the event; holds {len(schemas)}")
        if not schemas:
            return ()
    event = schemas[0]
    path: Path = ("schema", 0)
    if event.logicalType not in (None, "object"):
        problems.add((*path, "logicalType"), f"an event is an object, not {event.logicalType}")
    custom_properties.read(event.customProperties, {}, path, problems)
    if not event.properties:
        problems.add((*path, "properties"), "must hold at least one field")
    return odcs_field.read_all(event.properties, path, problems)


def _key(
    model: OpenDataContractStandard, named: tuple[str, ...] | None, fields: tuple[Field, ...], problems: Problems
) -> tuple[str, ...]:
    """`keyFields`, or else the fields that ODCS marks as primaryKey in the order of their primaryKeyPosition."""
    properties = (model.schema_[0].properties if model.schema_ else None) or []
    marked = [p for p in properties if p.primaryKey and p.name]
    marked.sort(key=lambda p: p.primaryKeyPosition if p.primaryKeyPosition is not None else 0)
    primary = tuple(p.name for p in marked if p.name)
    if named is not None and primary and set(named) != set(primary):
        text = f"keyFields names {', '.join(named)}, primaryKey marks {', '.join(primary)}"
        problems.add(_place_of(model, "keyFields"), text)
    key = named if named is not None else primary
    for name in key:
        _check_reference("keyFields", name, fields, _KEY_TYPES, _place_of(model, "keyFields"), problems)
        field = next((f for f in fields if f.name == name), None)
        if field is not None and not (field.required and not field.nullable):
            index = fields.index(field)
            problems.add(
                ("schema", 0, "properties", index, "required"), f"{name} is a key field, so it must be required"
            )
    return key


def _place_of(model: OpenDataContractStandard, name: str) -> Path:
    for index, entry in enumerate(model.customProperties or ()):
        if entry.property == name:
            return ("customProperties", index, "value")
    return ("schema", 0, "properties")


def _check_reference(
    setting: str, name: str, fields: tuple[Field, ...], types: tuple[str, ...], path: Path, problems: Problems
) -> None:
    field = next((f for f in fields if f.name == name), None)
    if field is None:
        problems.add(path, f"{setting}: {name} is not a field{nearest(name, (f.name for f in fields))}")
    elif field.type not in types:
        floats = "; a number has no exact text to be a key" if field.type == "number" and setting == "keyFields" else ""
        problems.add(path, f"{setting}: {name} is of type {field.type}, must be {' or '.join(types)}{floats}")
