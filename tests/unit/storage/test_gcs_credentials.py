"""Who vouches for the process: Application Default Credentials, renewed by themselves; a clear word without them."""

import functools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from google.auth._exponential_backoff import ExponentialBackoff
from google.auth.compute_engine import _metadata

from streamlake.errors import EXIT_REFUSED
from streamlake.storage.errors import NoCredentials, StoreTrouble
from streamlake.storage.gcs import GcsStore
from tests.support.fake_gcs import BRIEF, BUCKET
from tests.support.fake_gcs_accounts import GuardedGcs


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[GuardedGcs]:
    """A bucket that asks for tokens, and the machine's metadata server that gives them."""
    with GuardedGcs() as server:
        for name in ("STORAGE_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
        monkeypatch.setenv("API_ENDPOINT_OVERRIDE", server.url)
        monkeypatch.setenv("GCE_METADATA_IP", server.host)
        # Google's library takes this one from the environment when it is imported.
        monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", server.host)
        yield server


@pytest.fixture
def vouched(guarded: GuardedGcs) -> Iterator[GcsStore]:
    """A lake in that bucket."""
    store = GcsStore(BUCKET, "lake")
    yield store
    store.close()


def test_one_token_serves_many_calls(guarded: GuardedGcs, vouched: GcsStore) -> None:
    assert vouched.create("a", [b"1"])
    assert vouched.read("a") == b"1"
    assert list(vouched.list_from("")) == ["a"]
    assert guarded.asked == {"tokens": 1}


def test_a_revoked_token_is_renewed_and_the_whole_body_sent_again(guarded: GuardedGcs, vouched: GcsStore) -> None:
    vouched.create("a", [b"1"])
    guarded.revoke_all()
    body = [b"x" * 700_000, b"y" * 700_000]
    assert vouched.create("b", body)
    assert vouched.read("b") == b"".join(body)
    assert guarded.asked["tokens"] == 2
    assert guarded.asked["refused"] == 1


def test_a_token_that_expires_is_renewed_before_it_is_used(guarded: GuardedGcs, vouched: GcsStore) -> None:
    guarded.lives_seconds = 1
    for number in range(3):
        assert vouched.create(f"of/{number}", [b"1"])
    assert guarded.asked["refused"] == 0
    assert guarded.asked["tokens"] >= 3


def test_many_threads_meet_a_revoked_token(guarded: GuardedGcs, vouched: GcsStore) -> None:
    vouched.create("a", [b"1"])
    guarded.revoke_all()
    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(lambda n: vouched.create(f"of/{n}", [b"%d" % n * 1000]), range(12)))


def test_an_account_that_is_gone_is_permanent_until_it_is_back(guarded: GuardedGcs, vouched: GcsStore) -> None:
    vouched.create("a", [b"1"])
    guarded.revoke_all()
    guarded.account_exists = False
    with pytest.raises(NoCredentials) as told:
        vouched.read("a")
    assert told.value.exit_code == EXIT_REFUSED
    assert "service account" in told.value.next_step
    guarded.account_exists = True
    assert vouched.read("a") == b"1"


def test_a_metadata_server_that_is_away_for_a_moment_is_waited_for(
    guarded: GuardedGcs, vouched: GcsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    vouched.create("a", [b"1"])
    guarded.revoke_all()
    hasty = GcsStore(BUCKET, "lake", BRIEF)
    hasty.create("b", [b"1"])
    guarded.revoke_all()
    with monkeypatch.context() as away:
        away.setattr(_metadata, "_GCE_METADATA_HOST", "127.0.0.1:9")
        soon = functools.partial(ExponentialBackoff, initial_wait_seconds=0.01)
        away.setattr(_metadata, "ExponentialBackoff", soon)  # it waits 15 s, whatever it is told
        with pytest.raises(StoreTrouble):
            hasty.read("a")
    hasty.close()
    assert vouched.read("a") == b"1"


def test_without_any_credentials_the_first_call_says_what_is_missing(
    guarded: GuardedGcs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_metadata, "_NO_GCE_CHECK", True)
    store = GcsStore(BUCKET, "lake")
    with pytest.raises(NoCredentials, match="default credentials"):
        store.size("a")


@pytest.mark.parametrize("content", [None, "{}", "no json"])
def test_a_credentials_file_that_is_none_is_named(
    guarded: GuardedGcs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "key.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(NoCredentials, match=r"key\.json"):
        GcsStore(BUCKET, "lake").size("a")


def test_an_emulator_without_a_scheme_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "localhost:4443")
    store = GcsStore(BUCKET, "lake")
    with pytest.raises(Exception, match="with its scheme") as told:
        store.size("a")
    assert told.value.code == "SL-0302"  # type: ignore[attr-defined] # one of ours
    store.close()


def test_an_emulator_on_this_machine_is_not_asked_through_a_proxy(
    lake: GcsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert lake.create("a", [b"1"])


def test_no_request_touches_the_environment(lake: GcsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is everybody's: a thread that read it while another's request had put something in ended with a KeyError."""
    changed: list[bytes] = []
    monkeypatch.setattr(os, "putenv", lambda name, _value: changed.append(name))
    assert lake.create("a", [b"1"])
    assert lake.read("a") == b"1"
    assert changed == []
    os.environ["STREAMLAKE_SEEN"] = "1"
    assert changed == [b"STREAMLAKE_SEEN"], "a change would have been seen"
    del os.environ["STREAMLAKE_SEEN"]
