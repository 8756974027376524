"""What an audit can find, and what its verdict is made of. Every finding is typed, so that machines can act on it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """Something is not as it must be: the verdict is FOUND."""
    LOSS = "loss"
    """Records are gone, and the ledger says so: FOUND, unless the operator names that many as known."""
    NOTE = "note"
    """Worth knowing; it does not weigh on the verdict."""


class Kind(StrEnum):
    """What was found."""

    HOLE = "hole"
    OVERLAP = "overlap"
    CLAIM_UNREADABLE = "claim_unreadable"
    CLAIM_MISMATCH = "claim_mismatch"
    CLAIM_ARITHMETIC = "claim_arithmetic"
    DATE_ORDER = "date_order"
    OPENING = "opening"
    GAP_LOSS = "gap_loss"
    PART_MISSING = "part_missing"
    PART_PENDING = "part_pending"
    PART_NAME = "part_name"
    PART_DAMAGED = "part_damaged"
    ORPHAN_PART = "orphan_part"
    FOREIGN_OBJECT = "foreign_object"
    RESCUED = "rescued"
    SEAL = "seal"
    DUPLICATE = "duplicate"
    ORDER = "order"
    MISPLACED = "misplaced"
    DEAD_LETTER_MISSING = "dead_letter_missing"
    DEAD_LETTER_UNLISTED = "dead_letter_unlisted"
    AHEAD_OF_LOG = "ahead_of_log"
    LOSS_PENDING = "loss_pending"
    COMMITTED_AHEAD = "committed_ahead"
    LOG_NOT_COMPARED = "log_not_compared"


class Verdict(StrEnum):
    """The audit in a word."""

    OK = "OK"
    FOUND = "FOUND"
    INDETERMINATE = "INDETERMINATE"
    """Nothing was found, but too little was looked at to say that all is well."""


@dataclass(frozen=True, slots=True)
class Where:
    """The range that a finding is about. `start` and `next` are None where it is about no range of offsets."""

    topic: str = ""
    chain: str = ""
    partition: int | None = None
    start: int | None = None
    next: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: a sentence for people, the rest for machines."""

    severity: Severity
    kind: Kind
    where: Where
    object: str
    sentence: str
    next_step: str = ""
    records: int = 0
    """How many records are lost, for the kinds that are about loss."""


@dataclass(slots=True)
class Checked:
    """What was looked at, of how much."""

    chains: int = 0
    claims: int = 0
    claims_in_window: int = 0
    parts: int = 0
    parts_found: int = 0
    seals: int = 0
    parts_to_read: int = 0
    parts_read: int = 0
    lines_read: int = 0
    bytes_read: int = 0
    dead_letters_expected: int = 0
    dead_letters_found: int = 0
    dead_letters_unverified: int = 0
    complete: bool = True
    """False where the time given ran out before everything asked for was looked at."""


def verdict(findings: list[Finding], checked: Checked, known_loss: int) -> Verdict:
    """FOUND by what was found; else OK, but only if something was checked and nothing asked for was left out."""
    lost = sum(f.records for f in findings if f.severity is Severity.LOSS)
    if any(f.severity is Severity.ERROR for f in findings) or lost > known_loss:
        return Verdict.FOUND
    if not checked.claims_in_window or not checked.complete or checked.dead_letters_unverified:
        return Verdict.INDETERMINATE
    return Verdict.OK
