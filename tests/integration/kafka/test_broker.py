"""The embedded broker: one machine's Kafka starts, stops, dies and comes back with its log."""

import os
import socket
import time
from pathlib import Path

import pytest

from streamlake.kafka.broker import Broker, Place, command, prepare, publish_archive
from streamlake.kafka.errors import BrokerFailed, PortInUse, UnusableFolder
from streamlake.kafka.install import libs_folder
from tests.support.broker import BrokerUnderTest, free_port, until

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


def test_a_class_archive_is_shared_only_if_it_is_whole(kafka_software: Path, tmp_path: Path) -> None:
    software = tmp_path / "software"
    software.mkdir()
    libs = libs_folder(kafka_software)
    (software / libs.name).symlink_to(libs)
    own = Broker(Place(home=tmp_path, port=free_port(), software=software))
    own.start()
    own.stop()
    (archive,) = software.glob("classes-*.jsa")
    whole = archive.read_bytes()
    fresh = own.place.folder / "classes.jsa.fresh"
    middle = len(whole) // 2
    for damaged in (
        whole[:middle],
        whole[:middle] + os.urandom(1 << 16) + whole[middle + (1 << 16) :],
        b"",
        bytes(9999),
    ):
        archive.unlink(missing_ok=True)
        fresh.write_bytes(damaged)
        publish_archive(own.place)
        assert not archive.exists()
        assert not fresh.exists()
    fresh.write_bytes(whole)
    publish_archive(own.place)
    assert archive.exists()
    own.start()
    assert f"-XX:SharedArchiveFile={archive}" in command(own.place)
    own.kill()


def test_a_home_with_blanks_and_letters_of_any_script(kafka_software: Path, tmp_path: Path) -> None:
    own = BrokerUnderTest(tmp_path / "mon été à 東京 🙂")
    own.start()
    try:
        own.create_topic("here")
        until((own.place.folder / "data" / "here-0").is_dir)  # the answer is the controller's; the folder comes after
        assert "Kafka Server started" in own.place.log.read_text()
    finally:
        own.kill()


@pytest.mark.parametrize("name", ["a,b", "a:b", "100%", "$HOME"])
def test_a_home_that_kafka_would_take_apart_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableFolder, match="STREAMLAKE_HOME"):
        prepare(Place(home=tmp_path / name, port=free_port(), software=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_durable_profile_syncs_each_write(kafka_software: Path, tmp_path: Path) -> None:
    own = BrokerUnderTest(tmp_path, durable=True)
    own.start()
    try:
        topic = own.create_topic("durable")
        assert own.send(topic, [b"x"]) == [0]
        assert "log.flush.interval.messages=1\n" in (own.place.folder / "server.properties").read_text()
    finally:
        own.kill()
