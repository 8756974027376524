"""The queries of docs/reading.md, as a reader would copy them, on a lake of raw lines made here."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from streamlake.consumer.line import RawLines
from streamlake.consumer.place import Place
from streamlake.storage.part_encoding import encoder
from tests.support.lines import Record

PAGE = Path(__file__).parents[2] / "docs" / "reading.md"


def query(name: str, lake: Path, language: str = "sql") -> str:
    """The block that is marked with this name, reading this lake."""
    block = re.search(rf"```{language} {name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert block is not None, name
    return block[1].replace(".streamlake/lake", str(lake))


def rows(sql: str, lake: Path | None = None) -> list[tuple[Any, ...]]:
    """What DuckDB answers, once it has been given the view of this lake."""
    with duckdb.connect() as connection:
        if lake is not None:
            connection.execute(query("view", lake))
        return connection.execute(sql).fetchall()


def land(lake: Path, records: Sequence[Record], suffix: str = "json.gz", date: str = "2026-11-21") -> Path:
    """Write the records as one part of orders, by the product's own line and encoder, and what stands beside a part."""
    folder = lake / f"raw/dataset=orders/ingestion_date={date}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_metadata.json").write_bytes(b'{"format":1}\n')
    writer = encoder(suffix)
    writer.write(RawLines().encode(Place("orders", "streamlake.orders.raw", 0, "raw"), records))
    part = folder / f"part-abc-0-00000-{records[0].at:020}.{suffix}"
    part.write_bytes(b"".join(writer.finish()))
    return part
