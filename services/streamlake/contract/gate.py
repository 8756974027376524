"""The one gate for every record, from wherever it came: strict JSON first, then the contract.

Fast acceptance implies the gate: what the compiled Struct decodes is accepted after three looks at what it does not
check (UTF-8 and depth in skipped fields, size). Everything else goes the slow way, which decides and explains.
Measured: 0.4 µs for an accepted event of 200 bytes, 6 to 30 µs for a refused one.
"""

from collections import deque
from collections.abc import Sequence
from operator import length_hint
from typing import Final, cast

import msgspec

from streamlake.contract import slow
from streamlake.contract.fast import REFUSALS, decoder, key_decoder
from streamlake.contract.model import Contract
from streamlake.contract.rejection import Rejection
from streamlake.contract.strict_json import MAX_DEPTH, read

__all__ = ["Gate", "Rejection", "compile_gate"]


class Gate:
    """A compiled contract. Pure: the same bytes get the same answer, in every process. Safe to share by threads."""

    __slots__ = ("_decode", "_decode_key", "_max_bytes", "_model", "contract")

    def __init__(self, contract: Contract) -> None:
        self.contract: Final = contract
        self._max_bytes: Final = contract.topic.max_event_bytes
        self._decode: Final = decoder(contract).decode
        self._decode_key: Final = key_decoder(contract).decode
        self._model: Final = slow.model(contract)

    def judge(self, value: bytes | None) -> Rejection | None:
        """None if the event is accepted. A tombstone (no value) is."""
        if value is None:
            return None
        if len(value) <= self._max_bytes and openers(value) <= MAX_DEPTH:
            try:
                self._decode(value)
                if not value.isascii():
                    str(value, "utf-8")
            except REFUSALS:
                pass
            else:
                return None
        return self.explain(value)

    def judge_many(self, values: Sequence[bytes | None]) -> dict[int, Rejection]:
        """The rejected ones by their index; what is not listed is accepted."""
        try:
            joined = b"\n".join(values)  # type: ignore[arg-type] # None raises, so that finding tombstones is free
        except TypeError:
            return self._with_tombstones(values)
        events = cast("Sequence[bytes]", values if isinstance(values, list | tuple) else tuple(values))
        if not self._within_size(joined, events):
            return self._one_by_one(events)
        undecided = self._not_decoded(events)
        if not _is_utf8(joined) and not _is_utf8(_without(events, undecided)):
            # One that is not must not send its neighbours the slow way.
            undecided = sorted({*undecided, *(index for index, event in enumerate(events) if not _is_utf8(event))})
        deep = _deep(events, joined, len(events) - len(undecided))
        if deep:
            undecided = sorted({*undecided, *deep})
        judged = ((index, self.explain(events[index])) for index in undecided)
        return {index: rejection for index, rejection in judged if rejection is not None}

    def explain(self, value: bytes) -> Rejection | None:
        """The slow way alone: it decides, and its words are what a producer reads."""
        event = read(value, self._max_bytes)
        if isinstance(event, Rejection):
            return event
        rejection = slow.explain(self._model, event.last)
        if rejection is None and event.first is not None:
            # Engines differ in which of two equal keys they take, and none may trip over the other one.
            rejection = slow.explain(self._model, event.first)
            if rejection is not None:
                detail = f"a key stands twice, and its first value breaks the contract: {rejection.detail}"
                return Rejection("contract.duplicate", detail, rejection.field)
        return rejection

    def key(self, value: bytes) -> bytes | None:
        """The business key of an accepted event: a string as UTF-8, an integer in decimal, several as a JSON array.

        None where the contract has no key, or the bytes are no event that `judge` accepts.
        """
        if not self.contract.key:
            return None
        try:
            found = msgspec.structs.astuple(self._decode_key(value))
        except REFUSALS:
            # A key that stands three times may be wrong in the middle, which no reader sees.
            event = read(value, self._max_bytes)
            if isinstance(event, Rejection) or self.judge(value) is not None:
                return None
            found = tuple(event.last[name] for name in self.contract.key)
        return _key(found)

    def keys(self, values: Sequence[bytes]) -> list[bytes | None]:
        """`key` of each, in fewer steps."""
        if not self.contract.key:
            return [None] * len(values)
        try:
            found = [self._decode_key(value) for value in values]
        except REFUSALS:
            return [self.key(value) for value in values]
        return [_key(msgspec.structs.astuple(event)) for event in found]

    def _not_decoded(self, events: Sequence[bytes]) -> list[int]:
        """The indexes that the fast path does not take. The loop runs in C: a `for` costs 40 ns a record more."""
        undecided = []
        rest = iter(events)
        decoded = map(self._decode, rest)
        while True:
            try:
                deque(decoded, maxlen=0)
            except REFUSALS:
                undecided.append(len(events) - length_hint(rest) - 1)
            else:
                return undecided

    def _within_size(self, joined: bytes, events: Sequence[bytes]) -> bool:
        return len(joined) <= self._max_bytes or max(map(len, events)) <= self._max_bytes

    def _with_tombstones(self, values: Sequence[bytes | None]) -> dict[int, Rejection]:
        places = [index for index, value in enumerate(values) if value is not None]
        judged = self.judge_many([value for value in values if value is not None])
        return {places[index]: rejection for index, rejection in judged.items()}

    def _one_by_one(self, events: Sequence[bytes]) -> dict[int, Rejection]:
        judged = ((index, self.judge(event)) for index, event in enumerate(events))
        return {index: rejection for index, rejection in judged if rejection is not None}


def _key(found: tuple[object, ...]) -> bytes:
    return str(found[0]).encode() if len(found) == 1 else msgspec.json.encode(found)


def openers(value: bytes) -> int:
    """How many brackets open: so deep it can be at most. Counted by length, for `bytes.count` is five times slower."""
    return len(value) - len(_without_openers(value))


def _without_openers(value: bytes) -> bytes:
    return value.replace(b"{", b"").replace(b"[", b"")


def _deep(events: Sequence[bytes], joined: bytes, accepted: int) -> list[int]:
    """Which events open more brackets than may stand inside each other. So many of them are accepted so far."""
    rest = _without_openers(joined)
    # An accepted event opens at least one, so what is above that is all that a single one can have.
    if len(joined) - len(rest) < accepted + MAX_DEPTH:
        return []
    lines = rest.split(b"\n")
    if len(lines) != len(events):  # there are line breaks in the events
        return [index for index, event in enumerate(events) if openers(event) > MAX_DEPTH]
    return [index for index, event in enumerate(events) if len(event) - len(lines[index]) > MAX_DEPTH]


def _without(events: Sequence[bytes], undecided: Sequence[int]) -> bytes:
    rest = list(events)
    for index in reversed(undecided):
        del rest[index]
    return b"\n".join(rest)


def _is_utf8(joined: bytes) -> bool:
    try:
        return joined.isascii() or bool(str(joined, "utf-8"))
    except UnicodeDecodeError:
        return False


def compile_gate(contract: Contract) -> Gate:
    """The contract, compiled. Costs milliseconds: do it once a version."""
    return Gate(contract)
