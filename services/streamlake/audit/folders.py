"""The folders that readers see, against what the claims name: an orphan is a record twice, or one out of nowhere."""

import re
from collections.abc import Iterator, Set
from typing import Final

from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.audit.ledger import folders
from streamlake.storage import layout
from streamlake.storage.claim import Unreadable, decode_claim
from streamlake.storage.errors import StoreDenied, WrongName
from streamlake.storage.layout import Chain
from streamlake.storage.store import ObjectStore

_DAY: Final = re.compile(r"ingestion_date=([0-9]{4}-[0-9]{2}-[0-9]{2})")


class Beside:
    """The parts of one partition in one day's folder, listed while its claims are walked."""

    def __init__(self, names: Iterator[str]) -> None:
        self._names = names
        self._first = next(names, None)

    def passed(self, name: str) -> Iterator[str]:
        """The names before this one, which no claim has named so far."""
        while self._first is not None and self._first < name:
            yield self._first
            self._first = next(self._names, None)

    def take(self, name: str) -> bool:
        """Whether it is there; asked once `passed` is used up."""
        if self._first != name:
            return False
        self._first = next(self._names, None)
        return True

    def rest(self) -> Iterator[str]:
        """What is left behind the last claim of the day."""
        return self.passed("~")


def days(store: ObjectStore, zone: str, dataset: str) -> Iterator[str | Finding]:
    """The days of a zone that have a folder, ascending, and what stands among them."""
    prefix = f"{zone}/dataset={dataset}/"
    for folder in folders(store, prefix):
        match = _DAY.fullmatch(folder)
        yield match[1] if match else _no_day(store, prefix + folder)


def _no_day(store: ObjectStore, name: str) -> Finding:
    """What stands where only days belong. Readers see the parts in it: their pattern takes any name for a day."""
    below = f"{name}/"
    try:
        part = next((found for found in store.list_from(below) if found.rsplit("/", 1)[1].startswith("part-")), None)
    except WrongName:
        part = below + "part-"  # of a name that no object can have, only the worst can be assumed
    return foreign(name if part is None else part)


def group_prefix(zone: str, dataset: str, date: str, chain: Chain, partition: int) -> str:
    """The parts of one partition in one day's folder."""
    return f"{layout.day_prefix(zone, dataset, date)}part-{chain}-{partition:05}-"


def unwalked(store: ObjectStore, zone: str, dataset: str, date: str, walked: Set[str]) -> Iterator[str]:
    """The objects in a day's folder that belong to none of these groups. Groups are skipped, not listed."""
    folder = layout.day_prefix(zone, dataset, date)
    seal = layout.seal(zone, dataset, date)
    after = folder
    while True:
        for name in store.list_from(folder, after):
            group = _group(name)
            if group in walked:
                after = f"{group}~"
                break
            if name != seal:
                yield name
        else:
            return


def exists(store: ObjectStore, name: str | None) -> bool:
    """Whether this part is there. What a damaged claim or seal names may be no name at all: then it is not."""
    return name is not None and part_name(name) is not None and store.size(name) is not None


def part_name(name: str) -> layout.PartName | None:
    """What a part's name says; None for what is none, also where it looks like one."""
    try:
        return layout.parse_part(name)
    except ValueError:
        return None


def _group(name: str) -> str:
    parsed = part_name(name)
    if parsed is None:
        return ""
    return group_prefix(parsed.zone, parsed.dataset, parsed.date, parsed.chain, parsed.partition)


def unclaimed(store: ObjectStore, dataset: str, name: str) -> Finding | None:
    """What it means that readers see this object, and the walk met no claim of it. None where a claim names it by now,
    because it was landed while we looked.
    """
    parsed = part_name(name)
    if parsed is None:
        return foreign(name)
    claim = layout.claim(dataset, parsed.chain, parsed.partition, parsed.start)
    try:
        data = store.read(claim)
        if data is not None and decode_claim(claim, data).part == name:
            return None
    except (Unreadable, StoreDenied):
        pass
    where = Where("", str(parsed.chain), parsed.partition, parsed.start, None)
    sentence = "Readers see this part, but no claim names it: its records may stand twice, or be nobody's."
    step = "Compare it with the claim of the same start. Move it out of the lake once it is understood."
    return Finding(Severity.ERROR, Kind.ORPHAN_PART, where, name, sentence, step)


def foreign(name: str) -> Finding:
    """Something in a readers' folder that is no object of ours."""
    seen = name.rsplit("/", 1)[1].startswith("part-")
    sentence = "Readers see it, but it is no part of ours." if seen else "It is no object of ours."
    severity = Severity.ERROR if seen else Severity.NOTE
    return Finding(severity, Kind.FOREIGN_OBJECT, Where(), name, sentence, "Move it out of the lake.")


def rescued(store: ObjectStore, dataset: str) -> Iterator[Finding]:
    """Records that a part left out: they are safe, but readers do not see them."""
    for name in store.list_from(f"rescue/dataset={dataset}/"):
        sentence = "A part of the same range holds fewer records than were at hand: all of them are here."
        step = "Compare both. Readers do not see the records that only stand here."
        yield Finding(Severity.ERROR, Kind.RESCUED, Where(), name, sentence, step)
