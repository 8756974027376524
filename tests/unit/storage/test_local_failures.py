"""A disk that fails, fills up or is not there: a meaning for every errno, nothing half-written (I6), and it heals."""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streamlake.errors import EXIT_UNREACHABLE, Permanent, Retryable
from streamlake.storage.errors import AnswerLost, StoreDenied, StoreFull, StoreMissing, StoreTrouble
from streamlake.storage.local import TEMPORARY, LocalStore
from streamlake.storage.local_errors import DISPOSITIONS, translate

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
