"""What topics should be, against what they are. Pure: it decides, `topic_changes` acts.

Nothing here deletes. What would move keys to other partitions, or remove events sooner, is held back until somebody
asks for it by the dataset's name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from streamlake.contract.model import Contract
from streamlake.kafka import clients
from streamlake.kafka.admin import Topic
from streamlake.kafka.names import dlq_topic, raw_topic

HOUR_MS: Final = 3_600_000
PARTITIONS: Final = "partitions"
RETENTION: Final = "retention.ms"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic as its contract asks for it. `keyed` says that the order of a key's events hangs on its partition."""

    dataset: str
    name: str
    partitions: int
    config: Mapping[str, str]
    keyed: bool


@dataclass(frozen=True, slots=True)
class Create:
    """A topic that is not there."""

    topic: str
    partitions: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A setting, or the number of partitions, of a topic that is there."""

    topic: str
    setting: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A difference that stays: why, and the command that makes the change after all, if one does."""

    change: Change
    why: str
    command: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` would do, what it would not, and what an operator should know."""

    creates: tuple[Create, ...]
    changes: tuple[Change, ...]
    held_back: tuple[HeldBack, ...]
    warnings: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether Kafka has what contracts say."""
        return not (self.creates or self.changes or self.held_back)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Datasets for which somebody asked for what is otherwise held back."""

    grow_partitions: frozenset[str] = frozenset()
    shrink_retention: frozenset[str] = frozenset()


def wanted(contract: Contract) -> tuple[Wanted, Wanted]:
    """The two topics of a dataset: events, and dead letters."""
    topic = contract.topic

    def config(hours: int, max_bytes: int) -> dict[str, str]:
        return {
            # Compaction would take events away, and a producer's own clock would decide about retention and folders.
            "cleanup.policy": "delete",
            "message.timestamp.type": "LogAppendTime",
            RETENTION: str(hours * HOUR_MS),
            "max.message.bytes": str(max_bytes),
        }

    raw = config(topic.retention_hours, clients.raw_bytes(topic.max_event_bytes))
    # A dead letter must outlive its original: whoever redrives it may want to look there.
    dead_hours = max(topic.dead_letter_retention_hours, topic.retention_hours)
    dead = config(dead_hours, clients.dead_letter_bytes(topic.max_event_bytes))
    return (
        Wanted(contract.dataset, raw_topic(contract.dataset), topic.partitions, raw, bool(contract.key)),
        Wanted(contract.dataset, dlq_topic(contract.dataset), 1, dead, keyed=True),
    )


def plan(
    contracts: Sequence[Contract],
    actual: Mapping[str, Topic],
    *,
    may_be_down_hours: float,
    allowed: Allowed = Allowed(),
) -> Plan:
    """Compare. `actual` holds the topics that Kafka has, by name; those of no contract are left alone."""
    creates: list[Create] = []
    changes: list[Change] = []
    held_back: list[HeldBack] = []
    warnings: list[str] = []
    for contract in contracts:
        for topic in wanted(contract):
            found = actual.get(topic.name)
            if found is None:
                creates.append(Create(topic.name, topic.partitions, topic.config))
                continue
            for change in _differences(topic, found):
                held = _held_back(topic, change, allowed)
                if held is None:
                    changes.append(change)
                else:
                    held_back.append(held)
            if found.config.get("retention.bytes", "-1") != "-1":
                size = found.config["retention.bytes"]
                warnings.append(f"{topic.name} has retention.bytes={size}: Kafka may remove events before their time.")
        if contract.topic.retention_hours < may_be_down_hours:
            warnings.append(
                f"{raw_topic(contract.dataset)} keeps events for {contract.topic.retention_hours} h, and a consumer "
                f"may be down for {may_be_down_hours:g} h: what it has not landed by then is lost."
            )
    return Plan(tuple(creates), tuple(changes), tuple(held_back), tuple(warnings))


def _differences(topic: Wanted, found: Topic) -> list[Change]:
    changes = [
        Change(topic.name, setting, found.config.get(setting, ""), value)
        for setting, value in topic.config.items()
        if found.config.get(setting) != value
    ]
    # Dead letters have no key whose order counts: more partitions than ours are as good.
    exact = topic.name == raw_topic(topic.dataset)
    if found.partitions < topic.partitions or (exact and found.partitions > topic.partitions):
        changes.append(Change(topic.name, PARTITIONS, str(found.partitions), str(topic.partitions)))
    return changes


def _held_back(topic: Wanted, change: Change, allowed: Allowed) -> HeldBack | None:
    apply = "streamlake topics apply"
    if change.setting == PARTITIONS and int(change.after) < int(change.before):
        return HeldBack(change, "Kafka cannot take partitions away: put the larger number into the contract", None)
    if change.setting == PARTITIONS and topic.keyed and topic.dataset not in allowed.grow_partitions:
        why = "keys would move to other partitions, and the order of a key's events would not hold across the change"
        return HeldBack(change, why, f"{apply} --grow-partitions {topic.dataset}")
    if change.setting == RETENTION and _shorter(change) and topic.dataset not in allowed.shrink_retention:
        return HeldBack(change, "Kafka would remove events sooner", f"{apply} --shrink-retention {topic.dataset}")
    return None


def _shorter(change: Change) -> bool:
    before = int(change.before or -1)
    return before < 0 or int(change.after) < before
