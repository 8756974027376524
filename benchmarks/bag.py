"""Lines without an order: how many, and the sum of their checksums. For tools that do not say where a line is from.

Two bags are the same if they hold the same lines equally often: a line that is missing, doubled or changed shows.
"""

import hashlib
from collections.abc import Iterable

_MODULUS = 1 << 256


class Bag:
    """Pure, but for its own two numbers."""

    def __init__(self, lines: Iterable[bytes] = ()) -> None:
        self.count = 0
        self._sum = 0
        for line in lines:
            self.add(line)

    def add(self, line: bytes) -> None:
        """One more, without its line break."""
        self.count += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(line).digest(), "big")) % _MODULUS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bag) and str(self) == str(other)

    __hash__ = None  # type: ignore[assignment] # it changes

    def __str__(self) -> str:
        return f"{self.count}:{self._sum:064x}"
