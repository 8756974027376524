"""Releases: the way back stays open, what runs is never removed, and what is half made goes."""

from pathlib import Path

import pytest

from tests.support.host_programs import program

old_releases = program("release", "old_releases")


def made(folder: Path, *names: str) -> Path:
    releases = folder / "releases"
    releases.mkdir()
    for name in names:
        (releases / name).mkdir()
        (releases / name / ".complete").write_text("x")
    return releases


def call(releases: Path, *arguments: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert old_releases.main([str(releases), *arguments]) == 0
    return capsys.readouterr().out.split()


def test_the_last_ones_in_force_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    releases = made(tmp_path, "a", "b", "c", "d", "e")
    (releases / ".history").write_text("e\nd\nc\nb\na\nd\n")
    gone = call(releases, "--current", "d", "--before", "a", "--keep", "3", capsys=capsys)
    assert gone == ["c", "e"]
    assert {path.name for path in releases.iterdir()} == {"a", "b", "d", ".history"}


def test_at_least_two_stay_or_there_is_no_way_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    releases = made(tmp_path, "a", "b", "c")
    (releases / ".history").write_text("a\nb\nc\n")
    assert call(releases, "--current", "c", "--before", "c", "--keep", "1", capsys=capsys) == ["a"]


def test_half_made_ones_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    releases = made(tmp_path, "a", "b")
    (releases / "half").mkdir()
    assert call(releases, "--current", "a", "--before", "b", capsys=capsys) == ["half"]
    assert not (releases / "half").exists()


def test_a_rehearsal_removes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    releases = made(tmp_path, "a", "b", "c", "d")
    (releases / "half").mkdir()
    assert call(releases, "--current", "a", "--before", "b", "--keep", "2", "--check", capsys=capsys)
    assert {path.name for path in releases.iterdir()} == {"a", "b", "c", "d", "half"}


def test_what_a_process_runs_stays(tmp_path: Path) -> None:
    releases, processes = made(tmp_path, "old"), tmp_path / "proc"
    (processes / "17").mkdir(parents=True)
    program_path = releases / "old" / "bin" / "python"
    (processes / "17" / "cmdline").write_bytes(f"{program_path}\0serve\0api\0".encode())
    assert old_releases.running(releases, processes) == {"old"}


def test_back_is_to_what_was_in_force_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    releases = made(tmp_path, "a", "b", "c")
    (tmp_path / "current").symlink_to("releases/b")
    (releases / ".history").write_text("c\na\nb\ngone\na\nb\n")
    assert call(releases, "--previous", capsys=capsys) == ["a"]


def test_back_and_back_again_is_forth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    releases = made(tmp_path, "a", "b")
    (tmp_path / "current").symlink_to("releases/a")
    (releases / ".history").write_text("a\nb\na\n")
    assert call(releases, "--previous", capsys=capsys) == ["b"]


def test_where_there_is_no_way_back_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    releases = made(tmp_path, "a")
    (tmp_path / "current").symlink_to("releases/a")
    (releases / ".history").write_text("a\n")
    assert old_releases.main([str(releases), "--previous"]) == 1
    assert "none to go back to" in capsys.readouterr().err
