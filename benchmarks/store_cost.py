"""What a bucket would charge for landing: calls of the store's port, counted as they are made, at Google's list. Pure.

Creating and listing are class A operations, reading and asking for a size class B. Each call is taken for one
operation; on a bucket a retry, or a listing of more than a page, is one more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PRICES_OF: Final = "Google's list, read in November 2026: USD, Standard class, one region such as europe-west1"
CLASS_A_PER_1000: Final = 0.005
CLASS_B_PER_1000: Final = 0.0004
STORED_PER_GB_MONTH: Final = 0.020

CLASS_OF: Final[Mapping[str, str]] = {
    "create": "A",
    "list_from": "A",
    "read": "B",
    "read_range": "B",
    "size": "B",
}
"""Of each method of the store's port."""


@dataclass(frozen=True, slots=True)
class StoreCost:
    """Per million records."""

    class_a: float
    class_b: float
    gigabytes: float

    @property
    def operations_usd(self) -> float:
        """For the operations alone; bytes into a bucket are free, and a month of keeping them is told apart."""
        return (self.class_a * CLASS_A_PER_1000 + self.class_b * CLASS_B_PER_1000) / 1000

    @property
    def month_usd(self) -> float:
        """To keep them for a month."""
        return self.gigabytes * STORED_PER_GB_MONTH


def store_cost(calls: Mapping[str, int], stored_bytes: int, records: int) -> StoreCost:
    """From what was called so often to land so many records. Raises KeyError for a call that has no price."""
    totals = {"A": 0, "B": 0}
    for call, count in calls.items():
        totals[CLASS_OF[call]] += count
    millions = records / 1e6
    return StoreCost(totals["A"] / millions, totals["B"] / millions, stored_bytes / 1e9 / millions)
