"""The seals of complete days against the claims, by their JSON alone: what each lists, counts and joins."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Claims = Mapping[tuple[str, int], list[dict[str, Any]]]
"""The claims of each chain and partition, as they were read, ascending."""


def wrong_seals(root: Path, dataset: str, claims: Claims) -> Iterator[tuple[str, str]]:
    """Each seal that does not hold, and why. Seals are held against each other in the order of their days."""
    for zone in ("raw", "dead_letters"):
        heads: dict[tuple[str, int], int] = {}
        for path in sorted((root / zone / f"dataset={dataset}").glob("ingestion_date=*/_metadata.json")):
            name = path.relative_to(root).as_posix()
            try:
                seal = json.loads(path.read_bytes())
                day = path.parent.name.partition("=")[2]
                for what in _wrong(seal, zone, dataset, day, claims, heads):
                    yield name, what
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                yield name, f"the seal cannot be read: {error!r}"


def _wrong(
    seal: dict[str, Any], zone: str, dataset: str, day: str, claims: Claims, heads: dict[tuple[str, int], int]
) -> Iterator[str]:
    if (seal["zone"], seal["dataset"], seal["date"]) != (zone, dataset, day):
        yield "it says that it is of another day"
    ours: list[dict[str, Any]] = []
    for chain, partitions in seal["ranges"].items():
        for partition, r in partitions.items():
            log = chain, int(partition)
            inside = [c for c in claims.get(log, ()) if r["start"] <= c["start"] < r["next"]]
            ours += inside
            if r["start"] != heads.get(log, 0):
                yield f"{chain}/{partition} begins at {r['start']}, the day before ended at {heads.get(log, 0)}"
            heads[log] = r["next"]
            says = (r["claims"], r["records"], r["bytes"], r["dead_letters"], r["control"])
            ends = (inside[0]["start"], inside[-1]["next"]) if inside else (r["start"], r["start"])
            if says != _sums(inside) or ends != (r["start"], r["next"]):
                yield f"{chain}/{partition} says {says} of {r['start']} to {r['next']}, its claims {_sums(inside)}"
    listed = sorted((p["name"], p["records"], p["bytes"], p["sha256"]) for p in seal["parts"])
    named = sorted((c["part"], c["records"], c["bytes"], c["sha256"]) for c in ours if c["part"] is not None)
    if listed != named:
        yield f"it lists {len(listed)} parts, the claims name {len(named)}, or others"
    # A claim that is but a hole has no folder: the next day that has one counts it.
    of_day = [c for log in claims.values() for c in log if _zone(c, dataset) == zone and c["date"] == day]
    if any(c not in ours for c in of_day) or any(c["date"] > day for c in ours):
        yield f"it counts {len(ours)} claims, and not those of its day"
    if (seal["records"], seal["bytes"]) != (sum(c["records"] for c in ours), sum(c["bytes"] for c in ours)):
        yield f"it says {seal['records']} records, its day has {sum(c['records'] for c in ours)}"


def _sums(claims: list[dict[str, Any]]) -> tuple[int, int, int, int, int]:
    rejected = sum(r["next"] - r["start"] for c in claims for r in c["rejected"])
    return (
        len(claims),
        sum(c["records"] for c in claims),
        sum(c["bytes"] for c in claims),
        rejected,
        sum(c["control"] for c in claims),
    )


def _zone(claim: dict[str, Any], dataset: str) -> str:
    return "dead_letters" if claim["topic"] == f"streamlake.{dataset}.dlq" else "raw"
