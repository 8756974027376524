"""What the play restarts, and why: only what runs on something else than stands there, and nothing twice."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[2] / "infra" / "ansible" / "roles" / "units" / "files" / "units.py"
NOW = {"unit": "u1", "release": "r1", "settings": "s1", "credentials": "c1"}
RUNS = {"ActiveState": "active", "MainPID": "7", "InvocationID": "i1", "ExecMainStartTimestampMonotonic": "0"}


@pytest.fixture
def units() -> ModuleType:
    spec = importlib.util.spec_from_file_location("units_of_the_role", PROGRAM)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_runs_on_what_stands_there_is_left_alone(units: ModuleType) -> None:
    assert units.decide(RUNS, NOW, {"inputs": NOW}, None, "") == ("none", "")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("unit", "its unit file changed"),
        ("release", "release r0 -> r1"),
        ("settings", "the settings changed"),
        ("credentials", "its credentials changed"),
    ],
)
def test_each_difference_is_a_reason_in_words(units: ModuleType, name: str, why: str) -> None:
    then = NOW | {name: f"{NOW[name][0]}0"}
    assert units.decide(RUNS, NOW, {"inputs": then}, None, "") == ("restart", why)


def test_a_reason_is_not_said_twice(units: ModuleType) -> None:
    then = NOW | {"release": "r0"}
    assert units.decide(RUNS, NOW, {"inputs": then}, None, "release r0 -> r1") == ("restart", "release r0 -> r1")


def test_what_is_not_there_is_started_and_what_is_not_known_is_restarted(units: ModuleType) -> None:
    for state in ("inactive", "failed"):
        assert units.decide(RUNS | {"ActiveState": state}, NOW, None, None, "") == ("start", "first start")
        assert units.decide(RUNS | {"ActiveState": state}, NOW, {"inputs": NOW}, None, "")[0] == "start"
    assert units.decide(RUNS, NOW, None, None, "")[0] == "restart"


def test_an_interrupted_roll_does_not_restart_again_what_it_restarted(units: ModuleType) -> None:
    kept = {"inputs": NOW | {"release": "r0"}}
    before, after = ({"inputs": NOW, "invocation": i, "why": "x"} for i in ("i1", "i0"))
    assert units.decide(RUNS, NOW, kept, before, "")[0] == "restart", "it was killed before the restart"
    assert units.decide(RUNS, NOW, kept, after, "")[0] == "prove", "it was killed after it"
    stale = after | {"inputs": NOW | {"settings": "s0"}}
    assert units.decide(RUNS, NOW, kept, stale, "")[0] == "restart", "something changed since"


def test_what_was_asked_for_holds_until_it_was_done(units: ModuleType) -> None:
    question = {"why": "release a -> b", "why_api": "the API's certificate changed"}
    early, late = {"restart-release": 0.0}, {"restart-release": 9e12}
    consumer, api = "streamlake-consumer@orders.service", "streamlake-api.service"
    assert units.asked(consumer, RUNS, question, late) == "release a -> b"
    assert units.asked(consumer, RUNS, question, early) == ""
    assert units.asked(consumer, RUNS, question, {"restart-api-certificate": 9e12}) == ""
    assert units.asked(api, RUNS, question, {"restart-api-certificate": 9e12}).endswith("certificate changed")
    assert units.asked(consumer, RUNS, question, {}) == "release a -> b", "asked for by hand"


def test_consumers_do_not_care_for_the_settings_of_the_api(units: ModuleType) -> None:
    text = "# x\nSTREAMLAKE_API_PORT=1\nSTREAMLAKE_LAKE_URL=file:///l\nOTHER=2\n"
    assert units.settings_for("streamlake-consumer@orders.service", text) == ["STREAMLAKE_LAKE_URL=file:///l"]
    assert len(units.settings_for("streamlake-api.service", text)) == 2


def test_the_last_credential_of_a_name_counts(units: ModuleType) -> None:
    template = "LoadCredential=kafka:/c/kafka-consumer-%i\nLoadCredential=ca:/c/ca\n"
    both = template + "LoadCredential=kafka:/c/kafka-consumer-orders\n"
    assert units.credentials("streamlake-consumer@orders.2.service", both)["kafka"] == "/c/kafka-consumer-orders"
    first = units.credentials("streamlake-consumer@orders.service", template)
    assert first == {"kafka": "/c/kafka-consumer-orders", "ca": "/c/ca"}


def test_inputs_are_read_and_no_secret_is_kept(units: ModuleType, tmp_path: Path) -> None:
    secret, unit = tmp_path / "secret", tmp_path / "x.service"
    secret.write_text("sasl.password=hunter2")
    unit.write_text(f"[Service]\nLoadCredential=kafka:{secret}\n")
    before = units.inputs("x.service", {"FragmentPath": str(unit), "DropInPaths": ""})
    assert "hunter2" not in json.dumps(before)
    secret.write_text("sasl.password=hunter3")
    after = units.inputs("x.service", {"FragmentPath": str(unit), "DropInPaths": ""})
    assert units.differences(before, after) == ["its credentials changed"]


@pytest.mark.parametrize(
    ("known", "stop", "stopped"),
    [
        (["orders"], [], []),
        (["orders"], ["clicks"], ["clicks"]),
        (["orders", "clicks"], [], []),
    ],
)
def test_a_consumer_without_a_contract_is_stopped_only_when_told(
    units: ModuleType, known: list[str], stop: list[str], stopped: list[str]
) -> None:
    """The third is a dataset that another host lands: its contract is there, and it is left alone here, too."""

    def named(datasets: list[str]) -> list[str]:
        return [f"streamlake-consumer@{dataset}.service" for dataset in datasets]

    question = {"units": named(["orders"]), "known": named(known), "stop": stop}
    told, left = units.surplus(set(named(["orders", "clicks"])), question)
    assert told == named(stopped)
    assert told + left == named(["clicks"])


def test_fewer_processes_in_the_contract_end_the_others(units: ModuleType) -> None:
    first, second = "streamlake-consumer@orders.service", "streamlake-consumer@orders.2.service"
    assert units.surplus({first, second}, {"units": [first], "known": [first], "stop": []}) == ([second], [])


@pytest.mark.parametrize(
    ("health", "works"),
    [("healthy", True), ("catching-up", True), ("paused", True), ("starting", False), ("unhealthy", False)],
)
def test_a_consumer_works_when_its_dataset_is_well_and_it_is_the_one_that_answers(
    units: ModuleType, health: str, works: bool
) -> None:
    status: dict[str, Any] = {
        "processes": [{"pid": 7, "answers": True}],
        "datasets": [{"name": "orders", "health": health}],
    }
    unit = "streamlake-consumer@orders.service"
    assert (units.judged(unit, "orders", RUNS, status) == "") is works
    assert units.judged(unit, "orders", RUNS | {"MainPID": "8"}, status), "another process answered"
    assert units.judged(unit, "orders", RUNS, {}), "nobody answered"
    silent = {"processes": [{"pid": 7, "answers": False}], "datasets": status["datasets"]}
    assert units.judged(unit, "orders", RUNS, silent), "it runs and says nothing"


def test_the_api_works_when_it_is_ready(units: ModuleType) -> None:
    assert units.judged("streamlake-api.service", "", RUNS, {"api": {"ready": True}}) == ""
    assert units.judged("streamlake-api.service", "", RUNS, {"api": {"ready": False}})
    assert units.judged("streamlake-api.service", "", RUNS, {})
