"""The folders that readers see, against what the claims name: an orphan is a record twice, or one out of nowhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.storage import layout
from streamlake.storage.store import ObjectStore


@dataclass(slots=True)
class Listed:
    """The objects of a zone at one moment, and those that a claim names."""

    objects: list[str]
    named: set[str] = field(default_factory=set)


def list_zone(store: ObjectStore, zone: str, dataset: str) -> Listed:
    """Everything of the dataset in this zone, now."""
    return Listed(list(store.list_from(f"{zone}/dataset={dataset}/")))


def orphans(zone: Listed, covers: Callable[[str], bool]) -> Iterator[Finding]:
    """PURE. What readers would read and no claim names, and what does not belong there at all."""
    for name in zone.objects:
        if name in zone.named:
            continue
        parsed = layout.parse_part(name)
        if parsed is not None and covers(parsed.date):
            where = Where("", str(parsed.chain), parsed.partition, parsed.start, None)
            sentence = "Readers see this part, but no claim names it: its records may stand twice, or be nobody's."
            step = "Compare it with the claim of the same start. Move it out of the lake once it is understood."
            yield Finding(Severity.ERROR, Kind.ORPHAN_PART, where, name, sentence, step)
        elif parsed is None and not name.endswith("/_metadata.json"):
            seen = name.rsplit("/", 1)[1].startswith("part-")
            sentence = "Readers see it, but it is no part of ours." if seen else "It is no object of ours."
            severity = Severity.ERROR if seen else Severity.NOTE
            yield Finding(severity, Kind.FOREIGN_OBJECT, Where(), name, sentence, "Move it out of the lake.")


def rescued(store: ObjectStore, dataset: str) -> Iterator[Finding]:
    """Records that a part left out: they are safe, but readers do not see them."""
    for name in store.list_from(f"rescue/dataset={dataset}/"):
        sentence = "A part of the same range holds fewer records than were at hand: all of them are here."
        step = "Compare both. Readers do not see the records that only stand here."
        yield Finding(Severity.ERROR, Kind.RESCUED, Where(), name, sentence, step)
