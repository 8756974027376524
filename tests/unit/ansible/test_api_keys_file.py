"""A host's file of keys: what it should hold, readable by the API, and no secret where it does not belong."""

import json
from pathlib import Path
from typing import Any

import pytest

from streamlake.ingest import keys
from tests.support.host_programs import program

api_keys = program("config", "api_keys")
AT = "2026-11-21T07:00:00Z"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(api_keys.shutil, "chown", lambda *_, **__: None)  # this machine has no such group
    return tmp_path


def bring(place: Path, *more: str, capsys: pytest.CaptureFixture[str]) -> Any:
    files = ["--keys", str(place / "keys.json"), "--group", "streamlake-api", "--canary", str(place / "canary")]
    assert api_keys.main([*files, *more]) == 0
    printed = capsys.readouterr().out
    if (place / "canary").exists():
        assert (place / "canary").read_text().strip() not in printed
    return json.loads(printed)


def test_the_api_takes_the_canarys_key(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bring(place, capsys=capsys) == {"changed": True}
    found = keys.find(keys.load(place / "keys.json") or (), (place / "canary").read_text().strip())
    assert found is not None
    assert found.may_write("anything")
    assert (place / "keys.json").stat().st_mode & 0o777 == 0o640
    assert (place / "canary").stat().st_mode & 0o777 == 0o600


def test_a_second_time_changes_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bring(place, capsys=capsys)
    before = {path.name: (path.read_text(), path.stat().st_mtime_ns) for path in place.iterdir()}
    assert bring(place, capsys=capsys) == {"changed": False}
    assert {path.name: (path.read_text(), path.stat().st_mtime_ns) for path in place.iterdir()} == before


def test_keys_that_were_made_on_the_host_stay(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, mine = keys.new("checkout", ("orders",), AT)
    keys.save(place / "keys.json", (mine,))
    bring(place, capsys=capsys)
    assert mine in (keys.load(place / "keys.json") or ())


def test_a_shared_file_says_which_keys_there_are(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, theirs = keys.new("checkout", ("orders",), AT)
    _, gone = keys.new("old", ("orders",), AT)
    keys.save(place / "keys.json", (gone,))
    keys.save(place / "shared.json", (theirs,))
    bring(place, "--shared", str(place / "shared.json"), capsys=capsys)
    found = keys.load(place / "keys.json") or ()
    assert [key.producer for key in found] == ["checkout", "streamlake-canary"]
    assert bring(place, "--shared", str(place / "shared.json"), capsys=capsys) == {"changed": False}


def test_a_rehearsal_writes_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bring(place, "--check", capsys=capsys) == {"changed": True}
    assert not list(place.iterdir())


def test_a_revoked_canary_gets_a_living_key(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bring(place, capsys=capsys)
    (only,) = keys.load(place / "keys.json") or ()
    keys.save(place / "keys.json", keys.revoke((only,), only.id, AT))
    bring(place, capsys=capsys)
    assert keys.find(keys.load(place / "keys.json") or (), (place / "canary").read_text().strip()) is not None


def test_a_file_of_another_kind_is_not_overwritten(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "keys.json").write_text('{"format": 2}')
    with pytest.raises(SystemExit, match="not a keys file"):
        bring(place, capsys=capsys)
    assert (place / "keys.json").read_text() == '{"format": 2}'
