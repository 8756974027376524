"""Promise: health is never good on what was not read."""

from pathlib import Path
from typing import Any

import pytest

from streamlake.cli import health
from streamlake.cli.health import (
    DatasetFacts,
    of_broken_keys,
    of_dataset,
    of_processes,
    of_refused_edits,
    of_unknown,
    worst,
)

RAW, DLQ = "streamlake.orders.raw", "streamlake.orders.dlq"
ENDS = {(RAW, 0): 10, (DLQ, 0): 0}


def partition(topic: str, end: int, lag: int | None, **more: Any) -> dict[str, Any]:
    base = {"topic": topic, "partition": 0, "log_end": end, "lag_records": lag, "lag_seconds": 0.0 if lag == 0 else 5.0}
    return {**base, "oldest_waiting_ms": None, "landed_up_to_ms": 1000, "state": "reading", "waiting_for": None, **more}


def consumer(state: str = "running", *, lag: int | None = 0, waiting_for: str = "", **more: Any) -> dict[str, Any]:
    parts = [partition(RAW, 10, lag, **more), partition(DLQ, 0, 0)]
    return {"state": state, "waiting_for": waiting_for or None, "partitions": parts}


def judge(*consumers: dict[str, Any], ends: dict[tuple[str, int], int] | None = ENDS) -> health.DatasetHealth:
    return of_dataset(DatasetFacts(name="orders", consumers=consumers, log_ends=ends), 2.0)


def test_all_landed_is_healthy_and_caught_up() -> None:
    assert judge(consumer()).health == "healthy"
    assert judge(consumer()).caught_up


def test_what_came_after_the_consumer_looked_waits_too() -> None:
    verdict = judge(consumer(), ends={(RAW, 0): 13, (DLQ, 0): 0})
    assert verdict.lag_records == 3
    assert not verdict.caught_up


@pytest.mark.parametrize(
    ("consumers", "ends"),
    [
        ((consumer(),), None),
        ((consumer(),), {}),
        ((consumer(lag=None),), ENDS),
        ((consumer(),), {**ENDS, (RAW, 1): 0}),
        (({"state": "running", "waiting_for": None, "partitions": []},), ENDS),
    ],
    ids=["kafka silent", "no topics", "lag unknown", "a partition nobody reads", "nothing assigned"],
)
def test_what_was_not_read_is_never_well(
    consumers: tuple[dict[str, Any], ...], ends: dict[tuple[str, int], int] | None
) -> None:
    verdict = judge(*consumers, ends=ends)
    assert verdict.health == "starting"
    assert verdict.lag_records is None
    assert not verdict.caught_up


def others(lag: int, *topics: str) -> tuple[dict[str, Any], ...]:
    return tuple({**partition(topic, 10 if topic == RAW else 0, lag), "member": "lake-2"} for topic in topics)


def test_what_other_hosts_hold_is_part_of_it() -> None:
    """A member that stands by is well where others read everything, and only there."""
    standby: tuple[dict[str, Any], ...] = ({"state": "running", "waiting_for": None, "partitions": []},)

    def verdict(elsewhere: tuple[dict[str, Any], ...]) -> health.DatasetHealth:
        return of_dataset(DatasetFacts(name="orders", consumers=standby, log_ends=ENDS, elsewhere=elsewhere), 2.0)

    assert verdict(others(0, RAW, DLQ)).health == "healthy"
    assert verdict(others(0, RAW, DLQ)).caught_up
    assert verdict(others(7, RAW)).health == "starting", "nobody reads the other topic"
    late = verdict((*others(7, RAW), *others(0, DLQ)))
    assert (late.lag_records, late.caught_up) == (7, False)
    alone = of_dataset(DatasetFacts(name="orders", log_ends=ENDS, elsewhere=others(0, RAW, DLQ)), 2.0)
    assert alone.health == "stopped", "others are well, and this host's unit does not run"


def test_no_consumer_is_stopped() -> None:
    assert judge().health == "stopped"


@pytest.mark.parametrize(
    ("document", "word", "says"),
    [
        (consumer("paused"), "paused", "streamlake consumer resume orders"),
        (consumer("tripped"), "unhealthy", "streamlake consumer resume orders"),
        (consumer("waiting", waiting_for="SL-0301: full"), "unhealthy", "streamlake doctor"),
        (consumer(lag=5, lag_seconds=500.0), "catching-up", ""),
        (consumer(lag=5, lag_seconds=3.0), "healthy", ""),
        (consumer(state="running", waiting_for=""), "healthy", ""),
    ],
)
def test_each_trouble_has_a_word_and_a_command(document: dict[str, Any], word: str, says: str) -> None:
    verdict = judge(document)
    assert verdict.health == word
    assert says in [a.command for a in verdict.advice] or not says


def test_a_stopped_partition_is_named_with_its_runbook() -> None:
    document = consumer()
    document["partitions"][0] |= {"state": "stopped", "waiting_for": "SL-0413: the log was truncated"}
    verdict = judge(document)
    assert verdict.health == "unhealthy"
    assert verdict.advice[0].runbook == "SL-0413"
    assert f"{RAW}/0" in verdict.advice[0].sentence


def test_landed_up_to_is_no_later_than_what_waits() -> None:
    assert judge(consumer(lag=5, oldest_waiting_ms=400)).landed_up_to_ms == 400
    assert judge(consumer()).landed_up_to_ms == 1000


def test_processes_and_the_worst_word() -> None:
    running = {"name": "a", "state": "running", "reason": "", "log": "l"}
    assert of_processes([running])[0] == "healthy"
    assert of_processes([running, {**running, "state": "starting"}])[0] == "starting"
    word, advice = of_processes([{**running, "state": "failed", "reason": "exit 2"}, {**running, "state": "starting"}])
    assert word == "unhealthy"
    assert "exit 2" in advice[0].sentence
    assert worst(["healthy", "paused", "catching-up"]) == "paused"
    assert worst([]) == "stopped"


def test_an_edit_that_no_process_takes_is_said() -> None:
    """The file alone is right, so that only who has seen the one before can tell."""
    api = {"kind": "api", "contracts_broken": ["orders", "clicks"]}
    consumer = {"kind": "consumer", "dataset": "orders"}
    (advice,) = of_refused_edits([consumer, api, api], {"orders": 60.0})
    assert "edit of orders's contract is not taken" in advice.sentence
    assert advice.command == "streamlake contracts diff"
    assert of_refused_edits([{"kind": "api"}, consumer], {"orders": 60.0}) == ()


def test_a_keys_file_that_is_not_taken_is_said_once() -> None:
    worker = {"kind": "api", "keys_broken": "keys.json is gone."}
    (advice,) = of_broken_keys([worker, worker, {"kind": "consumer"}])
    assert advice.sentence == "keys.json is gone. The keys before it are in force"
    assert of_broken_keys([{"kind": "api", "keys_broken": None}, {"kind": "api"}]) == ()


def test_what_runs_without_a_contract_here_was_not_looked_at() -> None:
    consumers = [{"kind": "consumer", "dataset": name} for name in ("orders", "clicks")]
    (advice,) = of_unknown(consumers, {"orders": 60.0}, Path("contracts"))
    assert advice.sentence.startswith("a consumer of clicks runs, and contracts has no contract of it")
    assert len(of_unknown(consumers, {}, Path("contracts"))) == 3
    assert of_unknown(consumers, {"orders": 60.0, "clicks": 60.0}, Path("contracts")) == ()
