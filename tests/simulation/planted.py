"""Bugs that were made elsewhere, or nearly here. Each is patched in, and the simulator must notice.

A test plants one with monkeypatch; the product has no switch for them. Most change what passes between a procedure
and the world; some replace a function of the core by what a hurried author would have written.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from streamlake.consumer import completing, filling, holes, identity, landing, opening, partition
from streamlake.consumer import effects as fx
from streamlake.consumer.effects import Above, Below, LogBounds, Work, ask
from streamlake.consumer.opening import Opened
from streamlake.consumer.place import Head, Writer
from streamlake.errors import Permanent, Retryable, Unknown
from streamlake.storage.claim import Rejections, decode_claim
from tests.simulation.broker import DeadLetter
from tests.simulation.landing_parts import NEWEST_VERSION, rejects, suffix_of
from tests.simulation.simulation import Simulation
from tests.simulation.store import Store
from tests.simulation.world import World

Plant = Callable[[pytest.MonkeyPatch], None]
Change = Callable[[Any], Work[Any]]
BUGS: dict[str, Plant] = {}


def bug(plant: Plant) -> Plant:
    """Named after its function."""
    BUGS[plant.__name__] = plant
    return plant


def _changed(work: Work[Any], change: Change) -> Work[Any]:
    """The same procedure, with each effect performed in another way."""
    answer = None
    while True:
        try:
            effect = work.send(answer)
        except StopIteration as end:
            return end.value
        answer = yield from change(effect)


def _is_claim(effect: Any) -> bool:
    return isinstance(effect, fx.Create) and effect.name.startswith("ledger/") and not effect.name.endswith("lost.json")


def _is_part(effect: Any) -> bool:
    return isinstance(effect, fx.Create) and effect.name.startswith("raw/")


def _claim_of(effect: fx.Create) -> Any:
    return decode_claim(effect.name, b"".join(effect.chunks))


def _no_work(*_: Any, **__: Any) -> Work[None]:
    return
    yield


@bug
def part_before_claim(patch: pytest.MonkeyPatch) -> None:
    land = landing.land

    def wrong(*args: Any, **kwargs: Any) -> Work[Any]:
        encoded: list[Any] = []

        def change(effect: Any) -> Work[Any]:
            if _is_claim(effect) and encoded:
                yield from ask(fx.Create(_claim_of(effect).part, encoded[0].chunks))
            answer = yield from ask(effect)
            if isinstance(effect, fx.FinishPart):
                encoded.append(answer)
            return answer

        return _changed(land(*args, **kwargs), change)

    patch.setattr(partition, "land", wrong)


@bug
def commit_before_part(patch: pytest.MonkeyPatch) -> None:
    land = landing.land

    def wrong(place: Any, head: Any, batch: Any, *args: Any, **kwargs: Any) -> Work[Any]:
        def change(effect: Any) -> Work[Any]:
            if _is_part(effect):
                yield from ask(fx.Commit(place.topic, place.partition, batch.next))
            return (yield from ask(effect))

        return _changed(land(place, head, batch, *args, **kwargs), change)

    patch.setattr(partition, "land", wrong)


@bug
def off_by_one_commit(patch: pytest.MonkeyPatch) -> None:
    def wrong(topic: str, partition: int, next_offset: int) -> fx.Commit:
        return fx.Commit(topic, partition, next_offset + 1)

    patch.setattr(landing, "Commit", wrong)


@bug
def overwrite(patch: pytest.MonkeyPatch) -> None:
    def wrong(store: Store, name: str, data: bytes) -> bool:
        store.put(name, data)
        return True

    create = Store.create

    def wrong_for_parts_and_claims(store: Store, name: str, data: bytes) -> bool:
        return create(store, name, data) or wrong(store, name, data)

    patch.setattr(Store, "create", wrong_for_parts_and_claims)


def _swallow(patch: pytest.MonkeyPatch, kind: type[Any], answer: Any) -> None:
    perform = World.perform

    def wrong(world: World, effect: Any) -> Any:
        try:
            return perform(world, effect)
        except (Retryable, Unknown, Permanent):
            if isinstance(effect, kind):
                return answer
            raise

    patch.setattr(World, "perform", wrong)


@bug
def swallowed_put_error(patch: pytest.MonkeyPatch) -> None:
    _swallow(patch, fx.Create, True)


@bug
def dead_letters_not_awaited(patch: pytest.MonkeyPatch) -> None:
    _swallow(patch, fx.SendDeadLetters, None)


@bug
def dead_letters_when_judged(patch: pytest.MonkeyPatch) -> None:
    land = landing.land

    def wrong(place: Any, head: Any, batch: Any, *args: Any, **kwargs: Any) -> Work[Any]:
        if batch.rejected:
            yield from ask(fx.SendDeadLetters(place.topic, head.chain.topic_id, place.partition, tuple(batch.rejected)))
        return (yield from land(place, head, batch, *args, **kwargs))

    patch.setattr(partition, "land", wrong)


@bug
def completer_judges_by_its_own_contract(patch: pytest.MonkeyPatch) -> None:
    rebuild, seen = completing._rebuild, {}

    def wrong(*args: Any, **kwargs: Any) -> Work[Any]:
        def change(effect: Any) -> Work[Any]:
            answer = yield from ask(effect)
            if isinstance(effect, fx.Fetch) and not isinstance(answer, (Above, Below)):
                seen.update({message.offset(): message.event for message in answer})
            return answer

        return _changed(rebuild(*args, **kwargs), change)

    def judged(_: Any, offset: int) -> Rejections | None:
        return Rejections(offset, offset + 1, "mine") if rejects(NEWEST_VERSION, seen[offset]) else None

    patch.setattr(completing, "_rebuild", wrong)
    patch.setattr(completing, "_rejection", judged)
    patch.setattr(completing, "_require_same", lambda claim, rebuilt: None)


def _believe_every_hole(patch: pytest.MonkeyPatch) -> None:
    def wrong(place: Any, gaps: Any) -> Work[Any]:
        return holes.Explained((), sum(hole.next - hole.start for hole in gaps))
        yield

    patch.setattr(landing, "explain", wrong)


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
    patch.setattr(identity, "require_topic", _no_work)
    patch.setattr(completing, "require_topic", _no_work)


@bug
def old_chain_not_closed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "_close_chain", _no_work)


@bug
def truncation_not_checked(patch: pytest.MonkeyPatch) -> None:
    _overlook_the_end(patch)


@bug
def truncation_checked_at_assignment_only(patch: pytest.MonkeyPatch) -> None:
    known_log = identity.require_known_log
    _overlook_the_end(patch)
    patch.setattr(opening, "require_known_log", known_log)


@bug
def no_head_recovery(patch: pytest.MonkeyPatch) -> None:
    """Go on where the group says."""
    open_partition = opening.open_partition

    def wrong(place: Any, *args: Any) -> Work[Any]:
        opened = yield from open_partition(place, *args)
        committed = (yield from ask(fx.ReadCommitted(place.topic, place.partition))) or 0
        return Opened(Head(opened.head.chain, committed), committed)

    patch.setattr(partition, "open_partition", wrong)


@bug
def hint_trusted(patch: pytest.MonkeyPatch) -> None:
    """Where the group has an offset, it is taken for the head. (One that lags is harmless here: claims that exist are
    walked through one by one. One that was set ahead is not.)
    """
    open_partition = opening.open_partition

    def wrong(place: Any, *args: Any) -> Work[Any]:
        opened = yield from open_partition(place, *args)
        committed = yield from ask(fx.ReadCommitted(place.topic, place.partition))
        return Opened(replace(opened.head, next=committed), committed) if committed is not None else opened

    patch.setattr(partition, "open_partition", wrong)


@bug
def root_at_log_start(patch: pytest.MonkeyPatch) -> None:
    open_partition = opening.open_partition

    def wrong(place: Any, *args: Any) -> Work[Any]:
        opened = yield from open_partition(place, *args)
        return Opened(Head(opened.head.chain, opened.position), opened.position) if not opened.head.next else opened

    patch.setattr(partition, "open_partition", wrong)


@bug
def claim_behind_an_unfinished_claim(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(opening, "complete", _no_work)
    patch.setattr(landing, "complete", _no_work)


@bug
def hole_not_claimed(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: filling.Filling, log_start: int) -> None:
        self.start = self.next = max(self.next, log_start)

    patch.setattr(filling.Filling, "skip_to", wrong)


@bug
def own_end_instead_of_the_stored_one(patch: pytest.MonkeyPatch) -> None:
    land = landing.land

    def wrong(place: Any, head: Any, batch: Any, *args: Any, **kwargs: Any) -> Work[Any]:
        landed = yield from land(place, head, batch, *args, **kwargs)
        return replace(landed, head=replace(landed.head, next=batch.next), ours=True)

    patch.setattr(partition, "land", wrong)


@bug
def attempt_id_per_process(patch: pytest.MonkeyPatch) -> None:
    writer = Simulation._writer

    def wrong(sim: Simulation, number: int) -> Writer:
        return replace(writer(sim, number), attempt=str(number))

    patch.setattr(Simulation, "_writer", wrong)


@bug
def completed_from_a_partial_buffer(patch: pytest.MonkeyPatch) -> None:
    """Somebody else's claim at our start is finished with what we happen to hold."""
    land = landing.land

    def wrong(*args: Any, **kwargs: Any) -> Work[Any]:
        encoded: list[Any] = []
        refused = False

        def change(effect: Any) -> Work[Any]:
            nonlocal refused
            answer = yield from ask(effect)
            if isinstance(effect, fx.FinishPart):
                encoded.append(answer)
            if _is_claim(effect):
                refused = not answer
            elif refused and isinstance(effect, fx.Read):
                refused = False
                stored = decode_claim(effect.name, answer)
                if stored.part and encoded:
                    yield from ask(fx.Create(stored.part, encoded[0].chunks))
            return answer

        return _changed(land(*args, **kwargs), change)

    patch.setattr(partition, "land", wrong)


@bug
def suffix_from_own_settings(patch: pytest.MonkeyPatch) -> None:
    for module in (landing, opening, completing):
        complete = completing.complete

        def wrong(place: Any, chain: Any, claim: Any, *args: Any) -> Work[None]:
            if claim.part is not None:
                own = f"{claim.part.split('.', 1)[0]}.{suffix_of(NEWEST_VERSION)}"
                claim = msgspec.structs.replace(claim, part=own)
            return complete(place, chain, claim, *args)  # noqa: B023 -- the same for all three

        patch.setattr(module, "complete", wrong)


@bug
def folder_from_own_clock(patch: pytest.MonkeyPatch) -> None:
    claim = landing._claim

    def wrong(place: Any, head: Any, batch: Any, explained: Any, part: Any, date: str, writer: Writer) -> Any:
        return claim(place, head, batch, explained, part, writer.now_iso[:10], writer)

    patch.setattr(landing, "_claim", wrong)


@bug
def dead_letter_key_without_topic_id(patch: pytest.MonkeyPatch) -> None:
    def wrong(world: World, effect: fx.SendDeadLetters) -> None:
        for letter in effect.letters:
            record: Any = letter.message
            world.broker.dead_letters.append(DeadLetter(f"{effect.partition}/{record.at}", record.event, record.body))

    patch.setattr(World, "_dead_letter", wrong)


@bug
def clean_up_after_an_unknown_outcome(patch: pytest.MonkeyPatch) -> None:
    perform = World.perform

    def wrong(world: World, effect: Any) -> Any:
        try:
            return perform(world, effect)
        except Unknown:
            if isinstance(effect, fx.Create):
                world.watch.store.forget(effect.name)
            raise

    patch.setattr(World, "perform", wrong)


# Found by the simulator in this core, and planted again so that they stay found.


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
def serial_per_life(patch: pytest.MonkeyPatch) -> None:
    """A partition that comes back takes the result of its former life."""
    made = partition.Partition.__init__

    def wrong(self: partition.Partition, *args: Any) -> None:
        made(self, *args)
        self.serials = _from_one()

    patch.setattr(partition.Partition, "__init__", wrong)


def _from_one() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


@bug
def second_truncation_unnoticed(patch: pytest.MonkeyPatch) -> None:
    """A new generation knows no record until it has claimed one."""
    skip_to = opening._skip_to

    def wrong(place: Any, head: Head, *args: Any) -> Work[Head]:
        return skip_to(place, replace(head, last=None), *args)

    patch.setattr(opening, "_skip_to", wrong)
