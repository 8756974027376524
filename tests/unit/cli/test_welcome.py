"""What `scripts/up` says to type next shows the parts as the contract has them written."""

from pathlib import Path

import pytest

from streamlake.cli.local import welcome
from streamlake.settings import load
from tests.support.contract_files import put, with_settings


@pytest.mark.parametrize(
    ("custom", "words"),
    [
        ({}, "zcat {lake}/raw/dataset=things/ingestion_date=*/part-*.json.gz"),
        ({"compression": "zstd"}, "zstdcat {lake}/raw/dataset=things/ingestion_date=*/part-*.json.zst"),
        ({"compression": "none"}, "cat {lake}/raw/dataset=things/ingestion_date=*/part-*.json"),
        ({"format": "parquet"}, "part-*.parquet is Parquet: docs/reading.md has the query"),
    ],
)
@pytest.mark.parametrize("bucket", [False, True])
def test_the_command_fits_the_format(tmp_path: Path, custom: dict[str, object], words: str, *, bucket: bool) -> None:
    contract = put(tmp_path, with_settings(**custom))
    event = contract.parent / "examples" / "ok" / "first.json"
    event.parent.mkdir(parents=True)
    event.write_bytes(b"{}")
    lake = "gs://a-bucket/lake" if bucket else "/srv/lake"
    url = lake if bucket else f"file://{lake}"
    settings = load({"STREAMLAKE_CONTRACTS_DIR": str(tmp_path), "STREAMLAKE_LAKE_URL": url})
    said = welcome(settings, ["things"], {})
    (line,) = [line.strip() for line in said if "ingestion_date=*" in line]
    if not bucket or "Parquet" in words:
        assert words.format(lake=lake) in line
    else:
        unpack, parts = words.format(lake=lake).split(" ", 1)
        assert line == f"gcloud storage cat {parts}" + ("" if unpack == "cat" else f" | {unpack}")
