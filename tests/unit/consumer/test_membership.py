"""A consumer that lost its place in the group owns nothing, so only this tells that it never found it again (I11)."""

from streamlake.consumer.commit_manager import CommitManager
from streamlake.consumer.kafka_log import KafkaLog
from streamlake.consumer.watchdog import Progress, Standing


def _log() -> KafkaLog:
    return KafkaLog({"bootstrap.servers": "127.0.0.1:1", "group.id": "nobody"}, ["nothing"], CommitManager())


def test_a_member_is_outside_from_its_loss_until_it_is_let_in_again() -> None:
    log = _log()
    assert not log.outside  # it only begins to join, which may take the others' time
    log._assigned([])
    assert not log.outside
    log._lost([])
    assert log.outside
    assert not log.stands_by
    log._assigned([])
    assert not log.outside


def test_outside_for_long_while_kafka_answers_is_no_life() -> None:
    membership = Progress(420.0)
    outside, away = Standing(None, owes=True), Standing(None, owes=True, named=True)
    assert membership.alive(0.0, {("group", 0): outside})
    assert membership.alive(419.0, {("group", 0): outside})
    assert not membership.alive(420.0, {("group", 0): outside})
    assert membership.alive(421.0, {("group", 0): away})
    assert membership.alive(500.0, {("group", 0): outside})
