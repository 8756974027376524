"""What `status` asks of the lake: can it be read, how much room is left, and which day is sealed."""

import itertools
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from streamlake.cli.health import Advice
from streamlake.errors import StreamlakeError
from streamlake.settings import Settings
from streamlake.storage import layout
from streamlake.storage.open import open_store
from streamlake.storage.store import ObjectStore

SEALS_LOOKED_BACK_DAYS: Final = 40
_BUCKET_SECONDS: Final = 3.0
"""A screen does not wait for a bucket as long as a landing does."""
_AT_ONCE: Final = 8
"""Days asked for together: over a network each takes as long as all of them."""


class LakeLook:
    """One look at a lake."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.lake_url
        self._folder = Path(self._url.removeprefix("file://")) if self._url.startswith("file://") else None
        self.store: ObjectStore | None = None
        self.advice: tuple[Advice, ...] = ()
        self.free_bytes: int | None = None
        self.total_bytes: int | None = None
        try:
            self._look(open_store(self._url, _BUCKET_SECONDS))
        except OSError:
            self.advice = (Advice(f"the lake at {self._url} cannot be read", "streamlake doctor"),)
        except StreamlakeError as error:
            told = f"the lake at {self._url} cannot be read: {error.message}"
            self.advice = (Advice(told, "streamlake doctor", error.code),)

    def _look(self, store: ObjectStore) -> None:
        if self._folder is None:
            store.size(layout.LAKE)
        else:
            usage = shutil.disk_usage(self._folder)
            self.free_bytes, self.total_bytes = usage.free, usage.total
        self.store = store

    def sealed_until(self, dataset: str) -> str | None:
        """The newest sealed day of the last weeks, by asking for each day's seal: nothing is listed."""
        if self.store is None:
            return None
        days = _days_back(datetime.now(UTC).date())
        try:
            with ThreadPoolExecutor(1 if self._folder else _AT_ONCE) as pool:
                while some := list(itertools.islice(days, _AT_ONCE)):
                    for day, sealed in zip(some, pool.map(lambda day: self._sealed(dataset, day), some), strict=True):
                        if sealed:
                            return day
        except StreamlakeError:
            return None
        return None

    def _sealed(self, dataset: str, day: str) -> bool:
        return self.store is not None and self.store.size(layout.seal(layout.RAW, dataset, day)) is not None


def is_sealed(settings: Settings, dataset: str, day: str) -> bool:
    """Whether this day of the dataset is whole."""
    return open_store(settings.lake_url).size(layout.seal(layout.RAW, dataset, day)) is not None


def _days_back(today: date) -> Iterator[str]:
    for days in range(SEALS_LOOKED_BACK_DAYS):
        yield (today - timedelta(days=days)).isoformat()
