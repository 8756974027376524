"""What is accepted now: every dataset with its compiled gate, and a new contract without a restart."""

import difflib
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streamlake.contract.gate import Gate, compile_gate
from streamlake.contract.model import Contract
from streamlake.contract.problems import nearest
from streamlake.errors import StreamlakeError
from streamlake.ingest.errors import ContractBroken, UnknownDataset
from streamlake.kafka.names import dlq_topic, raw_topic
from streamlake.logs import error_fields
from streamlake.registry.registry import Registry

_logger: Final = logging.getLogger(__name__)

_LONGEST_NAME: Final = 48


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset, ready to judge."""

    contract: Contract
    gate: Gate
    raw_topic: str
    dlq_topic: str


class Catalog:
    """The datasets in force. `look` may run in any thread; what it changes is one assignment."""

    def __init__(self, registry: Registry, contracts_dir: Path) -> None:
        self._registry = registry
        self._dir = contracts_dir
        self._seen = _signature(contracts_dir)
        self._datasets = self._compiled({})
        self._said: dict[str, str] = {}
        self._say_broken()

    def names(self) -> tuple[str, ...]:
        """All datasets, sorted."""
        return tuple(self._datasets)

    def get(self, name: str) -> Dataset:
        """The dataset of this name; UnknownDataset names the nearest. Nothing is made for a name that is not known.

        ContractBroken where there is such a dataset, and its contract cannot be used.
        """
        found = self._datasets.get(name)
        if found is None and name in self._registry.broken:
            raise ContractBroken(
                f"the contract of {name} cannot be used; nothing of this request was taken.",
                next_step="Send it again later. On the host, `streamlake contracts check` says what is wrong.",
            )
        if found is None:
            raise unknown(name, self.names())
        return found

    def look(self) -> None:
        """Take contracts that changed since the last look. A broken edit is logged once and changes nothing of its own
        dataset; the others are taken.
        """
        seen = _signature(self._dir)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            changed = self._registry.refresh()
        except StreamlakeError as error:
            _logger.warning("changed contracts are not taken; the last good ones stay", extra=error_fields(error))
            return
        self._say_broken()
        if changed:
            self._datasets = self._compiled(self._datasets)
            _logger.info("contracts changed", extra={"datasets": list(changed)})

    def broken(self) -> list[str]:
        """The datasets whose contract, or its last edit, cannot be used."""
        return sorted(self._registry.broken)

    def _say_broken(self) -> None:
        """Once for each mistake: a broken contract stops its own dataset, and nobody else's."""
        for name, error in self._registry.broken.items():
            if self._said.get(name) != str(error):
                stays = "the one before is in force" if name in self._datasets else "its events are answered with 503"
                _logger.error("the contract of %s cannot be used; %s", name, stays, extra=error_fields(error))
        self._said = {name: str(error) for name, error in self._registry.broken.items()}

    def _compiled(self, before: dict[str, Dataset]) -> dict[str, Dataset]:
        return {name: self._dataset(name, before.get(name)) for name in self._registry.datasets()}

    def _dataset(self, name: str, before: Dataset | None) -> Dataset:
        contract = self._registry.current(name)
        if before is not None and before.contract == contract:
            return before
        return Dataset(contract, compile_gate(contract), raw_topic(name), dlq_topic(name))


def unknown(name: str, known: tuple[str, ...]) -> UnknownDataset:
    """The error that names the nearest of those that are known."""
    if len(name) > _LONGEST_NAME or not name.isprintable():
        shown = f"this name of {len(name):,} characters; names have 1 to {_LONGEST_NAME} of a-z, 0-9 and _"
        return UnknownDataset(f"there is no dataset of {shown}.", nearest=[])
    close = difflib.get_close_matches(name, known, n=3)
    return UnknownDataset(
        f"there is no dataset {name!r}{nearest(name, known)}", next_step="GET /v1/datasets lists them.", nearest=close
    )


def _signature(contracts_dir: Path) -> frozenset[tuple[str, int, int]]:
    """What a look costs: the names, times and sizes of the contracts' files."""
    found = []
    for pattern in ("*/contract.yaml", "*/history/*.yaml"):
        with suppress(OSError):  # a folder that went while it was listed: the next look sees it gone
            for file in contracts_dir.glob(pattern):
                with suppress(OSError):
                    stat = file.stat()
                    found.append((str(file), stat.st_mtime_ns, stat.st_size))
    return frozenset(found)
