"""Is what was sent in the lake, once, byte for byte? Asked with a plain client and json.

It knows what each acknowledged record was, and finds every one of them again: a raw line with its bytes, or a dead
letter in Kafka and in the lake; never both, never twice. And the chain says the same without a hole.
"""

import base64
import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.oracle.verify import verify
from tests.support.consumer import Rig, chain_name

Coordinates = tuple[UUID, int, int]
_PAYLOAD = b',"payload":'


@dataclass(frozen=True)
class Found:
    """What the lake holds: coordinates of raw lines, of dead letters, and how often a dead letter was sent again."""

    raw: set[Coordinates]
    dead: set[Coordinates]
    repeated_dead_letters: int


def check(rig: Rig, *, lost: Collection[Coordinates] = (), oracle: bool = True) -> Found:
    """AssertionError unless everything sent, but `lost`, is in the lake as the promises say (I1 to I4, I7, I9).

    The oracle is asked as well, which compares the lake with what Kafka has now.
    """
    raw, raw_values = _raw_lines(rig)
    dead, repeated = _dead_letters(rig)
    twice = [where for where, count in raw.items() if count > 1]
    assert not twice, f"twice in the raw zone: {sorted(twice)[:5]}"
    both = raw.keys() & dead.keys()
    assert not both, f"raw and dead-lettered: {sorted(both)[:5]}"
    missing = rig.sent.keys() - raw.keys() - dead.keys() - set(lost)
    assert not missing, f"lost: {len(missing)}, as {sorted(missing)[:5]}"
    unsent = (raw.keys() | dead.keys()) - rig.sent.keys()
    assert not unsent, f"never sent: {sorted(unsent)[:5]}"
    for where, payload in raw_values.items():
        value = rig.sent[where]
        expected = b"null" if value is None else value.replace(b"\n", b" ").replace(b"\r", b" ")
        assert payload == expected, f"other bytes at {where}"
    for where, value in dead.items():
        assert value == rig.sent[where], f"other bytes in the dead letter of {where}"
    _check_chains(rig, set(dead))
    if oracle:
        proof = verify(rig.lake, rig.broker.bootstrap, rig.dataset)
        assert not proof.violations, proof.violations[:5]
        assert not proof.waiting
    return Found(set(raw), set(dead), repeated)


def _chains(rig: Rig) -> dict[str, UUID]:
    ids = {where[0] for where in rig.sent}
    return {chain_name(topic_id): topic_id for topic_id in ids}


def _raw_lines(rig: Rig) -> tuple[Counter[Coordinates], dict[Coordinates, bytes]]:
    known = _chains(rig)
    counts: Counter[Coordinates] = Counter()
    payloads: dict[Coordinates, bytes] = {}
    before: dict[str, int] = {}
    for path, line in rig.lines():
        fields = json.loads(line[: line.index(_PAYLOAD)] + b"}")  # a payload may hold numbers that Python refuses
        chain = path.name.removeprefix("part-")[:26]
        assert chain in known, f"{path} is of a topic that nothing was sent to"
        where = known[chain], fields["kafka_partition"], fields["kafka_offset"]
        assert fields["kafka_offset"] > before.get(path.name, -1), f"out of order in {path}"
        before[path.name] = fields["kafka_offset"]
        counts[where] += 1
        payloads[where] = line[line.index(_PAYLOAD) + len(_PAYLOAD) : -2]
    return counts, payloads


def _dead_letters(rig: Rig) -> tuple[dict[Coordinates, bytes | None], int]:
    """Those in the lake, folded by key, and how many came more than once."""
    found: dict[Coordinates, bytes | None] = {}
    lines = 0
    for _, line in rig.lines("dead_letters"):
        lines += 1
        fields: dict[str, Any] = json.loads(line)
        topic_id, partition, offset = fields["key"].split("/")
        value = fields["value"]
        coded = fields.get("value_base64")
        content = base64.b64decode(coded) if coded is not None else None if value is None else value.encode()
        found[UUID(topic_id), int(partition), int(offset)] = content
    return found, lines - len(found)


def _check_chains(rig: Rig, dead: set[Coordinates]) -> None:
    """Each chain begins at 0, has no hole, and lists as rejected what was dead-lettered and nothing else."""
    ends: dict[tuple[str, int], int] = {}
    known = _chains(rig)
    listed: set[Coordinates] = set()
    for claim in rig.claims():
        where = claim["chain"], claim["partition"]
        assert claim["start"] == ends.get(where, 0), f"a hole or an overlap in {where} at {claim['start']}"
        ends[where] = claim["next"]
        rejected = sum(r["next"] - r["start"] for r in claim["rejected"])
        gaps = sum(g["next"] - g["start"] for g in claim["gaps"])
        assert claim["next"] - claim["start"] == claim["records"] + rejected + gaps + claim["control"], claim
        amended = f"ledger/dataset={rig.dataset}/{where[0]}/{where[1]:05}/{claim['start']:020}.lost.json"
        there = claim["part"] is None or (rig.lake / claim["part"]).exists() or (rig.lake / amended).exists()
        assert there, f"no part: {claim['part']}"
        if claim["topic"] == rig.raw:
            topic_id = known.get(claim["chain"].rsplit("-", 1)[0])
            if topic_id is not None:
                listed |= {
                    (topic_id, claim["partition"], o) for r in claim["rejected"] for o in range(r["start"], r["next"])
                }
    assert listed == dead, f"listed as rejected and dead letters differ: {sorted(listed ^ dead)[:5]}"
