"""Read a dataset's ledger as it stands: chains, partitions, claims and what was amended beside them."""

from collections.abc import Iterator
from dataclasses import dataclass

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
from streamlake.storage.layout import Chain
from streamlake.storage.store import ObjectStore


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


def chains(store: ObjectStore, dataset: str) -> Iterator[StoredChain | Stray]:
    """Every chain of the dataset's two topics, by name."""
    prefix = layout.ledger_prefix(dataset)
    for folder in _folders(store, prefix):
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
    for folder in _folders(store, prefix):
        if folder.isdigit() and len(folder) == 5:
            yield int(folder)
        elif folder != "chain.json":
            yield Stray(prefix + folder, "it is not the name of a partition")


def claims(store: ObjectStore, dataset: str, chain: Chain, partition: int) -> Iterator[StoredClaim | Stray]:
    """Every claim of a partition, ascending, each with its amendments."""
    prefix = layout.partition_prefix(dataset, chain, partition)
    waiting: tuple[str, int] | None = None
    beside: list[str] = []
    for name in store.list_from(prefix):
        parsed = layout.parse_claim(name)
        if parsed is not None:
            if waiting is not None:
                yield _stored_claim(store, *waiting, beside)
            waiting, beside = (name, parsed.start), []
        elif waiting is not None and name.startswith(waiting[0].removesuffix(".json") + ".lost."):
            beside.append(name)
        else:
            yield Stray(name, "it is neither a claim nor stands beside one")
    if waiting is not None:
        yield _stored_claim(store, *waiting, beside)


def _stored_claim(store: ObjectStore, name: str, start: int, beside: list[str]) -> StoredClaim:
    try:
        data = store.read(name)
        if data is None:
            return StoredClaim(name, start, None, f"{name} was listed but cannot be read")
        amendments = tuple(decode_amendment(a, store.read(a) or b"") for a in beside)
        return StoredClaim(name, start, decode_claim(name, data), "", amendments)
    except Unreadable as error:
        return StoredClaim(name, start, None, error.message)


def _folders(store: ObjectStore, prefix: str) -> Iterator[str]:
    """The names directly below `prefix`, found by skipping from one to the next, without listing what is in them."""
    after = prefix
    while names := list(store.list_from(prefix, after, 1)):
        folder = names[0].removeprefix(prefix).split("/")[0]
        yield folder
        # "0" is the character behind "/": the first name that does not lie in this folder.
        after = f"{prefix}{folder}0" if names[0] != prefix + folder else f"{names[0]}-"
