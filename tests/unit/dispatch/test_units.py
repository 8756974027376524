"""The verb `units`: what it does to units, what it answers, and with which exit code."""

from pathlib import Path

import pytest

from tests.support.broker import until
from tests.support.dispatcher import Dispatcher


def names(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [unit["unit"].split("@")[1].removesuffix(".service") for unit in answer["units"]]


def test_it_tells_every_process_of_a_dataset(host: Dispatcher) -> None:
    code, answer = host.units(action="status", dataset="orders")
    assert code == 0
    assert names(answer) == ["orders.2", "orders"]
    assert answer["units"][0]["status"] == "lag 0"
    assert host.verbs() == []


def test_a_unit_that_is_down_is_found(host: Dispatcher) -> None:
    assert host.units(action="stop", dataset="orders")[0] == 0
    code, answer = host.units(action="status", dataset="all")
    assert code == 1
    assert answer["not_active"] == ["streamlake-consumer@orders.2.service", "streamlake-consumer@orders.service"]


@pytest.mark.parametrize(("action", "state"), [("start", "active"), ("stop", "inactive"), ("restart", "active")])
def test_asking_twice_is_fine(host: Dispatcher, action: str, state: str) -> None:
    for _ in range(2):
        code, answer = host.units(action=action, dataset="payments", reason="a test")
        assert (code, answer["units"][0]["state"]) == (0, state)
    assert host.state("payments") == state
    assert host.state("orders") == "active"
    assert host.verbs() == [action, action]


def test_all_is_every_consumer_of_the_host_in_one_call(host: Dispatcher) -> None:
    code, answer = host.units(action="restart", dataset="all")
    assert (code, len(answer["units"])) == (0, 3)
    assert host.verbs() == ["restart"]


def test_a_unit_that_does_not_do_it_is_named(host: Dispatcher) -> None:
    host.trouble("fails")
    code, answer = host.units(action="restart", dataset="payments")
    assert code == 1
    assert answer["not_done"] == ["streamlake-consumer@payments.service"]
    assert "failed" in answer["said"]


@pytest.mark.parametrize(("trouble", "code", "error"), [("denied", 4, "SL-0905"), ("away", 3, "SL-0904")])
def test_what_systemd_refuses_and_a_systemd_that_is_away(host: Dispatcher, trouble: str, code: int, error: str) -> None:
    host.trouble(trouble)
    exit_code, answer = host.units(action="stop", dataset="orders")
    assert (exit_code, answer["error"]["id"]) == (code, error)


def test_a_job_that_takes_too_long_is_half_way(tmp_path: Path) -> None:
    host = Dispatcher(tmp_path, work_seconds=0.5)
    host.trouble("stuck")
    code, answer = host.units(action="stop", dataset="orders")
    assert (code, answer["error"]["id"]) == (5, "SL-0906")


def test_a_name_that_is_no_dataset_is_not_a_quiet_success(host: Dispatcher) -> None:
    code, answer = host.units(action="restart", dataset="order")
    assert (code, answer["error"]["id"]) == (2, "SL-0902")
    assert "orders" in answer["error"]["next_step"]


def test_a_dataset_of_another_host_is_found_missing_unless_that_was_said(host: Dispatcher) -> None:
    assert host.units(action="restart", dataset="clicks")[0] == 1
    code, answer = host.units(action="restart", dataset="clicks", if_placed=True)
    assert (code, answer["units"]) == (0, [])
    assert host.verbs() == []


def test_requests_for_one_unit_come_one_after_another(host: Dispatcher) -> None:
    host.trouble("slow")
    request = 'units {"action":"restart","dataset":"orders"}'
    processes = [host.begin(request) for _ in range(3)]
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    steps = [next(iter(call)) for call in host.calls() if "argv" not in call]
    assert steps == ["begin", "end"] * 3


def test_a_request_that_waits_too_long_for_its_turn_says_so(tmp_path: Path) -> None:
    host = Dispatcher(tmp_path, lock_seconds=0.2)
    host.trouble("stuck")
    with host.begin('units {"action":"stop","dataset":"all"}') as first:
        until(lambda: bool(host.verbs()), 30)
        code, answer = host.units(action="restart", dataset="orders")
        assert (code, answer["error"]["id"]) == (3, "SL-0903")
        assert host.units(action="status", dataset="orders")[0] == 0, "a look waits for nobody"
        first.kill()


def test_systemctl_gets_no_shell_and_nothing_of_the_callers_environment(host: Dispatcher) -> None:
    request = 'units {"action":"restart","dataset":"orders"}'
    assert host.ask(request, PATH="/tmp/evil", PAGER="/tmp/evil", PYTHONPATH="/tmp/evil", LD_LIBRARY_PATH="/x")[0] == 0
    called = [call for call in host.calls() if "argv" in call]
    assert called
    for call in called:
        # What the interpreter of the stand-in adds for itself is LC_CTYPE.
        assert set(call["env"]) - {"LC_CTYPE"} == {"PATH", "LC_ALL", "SYSTEMD_COLORS", "SYSTEMD_PAGER"}
        assert call["env"]["PATH"] == "/usr/bin:/bin"
        assert call["cwd"] == "/"
        assert "--no-ask-password" in call["argv"]


@pytest.mark.parametrize(("action", "after"), [("pause", "paused"), ("resume", "running")])
def test_pausing_is_the_releases_own_command_with_the_hosts_settings(host: Dispatcher, action: str, after: str) -> None:
    code, answer = host.units(action=action, dataset="orders")
    assert (code, answer["datasets"]) == (0, [{"dataset": "orders", "before": "running", "after": after}])
    asked = (host.home / "asked").read_text()
    assert f'["consumer", "{action}", "orders", "--json"]' in asked
    assert '"STREAMLAKE_STATE_DIR": "/srv/state"' in asked
    assert "LD_PRELOAD" not in asked, "only settings are handed on"


def test_what_was_paused_before_one_failed_is_said(host: Dispatcher) -> None:
    units = {f"streamlake-consumer@{name}.service": "active" for name in ("a", "clicks")}
    host.set(**{name: {"state": state, "runs": 1, "enabled": True} for name, state in units.items()})
    code, answer = host.units(action="pause", dataset="all")
    assert code == 5
    assert [one["dataset"] for one in answer["datasets"]] == ["a"]
    assert answer["error"]["id"] == "SL-0907"
    code, answer = host.units(action="pause", dataset="clicks")
    assert (code, answer["error"]["id"]) == (4, "SL-0907")


def test_a_pause_is_told(host: Dispatcher) -> None:
    (host.home / "control" / "orders.json").write_text('{"state": "paused"}')
    _, answer = host.units(action="status", dataset="all")
    assert {unit["dataset"]: unit["paused"] for unit in answer["units"]} == {"orders": True, "payments": False}


def test_a_host_that_is_not_prepared_says_what_is_missing(host: Dispatcher) -> None:
    (host.home / "locks").rename(host.home / "gone")
    code, answer = host.units(action="restart", dataset="orders")
    assert (code, answer["error"]["id"]) == (3, "SL-0904")
    (host.home / "streamlake").unlink()
    (host.home / "gone").rename(host.home / "locks")
    assert host.units(action="pause", dataset="orders")[0] == 3
    assert host.verbs() == []
