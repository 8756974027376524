"""A fake bucket whose answers go wrong again and again, by a fixed dice: what a store promises must hold through it."""

import random
from collections import Counter

from streamlake.local.bucket_calls import Call
from streamlake.local.bucket_server import Connection
from streamlake.storage.store import ObjectStore
from tests.support.fake_gcs import FakeGcs, Fault, What

_ODDS = 0.12
_ANY: list[What] = ["error", "error_after", "drop", "drop_after", "garbage"]
_BY_KIND: dict[str, list[What]] = {"read": ["error", "drop", "truncate", "flip"], "list": ["error", "drop", "garbage"]}


class BadWeather(FakeGcs):
    """See the module. No call fails twice in a row, so that a bounded number of attempts gets through."""

    def __init__(self, store: ObjectStore | None = None) -> None:
        super().__init__(store)
        self._dice = random.Random(20)
        self._last: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()
        self.served = 0

    def serve(self, call: Call, connection: Connection) -> None:
        with self._change:
            self.served += 1
            here = f"{call.kind} {call.object} {call.body[:600]!r}"
            strike = self._dice.random() < _ODDS and not self._last[here]
            self._last[here] = 1 if strike else 0
            what = self._dice.choice(_BY_KIND.get(call.kind, _ANY))
            if call.headers.get("range") and what == "flip":
                what = "short_range"  # a range has no checksum; that its length is wrong is seen
            if strike:
                self.struck[what] += 1
        if strike:
            self._break(Fault(what), call, connection)
        else:
            super().serve(call, connection)

    def require_all(self) -> None:
        """AssertionError if the weather was fine: a test of many calls must have met faults."""
        assert self.struck or self.served < 60, f"no fault among {self.served} calls"
