"""An API for the tests of a module, fresh datasets on it, and APIs of a test's own."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streamlake.kafka.names import dlq_topic, raw_topic
from tests.support.api import ApiUnderTest
from tests.support.broker import BrokerUnderTest, until


@pytest.fixture(scope="module")
def api(broker: BrokerUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiUnderTest]:
    """A running API without keys, on loopback."""
    running = ApiUnderTest(tmp_path_factory.mktemp("api"), broker.bootstrap, log_level="DEBUG")
    running.contract("first")
    running.start()
    yield running
    running.kill()


MakeDataset = Callable[..., str]


@pytest.fixture
def new(api: ApiUnderTest, broker: BrokerUnderTest) -> MakeDataset:
    """Makes datasets that the running API takes: a contract file and two topics."""

    def make(partitions: int = 1, *, on_invalid: str = "refuse", **changes: Any) -> str:
        name = f"a{uuid.uuid4().hex[:12]}"
        broker.create_topic(raw_topic(name), partitions, max_message_bytes=str(1179648))
        broker.create_topic(dlq_topic(name), 1, max_message_bytes=str(2 << 20))
        api.contract(name, on_invalid=on_invalid, **changes)
        until(lambda: api.get_status(f"/v1/datasets/{name}") == 200)
        return name

    return make


@pytest.fixture
def dataset(new: MakeDataset) -> str:
    """A dataset that refuses what is bad."""
    return new()


MakeApi = Callable[..., ApiUnderTest]


@pytest.fixture
def make_api(broker: BrokerUnderTest, tmp_path: Path) -> Iterator[MakeApi]:
    """Makes APIs of the test's own, not started yet."""
    made: list[ApiUnderTest] = []

    def make(**settings: str) -> ApiUnderTest:
        made.append(ApiUnderTest(tmp_path / f"api{len(made)}", broker.bootstrap, **settings))
        made[-1].contract("first")
        return made[-1]

    yield make
    for api in made:
        if api.process is not None:
            api.kill()
