"""The lake as files: claims, parts, lines. Read with nothing but hashlib and json, and parts as `parts.py` does."""

import datetime
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle.parts import BROKEN, unpacked
from tests.oracle.records import Line, dead_line, raw_line
from tests.oracle.seals import wrong_seals

_CHAIN = re.compile(r"([a-z2-7]{26})-([0-9]+)")


@dataclass(frozen=True)
class Violation:
    """An invariant that does not hold, and where."""

    invariant: str
    where: str
    what: str


@dataclass
class Log:
    """All that the lake says of one partition of one log. `head` is the first offset that no claim covers."""

    topic: str
    chain: str
    partition: int
    head: int = 0
    last: dict[str, Any] | None = None
    """The newest claim's last record."""
    lines: dict[int, Line] = field(default_factory=dict)
    rejected: dict[int, tuple[str, int]] = field(default_factory=dict)
    """For what reason, and by which version of the contract."""
    lost: set[int] = field(default_factory=set)


@dataclass
class Lake:
    """What was read, and what does not hold of the lake alone."""

    root: Path
    dataset: str
    logs: list[Log] = field(default_factory=list)
    claims: int = 0
    parts: int = 0
    seals: int = 0
    read: dict[tuple[str, int], list[dict[str, Any]]] = field(default_factory=dict)
    """The claims as they stand, by chain and partition."""
    violations: list[Violation] = field(default_factory=list)

    def wrong(self, invariant: str, where: object, what: str) -> None:
        """Note a violation."""
        self.violations.append(Violation(invariant, str(where), what))


def read(root: Path, dataset: str) -> Lake:
    """Read all of a dataset and check what can be checked without Kafka: I2, I3, I4."""
    lake = Lake(root, dataset)
    named: set[str] = set()
    for opening in sorted((root / "ledger" / f"dataset={dataset}").glob("*/chain.json")):
        topic = json.loads(opening.read_bytes())["topic"]
        for folder in sorted(p for p in opening.parent.iterdir() if p.is_dir()):
            log = Log(topic, opening.parent.name, int(folder.name))
            lake.logs.append(log)
            _walk(lake, log, folder, named)
    for name, what in wrong_seals(root, dataset, lake.read):
        lake.wrong("I3", name, what)
    lake.seals = len(list(root.glob(f"*/dataset={dataset}/ingestion_date=*/_metadata.json")))
    for chain in (root / "ledger" / f"dataset={dataset}").glob("*/"):
        if not (chain / "chain.json").exists():
            lake.wrong("I3", chain.name, "the chain has no opening")
    for zone in ("raw", "dead_letters"):
        for part in (root / zone / f"dataset={dataset}").glob("ingestion_date=*/part-*"):
            name = part.relative_to(root).as_posix()
            if name not in named:
                lake.wrong("I9", name, "readers see a part that no claim names")
    return lake


def _walk(lake: Lake, log: Log, folder: Path, named: set[str]) -> None:
    files = sorted(p for p in folder.iterdir() if re.fullmatch(r"[0-9]{20}\.json", p.name))
    for path in files:
        lake.claims += 1
        try:
            claim: dict[str, Any] = json.loads(path.read_bytes())
            start, following = claim["start"], claim["next"]
            ranges = [(r["start"], r["next"]) for r in claim["rejected"]]
            reasons = [(r["reason"], r.get("version", claim["contract_version"])) for r in claim["rejected"]]
            gaps = [(g["start"], g["next"], g["reason"]) for g in claim["gaps"]]
        except (ValueError, KeyError, TypeError) as error:
            lake.wrong("I3", path.name, f"the claim cannot be read: {error!r}")
            continue
        lake.read.setdefault((log.chain, log.partition), []).append(claim)
        mine = (lake.dataset, log.topic, log.chain, log.partition)
        if (claim["dataset"], claim["topic"], claim["chain"], claim["partition"]) != mine:
            lake.wrong("I3", path.name, "the claim says that it is of another log")
        if int(path.name[:20]) != start or start != log.head:
            lake.wrong(
                "I3", path.name, f"the claim says {start}, its name {int(path.name[:20])}, the head is {log.head}"
            )
        counted = claim["records"] + claim["control"] + sum(n - s for s, n in ranges) + sum(n - s for s, n, _ in gaps)
        if following <= start or counted != following - start:
            lake.wrong("I3", path.name, f"[{start}, {following}) accounts for {counted} offsets")
        if claim["min_timestamp_ms"] is not None and claim["date"] < _day(claim["min_timestamp_ms"]):
            lake.wrong("I3", path.name, f"its folder is {claim['date']}, its first record is younger")
        log.head = max(log.head, following)
        log.last = claim["last"]
        log.rejected.update((o, why) for (s, n), why in zip(ranges, reasons, strict=True) for o in range(s, n))
        log.lost.update(o for s, n, reason in gaps if reason == "retention" for o in range(s, n))
        lost_up_to = _amended(lake, path, log, start)
        if claim["part"] is not None:
            named.add(claim["part"])
            _part(lake, log, claim, lost_up_to)
        elif claim["records"] or ranges:
            lake.wrong("I3", path.name, "the claim has records and no part")


def _amended(lake: Lake, path: Path, log: Log, start: int) -> int:
    up_to = start
    for amendment in path.parent.glob(f"{path.stem}.lost*.json"):
        try:
            up_to = max([up_to, *(lost for _, lost in json.loads(amendment.read_bytes())["lost"])])
        except (ValueError, KeyError, TypeError) as error:
            lake.wrong("I3", amendment.name, f"the amendment cannot be read: {error!r}")
    log.lost.update(range(start, up_to))
    return up_to


def _part(lake: Lake, log: Log, claim: dict[str, Any], lost_up_to: int) -> None:
    name = claim["part"]
    try:
        body = unpacked(name, (lake.root / name).read_bytes())
    except FileNotFoundError:
        if lost_up_to < claim["next"]:
            lake.wrong("I3", name, "the claim's part is missing")
        return
    except BROKEN as error:
        lake.wrong("I3", name, f"the part cannot be read: {error!r}")
        return
    lake.parts += 1
    whole = (hashlib.sha256(body).hexdigest(), body.count(b"\n"), len(body))
    if whole != (claim["sha256"], claim["records"], claim["bytes"]) and lost_up_to == claim["start"]:
        lake.wrong(
            "I3", name, f"the part holds {whole[1]} lines, {whole[2]} bytes, {whole[0][:12]}; the claim says else"
        )
    if f"-{log.chain}-{log.partition:05}-{claim['start']:020}." not in name:
        lake.wrong("I3", name, "the part's name is not that of its claim")
    _lines(lake, log, claim, name, body)


def _lines(lake: Lake, log: Log, claim: dict[str, Any], name: str, body: bytes) -> None:
    parse: Callable[[bytes], Line] = dead_line if name.startswith("dead_letters/") else raw_line
    before = -1
    for number, line in _parsed(lake, name, body, parse):
        where = f"{name}:{number}"
        if (line.topic, line.partition) != (log.topic, log.partition):
            lake.wrong("I9", where, f"it is of {line.topic}/{line.partition}")
            continue
        if not claim["start"] <= line.offset < claim["next"]:
            lake.wrong("I9", where, f"offset {line.offset} lies outside of its claim")
        if line.offset <= before:
            lake.wrong("I4", where, f"offset {line.offset} follows {before}")
        before = max(before, line.offset)
        if line.offset in log.lines:
            lake.wrong("I2", where, f"offset {line.offset} is there twice")
        if line.offset in log.rejected:
            lake.wrong("I2", where, f"offset {line.offset} is also listed as a dead letter")
        log.lines[line.offset] = line


def _parsed(lake: Lake, name: str, body: bytes, parse: Callable[[bytes], Line]) -> Iterator[tuple[int, Line]]:
    if body and not body.endswith(b"\n"):
        lake.wrong("I3", name, "the last line has no end")
    for number, text in enumerate(body.split(b"\n")[: -1 if body.endswith(b"\n") or not body else None], 1):
        try:
            yield number, parse(text)
        except (ValueError, KeyError, TypeError) as error:
            lake.wrong("I9", f"{name}:{number}", f"it is no line: {error}")


def chain_of(chain: str) -> tuple[str, int]:
    """The topic id in base32 and the generation that a chain's name says."""
    match = _CHAIN.fullmatch(chain)
    if match is None:
        raise ValueError(f"{chain!r} is no chain")
    return match[1], int(match[2])


def _day(timestamp_ms: int) -> str:
    return datetime.datetime.fromtimestamp(timestamp_ms / 1000, datetime.UTC).date().isoformat()
