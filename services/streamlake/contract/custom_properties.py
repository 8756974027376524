"""What ODCS has no place for: StreamLake's own settings in `customProperties`, each with its check.

A name that is not known is refused with the nearest one that is.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, get_args

from open_data_contract_standard.model import CustomProperty

from streamlake.contract.model import Compression, ExtraFields, FileFormat, OnInvalid
from streamlake.contract.problems import Path, Problems, nearest

MAX_EVENT_BYTES: Final = 1_048_576
"""The API, the topics, the dead letters and the consumers' fetch are made for this size, each with room for its own."""

Check = Callable[[Any], Any]


def _choice(kind: Any) -> Check:
    options = get_args(kind)

    def check(value: Any) -> Any:
        if value not in options or not isinstance(value, str):
            raise ValueError(f"must be {' or '.join(options)}")
        return value

    return check


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return check


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < math.inf:
        raise ValueError("must be a number of seconds above 0")
    return float(value)


def _names(value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError("must be a list of field names")
    if len(set(names)) < len(names):
        raise ValueError("names a field twice")
    return tuple(names)


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a field name")  # noqa: TRY004 - all checks speak with ValueError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004 - all checks speak with ValueError
    return value


OF_CONTRACT: Final[dict[str, Check]] = {
    "keyFields": _names,
    "eventTimeField": _name,
    "onInvalid": _choice(OnInvalid),
    "extraFields": _choice(ExtraFields),
    "format": _choice(FileFormat),
    "compression": _choice(Compression),
    "topicPartitions": _whole(1, 1000),
    "topicRetentionHours": _whole(1, 87_600),
    "deadLetterRetentionHours": _whole(1, 87_600),
    "lakeRetentionDays": _whole(1, 36_500),
    "maxEventBytes": _whole(1, MAX_EVENT_BYTES),
    "rotationMaxRecords": _whole(1, 10**9),
    "rotationMaxBytes": _whole(1, 2**40),
    "rotationMaxAgeSeconds": _seconds,
    "consumerProcesses": _whole(1, 64),
    "consumerMemoryMib": _whole(256, 65_536),
}
OF_FIELD: Final[dict[str, Check]] = {"nullable": _flag}
Place = Literal["contract", "field"]


def read(
    given: Sequence[CustomProperty] | None, known: dict[str, Check], path: Path, problems: Problems
) -> dict[str, Any]:
    """The checked values by their name; what is wrong is noted."""
    values: dict[str, Any] = {}
    for index, entry in enumerate(given or ()):
        at = (*path, "customProperties", index)
        name = entry.property
        if name is None:
            problems.add((*at, "property"), "is required")
        elif name not in known:
            what = nearest(name, known) if known else "; nothing can be set here"
            problems.add((*at, "property"), f"{name} is not a setting of StreamLake{what}")
        elif name in values:
            problems.add((*at, "property"), f"{name} is set twice")
        else:
            try:
                values[name] = known[name](entry.value)
            except ValueError as error:
                problems.add((*at, "value"), f"{name} {error}")
    return values
