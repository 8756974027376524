"""The embedded broker: one machine's Kafka starts, stops, dies and comes back with its log."""

import os
import socket
import time
from pathlib import Path

import pytest

from streamlake.kafka import broker as broker_module
from streamlake.kafka.broker import Place, command, prepare
from streamlake.kafka.errors import BrokerFailed, PortInUse
from tests.support.broker import BrokerUnderTest, free_port, software_folder

pytestmark = pytest.mark.broker


def test_what_was_acknowledged_is_there_after_a_clean_stop_and_after_a_kill(own_broker: BrokerUnderTest) -> None:
    topic = own_broker.create_topic("kept")
    own_broker.send(topic, [b"one"])
    own_broker.stop()
    assert own_broker.pid is None
    own_broker.start()
    own_broker.send(topic, [b"two"])
    own_broker.kill()
    began = time.monotonic()
    own_broker.start()
    assert time.monotonic() - began < 30
    assert [message.value() for message in own_broker.read(topic)] == [b"one", b"two"]


def test_preparing_again_keeps_the_log_and_the_ports(kafka_software: Path, tmp_path: Path) -> None:
    place = Place(home=tmp_path, port=free_port(), software=kafka_software)
    prepare(place)
    meta, properties = place.folder / "data" / "meta.properties", place.folder / "server.properties"
    before = meta.read_bytes(), properties.read_bytes()
    prepare(place)
    assert (meta.read_bytes(), properties.read_bytes()) == before
    assert command(place)[-2:] == ["kafka.Kafka", str(properties)]


def test_a_taken_port_is_one_clear_error_and_touches_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"{port}.*STREAMLAKE_KAFKA_PORT"):
            prepare(Place(home=tmp_path / "home", port=port, software=tmp_path / "software"))
    assert list(tmp_path.iterdir()) == []


def test_a_broker_that_ends_as_it_starts_says_why(kafka_software: Path, tmp_path: Path) -> None:
    own = BrokerUnderTest(tmp_path, extra={"log.segment.bytes": "not-a-number"})
    with pytest.raises(BrokerFailed, match=r"log\.segment\.bytes|formatted"):
        own.start()
    assert own.pid is None


def test_a_damaged_class_archive_does_not_stop_the_broker(
    kafka_software: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = BrokerUnderTest(tmp_path)
    damaged = tmp_path / "damaged.jsa"
    shared = sorted(software_folder().glob("classes-*.jsa"))
    damaged.write_bytes(shared[0].read_bytes()[: 10 << 20] + os.urandom(1 << 20) if shared else b"not an archive")
    launch = broker_module._launch

    def with_the_damaged_one(place: Place) -> dict[str, str]:
        return {**launch(place), "archive": str(damaged)}

    monkeypatch.setattr(broker_module, "_launch", with_the_damaged_one)
    own.start()
    own.kill()


def test_the_durable_profile_syncs_each_write(kafka_software: Path, tmp_path: Path) -> None:
    own = BrokerUnderTest(tmp_path, durable=True)
    own.start()
    try:
        topic = own.create_topic("durable")
        assert own.send(topic, [b"x"]) == [0]
        assert "log.flush.interval.messages=1\n" in (own.place.folder / "server.properties").read_text()
    finally:
        own.kill()
