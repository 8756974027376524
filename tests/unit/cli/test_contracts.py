"""`streamlake contracts` answers people and machines alike, and its exit code says what was found."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from streamlake.cli.main import run
from tests.support.contract_files import document, put


@pytest.fixture
def contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "contracts"
    folder.mkdir()
    monkeypatch.setenv("STREAMLAKE_CONTRACTS_DIR", str(folder))
    return folder


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the one document on stdout."""
    code = run(["contracts", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_check_says_all_mistakes_with_their_places(contracts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(contracts, document("a"))
    assert asked(capsys, "check")[0] == 0
    file = put(contracts, document("b", kind="x", version="0"))
    code, answer = asked(capsys, "check")
    assert (code, answer["ok"], answer["error"]["id"]) == (2, False, "SL-0101")
    assert [(p["file"], p["line"], p["path"]) for p in answer["problems"]] == [
        (str(file), 2, "kind"),
        (str(file), 5, "version"),
    ]
    assert asked(capsys, "check", str(contracts / "a"))[0] == 0
    assert run(["contracts", "check"]) == 2
    assert f"{file}:2: kind" in capsys.readouterr().out


@pytest.mark.parametrize(("history", "lacks"), [([2, 3], None), ([2], 3), ([], 3), ([1, 2], 3), ([1, 3], 2)])
def test_check_says_which_version_is_not_kept(
    contracts: Path, capsys: pytest.CaptureFixture[str], history: list[int], lacks: int | None
) -> None:
    """Events of it may wait in Kafka. A dataset may have begun with any version, so this is no mistake."""
    put(contracts, document(version=4))
    for version in history:
        put(contracts, document(version=version), f"history/{version}.yaml")
    code, answer = asked(capsys, "check")
    assert (code, answer["datasets"][0]["version_not_in_history"]) == (0, lacks)
    assert run(["contracts", "check"]) == 0
    assert (f"has no history/{lacks}.yaml" in capsys.readouterr().out.replace("\n", " ")) is (lacks is not None)


def test_checking_nothing_is_no_success(contracts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, "check")[0] == 2


def test_new_then_check(contracts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "e").write_text('{"id":1,"at":"2026-11-21T09:30:00Z"}\n')
    code, answer = asked(capsys, "new", "things", "--from", str(tmp_path / "e"))
    assert (code, answer["events"], answer["folder"]) == (0, 1, str(contracts / "things"))
    assert answer["suggest"][0] == f"streamlake contracts check {contracts / 'things'}"
    code, checked = asked(capsys, "check")
    assert (code, checked["datasets"]) == (
        0,
        [{"name": "things", "version": 1, "draft": True, "examples": 2, "version_not_in_history": None}],
    )
    assert asked(capsys, "new", "things", "--from", str(tmp_path / "e"))[0] == 4
    assert asked(capsys, "new", "other", "--from", str(tmp_path / "absent"))[0] == 2


def test_diff_against_version_control_a_folder_and_a_file(
    contracts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(contracts, document("a"))
    put(contracts, document("b"))
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    code, answer = asked(capsys, "diff")
    assert (code, answer["datasets"], answer["changes"]) == (0, ["a", "b"], [])
    put(contracts, document("a"), "history/1.yaml")
    put(contracts, document("a", version=2, description={"purpose": "more"}))
    assert asked(capsys, "diff", "--against", "main")[0] == 0
    put(contracts, document("b", version=2))
    code, answer = asked(capsys, "diff")
    assert (code, answer["breaking"]) == (1, 1)
    assert [c["path"] for c in answer["changes"] if c["breaking"]] == ["history/1.yaml"]
    old = put(tmp_path / "old", document("a", customProperties=[]))
    for against in (old, old.parent.parent):
        code, answer = asked(capsys, "diff", "--against", str(against))
        assert code == 1
        assert "keyFields" in [c["path"] for c in answer["changes"] if c["dataset"] == "a" and c["breaking"]]
    for nowhere in ("absent", "--output=x"):
        code, answer = asked(capsys, "diff", f"--against={nowhere}")
        assert (code, answer["error"]["id"]) == (2, "SL-0107")
    assert not (contracts / "x").exists()


def test_diff_without_version_control_says_what_to_do(contracts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(contracts, document("a"))
    code, answer = asked(capsys, "diff")
    assert code == 2
    assert "folder of contracts" in answer["error"]["next_step"]
