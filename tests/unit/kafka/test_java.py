"""A Java that is new enough is found, else installed, else one message says what to do."""

import os
from pathlib import Path

import pytest

from streamlake.kafka import java
from streamlake.kafka.errors import NoJava


def fake_java(folder: Path, says: str, code: int = 0) -> Path:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {code}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("says", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_401"', 1),
        ('openjdk version "25" 2025-09-16', 25),
        ('openjdk version "26-ea" 2026-03-17', 26),
    ],
)
def test_versions_are_read(tmp_path: Path, says: str, major: int) -> None:
    found = java.examine(fake_java(tmp_path, says))
    assert found is not None
    assert found.major == major


def test_what_is_no_java_is_passed_over(tmp_path: Path) -> None:
    assert java.examine(fake_java(tmp_path / "a", "hello")) is None
    assert java.examine(fake_java(tmp_path / "b", 'openjdk version "17"', code=1)) is None
    assert java.examine(tmp_path / "nowhere") is None


def test_java_home_comes_first_and_one_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    old = fake_java(tmp_path / "old", 'openjdk version "11.0.2"')
    new = fake_java(tmp_path / "new", 'openjdk version "21.0.2"')
    newer = fake_java(tmp_path / "newer", 'openjdk version "25"')
    environment = {"JAVA_HOME": str(old.parents[1]), "PATH": str(new.parent)}
    found = java.find(tmp_path, environment)
    assert found is not None
    assert found.program == new
    found = java.find(tmp_path, {**environment, "JAVA_HOME": str(newer.parents[1])})
    assert found is not None
    assert found.program == newer
    assert java.find(tmp_path, {"JAVA_HOME": str(old.parents[1]), "PATH": ""}) is None


def test_no_java_and_no_network_is_one_message_and_nothing_is_half_made(tmp_path: Path) -> None:
    offline = {"PATH": "/usr/bin:/bin", "PIP_INDEX_URL": "http://127.0.0.1:9/", "UV_INDEX_URL": "http://127.0.0.1:9/"}
    offline |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0", "HOME": str(tmp_path)}
    environment = {**offline, "PATH": str(tmp_path)}
    with pytest.raises(NoJava, match="JAVA_HOME"):
        java.ensure(tmp_path / "software", environment=environment)
    assert [path.name for path in (tmp_path / "software").iterdir()] == [".install.lock"]
