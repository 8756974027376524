"""The consumer as its unit starts it, with its calls to the store counted: `python -m benchmarks.counted DATASET`.

The counts go into `$STREAMLAKE_HOME/store-calls.json` at its end. A count costs a tenth of a microsecond, and there are
some ten calls a part.
"""

import json
import os
import sys
from collections import Counter
from functools import wraps
from pathlib import Path
from typing import Any

from benchmarks.store_cost import CLASS_OF
from streamlake.consumer import main
from streamlake.settings import load


class Counted:
    """A store that counts."""

    def __init__(self, store: Any, calls: Counter[str]) -> None:
        self._store = store
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name not in CLASS_OF:
            return found

        @wraps(found)
        def call(*args: Any, **kwargs: Any) -> Any:
            self._calls[name] += 1
            return found(*args, **kwargs)

        return call


def run(dataset: str) -> int:
    settings = load(os.environ)
    calls: Counter[str] = Counter()
    open_store = main.open_store  # type: ignore[attr-defined] # what it imported, and nobody else's business
    setattr(main, "open_store", lambda url: Counted(open_store(url), calls))  # noqa: B010 -- for the same reason
    try:
        return main.run(settings, dataset)
    finally:
        Path(settings.home, "store-calls.json").write_text(json.dumps(calls))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
