"""How far the lake is, read from its files as anybody could: a claim with its part counts, nothing behind a hole."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.contracts import DATASET


@dataclass
class Heads:
    """By topic and partition, the first offset that is not landed. `newest_version` is the newest contract seen."""

    next: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    newest_version: int = 0
    parts: list[tuple[Path, int, str]] = field(default_factory=list)
    """Each part that was seen: where it is, how many records its claim says, and their sha256."""

    def of(self, topic: str) -> dict[int, int]:
        """Of one topic, by partition."""
        return {partition: next_ for (t, partition), next_ in self.next.items() if t == topic}


class Look:
    """Goes on where the last look ended, so that each claim is read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._topics: dict[Path, str] = {}
        self.heads = Heads()

    def again(self) -> Heads:
        """What stands there now."""
        for opening in (self._root / "ledger" / f"dataset={DATASET}").glob("*/chain.json"):
            if opening.parent not in self._topics:
                self._topics[opening.parent] = json.loads(opening.read_bytes())["topic"]
        for chain, topic in self._topics.items():
            for folder in chain.glob("[0-9]*"):
                self._walk(folder, (topic, int(folder.name)))
        return self.heads

    def _walk(self, folder: Path, log: tuple[str, int]) -> None:
        while True:
            try:
                claim = json.loads((folder / f"{self.heads.next[log]:020}.json").read_bytes())
            except FileNotFoundError:
                return
            part = claim["part"]
            if part is not None and not (self._root / part).exists():
                return
            if part is not None:
                self.heads.parts.append((self._root / part, claim["records"], claim["sha256"]))
            further = [other["version"] for other in claim.get("further_contracts", ())]
            self.heads.newest_version = max(self.heads.newest_version, claim["contract_version"], *further)
            self.heads.next[log] = claim["next"]


def heads(root: Path) -> Heads:
    """One look from the beginning."""
    return Look(root).again()
