"""Read topics, and carry out a plan. Repeating either is harmless."""

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # half typed
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
)
from confluent_kafka.cimpl import NewPartitions, NewTopic

from streamlake.errors import EXIT_HALFWAY, StreamlakeError
from streamlake.kafka.admin import Admin, Topic
from streamlake.kafka.errors import AlreadyExists, KafkaUnavailable, TopicDiffers
from streamlake.kafka.topics import PARTITIONS, Change, Create, Plan

SECONDS: Final = 15.0


class HalfApplied(KafkaUnavailable):
    """Some changes were made, then one failed."""

    code = "SL-0241"
    exit_code = EXIT_HALFWAY


def read(admin: Admin, names: Iterable[str]) -> dict[str, Topic]:
    """Those of these topics that Kafka has."""
    found = (admin.topic(name) for name in names)
    return {topic.name: topic for topic in found if topic is not None}


def apply(admin: Admin, plan: Plan, done: Callable[[Create | Change], None]) -> None:
    """Make the plan's changes, and return when Kafka shows each of them. `done` hears of every one that was made.

    Raises what the first one raised, or HalfApplied if others were made before it.
    """
    steps: list[Create | Change] = [*plan.creates, *plan.changes]
    for made, step in enumerate(steps):
        try:
            if isinstance(step, Create):
                _create(admin, step)
            elif step.setting == PARTITIONS:
                _grow(admin, step)
            else:
                _set(admin, step)
            _until_visible(admin, step)
        except StreamlakeError as error:
            if not made:
                raise
            raise HalfApplied(
                f"{made} of {len(steps)} changes were made, then: {error.message}",
                next_step="`streamlake topics apply` goes on from here.",
            ) from error
        done(step)


def require_nothing_held_back(plan: Plan) -> None:
    """Raise TopicDiffers if something stays different until it is asked for."""
    if plan.held_back:
        first = plan.held_back[0]
        change = first.change
        raise TopicDiffers(
            f"{len(plan.held_back)} differences were left alone; the first: {change.topic} {change.setting} "
            f"{change.before} -> {change.after}, for {first.why}.",
            next_step=f"To make it all the same: `{first.command}`." if first.command else "",
        )


def _create(admin: Admin, step: Create) -> None:
    # A replication factor of -1 is the broker's default: one on one machine, three in a fleet.
    topic = NewTopic(step.topic, step.partitions, -1, config=dict(step.config))
    futures = admin.client.create_topics([topic], request_timeout=SECONDS)
    try:
        admin.wait(futures[step.topic], f"creating {step.topic}", wrote=True)
    except AlreadyExists:
        return  # our own lost answer, or another's: whether it is as wanted the next plan says


def _grow(admin: Admin, step: Change) -> None:
    request = [NewPartitions(step.topic, int(step.after))]
    future = admin.client.create_partitions(request, request_timeout=SECONDS)[step.topic]
    admin.wait(future, f"adding partitions to {step.topic}", wrote=True)


def _set(admin: Admin, step: Change) -> None:
    entry = ConfigEntry(step.setting, step.after, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, step.topic, incremental_configs=[entry])
    futures: Any = admin.client.incremental_alter_configs([resource], request_timeout=SECONDS)
    admin.wait(futures[resource], f"setting {step.setting} of {step.topic}", wrote=True)


def _until_visible(admin: Admin, step: Create | Change) -> None:
    """Kafka answers before all of it knows of a change: whoever comes after us should find it."""
    deadline = time.monotonic() + SECONDS
    while not _visible(admin.topic(step.topic), step):
        if time.monotonic() > deadline:
            raise KafkaUnavailable(f"Kafka took the change of {step.topic}, but does not show it.")
        time.sleep(0.05)


def _visible(found: Topic | None, step: Create | Change) -> bool:
    if found is None:
        return False
    if isinstance(step, Create):
        return True
    if step.setting == PARTITIONS:
        return found.partitions >= int(step.after)
    return found.config.get(step.setting) == step.after
