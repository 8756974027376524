"""What a bucket would charge: counts by class, per million records."""

import pytest
from benchmarks.store_cost import CLASS_A_PER_1000, CLASS_B_PER_1000, CLASS_OF, store_cost

from streamlake.storage.store import ObjectStore


def test_counts_and_prices_by_class() -> None:
    cost = store_cost({"create": 30, "list_from": 10, "read": 5, "size": 15}, 2_000_000_000, 2_000_000)
    assert (cost.class_a, cost.class_b, cost.gigabytes) == (20, 10, 1)
    assert cost.operations_usd == pytest.approx(20 * CLASS_A_PER_1000 / 1000 + 10 * CLASS_B_PER_1000 / 1000)
    assert cost.month_usd == pytest.approx(0.020)


def test_a_call_without_a_price_is_noticed() -> None:
    with pytest.raises(KeyError):
        store_cost({"delete": 1}, 0, 1)


def test_every_call_of_the_port_has_a_class() -> None:
    calls = {name for name in vars(ObjectStore) if not name.startswith("_")} - {"url"}
    assert calls == CLASS_OF.keys()
