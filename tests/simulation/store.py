"""A model of the object store: creates once, lists in order, and tells a watcher what became visible."""

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence


class Store:
    """Objects that are visible whole or not at all. Faults are the world's business, not the store's."""

    def __init__(self, created: Callable[[str, bytes], None]) -> None:
        self._created = created
        self.objects: dict[str, bytes] = {}
        self._names: list[str] = []

    def create(self, name: str, data: bytes) -> bool:
        if name in self.objects:
            return False
        self.put(name, data)
        self._created(name, data)
        return True

    def put(self, name: str, data: bytes) -> None:
        if name not in self.objects:
            insort(self._names, name)
        self.objects[name] = data

    def forget(self, name: str) -> None:
        """Nothing of ours does this; a planted bug does."""
        if self.objects.pop(name, None) is not None:
            self._names.remove(name)

    def names(self, prefix: str, start: str, limit: int | None = None) -> Sequence[str]:
        found: list[str] = []
        for name in self._names[bisect_left(self._names, max(prefix, start)) :]:
            if not name.startswith(prefix) or len(found) == limit:
                break
            found.append(name)
        return found
