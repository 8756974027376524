"""Kafka for other machines: the tar holds what was pinned, and says so in a way that `sha256sum` reads."""

import subprocess
import tarfile
from pathlib import Path

from streamlake.kafka.bundle import bundle


def test_the_tar_is_what_the_lock_says(kafka_software: Path, tmp_path: Path) -> None:
    """Every jar and nothing else; a jar that was changed on its way does not pass."""
    made = bundle(kafka_software)
    with tarfile.open(made["tar"]) as tar:
        tar.extractall(tmp_path, filter="data")
    check = ["sha256sum", "--check", "--strict", "--quiet", "-"]
    sums = made["sha256sums"]
    assert subprocess.run(check, input=sums, text=True, cwd=tmp_path).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {line.split()[1] for line in sums.splitlines()}
    next(tmp_path.glob("kafka_*.jar")).write_bytes(b"other")
    assert subprocess.run(check, input=sums, text=True, cwd=tmp_path, capture_output=True).returncode != 0
    assert bundle(kafka_software) == made
