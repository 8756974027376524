"""Bugs in what is believed of the log: where it ends, whether it is the same one, what a hole means.

The last two were found by the simulator in this core, and are planted so that they stay found.
"""

from dataclasses import replace
from typing import Any

import pytest

from streamlake.consumer import completing, holes, identity, landing, opening, partition
from streamlake.consumer import effects as fx
from streamlake.consumer.effects import Above, Below, LogBounds, Work, ask
from streamlake.consumer.opening import Opened
from streamlake.consumer.place import Head
from tests.simulation.planting import bug, no_work
from tests.simulation.world import World


def _believe_every_hole(patch: pytest.MonkeyPatch) -> None:
    """What Kafka has and did not deliver counts for markers."""

    def wrong(place: Any, hole: Any) -> Work[tuple[int, int]]:
        bounds = yield from ask(fx.ReadBounds(place.topic, place.partition))
        return min(max(hole.start, bounds.start), hole.next), bounds.start

    patch.setattr(holes, "_first_kept", wrong)


@bug
def reset_to_latest(patch: pytest.MonkeyPatch) -> None:
    """As with auto.offset.reset=latest: the client goes on at the end, and what it passed over counts for markers."""
    open_partition = opening.open_partition

    def wrong(place: Any, *args: Any) -> Work[Any]:
        opened = yield from open_partition(place, *args)
        if opened.position > opened.head.next:
            bounds = yield from ask(fx.ReadBounds(place.topic, place.partition))
            return Opened(opened.head, max(bounds.end, opened.position))
        return opened

    patch.setattr(partition, "open_partition", wrong)
    _believe_every_hole(patch)


def _overlook_the_end(patch: pytest.MonkeyPatch) -> None:
    def wrong(place: Any, chain: Any, reached: int, known: Any) -> Work[LogBounds]:
        bounds = yield from ask(fx.ReadBounds(place.topic, place.partition))
        yield from identity.require_topic(place, chain)
        return bounds

    for module in (landing, opening, completing):
        patch.setattr(module, "require_known_log", wrong)


@bug
def reset_above_the_end(patch: pytest.MonkeyPatch) -> None:
    """Where the log ends before the head, go on at the log's end."""
    open_partition = opening.open_partition

    def wrong(place: Any, *args: Any) -> Work[Any]:
        opened = yield from open_partition(place, *args)
        bounds = yield from ask(fx.ReadBounds(place.topic, place.partition))
        if bounds.end < opened.head.next:
            return Opened(replace(opened.head, next=bounds.end), bounds.end)
        return opened

    patch.setattr(partition, "open_partition", wrong)
    _overlook_the_end(patch)


@bug
def end_of_log_taken_for_a_gap(patch: pytest.MonkeyPatch) -> None:
    """Above the log's end and below its start are one error to the client, so to a hurried reader, too."""
    perform = World.perform

    def wrong(world: World, effect: Any) -> Any:
        answer = perform(world, effect)
        return Below(max(answer.log_end, effect.next)) if isinstance(answer, Above) else answer

    patch.setattr(World, "perform", wrong)
    _overlook_the_end(patch)


@bug
def no_topic_id(patch: pytest.MonkeyPatch) -> None:
    perform = World.perform

    def wrong(world: World, effect: Any) -> Any:
        answer = perform(world, effect)
        return next(iter(world.broker.topics)) if isinstance(effect, fx.ReadTopicId) else answer

    patch.setattr(World, "perform", wrong)


@bug
def no_id_read_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(identity, "require_topic", no_work)
    patch.setattr(completing, "require_topic", no_work)


@bug
def old_chain_not_closed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "_close_chain", no_work)


@bug
def truncation_not_checked(patch: pytest.MonkeyPatch) -> None:
    _overlook_the_end(patch)


@bug
def truncation_checked_at_assignment_only(patch: pytest.MonkeyPatch) -> None:
    known_log = identity.require_known_log
    _overlook_the_end(patch)
    patch.setattr(opening, "require_known_log", known_log)


@bug
def records_before_the_seek_taken(patch: pytest.MonkeyPatch) -> None:
    offer = partition.Partition.offer

    def wrong(self: partition.Partition, messages: Any) -> None:
        told, self.seek_to = self.seek_to, None
        offer(self, messages)
        self.seek_to = told

    patch.setattr(partition.Partition, "offer", wrong)
    _believe_every_hole(patch)  # the second guard; it does not look at holes of one offset


@bug
def second_truncation_unnoticed(patch: pytest.MonkeyPatch) -> None:
    """A new generation knows no record until it has claimed one."""
    skip_to = opening._skip_to

    def wrong(place: Any, head: Head, *args: Any) -> Work[Head]:
        return skip_to(place, replace(head, last=None), *args)

    patch.setattr(opening, "_skip_to", wrong)
