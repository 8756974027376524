"""Why a record is refused: a stable code to count by, a sentence that names the place, the field where there is one."""

from dataclasses import dataclass
from typing import Final

MAX_DETAIL_BYTES: Final = 1024
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Rejection:
    """`reason` never changes its meaning: size, json.encoding, json.syntax, json.nan, json.depth, json.surrogate,
    json.top_level, contract.missing, contract.null, contract.type, contract.range, contract.length,
    contract.pattern, contract.format, contract.enum, contract.extra, contract.duplicate.

    `detail` holds at most 1 KiB of UTF-8 and never a value of the event, which may be personal data; `field` is the
    first field that is wrong, as `customer.email` or `items[2].sku`.
    """

    reason: str
    detail: str
    field: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", shortened(self.detail))


def shortened(text: str, max_bytes: int = MAX_DETAIL_BYTES) -> str:
    """The text in at most `max_bytes` bytes of UTF-8; a cut is marked. What UTF-8 cannot say is escaped."""
    encoded = text.encode("utf-8", "backslashreplace")
    if len(encoded) <= max_bytes:
        return encoded.decode()
    return encoded[: max_bytes - len(_ELLIPSIS.encode())].decode("utf-8", "ignore") + _ELLIPSIS
