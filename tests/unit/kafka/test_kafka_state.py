"""What `kafka-state` says of a cluster: whether a node may be stopped. It reads what Kafka's own tools print."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[3] / "infra/ansible/roles/kafka/files/kafka_state.py"
HEAD = "NodeId\tDirectoryId\tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus\n"


@pytest.fixture(scope="module")
def state() -> ModuleType:
    """The program, as a module."""
    spec = importlib.util.spec_from_file_location("kafka_state", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def topics(isr: str = "1,2,3", needed: str = "min.insync.replicas=2,", leader: str = "1") -> str:
    """What `topics --describe` prints of one topic."""
    return (
        f"Topic: orders\tTopicId: x\tPartitionCount: 1\tReplicationFactor: 3\tConfigs: {needed}cleanup.policy=delete\n"
        f"\tTopic: orders\tPartition: 0\tLeader: {leader}\tReplicas: 1,2,3\tIsr: {isr}\tElr: \tLastKnownElr: \n"
    )


def quorum(lags: tuple[int, ...] = (0, 0, 0)) -> str:
    """What `quorum describe --replication` prints."""
    rows = (
        f"{n}     \tAAAA\t287\t{lag}\t1\t1\t{'Leader' if n == 1 else 'Follower'}\n" for n, lag in enumerate(lags, 1)
    )
    return HEAD + "".join(rows) + "9\tAAAA\t287\t5000\t1\t1\tObserver\n"


def problems(state: ModuleType, topics_text: str, quorum_text: str, without: int | None = 2) -> list[Any]:
    """The verdict on both texts."""
    judged: list[Any] = state.judge(state.partitions(topics_text, 2), state.voters(quorum_text), without)
    return judged


def test_a_whole_cluster_lets_a_node_go(state: ModuleType) -> None:
    """Three in sync, two needed, and an observer that lags is nobody's majority."""
    assert problems(state, topics(), quorum()) == []
    assert problems(state, "", quorum()) == []


@pytest.mark.parametrize(
    ("topics_text", "quorum_text", "said"),
    [
        (topics(isr="1,3"), quorum(), "under-replicated"),
        (topics(needed="min.insync.replicas=3,"), quorum(), "take no writes"),
        (topics(leader="none", isr=""), quorum(), "no leader"),
        (topics(), quorum((0, 0, 5000)), "no majority"),
        (topics(), quorum((0, 0, -1)), "no majority"),
        (topics(), quorum((0, 0)), "no majority"),
    ],
)
def test_a_node_is_kept_where_the_others_do_not_suffice(
    state: ModuleType, topics_text: str, quorum_text: str, said: str
) -> None:
    """Each single reason is enough, and it is said in words."""
    assert said in "; ".join(problems(state, topics_text, quorum_text))


def test_the_only_node_has_no_others(state: ModuleType) -> None:
    """Its restart is a pause, which is for whoever gives the reason to decide."""
    text = topics().replace("1,2,3", "1").replace("replicas=2", "replicas=1")
    assert problems(state, text, quorum((0,)), without=1) == []


def test_a_topic_without_a_setting_needs_what_the_cluster_needs(state: ModuleType) -> None:
    """The default is the cluster's, not Kafka's."""
    assert state.partitions(topics(needed=""), 2)[0][-1] == 2
    assert state.partitions(topics(needed=""), 1)[0][-1] == 1
