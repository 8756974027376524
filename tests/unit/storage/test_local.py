"""The local store's own promises: durable before the answer, and whole or not at all (I6)."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamlake.storage.errors import WrongName
from streamlake.storage.local import TEMPORARY, LocalStore
from streamlake.storage.names import MAX_SEGMENT


def _synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    synced: list[str] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return synced


def test_the_file_its_folder_and_every_new_parent_are_synced_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path)
    synced = _synced(monkeypatch)
    store.create("raw/d/e/part", [b"x"])
    assert Path(synced[0]).parent == tmp_path / TEMPORARY
    assert set(synced[1:]) == {str(tmp_path / p) for p in ("raw/d/e", "raw/d", "raw")} | {str(tmp_path)}
    synced.clear()
    store.create("raw/d/e/part2", [b"x"])
    assert synced[1:] == [str(tmp_path / "raw/d/e")]


def test_folders_that_another_process_made_are_synced_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been killed between mkdir and fsync."""
    (tmp_path / "raw/d").mkdir(parents=True)
    store = LocalStore(tmp_path)
    synced = _synced(monkeypatch)
    store.create("raw/d/part", [b"x"])
    assert set(synced[1:]) == {str(tmp_path / "raw/d"), str(tmp_path / "raw"), str(tmp_path)}


def test_folders_that_vanish_are_made_again(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.create("a/b/c", [b"x"])
    (tmp_path / "a/b/c").unlink()
    (tmp_path / "a/b").rmdir()
    assert store.create("a/b/c", [b"y"]) is True


def test_reading_writes_nothing(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.read("a")
    list(store.list_from(""))
    assert list(tmp_path.iterdir()) == []


def test_left_overs_are_cleared_when_a_day_old_and_held_by_nobody(tmp_path: Path) -> None:
    temporary = tmp_path / TEMPORARY
    temporary.mkdir()
    long_ago = time.time() - 90_000
    for name in ("old-dead", "old-live", "young-dead"):
        (temporary / name).write_bytes(b"half")
    for name in ("old-dead", "old-live"):
        os.utime(temporary / name, (long_ago, long_ago))
    with (temporary / "old-live").open("rb") as live:
        fcntl.flock(live, fcntl.LOCK_EX)
        LocalStore(tmp_path).create("a", [b"x"])
        assert {p.name for p in temporary.iterdir()} == {"old-live", "young-dead"}


def test_temporary_files_are_never_listed(tmp_path: Path) -> None:
    (tmp_path / TEMPORARY).mkdir()
    (tmp_path / TEMPORARY / "half").write_bytes(b"half")
    store = LocalStore(tmp_path)
    store.create("a/b", [b"x"])
    (tmp_path / "a/.hidden").write_bytes(b"")
    assert list(store.list_from("")) == ["a/b"]
    assert list(store.list_from("a/")) == ["a/b"]


def test_the_longest_segment_fits_a_file_system(tmp_path: Path) -> None:
    name = "a/" + "x" * MAX_SEGMENT
    store = LocalStore(tmp_path)
    assert store.create(name, [b"x"]) is True
    with pytest.raises(WrongName):
        store.create(name + "x", [b"x"])


WRITER = """
import sys
from pathlib import Path
from streamlake.storage.local import LocalStore
store = LocalStore(Path(sys.argv[1]))
chunk = b"0123456789abcdef" * 65536
print("ready", flush=True)
for number in range(100000):
    store.create(f"raw/{sys.argv[2]}-{number:06}", [chunk] * 4)
"""


def test_a_writer_killed_in_the_middle_never_shows_half_an_object(tmp_path: Path) -> None:
    """I6, twelve times with kill -9 while megabytes are under way, with a reader beside it."""
    whole = b"0123456789abcdef" * 65536 * 4
    store = LocalStore(tmp_path)
    seen = 0
    for round_ in range(12):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), f"r{round_}"], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        deadline = time.monotonic() + 20
        needed = round_ % 4
        while len(list(store.list_from(f"raw/r{round_}"))) < needed and time.monotonic() < deadline:
            pass
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        names = list(store.list_from(f"raw/r{round_}"))
        assert len(names) >= needed
        for name in names:
            assert store.size(name) == len(whole)
            assert store.read(name) == whole
        seen += len(names)
    assert seen
    assert store.create("raw/after", [b"x"]) is True


def test_the_next_claim_among_300_000_is_found_fast(tmp_path: Path) -> None:
    """A head is found with one-result lists, about twenty of them: each may cost a scan, not a sort of the tree."""
    folder = tmp_path / "ledger/d/c/00000"
    folder.mkdir(parents=True)
    for number in range(300_000):
        os.close(os.open(folder / f"{number * 7:020}.json", os.O_CREAT | os.O_WRONLY))
    store = LocalStore(tmp_path)
    started = time.process_time()
    found = list(store.list_from("ledger/d/c/00000/", f"ledger/d/c/00000/{1_000_000:020}.json", 1))
    assert time.process_time() - started < 0.5
    assert found == [f"ledger/d/c/00000/{1_000_006:020}.json"]
