"""What must hold at the moment something becomes visible. It reads the lake's objects and the broker's truth only."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from streamlake.storage import layout
from streamlake.storage.claim import Amendment, Claim, decode_amendment, decode_claim, decode_opening
from streamlake.storage.layout import Chain
from tests.simulation.broker import Broker, Log, Record
from tests.simulation.store import Store

_AMENDMENT = re.compile(r"ledger/dataset=[^/]+/([^/]+)/([0-9]{5})/([0-9]{20})\.lost(\.[0-9]+)?\.json")


class Violation(AssertionError):
    """An invariant does not hold; the text begins with its name."""


@dataclass(slots=True)
class Line:
    """The claims of one partition of one chain, in order, as they became visible."""

    claims: list[Claim] = field(default_factory=list)
    lost: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    """Amended ranges by the claim's start."""
    durable: int = 0
    """How many claims from the first on are known to be durable."""

    @property
    def next(self) -> int:
        return self.claims[-1].next if self.claims else 0

    def still_whole(self, claim: Claim) -> bool:
        return claim.start not in self.lost

    def lost_whole(self, claim: Claim) -> bool:
        """Amendments leave nothing of the claim."""
        return any(start <= claim.start and next_ >= claim.next for start, next_ in self.lost.get(claim.start, ()))


class Watch:
    """See the module. `lines` is the ledger, decoded."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.store = Store(self._created)
        self.lines: dict[tuple[Chain, int], Line] = defaultdict(Line)

    def committed(self, partition: int, next_offset: int) -> None:
        """I5: the offset never passes durable data, in whichever chain."""
        reached = max((self._durable(line) for (_, p), line in self.lines.items() if p == partition), default=0)
        if next_offset > reached:
            raise Violation(f"I5: committed {next_offset} of partition {partition}, durable is {reached}")

    def dead_lettered(self, topic_id: UUID, record: Record, version: int) -> None:
        """The dead letter topic never holds what no claim lists, and each letter names the version that judged it."""
        if record.names not in (None, version):
            raise Violation(f"I2: {record} names version {record.names}, its letter says {version}")
        for (chain, partition), line in self.lines.items():
            if chain.topic_id != topic_id or partition != record.partition:
                continue
            if any(r.start <= record.at < r.next for claim in line.claims for r in claim.rejected):
                return
        raise Violation(f"I9: {record} was dead-lettered, and no claim lists it")

    def is_durable(self, line: Line, claim: Claim) -> bool:
        return claim.part is None or claim.part in self.store.objects or line.lost_whole(claim)

    def _durable(self, line: Line) -> int:
        while line.durable < len(line.claims) and self.is_durable(line, line.claims[line.durable]):
            line.durable += 1
        return line.claims[line.durable - 1].next if line.durable else 0

    def _created(self, name: str, data: bytes) -> None:
        if (claim := layout.parse_claim(name)) is not None:
            self._claimed(self.lines[claim.chain, claim.partition], claim.chain, decode_claim(name, data))
        elif (part := layout.parse_part(name)) is not None:
            owner = next((c for c in self.lines[part.chain, part.partition].claims if c.start == part.start), None)
            if owner is None or owner.part != name:
                raise Violation(f"I3: part {name} became visible, its claim says {owner and owner.part}")
        elif (match := _AMENDMENT.fullmatch(name)) is not None:
            chain, partition = Chain.parse(match[1]), int(match[2])
            self._amended(self.lines[chain, partition], chain, partition, decode_amendment(name, data))

    def _claimed(self, line: Line, chain: Chain, claim: Claim) -> None:
        if claim.start != line.next:
            raise Violation(f"I3: a claim at {claim.start}, where the chain ends at {line.next}")
        if line.claims and not self.is_durable(line, line.claims[-1]):
            raise Violation(f"I3: a claim at {claim.start}, behind one whose part is missing")
        gaps = sum(g.next - g.start for g in claim.gaps)
        if claim.next - claim.start != claim.records + claim.rejected_records + gaps + claim.control:
            raise Violation(f"I3: the claim at {claim.start} does not add up: {claim}")
        log = self._log(chain, claim.partition)
        for gap in claim.gaps:
            gone = self._generation_start(chain, claim.partition) if gap.reason == "earlier_generation" else log.start
            if gap.next > gone:
                raise Violation(f"I3: a gap up to {gap.next} was claimed while Kafka had everything from {gone} on")
            if (gap.reason == "before_streamlake") != (gap.start == 0 and gap.reason != "earlier_generation"):
                raise Violation(f"I3: a gap from {gap.start} on is put down to {gap.reason}")
        line.claims.append(claim)

    def _amended(self, line: Line, chain: Chain, partition: int, amendment: Amendment) -> None:
        log, topic = self._log(chain, partition), self._broker.topics[chain.topic_id]
        for start, next_ in amendment.lost:
            kept = [e for e in log.entries[max(start, log.start) : next_] if e is not None]
            # What was cut off and written again is another record: the claim's own is lost all the same.
            cut = min((at for at, _ in log.cuts), default=next_)
            if not topic.deleted and any(entry.at < cut for entry in kept):
                raise Violation(f"I3: [{start}, {next_}) was amended as lost while Kafka has {kept[0]}")
            line.lost[amendment.start].append((start, next_))

    def _generation_start(self, chain: Chain, partition: int) -> int:
        name = layout.chain_opening("orders", chain)
        return decode_opening(name, self.store.objects[name]).starts[str(partition)]

    def _log(self, chain: Chain, partition: int) -> Log:
        topic = self._broker.topics.get(chain.topic_id)
        if topic is None or partition >= len(topic.logs):
            raise Violation(f"I9: nothing was ever sent to partition {partition} of chain {chain}")
        return topic.logs[partition]
