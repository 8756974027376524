"""The local store's own promises: durable before the answer, whole or not at all (I6), a meaning for every errno."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streamlake.errors import EXIT_UNREACHABLE, Permanent, Retryable
from streamlake.storage.errors import AnswerLost, StoreDenied, StoreFull, StoreMissing, StoreTrouble, WrongName
from streamlake.storage.local import TEMPORARY, LocalStore
from streamlake.storage.local_errors import DISPOSITIONS, translate
from streamlake.storage.names import MAX_SEGMENT

RETRYABLE = (
    "ENOSPC",
    "EDQUOT",
    "EFBIG",
    "EIO",
    "ESTALE",
    "EMFILE",
    "ENFILE",
    "ENOMEM",
    "EAGAIN",
    "EBUSY",
    "EINTR",
    "ETIMEDOUT",
)
PERMANENT = ("EACCES", "EPERM", "EROFS", "EXDEV", "EOPNOTSUPP", "ENOENT", "ENOTDIR", "ENODEV", "ENXIO", "ENOTCONN")


def test_the_table_of_errnos_is_walked() -> None:
    expected: dict[int, type[Exception]] = {getattr(errno, n): Retryable for n in RETRYABLE}
    expected |= {getattr(errno, n): Permanent for n in PERMANENT}
    assert DISPOSITIONS.keys() == expected.keys()
    for number, disposition in expected.items():
        error = translate(OSError(number, os.strerror(number)), "create x")
        assert isinstance(error, disposition), errno.errorcode[number]
        assert error.next_step
        assert os.strerror(number) in error.message


def test_an_errno_that_nobody_foresaw_is_tried_again() -> None:
    assert isinstance(translate(OSError(errno.ENOTTY, "?"), "create x"), StoreTrouble)


# At a link these two say that a folder is missing, or that a name clashes: both have tests of their own.
AT_A_LINK = sorted(DISPOSITIONS.keys() - {errno.ENOENT, errno.ENOTDIR})


@pytest.mark.parametrize(
    ("call", "number"),
    [*((c, n) for c in ("write", "fsync") for n in sorted(DISPOSITIONS)), *(("link", n) for n in AT_A_LINK)],
)
def test_a_failure_before_the_link_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """Every errno of the table at each system call: its disposition, nothing visible or left over, and it heals."""
    store = LocalStore(tmp_path)

    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(DISPOSITIONS[number][0]):
            store.create("a/b", [b"x"])
    assert list((tmp_path / TEMPORARY).iterdir()) == []
    assert list(store.list_from("")) == []
    assert store.create("a/b", [b"x"]) is True


def test_a_folder_that_cannot_be_synced_is_an_answer_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the link the object may be there: repeat the create, and False then means that it is on disk."""
    store = LocalStore(tmp_path)
    real = os.fsync
    calls = 0

    def second_fails(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(errno.EIO, "bad")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", second_fails)
        with pytest.raises(AnswerLost):
            store.create("a/b", [b"x"])
        before = calls
        assert store.create("a/b", [b"x"]) is False
        assert calls > before + 1, "the folder must be synced for a False too"


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


def test_a_missing_root_is_no_empty_lake(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "not-mounted")
    calls: list[Callable[[], object]] = [
        lambda: store.create("a", [b""]),
        lambda: store.read("a"),
        lambda: store.read_range("a", 0, 1),
        lambda: store.size("a"),
        lambda: list(store.list_from("")),
    ]
    for call in calls:
        with pytest.raises(StoreMissing) as missing:
            call()
        assert missing.value.exit_code == EXIT_UNREACHABLE
    assert not (tmp_path / "not-mounted").exists()


def test_a_root_that_is_unmounted_while_running_is_not_begun_anew(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    root.mkdir()
    store = LocalStore(root)
    store.create("a/b", [b"x"])
    root.rename(tmp_path / "elsewhere")
    root.mkdir()  # the mount point below
    with pytest.raises(StoreDenied):
        store.create("a/c", [b"x"])
    assert list(root.iterdir()) == []
    root.rmdir()
    (tmp_path / "elsewhere").rename(root)
    assert store.create("a/c", [b"x"]) is True


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


@pytest.fixture
def small_mount(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "mount"
    root.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", root], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("may not mount here")
    yield root
    subprocess.run(["umount", root], check=True)


@pytest.mark.root
def test_a_full_disk_is_retryable_shows_nothing_and_heals(small_mount: Path) -> None:
    store = LocalStore(small_mount)
    assert store.create("a/fits", [b"x" * 300_000]) is True
    for _ in range(3):
        with pytest.raises(StoreFull):
            store.create("a/too-big", [b"x" * 200_000] * 6)
    assert list(store.list_from("")) == ["a/fits"]
    assert list((small_mount / TEMPORARY).iterdir()) == []
    subprocess.run(["mount", "-o", "remount,size=4m", small_mount], check=True)
    assert store.create("a/too-big", [b"x" * 200_000] * 6) is True


@pytest.mark.root
def test_a_disk_without_inodes_is_retryable(small_mount: Path) -> None:
    subprocess.run(["mount", "-o", "remount,nr_inodes=8", small_mount], check=True)
    store = LocalStore(small_mount)
    with pytest.raises(StoreFull):  # noqa: PT012 - which of them runs out first is the file system's affair
        for number in range(20):
            store.create(f"d{number}/x", [b"x"])


@pytest.mark.root
def test_a_read_only_lake_is_denied_still_read_and_heals(small_mount: Path) -> None:
    store = LocalStore(small_mount)
    store.create("a/b", [b"x"])
    subprocess.run(["mount", "-o", "remount,ro", small_mount], check=True)
    for late in (store, LocalStore(small_mount)):
        with pytest.raises(StoreDenied):
            late.create("a/c", [b"x"])
        assert late.read("a/b") == b"x"
        assert list(late.list_from("")) == ["a/b"]
    subprocess.run(["mount", "-o", "remount,rw", small_mount], check=True)
    assert store.create("a/c", [b"x"]) is True
