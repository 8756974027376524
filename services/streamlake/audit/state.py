"""Where an audit stands: all that a restarted one needs in order to go on, and nothing that the lake can tell again."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from streamlake.audit.dead_letter_rules import Balance
from streamlake.audit.options import Options
from streamlake.audit.report import PartitionReport, Report
from streamlake.storage.claim import Fingerprint

FORMAT: Final = 2


@dataclass(slots=True)
class Position:
    """How far one partition of one chain was walked, and read."""

    report: PartitionReport
    zone: str
    topic_id: str
    last: Fingerprint | None = None
    """The last record of the newest claim."""
    total: int = 0
    at: int = 0
    """Claims that start below it are done."""
    next: int | None = 0
    """Where the next claim must start; None behind one that could not be read."""
    date: str = ""
    unlanded: int | None = None
    """The start of the last claim, where its part was not there."""
    window: tuple[int, int] | None = None
    """The first and the last start of the claims in the dates asked for."""
    walked: bool = False
    read_up_to: int = 0
    """Parts that start below it are read."""


@dataclass(slots=True)
class State:
    """A whole audit under way. `sealed` are the days that were checked against their seal, `groups` the partitions'
    parts in folders of days without one.
    """

    report: Report
    positions: dict[str, Position] = field(default_factory=dict)
    listed: bool = False
    sealed: dict[str, list[str]] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    """What was looked at once, and is not to be told twice: broken seals, zones."""
    least: tuple[float, str, int, int] | None = None
    """The part that is read where chance picks none: its number, key, start and bytes."""
    balance: Balance = field(default_factory=Balance)
    format: int = FORMAT


_decode: Final = msgspec.json.Decoder(State).decode


class Progress:
    """A state file for each question that is asked of a lake, replaced whole; gone once the audit is complete."""

    def __init__(self, folder: Path, lake: str, dataset: str, options: Options) -> None:
        asked = [lake, dataset, options.first, options.last, options.read_share, options.deep]
        digest = sha256(msgspec.json.encode(asked)).hexdigest()[:12]
        self.path = folder / f"{dataset}-{digest}.json"

    def load(self) -> State | None:
        """Where the audit before stopped; None if there was none, or it cannot be read."""
        try:
            state = _decode(self.path.read_bytes())
        except (OSError, msgspec.DecodeError):
            return None
        return state if state.format == FORMAT else None

    def save(self, state: State) -> None:
        """Keep it. A disk that cannot is no reason to end an audit: then it can only be begun anew."""
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
            temporary.write_bytes(msgspec.json.encode(state))
            temporary.replace(self.path)

    def forget(self) -> None:
        """It is complete."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
