"""What an audit can find, and what its verdict is made of. Every finding is typed, so that machines can act on it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MOST_OF_A_KIND: Final = 200
"""A lake that lost a year has as many findings as claims; what is beyond these is counted."""


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
    PART_UNREADABLE = "part_unreadable"
    ORPHAN_PART = "orphan_part"
    FOREIGN_OBJECT = "foreign_object"
    RESCUED = "rescued"
    SEAL = "seal"
    DUPLICATE = "duplicate"
    ORDER = "order"
    MISPLACED = "misplaced"
    DEAD_LETTER_MISSING = "dead_letter_missing"
    DEAD_LETTER_UNLISTED = "dead_letter_unlisted"
    DEAD_LETTER_DIFFERS = "dead_letter_differs"
    AHEAD_OF_LOG = "ahead_of_log"
    LOSS_PENDING = "loss_pending"
    LOG_REPLACED = "log_replaced"
    COMMITTED_AHEAD = "committed_ahead"
    LOG_NOT_COMPARED = "log_not_compared"
    TOPIC_GONE = "topic_gone"
    PART_EXPIRED = "part_expired"


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
    claims_total: int = 0
    """As many claims are in the ledger, listed at the beginning."""
    claims: int = 0
    """So many of them were walked; those outside the dates asked for may be passed over."""
    claims_in_window: int = 0
    claims_read: int = 0
    claims_by_seal: int = 0
    """Counted against their day's seal, not read one by one."""
    parts: int = 0
    parts_found: int = 0
    parts_expired: int = 0
    """Gone as the contract's `lakeRetentionDays` allows."""
    parts_measured: int = 0
    """Whose size, or the size that stands at their end, was compared with the claim's."""
    seals: int = 0
    parts_to_read: int = 0
    parts_read: int = 0
    bytes_to_read: int = 0
    lines_read: int = 0
    bytes_read: int = 0
    dead_letters_expected: int = 0
    dead_letters_found: int = 0
    dead_letters_unverified: int = 0
    log_compared: bool = False
    complete: bool = True
    """False where the time given ran out before everything asked for was looked at."""


@dataclass(slots=True)
class Tally:
    """What was found: of each kind the first ones in full, and how many there were of all."""

    shown: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    lost: int = 0

    def add(self, finding: Finding) -> None:
        """Take one."""
        of_kind = f"{finding.severity} {finding.kind}"
        self.counts[of_kind] = self.counts.get(of_kind, 0) + 1
        self.lost += finding.records if finding.severity is Severity.LOSS else 0
        if self.counts[of_kind] <= MOST_OF_A_KIND:
            self.shown.append(finding)

    @property
    def errors(self) -> int:
        """How many findings say that something is not as it must be."""
        return sum(count for of_kind, count in self.counts.items() if of_kind.startswith(f"{Severity.ERROR} "))


def verdict(tally: Tally, checked: Checked, known_loss: int, *, log_wanted: bool, reads: bool) -> Verdict:
    """FOUND by what was found; else OK, but only if something was checked and nothing asked for was left out."""
    if tally.errors or tally.lost > known_loss:
        return Verdict.FOUND
    unread = reads and checked.parts_to_read == 0 and checked.parts_expired > 0
    if not checked.claims_in_window or not checked.complete or checked.dead_letters_unverified:
        return Verdict.INDETERMINATE
    if checked.parts_read < checked.parts_to_read:
        return Verdict.INDETERMINATE
    return Verdict.INDETERMINATE if (log_wanted and not checked.log_compared) or unread else Verdict.OK
