"""Airflow's REST API, its SSH connection, the operators' account, systemd, the unit: the whole way."""

import json
import shlex
import time
from typing import Any

import pytest

from tests.support.broker import until
from tests.support.host import states
from tests.support.host.machine import Host
from tests.support.host.operator import CONSUMER, wait_active

pytestmark = pytest.mark.timeout(400)
_API = "http://127.0.0.1:8090"


class Airflow:
    """The REST API as a program on the host would use it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        password = host.run("cat /etc/airflow/credentials/ops-password").strip()
        self.token = ""
        self.token = self.call("POST", "/auth/token", {"username": "ops", "password": password})["access_token"]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request; what it answers."""
        argv = ["curl", "-sS", "-m", "30", "-X", method, _API + path, "-H", "Content-Type: application/json"]
        if self.token:
            argv += ["-H", f"Authorization: Bearer {self.token}"]
        if body is not None:
            argv += ["-d", json.dumps(body)]
        answer: dict[str, Any] = json.loads(self.host.run(shlex.join(argv)))
        return answer

    def run(self, dag: str, seconds: float = 180, **params: Any) -> str:
        """Trigger a DAG and wait for its end; the state that it ended in."""
        begun = self.call("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None, "conf": params})
        assert "dag_run_id" in begun, begun
        path = f"/api/v2/dags/{dag}/dagRuns/{begun['dag_run_id'].replace('+', '%2B').replace(':', '%3A')}"
        deadline = time.monotonic() + seconds
        while (state := self.call("GET", path)["state"]) not in {"success", "failed"}:
            assert time.monotonic() < deadline, f"{dag} is still {state}"
            time.sleep(0.5)
        return str(state)


@pytest.fixture
def airflow(site: Host) -> Airflow:
    wait_active(site, *(f"airflow@{part}.service" for part in ("api-server", "scheduler", "dag-processor")))
    until(lambda: site.attempt(f"curl -sfm 5 {_API}/api/v2/monitor/health").returncode == 0, 90)
    return Airflow(site)


def test_the_runbook_restarts_a_consumer(airflow: Airflow, site: Host) -> None:
    before = states.begun(site, CONSUMER, "streamlake-api.service")
    state = airflow.run("units", action="restart", dataset="orders", reason="the test asks for it")
    assert state == "success"
    after = states.begun(site, CONSUMER, "streamlake-api.service")
    assert after[CONSUMER] != before[CONSUMER]
    assert after["streamlake-api.service"] == before["streamlake-api.service"]
    assert "the test asks for it" in site.run("journalctl -t streamlake-ops -n 50 --no-pager -o cat")


def test_a_runbook_for_a_dataset_that_is_not_there_fails(airflow: Airflow, site: Host) -> None:
    before = states.begun(site, CONSUMER)
    assert airflow.run("units", action="restart", dataset="nowhere", reason="a dataset that is not there") == "failed"
    assert states.begun(site, CONSUMER) == before


def test_wrong_parameters_are_refused_before_anything_runs(airflow: Airflow, site: Host) -> None:
    asked = {"logical_date": None, "conf": {"action": "restart", "dataset": "orders; id", "reason": "a wrong name"}}
    answer = airflow.call("POST", "/api/v2/dags/units/dagRuns", asked)
    assert "dag_run_id" not in answer


def test_without_a_token_nothing_runs(site: Host) -> None:
    said = site.run(f"curl -s -o /dev/null -w '%{{http_code}}' -X POST {_API}/api/v2/dags/units/dagRuns -d '{{}}'")
    assert said == "401"
