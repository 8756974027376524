"""The port: what datasets there are, and what each version of their contracts says."""

from collections.abc import Mapping
from typing import Protocol

from streamlake.contract.model import Contract
from streamlake.contract.problems import WrongContract, nearest
from streamlake.errors import Misconfigured, Permanent, Retryable


class UnknownDataset(Misconfigured):
    """There is no such dataset; the sentence names the nearest. Nothing may be created for it."""

    code = "SL-0102"

    def __init__(self, dataset: str, known: tuple[str, ...], *, is_draft: bool = False) -> None:
        self.dataset = dataset
        self.known = known
        if is_draft:
            super().__init__(
                f"the contract of {dataset} is a draft, so there is no such dataset yet.",
                next_step="Set its status to active when it is right.",
            )
            return
        shown = dataset if len(dataset) <= 64 else dataset[:64] + "…"
        super().__init__(
            f"there is no dataset {shown!r}{nearest(dataset, known) if len(dataset) <= 64 else ''}",
            next_step="`streamlake contracts new` makes a first contract.",
        )


class UnknownVersion(Retryable):
    """A contract's version that is newer than what is known here: it will come, so wait for it."""

    code = "SL-0103"

    def __init__(self, dataset: str, version: int, current: int) -> None:
        super().__init__(
            f"version {version} of {dataset}'s contract is not known here yet, the newest is {current}.",
            next_step="Bring the contract here; `systemctl reload` makes a running process read it.",
        )


class MissingVersion(Permanent):
    """A contract's version that should be in the history and is not: waiting does not bring it."""

    code = "SL-0104"

    def __init__(self, dataset: str, version: int) -> None:
        super().__init__(
            f"version {version} of {dataset}'s contract is not in its history.",
            next_step=f"Put it back as history/{version}.yaml from version control.",
        )


class Registry(Protocol):
    """Answers from an immutable snapshot in memory, so it never blocks and never changes between two `refresh`.

    Any thread may ask while another refreshes.
    """

    def datasets(self) -> tuple[str, ...]:
        """All datasets, sorted."""
        ...

    def current(self, dataset: str) -> Contract:
        """Today's version. Raises UnknownDataset."""
        ...

    def version(self, dataset: str, version: int) -> Contract:
        """That version. Raises UnknownDataset, UnknownVersion (newer than known) or MissingVersion (lost)."""
        ...

    def history(self, dataset: str) -> tuple[Contract, ...]:
        """All versions, today's last. Raises UnknownDataset."""
        ...

    @property
    def broken(self) -> Mapping[str, WrongContract]:
        """What is wrong with each contract that cannot be used. Where one was in force before, it still is."""
        ...

    def refresh(self) -> tuple[str, ...]:
        """Read again; returns the datasets that changed. May block on I/O.

        On a broken edit it raises (WrongContract) and the last good snapshot stays in force, so a running process
        reports the error and goes on. A registry that takes each dataset for itself does not raise, but takes the
        others and says the rest in `broken`.
        """
        ...
