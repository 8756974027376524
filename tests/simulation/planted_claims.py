"""Bugs in who decides: where the chain ends, whose claim holds, by what it is finished.

The last one was found by the simulator in this core, and is planted so that it stays found.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from streamlake.consumer import completing, filling, landing, opening, partition
from streamlake.consumer import effects as fx
from streamlake.consumer.effects import Above, Below, Work, ask
from streamlake.consumer.opening import Opened
from streamlake.consumer.place import Head, Writer
from streamlake.storage.claim import Rejections, decode_claim
from tests.simulation.landing_parts import NEWEST_VERSION, rejects, suffix_of
from tests.simulation.planting import bug, changed, is_claim, no_work
from tests.simulation.simulation import Simulation


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
    patch.setattr(opening, "complete", no_work)
    patch.setattr(landing, "complete", no_work)


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
            if is_claim(effect):
                refused = not answer
            elif refused and isinstance(effect, fx.Read):
                refused = False
                stored = decode_claim(effect.name, answer)
                if stored.part and encoded:
                    yield from ask(fx.Create(stored.part, encoded[0].chunks))
            return answer

        return changed(land(*args, **kwargs), change)

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

        return changed(rebuild(*args, **kwargs), change)

    def judged(_: Any, offset: int) -> Rejections | None:
        return Rejections(offset, offset + 1, "mine") if rejects(NEWEST_VERSION, seen[offset]) else None

    patch.setattr(completing, "_rebuild", wrong)
    patch.setattr(completing, "_rejection", judged)
    patch.setattr(completing, "_require_same", lambda claim, rebuilt: None)


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
