"""Grants: each unit what it needs, and no more."""

from streamlake.kafka.access import API, CONSUMER, Grant, wanted


def test_a_consumer_reaches_only_its_own_dataset() -> None:
    """It cannot write what it reads, read another's, or commit for another's group."""
    grants = {g for g in wanted(["orders", "clicks"]) if g.user == CONSUMER + "orders"}
    assert {g.name for g in grants} == {
        "streamlake.orders.raw",
        "streamlake.orders.dlq",
        "streamlake-consumer-orders",
        "streamlake-reader",
    }
    assert Grant(CONSUMER + "orders", "topic", "streamlake.orders.raw", "write") not in grants


def test_the_api_writes_and_reads_nothing() -> None:
    """A stolen credential of the API shows no event to anybody."""
    assert {g.operation for g in wanted(["orders"]) if g.user == API} == {"write"}


def test_only_our_users_are_ours() -> None:
    """Grants that others made are never taken away."""
    assert all(g.ours for g in wanted(["orders"]))
    assert not Grant("grafana", "topic", "streamlake.orders.raw", "read").ours
    assert wanted([]) == frozenset()
