"""Kafka for other machines: the tar holds what was pinned, and says so in a way that `sha256sum` reads."""

import subprocess
from pathlib import Path

from streamlake.kafka import install
from streamlake.kafka.bundle import bundle


def test_the_tar_is_what_the_lock_says(kafka_software: Path, tmp_path: Path) -> None:
    """Every jar and nothing else; a jar that was changed on its way does not pass."""
    made = bundle(kafka_software)
    subprocess.run(["tar", "-xf", made["tar"], "-C", tmp_path], check=True)
    check = ["sha256sum", "--check", "--strict", "--quiet", "-"]
    sums = made["sha256sums"]
    assert subprocess.run(check, input=sums, text=True, cwd=tmp_path).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {line.split()[1] for line in sums.splitlines()}
    next(tmp_path.glob("kafka_*.jar")).write_bytes(b"other")
    assert subprocess.run(check, input=sums, text=True, cwd=tmp_path, capture_output=True).returncode != 0
    assert bundle(kafka_software) == made


def test_a_tar_that_was_damaged_is_made_again(kafka_software: Path, tmp_path: Path) -> None:
    """A host would refuse it for ever."""
    (tmp_path / install.libs_folder(kafka_software).name).symlink_to(install.libs_folder(kafka_software))
    tar = Path(bundle(tmp_path)["tar"])
    whole = tar.read_bytes()
    tar.write_bytes(whole[:1000] + b"x" + whole[1001:])
    bundle(tmp_path)
    assert tar.read_bytes() == whole
