"""How every command answers: exit codes, one document for machines, errors that say what to do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from streamlake.cli import main, output
from streamlake.consumer.control import read_control
from tests.support.contract_files import document, put

ROOT = Path(__file__).parents[3]


def streamlake(*words: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STREAMLAKE_")}
    told = {"STREAMLAKE_HOME": str(home), "STREAMLAKE_BOOTSTRAP_SERVERS": "127.0.0.1:1", **environment}
    return subprocess.run(
        [Path(sys.executable).with_name("streamlake"), *words],
        cwd=ROOT,
        env=clean | told,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_unknown_setting_is_refused_in_every_command_before_anything_is_made(tmp_path: Path) -> None:
    for words in (["settings"], ["status"], ["local", "up"], ["local", "down"], ["consume", "orders"]):
        done = streamlake(*words, home=tmp_path / "home", STREAMLAKE_API_PROT="1")
        assert done.returncode == 2
        assert "did you mean STREAMLAKE_API_PORT?" in done.stderr
        assert done.stdout == ""
    assert not (tmp_path / "home").exists()


def test_an_error_for_machines_is_one_document_with_its_next_command(tmp_path: Path) -> None:
    done = streamlake("settings", "--json", home=tmp_path, STREAMLAKE_API_PORT="99999")
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert document["error"]["id"] == "SL-0801"
    assert document["suggest"] == ["streamlake settings"]


def test_settings_say_who_set_them(tmp_path: Path) -> None:
    document = json.loads(streamlake("settings", "--json", home=tmp_path).stdout)
    by_name = {row["name"]: row for row in document["settings"]}
    assert by_name["STREAMLAKE_HOME"]["set_by"] == "environment"
    assert by_name["STREAMLAKE_API_PORT"]["set_by"] == "default"


def test_status_where_nothing_runs_says_so_and_makes_nothing(tmp_path: Path) -> None:
    done = streamlake("status", "--json", home=tmp_path / "home")
    assert done.returncode == 3
    document = json.loads(done.stdout)
    assert document["health"] == "stopped"
    assert document["suggest"] == ["scripts/up"]
    assert not (tmp_path / "home").exists()


def test_a_broken_contract_is_said_and_no_reason_to_refuse_a_look(tmp_path: Path) -> None:
    (tmp_path / "contracts" / "orders").mkdir(parents=True)
    (tmp_path / "contracts" / "orders" / "contract.yaml").write_text("kind: [")
    done = streamlake("status", "--json", home=tmp_path, STREAMLAKE_CONTRACTS_DIR=str(tmp_path / "contracts"))
    document = json.loads(done.stdout)
    assert document["advice"][0]["runbook"] == "SL-0101"
    assert "streamlake contracts check" in document["suggest"]


@pytest.mark.parametrize(
    "words",
    [
        ["doctor", "--end-to-end", "--dataset", "ordres"],
        ["status", "nothing_such"],
        ["consumer", "pause", "../x"],
        ["consume", "ordres"],
    ],
)
def test_an_unknown_dataset_is_wrong_use_and_touches_nothing(tmp_path: Path, words: list[str]) -> None:
    done = streamlake(*words, home=tmp_path / "home")
    assert done.returncode == 2
    assert "SL-0102" in done.stderr
    assert not list((tmp_path / "home").rglob("*.json"))


def test_a_draft_is_called_one(tmp_path: Path) -> None:
    put(tmp_path, document("orders", status="draft"))
    for words in (["status", "orders"], ["consumer", "pause", "orders"]):
        done = streamlake(*words, home=tmp_path / "home", STREAMLAKE_CONTRACTS_DIR=str(tmp_path))
        assert done.returncode == 2
        assert "SL-0102: the contract of orders is a draft" in done.stderr
        assert "status to active" in done.stderr


@pytest.mark.parametrize("words", [["nonsense"], ["status", "--nonsense"], ["status", "--exit-when", "tomorrow"]])
def test_wrong_use_is_code_2(tmp_path: Path, words: list[str]) -> None:
    assert streamlake(*words, home=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["status", "--nonsense"], "streamlake status"),
        (["--json", "status", "orders", "orders"], "streamlake"),
        (["status", "orders", "orders"], "streamlake status"),
        (["status", "--timeout", "soon"], "streamlake status"),
        (["status", "--timeout"], "streamlake status"),
        (["status", "--timeout", "nan"], "streamlake status"),
        (["doctor", "--timeout", "inf"], "streamlake doctor"),
        (["send", "orders", "x", "--patience", "-1"], "streamlake send"),
        (["nonsense"], "streamlake"),
        (["keys"], "streamlake keys"),
        (["keys", "nonsense"], "streamlake keys"),
        (["keys", "new"], "streamlake keys new"),
        (["audit"], "streamlake audit"),
        ([], "streamlake"),
    ],
)
def test_wrong_use_is_one_document_for_machines(tmp_path: Path, words: list[str], command: str) -> None:
    done = streamlake(*words, "--json", home=tmp_path / "home")
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert document["error"]["id"] == "SL-0804"
    assert document["error"]["message"]
    assert document["suggest"] == [f"{command} --help"]
    assert document["suggest"][0] in document["error"]["next_step"]
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("words", "id"),
    [
        (["status", "orders", "--exit-when", "sealed:2026-13-45"], "SL-0802"),
        (["send", "orders", __file__, "--url", "foo"], "SL-0530"),
        (["audit", "orders", "--from", "2026-13-45"], "SL-0602"),
        (["trace", "streamlake.orders.raw/0/99999999999999999999999"], "SL-0602"),
        (["trace", "../../x/0/1"], "SL-0602"),
        (["trace", "{"], "SL-0602"),
    ],
)
def test_absurd_words_are_one_sentence(tmp_path: Path, words: list[str], id: str) -> None:
    done = streamlake(*words, home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{id}: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("around", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_id_from_before_or_behind_all_time_is_looked_for(tmp_path: Path, around: str) -> None:
    (tmp_path / "lake").mkdir()
    done = streamlake("trace", "019b0000-0000-4000-8000-000000000000", "--around", around, "--json", home=tmp_path)
    assert done.returncode == 3  # Kafka was not there
    assert json.loads(done.stdout)["suggest"]


def test_a_contract_beyond_all_measure_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "contract.yaml").write_bytes(b"#" * (60 << 20))
    done = streamlake("contracts", "check", str(tmp_path), home=tmp_path)
    assert done.returncode == 2
    assert "62914560 bytes" in done.stdout + done.stderr


def test_help_is_no_error_for_machines_either(tmp_path: Path) -> None:
    done = streamlake("status", "--json", "--help", home=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Usage: streamlake status [OPTIONS] [dataset]")


def test_a_bug_is_one_document_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        divmod(1, 0)
    assert main._report(raised.value, ["status", "--json"], as_json=True) == 70
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["id"] == "SL-0800"
    assert "ZeroDivisionError" in document["error"]["message"]


def test_waiting_ends_in_time(tmp_path: Path) -> None:
    done = streamlake("status", "--exit-when", "healthy", "--timeout", "0.1", home=tmp_path)
    assert done.returncode == 3
    assert "SL-0803" in done.stderr


def test_pause_and_resume_are_what_the_consumer_reads(tmp_path: Path) -> None:
    done = streamlake("consumer", "pause", "orders", "--json", home=tmp_path)
    assert json.loads(done.stdout)["undo"] == "streamlake consumer resume orders"
    assert read_control(tmp_path / "state", "orders").paused
    done = streamlake("consumer", "resume", "orders", "--json", home=tmp_path)
    document = json.loads(done.stdout)
    assert (document["before"], document["after"]) == ("paused", "running")
    assert not read_control(tmp_path / "state", "orders").paused
    assert document["resumed_at_ms"] > 1_700_000_000_000
    assert [p.name for p in (tmp_path / "state" / "control").iterdir()] == ["orders.json"]


def test_doctor_names_the_cause_and_skips_the_symptoms(tmp_path: Path) -> None:
    done = streamlake("doctor", "--end-to-end", "--json", home=tmp_path)
    assert done.returncode == 1
    found = {check["name"]: check["status"] for check in json.loads(done.stdout)["checks"]}
    assert found["contracts"] == "ok"
    assert found["kafka"] == "failed"
    assert found["topics"] == found["api"] == found["consumers"] == found["accepted"] == "skipped"


COMMAND = Path(sys.executable).with_name("streamlake")


def shell(line: str, **environment: str) -> tuple[int, str]:
    """The exit code of a line of bash, of its last command that failed, and what it said on stderr."""
    words = ["bash", "-o", "pipefail", "-c", line]
    told = {**os.environ, "STREAMLAKE_BOOTSTRAP_SERVERS": "127.0.0.1:1", **environment}
    done = subprocess.run(words, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("settings | head -n 1", 0),
        ("settings | true", 0),
        ("settings --json | true", 0),
        ("--help | true", 0),
        ("doctor | true", 1),  # the verdict stays
        ("doctor --json | true", 1),
        ("status --exit-when foo --json | true", 2),
    ],
)
def test_a_reader_that_leaves_changes_nothing(tmp_path: Path, line: str, code: int, unbuffered: str) -> None:
    found, said = shell(f"'{COMMAND}' {line}", STREAMLAKE_HOME=str(tmp_path), PYTHONUNBUFFERED=unbuffered)
    assert found == code
    assert "rror 32" not in said
    assert "Exception" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("settings >/dev/full", 4, "SL-0806"),
        ("settings --json >/dev/full", 4, "SL-0806"),
        ("--help >/dev/full", 4, "SL-0806"),
        ("status --nonsense --json >/dev/full", 4, "SL-0806"),
        ("settings >/dev/full 2>&1", 4, ""),
        ("status --exit-when foo 2>/dev/full", 2, ""),
    ],
)
def test_a_full_disk_under_the_answer_is_said(tmp_path: Path, line: str, code: int, told: str, unbuffered: str) -> None:
    found, said = shell(f"'{COMMAND}' {line}", STREAMLAKE_HOME=str(tmp_path), PYTHONUNBUFFERED=unbuffered)
    assert (found, said[:7]) == (code, told)
    assert len(said.splitlines()) <= 1


def test_nobody_to_answer_a_question_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def left(_: list[str]) -> int:
        raise typer.Abort

    monkeypatch.setattr(main, "_carry_out", left)
    assert main.run(["local", "down"]) == 130


@pytest.mark.parametrize(
    ("line", "code"), [("topics apply", 5), ("chain fork orders --apply", 5), ("topics plan", 130), ("status", 130)]
)
def test_ctrl_c_amid_a_change_says_that_it_may_be_halfway(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, code: int
) -> None:
    def left(_: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "_carry_out", left)
    assert main.run(line.split()) == code
    assert ("SL-0805" in capsys.readouterr().err) == (code == 5)


def test_words_without_a_verb_get_the_help_and_wrong_use_names_it(tmp_path: Path) -> None:
    bare = streamlake("keys", home=tmp_path)
    assert bare.returncode == 2
    assert "Usage: streamlake keys" in bare.stdout + bare.stderr
    wrong = streamlake("keys", "nonsense", home=tmp_path)
    assert wrong.stderr.startswith("Usage: streamlake keys")
    assert "No such command 'nonsense'" in wrong.stderr


def test_numbers_as_people_say_them() -> None:
    assert [output.seconds(s) for s in (None, 0.04, 9.96, 12, 185, 7800, 266400)] == [
        *("-", "0.0 s", "10.0 s", "12 s", "3 min 5 s", "2 h 10 min", "3 d 2 h"),
    ]
    assert [output.size(b) for b in (812, 4404019, 1 << 42)] == ["812 B", "4.2 MiB", "4.0 TiB"]
    assert output.moment(1795226400123) == "2026-11-21 02:00:00Z"
    assert output.commands_in("Run `streamlake status`, then `ls`.") == ["streamlake status"]
