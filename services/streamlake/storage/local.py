"""The lake on a local disk: a file an object, made whole under a name of its own and then linked to the final one.

`link` fails where the name exists, which is all the fence that landing needs, and it never shows half a file. The
order is: write, fsync the file, make the parents, link, fsync the folders, answer. Temporary files stand in `.tmp/`,
outside every name that an object can have.
"""

# Descriptors, links and fsync have no counterpart in pathlib.
# ruff: noqa: PTH102, PTH108, PTH112, PTH116

import contextlib
import errno
import fcntl
import os
import stat
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from streamlake.storage.errors import AnswerLost
from streamlake.storage.local_errors import translate
from streamlake.storage.local_listing import walk
from streamlake.storage.names import check_name, check_prefix, path_clash

TEMPORARY: Final = ".tmp"
_LEFT_OVER_SECONDS: Final = 86_400
_NOT_THERE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)
"""There is no such object: no file, a link to itself, or a socket."""


class LocalStore:
    """See the port, and the module.

    The root must exist: a lake whose disk is not mounted is refused, never begun anew on the disk below. Opening a
    store writes nothing, so that a lake on a read-only disk can be read.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root.absolute())
        self._temporary = f"{self._root}/{TEMPORARY}"
        self._ready = False
        self._durable: set[str] = set()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """`file:///srv/lake`."""
        return f"file://{self._root}"

    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        """See the port. Also when the answer is False, what is there survives a power cut."""
        check_name(name)
        try:
            self._prepare()
            descriptor, temporary = self._open_temporary()
        except OSError as error:
            raise translate(error, f"write into {self.url}") from error
        try:
            try:
                _write_all(descriptor, chunks)
                os.fsync(descriptor)
                made = self._link(temporary, name)
            except OSError as error:
                raise translate(error, f"create {name} in {self.url}") from error
            self._make_durable(name)
            return made
        finally:
            _remove(temporary)
            _close(descriptor)

    def read(self, name: str) -> bytes | None:
        """See the port."""
        return self._read(name, 0, None)

    def read_range(self, name: str, start: int, length: int) -> bytes | None:
        """See the port."""
        if start < 0 or length < 0:
            raise ValueError(f"not a range: {start}, {length}")
        return self._read(name, start, length)

    def size(self, name: str) -> int | None:
        """See the port."""
        check_name(name)
        try:
            status = os.stat(self._path(name))
        except OSError as error:
            if error.errno in _NOT_THERE:
                self._require_root()
                return None
            raise translate(error, f"look at {name} in {self.url}") from error
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def list_from(self, prefix: str, start: str = "", limit: int | None = None) -> Iterator[str]:
        """See the port."""
        check_prefix(prefix)
        self._require_root()
        try:
            yield from walk(self._root, prefix, start, limit)
        except OSError as error:
            raise translate(error, f"list {prefix}* in {self.url}") from error

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _read(self, name: str, start: int, length: int | None) -> bytes | None:
        check_name(name)
        try:
            # O_NONBLOCK: what looks like a part may be a pipe, and opening one waits for a writer for ever.
            descriptor = os.open(self._path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    return None
                rest = max(status.st_size - start, 0)
                return _read_all(descriptor, start, rest if length is None else min(length, rest))
            finally:
                os.close(descriptor)
        except OSError as error:
            if error.errno in _NOT_THERE:
                self._require_root()
                return None
            raise translate(error, f"read {name} in {self.url}") from error

    def _require_root(self) -> None:
        """A missing root is no empty lake: who took it for one would begin every chain again."""
        try:
            os.stat(f"{self._root}/.")
        except OSError as error:
            raise translate(error, f"find the lake at {self.url}") from error

    def _prepare(self) -> None:
        """Once a store: make the temporary folder and clear what dead processes left there.

        Only once: when it has vanished later on, the disk was unmounted below us, and making it again would write
        to the disk underneath.
        """
        with self._lock:
            if self._ready:
                return
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._temporary)
            with os.scandir(self._temporary) as entries:
                for entry in entries:
                    _clear_left_over(entry)
            self._ready = True

    def _open_temporary(self) -> tuple[int, str]:
        path = f"{self._temporary}/{os.getpid()}-{uuid.uuid4().hex}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            # Held until the file is removed: it tells a cleaner that somebody still writes here.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _remove(path)
            os.close(descriptor)
            raise
        return descriptor, path

    def _link(self, temporary: str, name: str) -> bool:
        path = self._path(name)
        for attempt in (1, 2):
            try:
                os.link(temporary, path)
            except FileExistsError:
                if os.path.isdir(path):
                    raise path_clash(name) from None
                return False
            except FileNotFoundError:
                if attempt == 2:
                    raise
                self._make_folders(name)
            except NotADirectoryError:
                raise path_clash(name) from None
            else:
                return True
        raise AssertionError("unreachable")

    def _make_folders(self, name: str) -> None:
        os.stat(self._temporary)  # gone with its disk? then nothing may be made in its place
        for folder in _folders(name):
            self._durable.discard(folder)
            try:
                os.mkdir(self._path(folder))
            except FileExistsError:
                if not os.path.isdir(self._path(folder)):
                    raise path_clash(name) from None

    def _make_durable(self, name: str) -> None:
        """Fsync the object's folder, and above it each folder that this store has not yet seen on disk.

        Also the folders that another process made: it may have been killed before its own fsync.
        """
        folders = _folders(name)
        try:
            _fsync_folder(self._path(folders[-1]) if folders else self._root)
            for parent, folder in zip(["", *folders], folders, strict=False):
                if folder not in self._durable:
                    _fsync_folder(self._path(parent))
                    self._durable.add(folder)
        except OSError as error:
            raise AnswerLost(
                f"{name} is in {self.url}, but the disk did not confirm it: {error.strerror}.",
                next_step="The same create is repeated by itself.",
            ) from error


def _folders(name: str) -> list[str]:
    """The folders above an object, outermost first: `a/b/c` lies in `a` and `a/b`."""
    segments = name.split("/")
    return ["/".join(segments[:depth]) for depth in range(1, len(segments))]


def _write_all(descriptor: int, chunks: Sequence[bytes]) -> None:
    for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _read_all(descriptor: int, start: int, wanted: int) -> bytes:
    pieces = []
    while wanted > 0:
        piece = os.pread(descriptor, wanted, start)
        if not piece:
            break
        pieces.append(piece)
        start += len(piece)
        wanted -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _fsync_folder(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: str) -> None:
    """Best effort: what stays is cleared a day later, and is in nobody's way until then."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def _close(descriptor: int) -> None:
    """What mattered was said by fsync: an error here changes no answer."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


def _clear_left_over(entry: "os.DirEntry[str]") -> None:
    """Remove a temporary file that is older than a day and that nobody holds any more; best effort."""
    with contextlib.suppress(OSError):
        if time.time() - entry.stat(follow_symlinks=False).st_mtime < _LEFT_OVER_SECONDS:
            return
        descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(entry.path)
        finally:
            os.close(descriptor)
