"""One API for all that is fired at it: what one test leaves behind, the next one would meet."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.fire.target import Target
from tests.support.broker import BrokerUnderTest


@pytest.fixture(scope="session")
def running(kafka_software: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The API and a Kafka of its own: names in its topics are fixed."""
    broker = BrokerUnderTest(tmp_path_factory.mktemp("fire-broker"))
    with ExitStack() as stack:
        stack.callback(broker.kill)
        broker.start()
        target = Target(broker, tmp_path_factory.mktemp("fire"), api_client_seconds="4")
        stack.callback(target.close)
        target.start()
        yield target


@pytest.fixture
def target(running: Target) -> Iterator[Target]:
    """The API, and after each test: the log is what was acknowledged, no bug was met, memory was bounded."""
    workers = running.api.workers()
    yield running
    running.check()
    assert running.api.workers() == workers, "a worker died"
