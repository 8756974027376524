"""`streamlake keys` where it cannot write."""

from pathlib import Path

import pytest

from streamlake.cli.main import run


def test_a_file_that_cannot_be_changed_is_no_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("STREAMLAKE_API_KEYS_FILE", str(tmp_path / "file" / "keys.json"))
    assert run(["keys", "new", "shop", "--datasets", "all"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("SL-0520: ")
    assert "cannot be changed: File exists. STREAMLAKE_API_KEYS_FILE" in said
