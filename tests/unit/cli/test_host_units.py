"""On a host `status` shows every unit, also those that have ended and can tell nothing any more."""

from typing import Any

from streamlake.cli.health import DatasetFacts, of_dataset, of_processes
from streamlake.cli.host_units import rows, start_command

BOOTED = 1_795_000_000.0


def unit(name: str, active: str, sub: str = "running", pid: int = 0, text: str = "") -> dict[str, str]:
    return {
        "Id": f"{name}.service",
        "ActiveState": active,
        "SubState": sub,
        "MainPID": str(pid),
        "StatusText": text,
        "NRestarts": "3",
        "StateChangeTimestampMonotonic": "5000000",
    }


def shown(*units: dict[str, str], documents: tuple[dict[str, Any], ...] = ()) -> list[dict[str, Any]]:
    return rows(units, documents, BOOTED)


def test_a_process_that_answers_is_shown_in_its_own_words() -> None:
    document = {"pid": 7, "state": "waiting", "waiting_for": "SL-0301: no room"}
    (row,) = shown(unit("streamlake-consumer@orders.2", "active", pid=7), documents=(document,))
    assert (row["name"], row["kind"], row["dataset"]) == ("streamlake-consumer@orders.2", "consumer", "orders")
    assert (row["state"], row["reason"], row["pid"], row["restarts"]) == ("waiting", "SL-0301: no room", 7, 3)
    assert row["since"] == BOOTED + 5
    assert row["answers"]


def test_a_unit_that_failed_is_shown_with_its_last_words_and_is_unhealthy() -> None:
    found = shown(unit("streamlake-api", "failed", "failed", text="ended: SL-0801: x is not a setting"))
    word, advice = of_processes(found)
    assert word == "unhealthy"
    assert advice[0].sentence == "streamlake-api: ended: SL-0801: x is not a setting"
    assert advice[0].command == "journalctl -u streamlake-api -n 50"
    assert found[0]["pid"] is None


def test_states_are_words_of_ours() -> None:
    states = {
        row["name"].partition("@")[2] or row["name"]: row["state"]
        for row in shown(
            unit("kafka", "active", pid=1),
            unit("airflow@scheduler", "activating", "start"),
            unit("streamlake-consumer@a", "activating", "auto-restart"),
            unit("streamlake-consumer@b", "deactivating", "stop-sigterm", pid=2),
            unit("streamlake-consumer@c", "inactive", "dead"),
        )
    }
    wanted = {"kafka": "running", "scheduler": "starting", "a": "backing_off", "b": "stopping", "c": "stopped"}
    assert states == wanted
    assert of_processes(shown(unit("kafka", "failed", "failed")))[1][0].sentence == "kafka: it is failed"


def test_the_api_is_only_talked_about_when_it_is_not_ready() -> None:
    busy, waits = (unit("streamlake-api", "active", pid=5, text=t) for t in ("ready, 1 of 1", "not ready: no worker"))
    assert [row["reason"] for row in shown(busy)] == [""]
    assert [row["reason"] for row in shown(waits)] == ["not ready: no worker"]


def test_a_dataset_without_a_consumer_is_started_by_its_unit() -> None:
    verdict = of_dataset(DatasetFacts(name="orders", start=start_command("orders")), 60.0)
    assert verdict.advice[0].command == "systemctl start streamlake-consumer@orders"


def test_a_unit_that_is_not_on_this_host_is_not_shown() -> None:
    """Consumers are ordered after Kafka, so systemd knows its name also where Kafka runs on other hosts."""
    elsewhere = unit("kafka", "inactive", "dead") | {"LoadState": "not-found"}
    assert shown(elsewhere) == []
    assert shown(elsewhere | {"LoadState": "loaded"}) != []
