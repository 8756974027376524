"""What a zone does with a record: which contract judges it, what is rejected, how it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from streamlake.consumer.effects import Message
from streamlake.consumer.line import DeadLetterLines, LineFormat, RawLines
from streamlake.contract.gate import Gate, compile_gate
from streamlake.contract.rejection import Rejection
from streamlake.kafka.headers import Metas, metas_of
from streamlake.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class Terms:
    """What a batch is judged by and written as; it closes when they change."""

    contract_version: int
    contract_sha256: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The first `count` messages come under these terms; `rejected` are indexes among them.

    `metas` is what the headers of those say, where the handler had to look.
    """

    terms: Terms
    count: int
    rejected: Mapping[int, Rejection]
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

    def judge(self, messages: Sequence[Message]) -> Judgement:
        """Judge as many of them, from the first on, as come under the same terms; at least one.

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
        self._gates: dict[int | None, tuple[Gate, Terms]] = {}

    def forget_contracts(self) -> None:
        """Ask the registry again: a contract was changed. Called between batches."""
        self._gates.clear()

    def judge(self, messages: Sequence[Message]) -> Judgement:
        """See Handler."""
        metas = metas_of([m.headers() for m in messages])
        version, count = metas.versions[0], len(messages)
        if metas.versions.count(version) != count:
            count = next(i for i, other in enumerate(metas.versions) if other != version)
            metas = metas.until(count)
        gate, terms = self._gates.get(version) or self._gate(version)
        return Judgement(terms, count, gate.judge_many([m.value() for m in messages[:count]]), metas)

    def _gate(self, version: int | None) -> tuple[Gate, Terms]:
        today = self._registry.current(self._dataset)
        contract = today if version is None else self._registry.version(self._dataset, version)
        # How a part is written is today's choice; by what a record is judged is its own.
        terms = Terms(contract.version, contract.sha256, today.part_suffix)
        self._gates[version] = compile_gate(contract), terms
        return self._gates[version]


class DeadLetterHandler:
    """Takes everything: a dead letter is never rejected a second time."""

    zone = "dead_letters"
    lines: LineFormat = DeadLetterLines()

    def judge(self, messages: Sequence[Message]) -> Judgement:
        """See Handler."""
        return Judgement(Terms(0, "", "json.gz"), len(messages), {})
