"""The queries of docs/reading.md, as a reader would copy them, on a lake of raw lines made here."""

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from streamlake.consumer.line import RawLines
from streamlake.consumer.place import Place

PAGE = Path(__file__).parents[2] / "docs" / "reading.md"


def query(name: str, lake: Path) -> str:
    """The block that is marked with this name, reading this lake."""
    block = re.search(rf"```sql {name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block is not None, name
    return block[1].replace(".streamlake/lake", str(lake))


def rows(sql: str) -> list[tuple[Any, ...]]:
    """What DuckDB answers."""
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


@dataclass(frozen=True)
class Record:
    """A record as the Kafka client would give it."""

    at: int
    event: bytes | None
    name: bytes | None = b"o-1"
    more: tuple[tuple[str, bytes | None], ...] = ()

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return (2, 1_795_226_400_123)

    def key(self) -> bytes | None:
        return self.name

    def value(self) -> bytes | None:
        return self.event

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return list(self.more) or None

    def leader_epoch(self) -> int | None:
        return 0


def land(lake: Path, records: Sequence[Record], *, gzipped: bool = True) -> Path:
    """Write the records as one part of orders, by the product's own line, and what stands beside a part."""
    folder = lake / "raw/dataset=orders/ingestion_date=2026-11-21"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_metadata.json").write_bytes(b'{"format":1}\n')
    lines = RawLines().encode(Place("orders", "streamlake.orders.raw", 0, "raw"), records)
    name = f"part-abc-0-00000-{records[0].at:020}.json"
    part = folder / (name + ".gz" if gzipped else name)
    part.write_bytes(gzip.compress(lines) if gzipped else lines)
    return part
