"""`streamlake topics plan|apply` on a real broker: shown first, done once, never undone by a second run."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streamlake.cli import topics
from streamlake.errors import Misconfigured, Refused, StreamlakeError
from streamlake.kafka.admin import Admin
from streamlake.kafka.errors import KafkaUnavailable
from tests.support.broker import BrokerUnderTest, free_port

pytestmark = pytest.mark.broker
REPOSITORY = Path(__file__).parents[3]
Command = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "contracts" / "orders", tmp_path / "contracts" / "orders")
    return tmp_path / "contracts"


@pytest.fixture
def command(
    own_broker: BrokerUnderTest, contracts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setenv("STREAMLAKE_BOOTSTRAP_SERVERS", own_broker.bootstrap)
    monkeypatch.setenv("STREAMLAKE_CONTRACTS_DIR", str(contracts))

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        try:
            topics.app([*arguments, "--json"])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        except StreamlakeError as error:
            return error.exit_code, {"error": error}
        return code, json.loads(capsys.readouterr().out)

    return run


def test_a_plan_is_shown_then_made_and_a_second_run_changes_nothing(
    command: Command, own_broker: BrokerUnderTest
) -> None:
    code, shown = command("plan")
    assert code == 1
    assert {row["action"] for row in shown["changes"]} == {"create"}
    assert shown["suggest"] == ["streamlake topics apply"]
    admin = Admin(own_broker.bootstrap)
    assert admin.topics() == []
    code, made = command("apply")
    assert (code, made["applied"], made["changes"]) == (0, 2, shown["changes"])
    assert admin.topics() == ["streamlake.orders.dlq", "streamlake.orders.raw"]
    ids = {name: admin.topic_id(name) for name in admin.topics()}
    code, nothing = command("plan")
    assert (code, nothing["changes"], nothing["held_back"], nothing["suggest"]) == (0, [], [], [])
    code, again = command("apply")
    assert (code, again["applied"]) == (0, 0)
    assert {name: admin.topic_id(name) for name in admin.topics()} == ids


def test_settings_are_altered_before_to_after_and_growth_is_held_back(
    command: Command, own_broker: BrokerUnderTest
) -> None:
    own_broker.create_topic("streamlake.orders.raw", 1, message_timestamp_type="CreateTime", retention_ms="3600000")
    admin = Admin(own_broker.bootstrap)
    before = admin.topic_id("streamlake.orders.raw")
    code, shown = command("plan")
    assert code == 1
    rows = {row["setting"]: (row["before"], row["after"]) for row in shown["changes"] if row["action"] == "alter"}
    assert rows["message.timestamp.type"] == ("CreateTime", "LogAppendTime")
    assert [held["setting"] for held in shown["held_back"]] == ["partitions"]
    code, refused = command("apply")
    assert (code, refused["error"].code) == (4, "SL-0240")
    assert admin.config("streamlake.orders.raw")["message.timestamp.type"] == "LogAppendTime"
    assert admin.partitions("streamlake.orders.raw") == 1
    code, _ = command("apply", "--grow-partitions", "orders")
    assert code == 0
    assert admin.partitions("streamlake.orders.raw") == 3
    assert admin.topic_id("streamlake.orders.raw") == before


def test_a_kept_plan_is_carried_out_as_it_was_shown_and_refused_when_stale(
    command: Command, own_broker: BrokerUnderTest, tmp_path: Path
) -> None:
    own_broker.create_topic("streamlake.orders.raw", 1)
    kept = tmp_path / "plan.json"
    assert command("plan", "--grow-partitions", "orders", "--out", str(kept))[0] == 1
    assert command("apply", str(kept))[0] == 0
    assert Admin(own_broker.bootstrap).partitions("streamlake.orders.raw") == 3
    code, stale = command("apply", str(kept))
    assert code == 4
    assert isinstance(stale["error"], Refused)
    assert "partitions - -> 1 when it was made, no change of streamlake.orders.dlq" in str(stale["error"])
    kept.write_text("{")
    code, wrong = command("apply", str(kept))
    assert code == 2
    assert isinstance(wrong["error"], Misconfigured)


def test_a_mistyped_dataset_is_wrong_use(command: Command, own_broker: BrokerUnderTest) -> None:
    code, _ = command("apply", "--grow-partitions", "order")
    assert code == 2
    assert Admin(own_broker.bootstrap).topics() == []


def test_without_a_broker_it_says_so(contracts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMLAKE_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("STREAMLAKE_CONTRACTS_DIR", str(contracts))
    with pytest.raises(KafkaUnavailable) as raised:
        topics.app(["plan"])
    assert raised.value.exit_code == 3
