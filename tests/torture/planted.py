"""Consumers with a bug, to prove that the torture can fail: `python -m tests.torture.planted BUG DATASET[.INSTANCE]`.

The product has no hook for them; each changes what the landing core asks the world for.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from streamlake.consumer import main
from streamlake.consumer.line import RawLines
from streamlake.consumer.world import RealWorld
from streamlake.settings import load
from tests.simulation import planted_writes


def commit_before_part(patch: pytest.MonkeyPatch) -> None:
    """I5: offsets are committed that are not durable yet, and a slow store shows it."""
    planted_writes.commit_before_part(patch)


def line_lost(patch: pytest.MonkeyPatch) -> None:
    """I1, I2: of a batch of some size one line is not written, and another one twice. Claim and part agree."""
    encode = RawLines.encode

    def wrong(lines: RawLines, place: Any, messages: Any, *metas: Any) -> bytes:
        whole: list[bytes] = encode(lines, place, messages, *metas).splitlines(keepends=True)
        return b"".join([whole[1], *whole[1:]] if len(whole) > 20 else whole)

    patch.setattr(RawLines, "encode", wrong)


def dead_letters_swallowed(patch: pytest.MonkeyPatch) -> None:
    """I1: what was rejected is never sent to the dead letters."""
    perform = RealWorld.perform

    def wrong(world: RealWorld, effect: Any) -> Any:
        return None if type(effect).__name__ == "SendDeadLetters" else perform(world, effect)

    patch.setattr(RealWorld, "perform", wrong)


def claim_behind_a_hole(patch: pytest.MonkeyPatch) -> None:
    """I3: a part that could not be written is believed to be, and the next claim is made behind it."""
    perform = RealWorld.perform

    def wrong(world: RealWorld, effect: Any) -> Any:
        part = type(effect).__name__ == "Create" and effect.name.startswith("raw/")
        return True if part and effect.name.split("-")[-1][19] == "7" else perform(world, effect)

    patch.setattr(RealWorld, "perform", wrong)


BUGS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    bug.__name__: bug for bug in (commit_before_part, line_lost, dead_letters_swallowed, claim_behind_a_hole)
}

if __name__ == "__main__":
    BUGS[sys.argv[1]](pytest.MonkeyPatch())
    dataset, _, instance = sys.argv[2].partition(".")
    sys.exit(main.run(load(os.environ), dataset, instance))
