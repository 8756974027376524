"""What a change of a contract breaks: an event that was accepted and no longer is, or a field that readers lose.

Loosening is compatible, tightening is not. What is declared now and was tolerated as an extra field before counts as
new: nobody was promised anything about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from streamlake.contract.fast import highest, lowest
from streamlake.contract.model import Contract, Field


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `path` is the field, as `payer.email` or `items[].sku`, or the setting."""

    breaking: bool
    path: str
    text: str


def compare(old: Contract, new: Contract) -> tuple[Change, ...]:
    """All differences, the breaking ones first; () if the contracts say the same."""
    changes = [*_version(old, new), *_settings(old, new), *_members("", old.fields, new.fields)]
    return tuple(sorted(changes, key=lambda change: not change.breaking))


def judgement(contract: Contract) -> Contract:
    """The contract without what may change within a version: words, and how events are carried."""
    return replace(
        contract,
        sha256="",
        description="",
        on_invalid="refuse",
        fields=tuple(_without_words(field) for field in contract.fields),
        topic=replace(contract.topic, partitions=1, retention_hours=1, dead_letter_retention_hours=1),
        rotation=type(contract.rotation)(),
        format="json",
        compression="gzip",
        consumer=type(contract.consumer)(),
        lake_retention_days=None,
        draft=False,
    )


def _without_words(field: Field) -> Field:
    inner = tuple(_without_words(member) for member in field.fields)
    items = None if field.items is None else _without_words(field.items)
    return replace(field, description="", classification=None, fields=inner, items=items)


def _version(old: Contract, new: Contract) -> Iterator[Change]:
    if new.version < old.version:
        yield Change(True, "version", f"goes back from {old.version} to {new.version}; a version only grows")
    elif new.version > old.version:
        yield Change(False, "version", f"{old.version} -> {new.version}")
    elif judgement(old) != judgement(new):
        yield Change(True, "version", f"is still {new.version}, but what is accepted changed; raise it")


def _settings(old: Contract, new: Contract) -> Iterator[Change]:
    if old.key != new.key:
        yield Change(True, "keyFields", f"{_list(old.key)} -> {_list(new.key)}: events move to other partitions")
    if old.event_time != new.event_time:
        yield Change(True, "eventTimeField", f"{old.event_time} -> {new.event_time}")
    if old.extra_fields != new.extra_fields:
        yield Change(new.extra_fields == "refuse", "extraFields", f"{old.extra_fields} -> {new.extra_fields}")
    if old.on_invalid != new.on_invalid:
        yield Change(False, "onInvalid", f"{old.on_invalid} -> {new.on_invalid}")
    before, after = old.topic, new.topic
    if before.max_event_bytes != after.max_event_bytes:
        smaller = after.max_event_bytes < before.max_event_bytes
        yield Change(smaller, "maxEventBytes", f"{before.max_event_bytes} -> {after.max_event_bytes}")
    if before.partitions != after.partitions:
        why = "Kafka takes none away" if after.partitions < before.partitions else "keys move to other partitions"
        breaking = after.partitions < before.partitions or bool(new.key)
        yield Change(breaking, "topicPartitions", f"{before.partitions} -> {after.partitions}: {why}")
    for name, was, now in (
        ("topicRetentionHours", before.retention_hours, after.retention_hours),
        ("deadLetterRetentionHours", before.dead_letter_retention_hours, after.dead_letter_retention_hours),
        ("rotation", old.rotation, new.rotation),
        ("format", old.format, new.format),
        ("compression", old.compression, new.compression),
        ("consumer", old.consumer, new.consumer),
        ("lakeRetentionDays", old.lake_retention_days, new.lake_retention_days),
        ("description", old.description, new.description),
    ):
        if was != now:
            yield Change(False, name, f"{was} -> {now}")


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"


def _members(inside: str, old: tuple[Field, ...], new: tuple[Field, ...]) -> Iterator[Change]:
    before = {field.name: field for field in old}
    after = {field.name: field for field in new}
    for name, field in before.items():
        if name not in after:
            yield Change(True, inside + name, "is gone: readers that use it lose it")
        else:
            yield from _field(inside + name, field, after[name])
    for name, field in after.items():
        if name not in before:
            if field.required:
                yield Change(True, inside + name, "is new and required: events without it are refused")
            else:
                yield Change(False, inside + name, "is new")


def _field(path: str, old: Field, new: Field) -> Iterator[Change]:
    if old.type != new.type:
        yield Change(True, path, f"was of type {old.type}, is {new.type}")
        return
    if old.required != new.required:
        yield Change(new.required, path, "is required now" if new.required else "is no longer required")
    if old.nullable != new.nullable:
        yield Change(not new.nullable, path, "may be null now" if new.nullable else "must not be null any more")
    if old.classification != new.classification:
        yield Change(False, path, f"classification {old.classification} -> {new.classification}")
    if old.description != new.description:
        yield Change(False, path, "its description changed")
    yield from _rules(path, old, new)
    yield from _members(path + ".", old.fields, new.fields)
    if old.items is not None and new.items is not None:
        yield from _field(path + "[]", old.items, new.items)
    elif old.items != new.items:
        yield Change(new.items is not None, path + "[]", "is declared now" if new.items else "may be anything now")


def _rules(path: str, old: Field, new: Field) -> Iterator[Change]:
    for name, was, now, outward in _bounds(old, new):
        if was != now:
            looser = now is None or (was is not None and (now - was) * outward > 0)
            yield Change(not looser, path, f"{name} {_told(was)} -> {_told(now)}")
    for rule in ("pattern", "format"):
        before, after = getattr(old, rule), getattr(new, rule)
        if before != after:
            yield Change(after is not None, path, f"{rule} {_told(before)} -> {_told(after)}")
    gone, added = [v for v in old.enum if v not in new.enum], [v for v in new.enum if v not in old.enum]
    if old.enum and new.enum:
        if gone:
            yield Change(True, path, f"no longer takes {', '.join(map(str, gone))}")
        if added:
            yield Change(False, path, f"also takes {', '.join(map(str, added))}")
    elif old.enum != new.enum:
        yield Change(bool(new.enum), path, "takes listed values only" if new.enum else "takes any value now")


def _bounds(old: Field, new: Field) -> list[tuple[str, float | None, float | None, int]]:
    """Each bound before and after, with the direction in which moving it takes more."""
    lengths: list[tuple[str, float | None, float | None, int]] = [
        ("minimal length", old.min_length, new.min_length, -1),
        ("maximal length", old.max_length, new.max_length, 1),
    ]
    if old.type == "integer":
        return [*lengths, ("lowest", lowest(old), lowest(new), -1), ("highest", highest(old), highest(new), 1)]
    return [
        *lengths,
        ("minimum", old.minimum, new.minimum, -1),
        ("maximum", old.maximum, new.maximum, 1),
        ("exclusiveMinimum", old.exclusive_minimum, new.exclusive_minimum, -1),
        ("exclusiveMaximum", old.exclusive_maximum, new.exclusive_maximum, 1),
    ]


def _told(value: object) -> str:
    return "none" if value is None else str(value)
