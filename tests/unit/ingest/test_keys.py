"""Only a living key opens, only its digest is kept, and the file is replaced as a whole with nobody else's access."""

import json
from pathlib import Path

import pytest

from streamlake.ingest import keys
from streamlake.ingest.errors import BadKeysFile, NoKey, NoSuchKey, WrongKey
from streamlake.ingest.guard import Guard

AT = "2026-11-21T07:00:00Z"


def test_find_takes_living_keys_only() -> None:
    (mine, key), (_, other) = keys.new("a", ("x",), AT), keys.new("b", ("y",), AT)
    assert keys.find((other, key), mine) == key
    for wrong in ("", mine[:-1], mine + "x", key.sha256):
        assert keys.find((other, key), wrong) is None
    assert keys.find(keys.revoke((other, key), key.id, AT), mine) is None


def test_what_is_kept_is_not_the_secret(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keys.json"
    secret, key = keys.new("checkout", ("orders", "clicks"), AT)
    keys.save(path, (key,))
    assert keys.load(path) == (key,)
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret not in path.read_text()
    assert len(secret) > 40
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]


def test_who_may_read_the_file_stays_as_it_was(tmp_path: Path) -> None:
    """A service that runs as another account reads it by its group; a new key must not shut it out."""
    path = tmp_path / "keys.json"
    keys.save(path, (keys.new("a", ("x",), AT)[1],))
    path.chmod(0o640)
    keys.save(path, (keys.new("b", ("x",), AT)[1],))
    assert path.stat().st_mode & 0o777 == 0o640


def test_no_file_is_not_the_same_as_no_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    assert keys.load(path) is None
    keys.save(path, ())
    assert keys.load(path) == ()
    with pytest.raises(NoKey):
        Guard(path, off_loopback=False).producer([], "orders")
    assert Guard(tmp_path / "none", off_loopback=False).producer([], "orders") == keys.ANONYMOUS
    with pytest.raises(NoKey):
        Guard(tmp_path / "none", off_loopback=True).producer([], "orders")


def test_a_key_is_for_its_datasets(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    (some, first), (all_of_them, second) = keys.new("a", ("orders",), AT), keys.new("b", ("all",), AT)
    keys.save(path, (first, second))
    guard = Guard(path, off_loopback=False)
    assert guard.producer([(b"authorization", b"bearer " + some.encode())], "orders") == "a"
    assert guard.producer([(b"authorization", b"Bearer " + all_of_them.encode())], "clicks") == "b"
    with pytest.raises(WrongKey):
        guard.producer([(b"authorization", b"Bearer " + some.encode())], "clicks")


ENTRY = {"id": "", "producer": "", "datasets": [], "sha256": "0" * 64, "created_at": ""}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"format":2,"keys":[]}',
        b'{"format":1,"keys":[{}]}',
        b'{"format":1,"keys":3}',
        json.dumps({"format": 1, "keys": [ENTRY | {"id": 1}]}).encode(),
        json.dumps({"format": 1, "keys": [ENTRY | {"datasets": "all"}]}).encode(),
        json.dumps({"format": 1, "keys": [ENTRY | {"sha256": "\xe9" * 64}]}).encode(),
        json.dumps({"format": 1, "keys": [ENTRY | {"sha256": ""}]}).encode(),
    ],
)
def test_a_broken_file_is_said_to_be_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    with pytest.raises(BadKeysFile):
        keys.load(path)


def test_two_keys_in_one_request_are_none(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    secret, key = keys.new("a", ("all",), AT)
    keys.save(path, (key,))
    bearer = (b"authorization", b"Bearer " + secret.encode())
    with pytest.raises(NoKey, match="twice"):
        Guard(path, off_loopback=False).producer([bearer, bearer], "orders")


def test_a_running_guard_keeps_its_last_good_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    secret, key = keys.new("a", ("all",), AT)
    keys.save(path, (key,))
    guard = Guard(path, off_loopback=False)
    bearer = [(b"authorization", b"Bearer " + secret.encode())]
    path.write_text("{")
    guard.look()
    assert guard.producer(bearer, "orders") == "a"
    path.unlink()  # a file that vanished must not open the door
    guard.look()
    assert guard.producer(bearer, "orders") == "a"
    with pytest.raises(NoKey):
        guard.producer([], "orders")
    keys.save(path, keys.revoke((key,), key.id, AT))
    guard.look()
    with pytest.raises(NoKey):
        guard.producer(bearer, "orders")


def test_revoking_what_is_not_there() -> None:
    with pytest.raises(NoSuchKey):
        keys.revoke((), "x", AT)
