"""How a bug is planted: by changing what passes between a procedure and the world, or by replacing a function."""

from collections.abc import Callable
from typing import Any

import pytest

from streamlake.consumer import effects as fx
from streamlake.consumer.effects import Work
from streamlake.storage.claim import decode_claim

Plant = Callable[[pytest.MonkeyPatch], None]
Change = Callable[[Any], Work[Any]]
BUGS: dict[str, Plant] = {}


def bug(plant: Plant) -> Plant:
    """Named after its function."""
    BUGS[plant.__name__] = plant
    return plant


def changed(work: Work[Any], change: Change) -> Work[Any]:
    """The same procedure, with each effect performed in another way."""
    answer = None
    while True:
        try:
            effect = work.send(answer)
        except StopIteration as end:
            return end.value
        answer = yield from change(effect)


def is_claim(effect: Any) -> bool:
    return isinstance(effect, fx.Create) and effect.name.startswith("ledger/") and not effect.name.endswith("lost.json")


def is_part(effect: Any) -> bool:
    return isinstance(effect, fx.Create) and effect.name.startswith("raw/")


def claim_of(effect: fx.Create) -> Any:
    return decode_claim(effect.name, b"".join(effect.chunks))


def no_work(*_: Any, **__: Any) -> Work[None]:
    return
    yield
