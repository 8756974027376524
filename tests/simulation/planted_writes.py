"""Bugs in what is written, in which order, and what is believed of an answer."""

from typing import Any

import pytest

from streamlake.consumer import effects as fx
from streamlake.consumer import landing, partition
from streamlake.consumer.effects import Work, ask
from streamlake.errors import Permanent, Retryable, Unknown
from tests.simulation.broker import DeadLetter
from tests.simulation.planting import bug, changed, claim_of, is_claim, is_part
from tests.simulation.store import Store
from tests.simulation.world import World


@bug
def part_before_claim(patch: pytest.MonkeyPatch) -> None:
    land = landing.land

    def wrong(*args: Any, **kwargs: Any) -> Work[Any]:
        encoded: list[Any] = []

        def change(effect: Any) -> Work[Any]:
            if is_claim(effect) and encoded:
                yield from ask(fx.Create(claim_of(effect).part, encoded[0].chunks))
            answer = yield from ask(effect)
            if isinstance(effect, fx.FinishPart):
                encoded.append(answer)
            return answer

        return changed(land(*args, **kwargs), change)

    patch.setattr(partition, "land", wrong)


@bug
def commit_before_part(patch: pytest.MonkeyPatch) -> None:
    land = landing.land

    def wrong(place: Any, head: Any, batch: Any, *args: Any, **kwargs: Any) -> Work[Any]:
        def change(effect: Any) -> Work[Any]:
            if is_part(effect):
                yield from ask(fx.Commit(place.topic, place.partition, batch.next))
            return (yield from ask(effect))

        return changed(land(place, head, batch, *args, **kwargs), change)

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
