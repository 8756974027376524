"""Kafka's jars come whole and verified, or not at all, and each failure says what to do."""

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from streamlake.kafka.errors import DownloadFailed, NoJarSource, NoRoom, WrongChecksum
from streamlake.kafka.install import install, libs_folder, pom_of
from streamlake.kafka.jars import KAFKA_VERSION, Jar, fingerprint, locked
from tests.support.broker import free_port
from tests.support.web import FileServer, serving

FILES = {f"org/acme/thing-{n}/1.{n}/thing-{n}-1.{n}.jar": os.urandom(1000 + n * 50_000) for n in range(8)}
JARS = tuple(Jar(hashlib.sha256(body).hexdigest(), len(body), path) for path, body in FILES.items())


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(FILES) as running:
        yield running


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


WHOLE = {path.rsplit("/", 1)[1]: body for path, body in FILES.items()}


def test_all_jars_are_fetched_once_and_progress_is_true(server: FileServer, tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    libs = install(tmp_path, base_url=server.url, jars=JARS, progress=lambda _, done, total: said.append((done, total)))
    assert content(libs) == WHOLE
    total = sum(map(len, FILES.values()))
    assert said == sorted(said)
    assert said[-1] == (total, total)
    asked = len(server.asked)
    assert install(tmp_path, base_url=server.url, jars=JARS) == libs
    assert len(server.asked) == asked == len(JARS)


def test_a_file_that_is_not_the_pinned_one_is_refused_and_nothing_is_installed(
    server: FileServer, tmp_path: Path
) -> None:
    path = JARS[3].path
    server.files[path] = bytes(len(server.files[path]))
    with pytest.raises(WrongChecksum, match=JARS[3].sha256):
        install(tmp_path, base_url=server.url, jars=JARS)
    assert not libs_folder(tmp_path, JARS).exists()
    server.files[path] = FILES[path]
    assert content(install(tmp_path, base_url=server.url, jars=JARS)) == WHOLE


@pytest.mark.parametrize("body", [b"", b"short", bytes(10 << 20)])
def test_a_file_of_another_length_is_refused_and_does_not_fill_the_disk(
    server: FileServer, tmp_path: Path, body: bytes
) -> None:
    server.files[JARS[0].path] = body
    with pytest.raises((WrongChecksum, DownloadFailed)):
        install(tmp_path, base_url=server.url, jars=JARS[:1])
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.partial") if path.is_file()) <= 1 << 20


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_breaks_off_goes_on_where_it_was(tmp_path: Path, ranges: bool) -> None:
    with serving(FILES, ranges=ranges, cut_first=500) as server:
        assert content(install(tmp_path, base_url=server.url, jars=JARS)) == WHOLE
        resumed = [wanted for _, wanted in server.asked if wanted]
        assert resumed == ["bytes=500-"] * len(JARS)


def test_what_an_earlier_attempt_left_is_not_trusted(server: FileServer, tmp_path: Path) -> None:
    work = tmp_path / f".{libs_folder(tmp_path, JARS).name}.partial"
    work.mkdir()
    (work / f"{JARS[1].name}.partial").write_bytes(b"wrong")
    (work / f"{JARS[2].name}.partial").write_bytes(bytes(JARS[2].size))
    (work / f"{JARS[4].name}.partial").write_bytes(bytes(JARS[4].size + 5))
    (work / JARS[5].name).write_bytes(b"wrong, too")
    (work / "stranger.jar").write_bytes(b"not in the lock")
    assert content(install(tmp_path, base_url=server.url, jars=JARS)) == WHOLE


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    with serving(FILES, busy=2) as server:
        assert content(install(tmp_path, base_url=server.url, jars=JARS)) == WHOLE


def test_no_network_is_one_message_and_running_again_goes_on(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="Check the network"):
        install(tmp_path, base_url=f"http://127.0.0.1:{free_port()}", jars=JARS)
    with pytest.raises(DownloadFailed, match="404"):
        install(tmp_path, base_url=f"{server.url}/elsewhere", jars=JARS)
    assert not libs_folder(tmp_path, JARS).exists()
    assert content(install(tmp_path, base_url=server.url, jars=JARS)) == WHOLE


def test_a_damaged_installation_is_made_again(server: FileServer, tmp_path: Path) -> None:
    libs = install(tmp_path, base_url=server.url, jars=JARS)
    (libs / JARS[0].name).unlink()
    (libs / JARS[1].name).write_bytes(b"half")
    assert content(install(tmp_path, base_url=server.url, jars=JARS)) == WHOLE


def test_several_at_once_install_once(server: FileServer, tmp_path: Path) -> None:
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(install(tmp_path, base_url=server.url, jars=JARS)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [libs_folder(tmp_path, JARS)] * 4
    assert len(server.asked) == len(JARS)


def test_no_room_is_said_before_anything_is_fetched(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(NoRoom, match="Make room"):
        install(tmp_path, base_url=server.url, jars=JARS)
    assert server.asked == []


def test_a_file_where_the_folder_should_be(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for software in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(NoRoom, match="STREAMLAKE_HOME"):
            install(software, base_url=server.url, jars=JARS)


def test_neither_maven_nor_an_address(tmp_path: Path) -> None:
    with pytest.raises(NoJarSource, match="STREAMLAKE_MAVEN_BASE_URL"):
        install(tmp_path, maven="", jars=JARS)


def fake_maven(tmp_path: Path, script: str) -> str:
    program = tmp_path / "mvn"
    program.write_text(f'#!/bin/sh\nfor a; do case $a in -DoutputDirectory=*) out="${{a#*=}}";; esac; done\n{script}\n')
    program.chmod(0o755)
    return str(program)


def test_what_maven_brings_is_verified(tmp_path: Path) -> None:
    for name, body in WHOLE.items():
        (tmp_path / name).write_bytes(body)
    good = fake_maven(tmp_path, f'cp {tmp_path}/*.jar "$out"')
    assert content(install(tmp_path / "good", maven=good, jars=JARS)) == WHOLE
    bad = fake_maven(tmp_path, f'cp {tmp_path}/*.jar "$out"; chmod u+w "$out"/*; echo x >> "$out/{JARS[2].name}"')
    with pytest.raises(WrongChecksum, match=JARS[2].name):
        install(tmp_path / "bad", maven=bad, jars=JARS)
    missing = fake_maven(tmp_path, f'cp {tmp_path}/*.jar "$out"; rm "$out/{JARS[2].name}"')
    with pytest.raises(DownloadFailed, match=JARS[2].name):
        install(tmp_path / "missing", maven=missing, jars=JARS)
    failing = fake_maven(tmp_path, "echo '[ERROR] no such host'; exit 1")
    with pytest.raises(DownloadFailed, match="no such host"):
        install(tmp_path / "failing", maven=failing, jars=JARS)
    with pytest.raises(DownloadFailed, match="did not finish"):
        install(tmp_path / "none", maven=str(tmp_path / "nowhere"), jars=JARS)
    assert not any(libs_folder(tmp_path / name, JARS).exists() for name in ("bad", "missing", "failing", "none"))


def test_maven_resolves_nothing_that_is_not_pinned() -> None:
    project = ElementTree.fromstring(pom_of(locked()))
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    found = project.findall("m:dependencies/m:dependency", space)
    assert len(found) == len(locked())
    for dependency in found:
        assert dependency.findtext("m:exclusions/m:exclusion/m:artifactId", namespaces=space) == "*"


def test_the_lock_is_of_one_kafka_and_names_no_jar_twice() -> None:
    jars = locked()
    assert len({jar.name for jar in jars}) == len(jars) > 40
    versions = {jar.coordinates[2] for jar in jars if jar.path.startswith("org/apache/kafka/")}
    assert versions == {KAFKA_VERSION}
    assert fingerprint(jars) != fingerprint(tuple(reversed(jars)))
