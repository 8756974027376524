"""A record as the Kafka client would give it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    at: int
    body: bytes | None = b"{}"
    name: bytes | None = b"k"
    extra: tuple[tuple[str, bytes | None], ...] = ()
    time_ms: int = 1_795_226_400_123
    epoch: int = 0

    def __len__(self) -> int:
        """As the client has it: a tombstone is false."""
        return len(self.body or b"")

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return 2, self.time_ms

    def key(self) -> bytes | None:
        return self.name

    def value(self) -> bytes | None:
        return self.body

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return list(self.extra) or None

    def leader_epoch(self) -> int:
        return self.epoch
