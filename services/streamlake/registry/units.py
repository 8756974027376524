"""From contracts to the units that land them on a host, each with the drop-in that makes it differ from its template.

Pure: the play writes the drop-ins, an operator can look at them with `streamlake units`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from streamlake.contract.model import ConsumerSettings, Contract

DROP_IN: Final = "50-streamlake.conf"
CREDENTIALS: Final = "/etc/streamlake/credentials"
API_MIB_A_WORKER: Final = 384
"""64 MiB of bodies, 128 MiB that wait for Kafka, and the process itself, each with room."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of a host. Without `drop_in` it is what its file says."""

    name: str
    dataset: str | None = None
    drop_in: str = ""

    @property
    def path(self) -> str:
        """Where its drop-in stands."""
        return f"/etc/systemd/system/{self.name}.d/{DROP_IN}"


def api_unit(workers: int) -> Unit:
    """The ingest API. Its file has room for one worker."""
    lines = [] if workers == 1 else _memory(API_MIB_A_WORKER * (workers + 1))
    return Unit("streamlake-api.service", None, _text(f"{workers} workers", lines))


def consumer_units(contract: Contract) -> list[Unit]:
    """One for each process that the contract asks for: `orders`, then `orders.2`, `orders.3`."""
    units = []
    for number in range(1, contract.consumer.processes + 1):
        instance = contract.dataset + (f".{number}" if number > 1 else "")
        lines = []
        if contract.consumer.memory_mib != ConsumerSettings().memory_mib:
            lines += _memory(contract.consumer.memory_mib)
        if number > 1:
            # Kafka knows the dataset's consumers as one; the template would ask for a credential of this process.
            lines.append(f"LoadCredential=kafka:{CREDENTIALS}/kafka-consumer-{contract.dataset}")
        of = f"the contract of {contract.dataset}"
        units.append(Unit(f"streamlake-consumer@{instance}.service", contract.dataset, _text(of, lines)))
    return units


def units_of(contracts: Iterable[Contract], api_workers: int) -> list[Unit]:
    """All units of a host: the API first, then the consumers by name."""
    return [api_unit(api_workers), *(unit for c in contracts for unit in consumer_units(c))]


def _memory(mib: int) -> list[str]:
    # It is slowed down and told so before it is killed.
    return [f"MemoryHigh={mib * 7 // 8}M", f"MemoryMax={mib}M"]


def _text(source: str, lines: list[str]) -> str:
    if not lines:
        return ""
    head = f"# Made by the play from {source}. Your own settings belong beside it, in 90-local.conf."
    return "\n".join([head, "[Service]", *lines, ""])
