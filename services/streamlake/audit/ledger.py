"""Read a dataset's ledger as it stands: chains, partitions, claims and what was amended beside them.

A partition may have hundreds of thousands of claims. Its names are listed once and kept as bare numbers, eight bytes a
claim; contents are read as they are needed, a few at a time ahead of whoever looks at them.
"""

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from streamlake.storage import layout
from streamlake.storage.claim import (
    Amendment,
    ChainOpening,
    Claim,
    Unreadable,
    decode_amendment,
    decode_claim,
    decode_opening,
)
from streamlake.storage.errors import StoreDenied
from streamlake.storage.layout import Chain
from streamlake.storage.store import ObjectStore

THREADS: Final = 8
_AT_ONCE: Final = 16
_LARGEST: Final = (1 << 63) - 1
"""Kafka's largest offset."""


@dataclass(frozen=True, slots=True)
class StoredChain:
    """A chain that has objects in the lake. `opening` is None where `trouble` says why."""

    chain: Chain
    opening: ChainOpening | None
    trouble: str


@dataclass(frozen=True, slots=True)
class StoredClaim:
    """A claim that has an object in the lake. `claim` is None where `trouble` says why."""

    name: str
    start: int
    claim: Claim | None
    trouble: str
    amendments: tuple[Amendment, ...] = ()


@dataclass(frozen=True, slots=True)
class Stray:
    """An object of the ledger that is nothing we know."""

    name: str
    trouble: str


@dataclass(slots=True)
class Names:
    """The claims of one partition by where they start, ascending, and the names of the few amendments."""

    starts: "array[int]" = field(default_factory=lambda: array("q"))
    beside: dict[int, list[str]] = field(default_factory=dict)
    strays: list[Stray] = field(default_factory=list)

    def within(self, start: int, next_offset: int | None) -> "array[int]":
        """Those that start in [start, next_offset)."""
        end = len(self.starts) if next_offset is None else bisect_left(self.starts, next_offset)
        return self.starts[bisect_left(self.starts, start) : end]

    def has(self, start: int) -> bool:
        """Whether a claim starts there."""
        at = bisect_left(self.starts, start)
        return at < len(self.starts) and self.starts[at] == start


def chains(store: ObjectStore, dataset: str) -> Iterator[StoredChain | Stray]:
    """Every chain of the dataset's two topics, by name."""
    prefix = layout.ledger_prefix(dataset)
    for folder in folders(store, prefix):
        try:
            chain = Chain.parse(folder)
        except ValueError:
            yield Stray(prefix + folder, "it is not the name of a chain")
            continue
        yield _stored_chain(store, dataset, chain)


def _stored_chain(store: ObjectStore, dataset: str, chain: Chain) -> StoredChain:
    name = layout.chain_opening(dataset, chain)
    data = store.read(name)
    if data is None:
        return StoredChain(chain, None, f"{name} is missing")
    try:
        opening = decode_opening(name, data)
    except Unreadable as error:
        return StoredChain(chain, None, error.message)
    if (opening.dataset, opening.topic_id.replace("-", ""), opening.generation) != (
        dataset,
        chain.topic_id.hex,
        chain.generation,
    ):
        return StoredChain(chain, None, f"{name} says that it opens another chain")
    return StoredChain(chain, opening, "")


def partitions(store: ObjectStore, dataset: str, chain: Chain) -> Iterator[int | Stray]:
    """The partitions of a chain that have objects."""
    prefix = layout.chain_prefix(dataset, chain)
    for folder in folders(store, prefix):
        if folder.isdigit() and len(folder) == 5:
            yield int(folder)
        elif folder != "chain.json":
            yield Stray(prefix + folder, "it is not the name of a partition")


def claim_names(store: ObjectStore, dataset: str, chain: Chain, partition: int) -> Names:
    """The names of all claims of a partition: one listing, nothing is read."""
    found = Names()
    prefix = layout.partition_prefix(dataset, chain, partition)
    for name in store.list_from(prefix):
        parsed = layout.parse_claim(name)
        if parsed is not None and parsed.start <= _LARGEST:
            found.starts.append(parsed.start)
        elif found.starts and name.startswith(f"{prefix}{found.starts[-1]:020}.lost."):
            found.beside.setdefault(found.starts[-1], []).append(name)
        else:
            found.strays.append(Stray(name, "it is neither a claim nor stands beside one"))
    return found


def read_claim(
    store: ObjectStore, dataset: str, chain: Chain, partition: int, start: int, beside: Iterable[str] = ()
) -> StoredClaim:
    """The claim that starts there, with these amendments."""
    name = layout.claim(dataset, chain, partition, start)
    try:
        data = store.read(name)
        if data is None:
            return StoredClaim(name, start, None, f"{name} was listed but cannot be read")
        amendments = tuple(decode_amendment(a, store.read(a) or b"") for a in beside)
        return StoredClaim(name, start, decode_claim(name, data), "", amendments)
    except (Unreadable, StoreDenied) as error:
        # Denied for this one object: whoever may not read the lake at all was told so by its first object.
        return StoredClaim(name, start, None, error.message.removesuffix("."))


def read_ahead(
    pool: ThreadPoolExecutor, starts: Iterable[int], read: Callable[[int], StoredClaim]
) -> Generator[StoredClaim, None, None]:
    """`read` of each, in order. A store that is far away is asked for several at once; close it if it is left early."""
    rest = iter(starts)
    under_way: deque[Future[list[StoredClaim]]] = deque()
    try:
        while True:
            while len(under_way) <= THREADS and (some := list(islice(rest, _AT_ONCE))):
                under_way.append(pool.submit(lambda some: [read(start) for start in some], some))
            if not under_way:
                return
            yield from under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


def folders(store: ObjectStore, prefix: str) -> Iterator[str]:
    """The names directly below `prefix`, found by skipping from one to the next, without listing what is in them."""
    after = prefix
    while names := list(store.list_from(prefix, after, 1)):
        folder = names[0].removeprefix(prefix).split("/")[0]
        yield folder
        # "0" is the character behind "/": the first name that does not lie in this folder.
        after = f"{prefix}{folder}0" if names[0] != prefix + folder else f"{names[0]}-"
