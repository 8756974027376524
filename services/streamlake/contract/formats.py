"""What a format of a string means: once, for the fast and the slow path, so that they cannot differ."""

from datetime import date, datetime
from typing import Annotated, Any, Final

import msgspec

from streamlake.contract.model import Format

PATTERNS: Final[dict[Format, str]] = {
    # Fits DECIMAL(38, 9) in DuckDB and NUMERIC in BigQuery's wide form; no exponent, no plus, no leading zero.
    "decimal": r"^-?(?:0|[1-9][0-9]{0,28})(?:\.[0-9]{1,9})?$",
    "uuid": r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
}
"""As `pattern` reads them: the end is that of the text."""
MIN_INTEGER: Final = -(2**63)
MAX_INTEGER: Final = 2**63 - 1

TIMESTAMP: Final = Annotated[datetime, msgspec.Meta(tz=True)]
"""RFC 3339 with its zone, as msgspec reads it."""


def is_timestamp(text: str) -> bool:
    """True for a timestamp with its zone, as 2026-11-21T09:30:00Z."""
    return _reads_as(text, TIMESTAMP)


def is_date(text: str) -> bool:
    """True for a date that exists, as 2026-11-21."""
    return _reads_as(text, date)


def _reads_as(text: str, kind: Any) -> bool:
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError:
        return False
    return True
