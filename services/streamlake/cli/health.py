"""Health in a word, and what to do about it. Pure: decided from what was gathered, with the time as an argument.

Healthy means that records moved or that there are none left to move, never that a process is alive. What could not
be asked is said to be unknown; it is never counted as well.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Word = Literal["healthy", "catching-up", "paused", "starting", "unhealthy", "stopped"]

_WORST_FIRST: tuple[Word, ...] = ("unhealthy", "stopped", "paused", "starting", "catching-up", "healthy")

BEHIND_SECONDS = 30.0
"""Lag that is no more than this, plus twice the age at which parts close, is the ordinary wait for a part."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that is not as it should be, what to type, and the page that explains it."""

    sentence: str
    command: str = ""
    runbook: str = ""


def of_refused_edits(documents: Sequence[Mapping[str, Any]], datasets: Collection[str]) -> tuple[Advice, ...]:
    """What running APIs do not take of contracts that are right by themselves: an edit within a version."""
    refused = {name for d in documents if d.get("kind") == "api" for name in d.get("contracts_broken", ())}
    return tuple(
        Advice(
            f"the edit of {name}'s contract is not taken, the one before it is in force: its version was not raised, "
            "or went back. Raise it, and keep the one before in history/",
            "streamlake contracts diff",
            "SL-0101",
        )
        for name in sorted(refused.intersection(datasets))
    )


def of_broken_keys(documents: Sequence[Mapping[str, Any]]) -> tuple[Advice, ...]:
    """What running APIs say of a keys file that they cannot take: meanwhile no key is made, and none revoked."""
    said = sorted({str(d["keys_broken"]) for d in documents if d.get("kind") == "api" and d.get("keys_broken")})
    return tuple(Advice(f"{why} The keys before it are in force", "streamlake keys list", "SL-0520") for why in said)


def of_unknown(
    documents: Sequence[Mapping[str, Any]], datasets: Collection[str], contracts_dir: Path
) -> tuple[Advice, ...]:
    """Whose consumers run here though this folder of contracts does not know them: then little was looked at."""
    running = {str(d["dataset"]) for d in documents if d.get("kind") == "consumer"}
    unknown = [
        f"a consumer of {name} runs, and {contracts_dir} has no contract of it" for name in running - set(datasets)
    ]
    if not datasets:
        unknown.append(f"{contracts_dir} has no contract that is in force, so no dataset was looked at")
    step = "STREAMLAKE_CONTRACTS_DIR names the folder; without it `contracts` below the current one is taken"
    return tuple(Advice(f"{why}. {step}", "streamlake settings", "SL-0102") for why in sorted(unknown))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFacts:
    """What is known of one dataset. None means that it could not be asked.

    `log_ends` are those that Kafka said just now: a consumer's own are up to a second old, and an event that was
    acknowledged since then waits, too. `elsewhere` are the partitions that consumers on other hosts hold, told in the
    form in which a consumer tells of its own.
    """

    name: str
    consumers: tuple[dict[str, Any], ...] = ()
    log_ends: Mapping[tuple[str, int], int] | None = None
    sealed_until: str | None = None
    dead_letters: int | None = None
    elsewhere: tuple[Mapping[str, Any], ...] = ()
    start: str = "scripts/up"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetHealth:
    """The verdict on one dataset, with the figures it rests on."""

    name: str
    health: Word
    lag_records: int | None
    lag_seconds: float | None
    oldest_waiting_ms: int | None
    landed_up_to_ms: int | None
    sealed_until: str | None
    dead_letters: int | None
    elsewhere: tuple[Mapping[str, Any], ...] = ()
    advice: tuple[Advice, ...] = field(default=())

    @property
    def caught_up(self) -> bool:
        """Every partition was asked, and nothing waits in any."""
        return self.lag_records == 0


def of_dataset(facts: DatasetFacts, part_max_age_seconds: float) -> DatasetHealth:
    """Judge one dataset."""
    parts = [*(p for consumer in facts.consumers for p in consumer.get("partitions", [])), *facts.elsewhere]
    raw = [p for p in parts if str(p["topic"]).endswith(".raw")]
    ends = facts.log_ends or {}
    seen = {(p["topic"], p["partition"]) for p in parts}
    known = bool(ends) and seen >= ends.keys() and all(p["lag_records"] is not None for p in parts)
    lag = sum(p["lag_records"] + _since(p, ends) for p in parts) if known else None
    late = max((p["lag_seconds"] or 0.0 for p in parts), default=0.0) if known else None
    waiting = [p["oldest_waiting_ms"] for p in parts if p["oldest_waiting_ms"] is not None]
    landed = [p["landed_up_to_ms"] for p in raw if p["landed_up_to_ms"] is not None]
    oldest = min(waiting, default=None)
    health, advice = _word(facts, lag, late, BEHIND_SECONDS + 2 * part_max_age_seconds)
    return DatasetHealth(
        name=facts.name,
        health=health,
        lag_records=lag,
        lag_seconds=late,
        oldest_waiting_ms=oldest,
        # While something waits, all before it is landed, and not more.
        landed_up_to_ms=oldest if oldest is not None else max(landed, default=None),
        sealed_until=facts.sealed_until,
        dead_letters=facts.dead_letters,
        elsewhere=facts.elsewhere,
        advice=advice,
    )


def _since(partition: Mapping[str, Any], ends: Mapping[tuple[str, int], int]) -> int:
    """Records that came after the consumer looked."""
    end = ends.get((partition["topic"], partition["partition"]), 0)
    return max(0, end - (partition["log_end"] or 0))


def _word(
    facts: DatasetFacts, lag: int | None, late: float | None, behind_seconds: float
) -> tuple[Word, tuple[Advice, ...]]:
    name = facts.name
    if not facts.consumers:
        return "stopped", (Advice(f"{name}: no consumer answers on this machine", facts.start),)
    states = {str(consumer["state"]) for consumer in facts.consumers}
    reason = next((str(c["waiting_for"]) for c in facts.consumers if c.get("waiting_for")), "")
    code = reason[:7] if reason.startswith("SL-") else ""
    if "tripped" in states:
        what = f"{name}: the breaker stopped it: {reason or 'too many rejections'}"
        return "unhealthy", (Advice(what, f"streamlake consumer resume {name}", code),)
    if "paused" in states:
        return "paused", (Advice(f"{name}: paused by an operator", f"streamlake consumer resume {name}"),)
    stopped = [p for c in facts.consumers for p in c.get("partitions", []) if p["state"] == "stopped"]
    if stopped:
        where = ", ".join(f"{p['topic']}/{p['partition']}" for p in stopped)
        why = next((str(p["waiting_for"]) for p in stopped if p.get("waiting_for")), reason)
        code = why[:7] if why.startswith("SL-") else ""
        return "unhealthy", (Advice(f"{name}: {where} stopped: {why}", f"streamlake audit {name}", code),)
    if reason:
        return "unhealthy", (Advice(f"{name}: waits for: {reason}", "streamlake doctor", code),)
    if lag is None or late is None:
        return "starting", (
            Advice(f"{name}: not every partition is being read yet", f"streamlake status {name} --watch"),
        )
    if lag and late > behind_seconds:
        return "catching-up", ()
    return "healthy", ()


def of_processes(processes: Sequence[dict[str, Any]]) -> tuple[Word, tuple[Advice, ...]]:
    """Judge the processes of this machine."""
    advice = []
    word: Word = "healthy"
    for process in processes:
        if process["state"] in ("failed", "backing_off"):
            word = "unhealthy"
            look = process.get("look") or f"tail {process['log']}"
            advice.append(Advice(f"{process['name']}: {process['reason']}", look))
        elif process["state"] in ("waiting", "starting", "stopping") and word == "healthy":
            word = "starting"
    return word, tuple(advice)


def worst(words: Sequence[Word]) -> Word:
    """The word for all: that of the worst."""
    return min(words, key=_WORST_FIRST.index, default="stopped")
