"""The folders that readers see, against what the claims name: an orphan is a record twice, or one out of nowhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from streamlake.audit.findings import Finding, Kind, Severity, Where
from streamlake.storage import layout
from streamlake.storage.claim import Claim, Unreadable
from streamlake.storage.seal import Seal, decode_seal
from streamlake.storage.store import ObjectStore

_SEAL: Final = "/_metadata.json"


@dataclass(slots=True)
class Listed:
    """The objects of a zone at one moment with its seals, and the parts that claims name."""

    objects: list[str]
    seals: dict[str, Seal | Unreadable]
    named: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    def name(self, claim: Claim) -> None:
        """Note the part that this claim names."""
        if claim.part is not None:
            self.named[claim.part] = (claim.records, claim.size, claim.sha256)


def list_zone(store: ObjectStore, zone: str, dataset: str) -> Listed:
    """Everything of the dataset in this zone, now."""
    objects = list(store.list_from(f"{zone}/dataset={dataset}/"))
    return Listed(objects, {name: _seal(store, name) for name in objects if name.endswith(_SEAL)})


def _seal(store: ObjectStore, name: str) -> Seal | Unreadable:
    try:
        return decode_seal(name, store.read(name) or b"")
    except Unreadable as error:
        return error


def broken_seals(zone: Listed, covers: Callable[[str], bool]) -> Iterator[Finding]:
    """PURE. A sealed day holds exactly the parts that its seal lists, and nothing was added since."""
    by_folder: dict[str, dict[str, tuple[int, int, str]]] = {}
    for part, content in zone.named.items():
        by_folder.setdefault(part.rpartition("/")[0], {})[part] = content
    for name, seal in zone.seals.items():
        folder = name.removesuffix(_SEAL)
        if not covers(folder.rpartition("=")[2]):
            continue
        if isinstance(seal, Unreadable):
            yield _broken(name, seal.message)
            continue
        sealed = {p.name: (p.records, p.size, p.sha256) for p in seal.parts}
        claimed = by_folder.get(folder, {})
        if sealed != claimed:
            differs = min(set(sealed.items()) ^ set(claimed.items()))[0]
            yield _broken(name, f"The seal lists {len(sealed)} parts, the claims {len(claimed)}; {differs} differs.")
        elif seal.records != sum(p.records for p in seal.parts):
            yield _broken(name, f"The seal says {seal.records} records, its parts have another sum.")


def _broken(name: str, sentence: str) -> Finding:
    step = "Readers take the seal for the whole day. See the runbook SL-0601."
    return Finding(Severity.ERROR, Kind.SEAL, Where(), name, sentence, step)


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
        elif parsed is None and name not in zone.seals:
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
