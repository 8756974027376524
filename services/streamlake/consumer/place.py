"""Where a partition's records come from and go to, and how far they have come."""

from dataclasses import dataclass

from streamlake.storage.claim import Fingerprint
from streamlake.storage.layout import Chain


@dataclass(frozen=True, slots=True)
class Place:
    """One partition of one topic, and the zone of the lake that its records land in."""

    dataset: str
    topic: str
    partition: int
    zone: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a partition's chain: `next` is the first offset that no claim covers yet.

    `last` is the newest record that was claimed, `date` the folder of the newest claim: the next one may not be older.
    """

    chain: Chain
    next: int
    last: Fingerprint | None = None
    date: str = ""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, for the record: it decides nothing."""

    name: str
    now_iso: str
    attempt: str
