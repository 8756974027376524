"""What an operator asked for holds until another word can be read."""

from pathlib import Path

import pytest

from streamlake.consumer.consumer import Control
from streamlake.consumer.control import read_control


def _write(state_dir: Path, text: str) -> None:
    (state_dir / "control").mkdir(exist_ok=True)
    (state_dir / "control" / "orders.json").write_text(text)


def test_no_file_asks_for_nothing(tmp_path: Path) -> None:
    assert read_control(tmp_path, "orders", Control(paused=True)) == Control()


def test_a_pause_and_a_resume_are_read(tmp_path: Path) -> None:
    _write(tmp_path, '{"state": "paused", "resumed_at_ms": 7}')
    assert read_control(tmp_path, "orders") == Control(paused=True, resumed_at_ms=7)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"resumed_at_ms": [1]}', '{"resumed_at_ms": Infinity}', "[" * 100_000, "\udcff"]
)
def test_what_cannot_be_read_ends_no_pause_and_resumes_nothing_twice(tmp_path: Path, text: str) -> None:
    (tmp_path / "control").mkdir()
    (tmp_path / "control" / "orders.json").write_bytes(text.encode(errors="surrogateescape"))
    before = Control(paused=True, resumed_at_ms=7)
    assert read_control(tmp_path, "orders", before) == before
