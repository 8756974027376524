"""`streamlake audit` as people and machines call it: exit codes, totals, progress, going on, expiry by contract."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from streamlake.audit.looking import Looking
from streamlake.cli.audit import audit as audit_command
from streamlake.errors import EXIT_DONE, EXIT_FOUND, EXIT_HALFWAY, EXIT_UNREACHABLE, Misconfigured
from tests.support.broker import free_port
from tests.support.consumer import CONTRACT
from tests.support.lakes import HandLake, a_good_lake

Run = Callable[..., Result]
app = typer.Typer()
app.command("audit")(audit_command)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("STREAMLAKE_LAKE_URL", f"file://{tmp_path}/lake")
    monkeypatch.setenv("STREAMLAKE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("STREAMLAKE_CONTRACTS_DIR", str(tmp_path / "contracts"))
    monkeypatch.setenv("STREAMLAKE_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")

    def run_(*arguments: str) -> Result:
        result = CliRunner().invoke(app, ["orders", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run_


def test_checked_against_total_is_always_said(tmp_path: Path, run: Run) -> None:
    a_good_lake(tmp_path / "lake")
    result = run("--lake-only")
    assert result.exit_code == EXIT_DONE
    assert "5 of 5 claims (5 read, 0 counted by 0 seals, 5 of the days asked for)" in result.stdout
    assert "5 of 5 parts found, 5 measured, 0 of 0 chosen ones read" in result.stdout
    assert "dead letters: not looked for one by one; --deep does" in result.stdout
    assert "dead letters: 2 of 2 found" in run("--lake-only", "--deep").stdout
    # Whoever did not want Kafka to be asked does not want it the next time.
    assert json.loads(run("--lake-only", "--json").stdout)["suggest"] == ["streamlake audit orders --lake-only --deep"]


def test_without_kafka_it_is_3_and_machines_get_one_document(tmp_path: Path, run: Run) -> None:
    a_good_lake(tmp_path / "lake")
    result = run("--json")
    assert result.exit_code == EXIT_UNREACHABLE
    document = json.loads(result.stdout)
    assert document["verdict"] == "INDETERMINATE"
    assert document["checked"]["log_compared"] is False
    progress = [json.loads(line) for line in result.stderr.splitlines()]
    assert all(line["progress"] == "audit orders" for line in progress)
    assert {line["of"] for line in progress if line["what"] == "claims"} == {5}


def test_ctrl_c_ends_it_where_its_state_is_whole(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what it looks at again would be counted twice."""
    a_good_lake(tmp_path / "lake")
    step = Looking.step

    def interrupted(looking: Looking) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        step(looking)

    with monkeypatch.context() as patch:
        patch.setattr(Looking, "step", interrupted)
        stopped = run("--lake-only", "--deep", "--known-loss", "3", "--json")
    document = json.loads(stopped.stdout)
    assert (stopped.exit_code, document["verdict"]) == (EXIT_HALFWAY, "INDETERMINATE")
    assert document["suggest"] == ["streamlake audit orders --lake-only --deep --known-loss 3 --resume"]
    again = run("--lake-only", "--deep", "--known-loss", "3", "--resume")
    assert again.exit_code == EXIT_DONE
    assert "dead letters: 2 of 2 found" in again.stdout


def test_time_that_runs_out_is_5_and_the_next_command_goes_on(tmp_path: Path, run: Run) -> None:
    a_good_lake(tmp_path / "lake")
    first = run("--lake-only", "--deep", "--max-duration", "0s", "--json")
    assert first.exit_code == EXIT_HALFWAY
    document = json.loads(first.stdout)
    assert document["verdict"] == "INDETERMINATE"
    assert document["checked"]["claims"] < document["checked"]["claims_total"] == 5
    assert document["suggest"] == ["streamlake audit orders --lake-only --deep --max-duration 0s --resume"]
    for _ in range(20):
        result = run("--lake-only", "--deep", "--max-duration", "0s", "--resume", "--json")
        if result.exit_code != EXIT_HALFWAY:
            break
        assert json.loads(result.stdout)["resumed"]
    document = json.loads(result.stdout)
    assert (result.exit_code, document["verdict"], document["checked"]["claims"]) == (EXIT_DONE, "OK", 5)
    assert document["checked"]["parts_read"] == 5


def test_the_contracts_retention_tells_expiry_from_loss(tmp_path: Path, run: Run) -> None:
    lake = HandLake(tmp_path / "lake")
    old = lake.land(3)
    lake.edit_claim(old, at="2020-01-01T00:00:00+00:00", date="2020-01-01")
    lake.part_path(old).unlink()
    lake.edit_claim(
        old,
        part=str(old.part).replace("2026-11-21", "2020-01-01"),
        min_timestamp_ms=1577840400000,
        max_timestamp_ms=1577840400000,
    )
    lake.land(2)
    assert run("--lake-only").exit_code == EXIT_FOUND
    folder = tmp_path / "contracts" / "orders"
    folder.mkdir(parents=True)
    properties = "  - property: lakeRetentionDays\n    value: 90\n"
    (folder / "contract.yaml").write_text(
        CONTRACT.format(dataset="orders", version=1, fields="", properties=properties)
    )
    result = run("--lake-only")
    assert result.exit_code == EXIT_DONE, result.stdout
    assert "expired: 1 parts, by the contract's lakeRetentionDays of 90" in result.stdout


@pytest.mark.parametrize(
    "arguments", [["--deep", "--read", "5%"], ["--from", "2026-11-22", "--to", "2026-11-21"], ["--read", "0%"]]
)
def test_questions_that_contradict_themselves_are_refused(tmp_path: Path, run: Run, arguments: list[str]) -> None:
    a_good_lake(tmp_path / "lake")
    with pytest.raises(Misconfigured):
        run(*arguments)


def test_only_errors_leaves_the_total_standing(tmp_path: Path, run: Run) -> None:
    lake, claims = a_good_lake(tmp_path / "lake")
    lake.part_path(claims["first"]).unlink()
    result = run("--lake-only", "--errors-only")
    assert result.exit_code == EXIT_FOUND
    assert "part_missing" in result.stdout
    assert "checked: " in result.stdout
    assert "up to" not in result.stdout
