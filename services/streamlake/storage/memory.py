"""A store in memory, for tests and the simulator: the same answers as the others, no fault but wrong names."""

import threading
from collections.abc import Iterator, Sequence

from streamlake.storage.names import check_name, check_prefix, path_clash


class MemoryStore:
    """See the port. What it holds is gone with the process."""

    def __init__(self, name: str = "lake") -> None:
        self._name = name
        self._objects: dict[str, bytes] = {}
        self._folders: set[str] = set()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """`memory://lake`."""
        return f"memory://{self._name}"

    def create(self, name: str, chunks: Sequence[bytes]) -> bool:
        """See the port."""
        check_name(name)
        segments = name.split("/")
        folders = ["/".join(segments[:depth]) for depth in range(1, len(segments))]
        body = b"".join(chunks)
        with self._lock:
            if name in self._objects:
                return False
            if name in self._folders or not self._objects.keys().isdisjoint(folders):
                raise path_clash(name)
            self._objects[name] = body
            self._folders.update(folders)
            return True

    def read(self, name: str) -> bytes | None:
        """See the port."""
        check_name(name)
        return self._objects.get(name)

    def read_range(self, name: str, start: int, length: int) -> bytes | None:
        """See the port."""
        if start < 0 or length < 0:
            raise ValueError(f"not a range: {start}, {length}")
        body = self.read(name)
        return None if body is None else body[start : start + length]

    def size(self, name: str) -> int | None:
        """See the port."""
        body = self.read(name)
        return None if body is None else len(body)

    def list_from(self, prefix: str, start: str = "", limit: int | None = None) -> Iterator[str]:
        """See the port."""
        check_prefix(prefix)
        with self._lock:
            names = sorted(n for n in self._objects if n.startswith(prefix) and n >= start)
        yield from names if limit is None else names[: max(limit, 0)]
