"""Create a part, and decide what it means when one of that name is there already."""

from streamlake.consumer.effects import Alarm, Content, Create, Encoded, Measure, Work, ask
from streamlake.consumer.faults import PartDiffers
from streamlake.consumer.place import Place
from streamlake.storage import layout
from streamlake.storage.claim import Claim
from streamlake.storage.layout import Chain


def create_part(place: Place, chain: Chain, claim: Claim, records: int, part: Encoded, attempt: str) -> Work[None]:
    """Make the claim's part durable, from these lines. The same content by someone else is success."""
    name = claim.part
    if name is None or (yield from ask(Create(name, part.chunks))):
        return
    stored = yield from ask(Measure(name))
    if stored is None or stored == Content(records, part.size, part.sha256):
        return  # a store may deny having what it just refused to create again: it exists all the same
    if stored.records > records and records < claim.records:
        return  # someone had more of a range that Kafka has lost since
    if stored.records < records:
        suffix = name.split(".", 1)[1]
        rescued = layout.rescue(place.dataset, chain, place.partition, claim.start, attempt, suffix)
        yield from ask(Create(rescued, part.chunks))
        sentence = f"{name} holds {stored.records} records, {records} were at hand; all of them are in {rescued}."
        yield from ask(Alarm("SL-0409", sentence, claim.start, claim.next))
        return
    raise PartDiffers(
        f"{name} exists with other content than its claim says.",
        next_step=f"`streamlake audit {place.dataset} --deep` shows what differs. Nothing is overwritten.",
    )
