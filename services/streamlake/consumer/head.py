"""Find the last claim of a chain with a few one-result lists, whatever its length.

"Is there a claim at or after x" is monotone in x. So gallop from the committed offset, which is near the answer
when all is well and only costs a few more steps when it is not, then bisect.
"""

from streamlake.consumer.effects import ListFrom, Read, Work, ask
from streamlake.consumer.faults import LedgerBroken
from streamlake.consumer.place import Place
from streamlake.storage import layout
from streamlake.storage.claim import Claim, decode_claim
from streamlake.storage.layout import Chain


def last_claim(place: Place, chain: Chain, hint: int | None) -> Work[Claim | None]:
    """The claim with the highest start, or None in an empty chain. The hint is never trusted."""
    found = yield from _first_at_or_after(place, chain, 0)
    if found is None:
        return None
    low, high = found, None  # there is a claim at low, and none at or after high
    step, probe = 1, max(hint or 0, low + 1)
    while high is None:
        found = yield from _first_at_or_after(place, chain, probe)
        if found is None:
            high = probe
        else:
            low, probe, step = found, found + step, step * 2
    step = 1
    while low + 1 < high:
        # Gallop back from the top first: the last claim is most often just below it.
        probe = max(high - step, low + 1) if step < (high - low) // 2 else (low + high + 1) // 2
        found = yield from _first_at_or_after(place, chain, probe)
        if found is None:
            high, step = probe, step * 2
        else:
            low = found
    return (yield from read_claim(place, chain, low))


def read_claim(place: Place, chain: Chain, start: int) -> Work[Claim]:
    """The claim at `start`, which is known to exist."""
    name = layout.claim(place.dataset, chain, place.partition, start)
    data = yield from ask(Read(name))
    if data is None:
        raise LedgerBroken(
            f"{name} was listed but cannot be read.",
            next_step=f"`streamlake audit {place.dataset}` says what else is missing.",
        )
    return decode_claim(name, data)


def _first_at_or_after(place: Place, chain: Chain, offset: int) -> Work[int | None]:
    prefix = layout.partition_prefix(place.dataset, chain, place.partition)
    names = yield from ask(ListFrom(prefix, layout.claim(place.dataset, chain, place.partition, offset), 1))
    # An amendment's name sorts before its claim's ("….json" < "….lost.json"), and only stands beside one.
    return int(names[0].removeprefix(prefix)[:20]) if names else None
