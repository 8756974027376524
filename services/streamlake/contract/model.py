"""What a contract says, in StreamLake's own words: frozen, complete, without a trace of the file it came from."""

from dataclasses import dataclass
from typing import Literal

OnInvalid = Literal["refuse", "dead_letter"]
ExtraFields = Literal["allow", "refuse"]
FileFormat = Literal["json", "parquet"]
Compression = Literal["gzip", "zstd", "none"]
FieldType = Literal["string", "integer", "number", "boolean", "date", "timestamp", "object", "array"]
Format = Literal["decimal", "uuid"]


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """What Kafka is asked for."""

    partitions: int = 3
    retention_hours: int = 168
    dead_letter_retention_hours: int = 720
    max_event_bytes: int = 1_048_576


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a part closes; None leaves it to the process's settings."""

    max_records: int | None = None
    max_bytes: int | None = None
    max_age_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """What the units that land it on each host are given."""

    processes: int = 1
    memory_mib: int = 512


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an event. `fields` are those of an object, `items` the element of an array.

    `min_length` and `max_length` count characters of a string or items of an array. An `integer` holds 64 bits, so
    that every engine has a column for it. An object without fields is free-form. `pattern` is searched, not matched.
    """

    name: str
    type: FieldType
    required: bool = False
    nullable: bool = False
    description: str = ""
    classification: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    exclusive_maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    format: Format | None = None
    enum: tuple[str | int, ...] = ()
    fields: tuple["Field", ...] = ()
    items: "Field | None" = None


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of one dataset's contract. `sha256` is that of the file's bytes. After `lake_retention_days` a part
    may be deleted by policy, None: never; nothing here deletes it, but an audit tells it from loss. Parts of the format
    `parquet` have the compression `zstd`, inside. A `draft` is checked, and not in force.
    """

    dataset: str
    version: int
    sha256: str
    description: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    event_time: str | None
    on_invalid: OnInvalid
    extra_fields: ExtraFields = "allow"
    topic: TopicSettings = TopicSettings()
    rotation: Rotation = Rotation()
    format: FileFormat = "json"
    compression: Compression = "gzip"
    consumer: ConsumerSettings = ConsumerSettings()
    lake_retention_days: int | None = None
    draft: bool = False

    @property
    def part_suffix(self) -> str:
        """What the names of its raw parts end in."""
        if self.format == "parquet":
            return "parquet"
        return {"gzip": "json.gz", "zstd": "json.zst", "none": "json"}[self.compression]
