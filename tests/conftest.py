"""What every test may use: a real broker, fresh datasets, rigs of consumers, and what this machine can do."""

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from streamlake.kafka import install, java
from streamlake.kafka.errors import DownloadFailed, NoJarSource, NoJava
from streamlake.kafka.names import dlq_topic, raw_topic
from tests.support.broker import BrokerUnderTest, software_folder
from tests.support.consumer import Rig, RigMaker

# How long an example takes says how busy the machine is: workers and hosts run beside.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the long versions, too")
    parser.addoption("--beside", action="store_true", help="other tests run meanwhile: what is timed may take longer")
    parser.addoption("--require", default="", help='capabilities that must be here, as in "java root"')


def pytest_configure(config: pytest.Config) -> None:
    unknown = set(config.getoption("--require").split()) - {"java", "root", "host", "terraform"}
    if unknown:
        raise pytest.UsageError(f"--require does not know {', '.join(sorted(unknown))}")
    # A shell starts what is put behind with `&` deaf to Ctrl-C, and so would be each command that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what tests measured, as seconds of a play or of a restore."""
    passed = terminalreporter.stats.get("passed", [])
    measured = [f"{report.nodeid}: {name}: {value}" for report in passed for name, value in report.user_properties]
    if measured:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(measured))


def missing(config: pytest.Config, capability: str, why: str) -> None:
    """Skip, and say why; fail where the run requires what is missing."""
    if capability in config.getoption("--require").split():
        pytest.fail(f"{capability} is required here, and missing: {why}", pytrace=False)
    pytest.skip(why)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("slow") and not item.config.getoption("--full"):
        pytest.skip("only with --full")
    if item.get_closest_marker("root") and os.geteuid() != 0:
        missing(item.config, "host" if item.get_closest_marker("host") else "root", "needs root")


@pytest.fixture(scope="session")
def kafka_software(pytestconfig: pytest.Config) -> Path:
    """The folder with Kafka's jars and, where the machine has none, Java: installed once, kept between runs."""
    software = software_folder()
    try:
        install.install(software)
        java.ensure(software)
    except (NoJava, NoJarSource, DownloadFailed) as error:
        missing(pytestconfig, "java", str(error))
    return software


@pytest.fixture(scope="session")
def broker(kafka_software: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerUnderTest]:
    """The session's broker. Tests share it: never stop it, and use names of your own on it."""
    shared = BrokerUnderTest(tmp_path_factory.mktemp("broker"))
    shared.start()
    yield shared
    shared.stop()


@pytest.fixture
def own_broker(kafka_software: Path, tmp_path: Path) -> Iterator[BrokerUnderTest]:
    """A broker of the test's own, started: stop, kill or pause it at will."""
    own = BrokerUnderTest(tmp_path / "broker")
    own.start()
    yield own
    own.kill()


@pytest.fixture
def topic(broker: BrokerUnderTest) -> str:
    """A fresh topic with one partition, set as raw topics are."""
    return broker.create_topic(f"test.{uuid.uuid4().hex[:12]}")


@pytest.fixture
def new_dataset(broker: BrokerUnderTest) -> Callable[..., str]:
    """Makes datasets on the shared broker: `new_dataset(partitions=3)` gives a fresh name with both topics."""

    def make(partitions: int = 3) -> str:
        name = f"t{uuid.uuid4().hex[:12]}"
        broker.create_topic(raw_topic(name), partitions)
        broker.create_topic(dlq_topic(name), 1, max_message_bytes=str(2 << 20))
        return name

    return make


@pytest.fixture
def dataset(new_dataset: Callable[..., str]) -> str:
    """A fresh dataset with a raw topic of three partitions and a dead letter topic."""
    return new_dataset()


@pytest.fixture
def new_rig(broker: BrokerUnderTest, new_dataset: Callable[..., str], tmp_path: Path) -> Iterator[RigMaker]:
    """Makes rigs (a dataset with its lake and its consumer processes) on the shared broker: `new_rig(partitions=3)`."""
    rigs: list[Rig] = []

    def make(partitions: int = 1) -> Rig:
        rigs.append(Rig(broker, new_dataset(partitions), tmp_path / f"rig{len(rigs)}"))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.close()


@pytest.fixture
def rig(new_rig: RigMaker) -> Rig:
    """A dataset with one raw partition."""
    return new_rig()


@pytest.fixture
def own_rig(own_broker: BrokerUnderTest, tmp_path: Path) -> Iterator[Rig]:
    """A dataset with one raw partition on a broker of its own, which the test may stop."""
    own = Rig(own_broker, "own", tmp_path / "rig")
    own_broker.create_topic(own.raw, 1)
    own_broker.create_topic(own.dlq, 1)
    yield own
    own.close()
