"""What a zone does with a record: which contract judges it, what is rejected, how it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from streamlake.consumer.effects import Letter, Message
from streamlake.consumer.line import DeadLetterLines, LineFormat, RawLines
from streamlake.contract.gate import Gate, compile_gate
from streamlake.errors import StreamlakeError
from streamlake.kafka.headers import Metas, metas_of
from streamlake.registry.registry import Registry
from streamlake.storage.claim import NO_CONTRACT, JudgedBy


@dataclass(frozen=True, slots=True)
class Judgement:
    """The first `count` messages, judged by these contracts; `rejected` are indexes among them.

    A part of them is written as `suffix` says. `metas` is what their headers say, where the handler had to look.
    """

    count: int
    contracts: Sequence[JudgedBy]
    suffix: str
    rejected: Mapping[int, Letter]
    metas: Metas | None = None


class Handler(Protocol):
    """One zone's way with records."""

    @property
    def zone(self) -> str:
        """`raw` or `dead_letters`."""
        ...

    @property
    def lines(self) -> LineFormat:
        """How a record becomes a line, whatever its contract."""
        ...

    def judge(self, messages: Sequence[Message], contracts: int = 1) -> Judgement:
        """Judge as many of them, from the first on, as come under so many contracts; at least one.

        Raises UnknownVersion, a Retryable, where the first names a schema version that is not known here yet.
        """
        ...


class RawHandler:
    """Judges a record by the contract version that it names, or by today's where it names none."""

    zone = "raw"
    lines: LineFormat = RawLines()

    def __init__(self, registry: Registry, dataset: str) -> None:
        self._registry = registry
        self._dataset = dataset
        self._gates: dict[int | None, Gate] = {}
        self._suffix = ""

    def forget_contracts(self) -> None:
        """Ask the registry again: a contract was changed. Called between batches."""
        self._gates.clear()

    def judge(self, messages: Sequence[Message], contracts: int = 1) -> Judgement:
        """See Handler."""
        metas = metas_of([m.headers() for m in messages])
        named, count = metas.versions, len(messages)
        known = [named[0]]
        self._gate(named[0])
        if named.count(named[0]) != count:
            known, count = self._known(named, contracts)
            metas = metas.until(count)
        rejected: dict[int, Letter] = {}
        for version in known:
            gate = self._gates[version]
            indexes = range(count) if len(known) == 1 else [i for i in range(count) if named[i] == version]
            bad = gate.judge_many([messages[i].value() for i in indexes])
            rejected |= {indexes[i]: Letter(messages[indexes[i]], bad[i], gate.contract.version) for i in bad}
        judged_by = dict.fromkeys(_exactly(self._gates[version]) for version in known)
        return Judgement(count, tuple(judged_by), self._suffix, rejected, metas)

    def _known(self, named: Sequence[int | None], contracts: int) -> tuple[list[int | None], int]:
        """The versions among the first records, and how many of those there are: up to one too many or unknown."""
        known: list[int | None] = []
        for version in dict.fromkeys(named):
            try:
                self._gate(version)
            except StreamlakeError:  # raised once it comes first
                return known, named.index(version)
            if len({_exactly(self._gates[other]) for other in (*known, version)}) > contracts:
                return known, named.index(version)
            known.append(version)
        return known, len(named)

    def _gate(self, version: int | None) -> None:
        if version not in self._gates:
            today = self._registry.current(self._dataset)
            contract = today if version is None else self._registry.version(self._dataset, version)
            self._gates[version] = compile_gate(contract)
            # How a part is written is today's choice; by what a record is judged is its own.
            self._suffix = today.part_suffix


def _exactly(gate: Gate) -> JudgedBy:
    return JudgedBy(gate.contract.version, gate.contract.sha256)


class DeadLetterHandler:
    """Takes everything: a dead letter is never rejected a second time."""

    zone = "dead_letters"
    lines: LineFormat = DeadLetterLines()

    def judge(self, messages: Sequence[Message], contracts: int = 1) -> Judgement:
        """See Handler."""
        return Judgement(len(messages), (NO_CONTRACT,), "json.gz", {})
