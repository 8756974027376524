"""What happens when: a pure function of seed, minutes and what this machine can do. No clock, no process."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CONSUMERS: Final = 3
FIRST_SECONDS: Final = 4.0
"""Let the load begin before the first fault."""
QUIET_SECONDS: Final = 6.0
"""Nothing new begins so shortly before the end."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault. `holds` names what it needs for itself, `{c}` being the consumer it strikes."""

    name: str
    holds: tuple[str, ...]
    shortest: float = 0.0
    longest: float = 0.0
    needs: str = ""

    @property
    def strikes_one(self) -> bool:
        """Whether one of the consumers is chosen."""
        return any("{c}" in held for held in self.holds)


ONE: Final = ("consumer.{c}",)
ALL: Final = tuple(f"consumer.{c}" for c in range(CONSUMERS))
KINDS: Final = (
    Kind("consumer_killed", ONE),
    Kind("consumer_stopped_cleanly", ONE),
    Kind("consumer_paused", ONE, 1, 4),
    Kind("consumer_zombie", ONE, 9, 14),
    Kind("all_consumers_killed", ALL),
    Kind("api_killed", ("api",)),
    Kind("api_worker_killed", ("api",)),
    Kind("api_worker_paused", ("api",), 1, 6),
    Kind("api_cut_from_kafka", ("api",), 2, 14),
    Kind("broker_killed", ("broker",), 0, 2),
    Kind("broker_restarted", ("broker",), 0, 2),
    Kind("broker_paused", ("broker",), 1, 8),
    Kind("kafka_cut", ONE, 1, 12),
    Kind("kafka_silent", ONE, 2, 12),
    Kind("kafka_slow", ONE, 3, 10),
    Kind("store_cut", ONE, 1, 12, "bucket"),
    Kind("store_fails_before", ONE, 2, 8, "bucket"),
    Kind("store_fails_after", ONE, 2, 8, "bucket"),
    Kind("store_drops_before", ONE, 2, 8, "bucket"),
    Kind("store_drops_after", ONE, 2, 8, "bucket"),
    Kind("store_stalls", ONE, 3, 12, "bucket"),
    Kind("store_late", ONE, 2, 8, "bucket"),
    Kind("store_trickles", ONE, 3, 8, "bucket"),
    Kind("store_denies_401", ONE, 2, 8, "bucket"),
    Kind("store_denies_403", ONE, 2, 8, "bucket"),
    Kind("store_busy_429", ONE, 2, 8, "bucket"),
    Kind("store_killed", ("store",), 0, 3, "bucket"),
    Kind("lake_disk_full", ("store",), 2, 8, "lake mount"),
    Kind("state_disk_full", ("state",), 2, 8, "mount"),
    Kind("clock_jumps_in_consumer", ONE, 15, 40, "clock"),
    Kind("clock_jumps_in_api", ("api",), 2, 12, "clock"),
    Kind("rebalance_storm", ("group",)),
    Kind("offsets_set_back", ("group",)),
    Kind("offsets_set_ahead", ("group",)),
    Kind("offsets_deleted", ("group", *ALL)),
    Kind("partitions_added", ("log",)),
    Kind("contract_changed", ("log",)),
    Kind("landed_records_deleted", ("log",)),
    Kind("keys_rotated", ("keys",)),
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}
EVERY_SECONDS: Final = 3.8
JUMPS: Final = (-86_400, -3_600, -30, 30, 3_600, 86_400, 40 * 86_400)
MAX_ADDED: Final = 4
"""Partitions; more would only make the run slower."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault: it begins at `at` seconds, lasts `seconds`, strikes `consumer` and is of this `size`."""

    at: float
    kind: str
    seconds: float
    consumer: int
    size: int

    @property
    def holds(self) -> tuple[str, ...]:
        """What no other fault may have meanwhile, in one order for all, so that nobody waits in a circle."""
        return tuple(sorted(held.format(c=self.consumer) for held in BY_NAME[self.kind].holds))


def possible(abilities: frozenset[str]) -> tuple[Kind, ...]:
    """The kinds that this machine and this lake can have."""
    return tuple(kind for kind in KINDS if not kind.needs or kind.needs in abilities)


def plan(
    seed: int, minutes: float, abilities: frozenset[str], *, every_seconds: float = EVERY_SECONDS
) -> list[Planned]:
    """Kinds are dealt from a shuffled deck, so that each comes as often as the others."""
    dice = random.Random(f"torture {seed}")
    deck = _dealt(dice, possible(abilities))
    planned: list[Planned] = []
    at, added = FIRST_SECONDS, 0
    while at < minutes * 60 - QUIET_SECONDS:
        kind = next(deck)
        if kind.name == "partitions_added":
            added += 1
            if added > MAX_ADDED:
                continue
        consumer = dice.randrange(CONSUMERS) if kind.strikes_one else 0
        seconds = round(dice.uniform(kind.shortest, kind.longest), 1)
        size = dice.choice(JUMPS) if "clock" in kind.name else dice.randrange(1, 100)
        planned.append(Planned(round(at, 1), kind.name, seconds, consumer, size))
        at += dice.uniform(0.4, 1.6) * every_seconds
    return planned


def _dealt(dice: random.Random, kinds: tuple[Kind, ...]) -> Iterator[Kind]:
    while True:
        yield from dice.sample(kinds, len(kinds))
