"""Secrets of Google's Secret Manager: each comes to its file, for root alone, and none is ever printed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.host.secret_manager import SecretManager
from tests.support.host_programs import program

secret_manager = program("secrets", "secret_manager")
STORED = {"p-jwt": b"jwt-planted", "p-bytes": b"\x00\xff binary \n"}


@pytest.fixture
def google() -> Iterator[str]:
    with SecretManager() as server:
        server.stored.update(STORED)
        yield server.url


def asked(google: str, folder: Path, *names: str, check: bool = False) -> Any:
    files = [{"secret": name, "path": str(folder / "deep" / name)} for name in names]
    wanted = {"project": "shop", "files": files, "check": check, "metadata": google, "api": google}
    return secret_manager.bring(wanted)


def test_each_comes_to_its_file_as_it_is(google: str, tmp_path: Path) -> None:
    answer = asked(google, tmp_path, "p-jwt", "p-bytes", "p-empty")
    assert answer == {
        "written": [str(tmp_path / "deep" / "p-jwt"), str(tmp_path / "deep" / "p-bytes")],
        "absent": ["p-empty"],
        "refused": [],
    }
    for name, content in STORED.items():
        path = tmp_path / "deep" / name
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "deep").stat().st_mode & 0o777 == 0o700
    assert "planted" not in json.dumps(answer)


def test_a_second_time_changes_nothing(google: str, tmp_path: Path) -> None:
    asked(google, tmp_path, "p-jwt")
    assert asked(google, tmp_path, "p-jwt")["written"] == []


def test_a_rehearsal_writes_nothing(google: str, tmp_path: Path) -> None:
    assert len(asked(google, tmp_path, "p-jwt", check=True)["written"]) == 1
    assert not list(tmp_path.iterdir())


def test_what_is_refused_is_told_with_what_to_do_and_the_others_come(google: str, tmp_path: Path) -> None:
    answer = asked(google, tmp_path, "forbidden", "p-jwt")
    assert len(answer["written"]) == 1
    (refused,) = answer["refused"]
    assert refused["secret"] == "forbidden"
    assert "403" in refused["why"]
    assert "secretAccessor" in refused["why"]


def test_a_host_that_is_not_googles_is_told_so(tmp_path: Path) -> None:
    answer = asked("http://127.0.0.1:9", tmp_path, "p-jwt")
    assert "no service account" in answer["refused"][0]["why"]
    assert not list(tmp_path.iterdir())
