"""Consumers with a bug, to prove that the torture can fail: `python -m tests.torture.planted BUG DATASET[.INSTANCE]`.

The product has no hook for them; each changes what the landing core asks the world for.
"""

import os
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from streamlake.consumer import main
from streamlake.consumer.effects import Commit, Create
from streamlake.consumer.line import RawLines
from streamlake.consumer.world import RealWorld
from streamlake.settings import load
from streamlake.storage.claim import decode_claim

CLAIM = re.compile(r"ledger/dataset=[a-z0-9_]+/[a-z0-9-]+/[0-9]+/[0-9]{20}\.json")


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


def commit_before_part(patch: pytest.MonkeyPatch) -> None:
    """I5: what is claimed is committed at once, and its part comes seconds later. A restart mends it, so only a look
    at the right moment can tell.
    """
    perform = RealWorld.perform

    def wrong(world: RealWorld, effect: Any) -> Any:
        if isinstance(effect, Create) and effect.name.startswith("raw/"):
            time.sleep(5)
        done = perform(world, effect)
        if isinstance(effect, Create) and CLAIM.fullmatch(effect.name):
            claim = decode_claim(effect.name, b"".join(effect.chunks))
            perform(world, Commit(claim.topic, claim.partition, claim.next))
        return done

    patch.setattr(RealWorld, "perform", wrong)


BUGS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    bug.__name__: bug for bug in (line_lost, dead_letters_swallowed, commit_before_part)
}

if __name__ == "__main__":
    BUGS[sys.argv[1]](pytest.MonkeyPatch())
    dataset, _, instance = sys.argv[2].partition(".")
    sys.exit(main.run(load(os.environ), dataset, instance))
