"""Code branches on dispositions alone, so each of librdkafka's error codes must have one."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from streamlake.errors import Permanent, Rejected, Retryable, Unknown
from streamlake.kafka import faults
from streamlake.kafka.errors import ClientBroken, Unforeseen
from streamlake.kafka.faults import TABLE, error_of, error_of_exception

NAMES = [name for name in dir(KafkaError) if name.strip("_").isupper()]


def test_every_code_of_the_client_has_exactly_one_meaning() -> None:
    assert len(NAMES) > 150
    assert [name for name in NAMES if getattr(KafkaError, name) not in TABLE] == []
    listed = [name for names in faults._NAMES.values() for name in names.split()]
    assert sorted(set(listed)) == sorted(listed)


@pytest.mark.parametrize(
    ("code", "disposition"),
    [
        (KafkaError._MSG_TIMED_OUT, Unknown),
        (KafkaError.REQUEST_TIMED_OUT, Unknown),
        (KafkaError._PURGE_QUEUE, Retryable),
        (KafkaError._QUEUE_FULL, Retryable),
        (KafkaError.NOT_ENOUGH_REPLICAS, Retryable),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, Permanent),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, Permanent),
        (KafkaError.MSG_SIZE_TOO_LARGE, Rejected),
        (KafkaError.ILLEGAL_GENERATION, Retryable),
    ],
)
def test_what_to_do_when_something_was_written(code: int, disposition: type[Exception]) -> None:
    assert isinstance(error_of(KafkaError(code)), disposition)


@pytest.mark.parametrize("code", [KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError.REQUEST_TIMED_OUT])
def test_a_lost_answer_to_a_question_is_asked_again(code: int) -> None:
    assert isinstance(error_of(KafkaError(code), wrote=False), Retryable)
    assert isinstance(error_of(KafkaError(code), wrote=True), Unknown)


def test_a_fatal_error_breaks_the_client_whatever_its_code() -> None:
    assert isinstance(error_of(KafkaError(KafkaError._TIMED_OUT, "x", fatal=True)), ClientBroken)


def test_what_nobody_has_heard_of_stops_and_is_never_taken_for_a_bad_record() -> None:
    error = error_of_exception(KafkaException(KafkaError(9999)), "reading")
    assert isinstance(error, Unforeseen)
    assert isinstance(error_of_exception(KafkaException("text")), Unforeseen)
