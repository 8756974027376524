"""Plans of topics: nothing is deleted, and what is risky waits until it is asked for by name."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamlake.contract.model import Contract, Field, TopicSettings
from streamlake.kafka.admin import Topic
from streamlake.kafka.topics import Allowed, Change, Plan, plan, wanted

ORDERS = Contract("orders", 1, "", "", (Field("order_id", "string"),), ("order_id",), None, "refuse")


def as_wanted(*contracts: Contract, **settings: str) -> dict[str, Topic]:
    return {
        topic.name: Topic(topic.name, UUID(int=1), topic.partitions, {**topic.config, **settings}, frozenset())
        for contract in contracts
        for topic in wanted(contract)
    }


NOTHING = Allowed()


def planned(contract: Contract, actual: dict[str, Topic], allowed: Allowed = NOTHING) -> Plan:
    return plan([contract], actual, may_be_down_hours=72, allowed=allowed)


def test_what_is_missing_is_created_with_all_that_landing_needs() -> None:
    raw, dead = planned(ORDERS, {}).creates
    assert (raw.topic, raw.partitions) == ("streamlake.orders.raw", 3)
    assert (dead.topic, dead.partitions) == ("streamlake.orders.dlq", 1)
    for topic in (raw, dead):
        assert topic.config["cleanup.policy"] == "delete"
        assert topic.config["message.timestamp.type"] == "LogAppendTime"
    assert int(dead.config["retention.ms"]) > int(raw.config["retention.ms"]) == 168 * 3_600_000
    assert int(dead.config["max.message.bytes"]) > int(raw.config["max.message.bytes"]) > 1 << 20


def test_what_is_as_it_should_be_is_left_alone() -> None:
    assert planned(ORDERS, as_wanted(ORDERS)).empty


@given(
    st.builds(TopicSettings, st.integers(1, 9), st.integers(1, 999), st.integers(1, 999), st.integers(1, 5 << 20)),
    st.builds(TopicSettings, st.integers(1, 9), st.integers(1, 999), st.integers(1, 999), st.integers(1, 5 << 20)),
    st.booleans(),
)
def test_carrying_a_plan_out_leaves_what_was_held_back(then: TopicSettings, now: TopicSettings, keyed: bool) -> None:
    before = replace(ORDERS, topic=then, key=("order_id",) if keyed else ())
    after = replace(before, topic=now)
    actual = as_wanted(before)
    made = planned(after, actual)
    assert not made.creates
    for change in made.changes:
        actual[change.topic] = carried_out(actual[change.topic], change)
    again = planned(after, actual)
    assert (again.changes, again.held_back) == ((), made.held_back)
    for change in made.changes:
        if change.setting == "partitions":
            assert not keyed
            assert int(change.after) > int(change.before)
        if change.setting == "retention.ms":
            assert int(change.after) > int(change.before)


def carried_out(topic: Topic, change: Change) -> Topic:
    if change.setting == "partitions":
        return replace(topic, partitions=int(change.after))
    return replace(topic, config={**topic.config, change.setting: change.after})


def test_a_keyed_topic_grows_only_when_told_to() -> None:
    more = replace(ORDERS, topic=TopicSettings(partitions=6))
    made = planned(more, as_wanted(ORDERS))
    assert made.changes == ()
    (held,) = made.held_back
    assert held.command == "streamlake topics apply --grow-partitions orders"
    assert planned(more, as_wanted(ORDERS), Allowed(grow_partitions=frozenset({"clicks"}))).changes == ()
    told = planned(more, as_wanted(ORDERS), Allowed(grow_partitions=frozenset({"orders"})))
    assert told.changes == (Change("streamlake.orders.raw", "partitions", "3", "6"),)


def test_partitions_are_never_taken_away_even_when_told_to() -> None:
    fewer = replace(ORDERS, topic=TopicSettings(partitions=1))
    made = planned(fewer, as_wanted(ORDERS), Allowed(grow_partitions=frozenset({"orders"})))
    assert made.changes == ()
    assert made.held_back[0].command is None


def test_dead_letters_may_have_more_partitions() -> None:
    actual = as_wanted(ORDERS)
    actual["streamlake.orders.dlq"] = replace(actual["streamlake.orders.dlq"], partitions=4)
    assert planned(ORDERS, actual).empty


@pytest.mark.parametrize("before", ["-1", str(169 * 3_600_000)])
def test_events_are_not_removed_sooner_unless_told_to(before: str) -> None:
    actual = as_wanted(ORDERS)
    raw = actual["streamlake.orders.raw"]
    actual[raw.name] = replace(raw, config={**raw.config, "retention.ms": before})
    assert planned(ORDERS, actual).changes == ()
    assert "--shrink-retention orders" in (planned(ORDERS, actual).held_back[0].command or "")
    told = planned(ORDERS, actual, Allowed(shrink_retention=frozenset({"orders"})))
    assert [change.before for change in told.changes] == [before]


def test_topics_of_no_contract_are_left_alone() -> None:
    other = replace(ORDERS, dataset="other")
    assert planned(ORDERS, {**as_wanted(ORDERS), **as_wanted(other)}).empty


def test_retention_below_the_time_a_consumer_may_be_down_is_a_warning() -> None:
    short = replace(ORDERS, topic=TopicSettings(retention_hours=71))
    assert "71 h" in planned(short, as_wanted(short)).warnings[0]
    assert planned(ORDERS, as_wanted(ORDERS)).warnings == ()


def test_retention_by_size_is_a_warning() -> None:
    assert "retention.bytes=1000" in planned(ORDERS, as_wanted(ORDERS, **{"retention.bytes": "1000"})).warnings[0]
