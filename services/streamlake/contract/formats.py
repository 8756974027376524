"""What a format of a string means. One pattern for the fast and the slow path, so that they cannot differ."""

from typing import Final

from streamlake.contract.model import Format

PATTERNS: Final[dict[Format, str]] = {
    # Fits DECIMAL(38, 9) in DuckDB and NUMERIC in BigQuery's wide form; no exponent, no plus, no leading zero.
    "decimal": r"\A-?(?:0|[1-9][0-9]{0,28})(?:\.[0-9]{1,9})?\Z",
    "uuid": r"\A[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z",
}
MIN_INTEGER: Final = -(2**63)
MAX_INTEGER: Final = 2**63 - 1
