"""`systemctl status` and the watchdog know of the API what its workers say."""

from typing import Any

from streamlake.ingest.admission import Admission
from streamlake.ingest.counters import Counters
from streamlake.ingest.master import PATIENCE_SECONDS, Pulse
from streamlake.ingest.status_line import status_line
from streamlake.notify import ALIVE, READY


def worker(
    state: str = "running", not_ready: str | None = None, counters: Counters | None = None, broken: tuple[str, ...] = ()
) -> dict[str, Any]:
    counters = counters or Counters()
    document = counters.document("streamlake-api", 1, state, reachable=not not_ready, admission=Admission())
    return document | {"not_ready": not_ready, "contracts_broken": list(broken)}


def counted() -> Counters:
    counters = Counters()
    for status in (202, 202, 422, 503):
        counters.answered(status, 0.001)
    counters.kept("orders", 1200, 34, 9)
    counters.of("orders").last_accepted = 1_795_257_062.5
    return counters


def test_a_contract_that_cannot_be_used_is_named() -> None:
    line = status_line([worker(broken=("orders",))] * 2, 2)
    assert line.startswith("ready, 2 of 2 workers, contract of orders not usable: 0 requests")


def test_figures_of_all_workers_are_added() -> None:
    assert status_line([worker(counters=counted()), worker(counters=counted())], 2) == (
        "ready, 2 of 2 workers: 8 requests (4 taken, 2 refused, 2 failed), "
        "2,468 events kept, last 2026-11-21 10:31:02Z; 0 events on their way"
    )


def test_a_worker_that_waits_is_named_and_not_counted() -> None:
    line = status_line([worker(), worker(not_ready="Kafka cannot be reached")], 2)
    assert line.startswith("ready, 1 of 2 workers: waits for Kafka cannot be reached; 0 requests")
    line = status_line([worker(not_ready="Kafka cannot be reached")], 1)
    assert line.startswith("not ready, 0 of 1 workers: waits for Kafka cannot be reached; ")
    assert status_line([], 2) == "not ready: no worker answers yet"


def test_ready_is_said_once_and_only_when_a_worker_serves() -> None:
    pulse = Pulse(0.0)
    assert not {READY, ALIVE} & set(pulse.states(1.0, [], 1))
    assert not {READY, ALIVE} & set(pulse.states(2.0, [worker("starting", "starting")], 1))
    assert {READY, ALIVE} <= set(pulse.states(3.0, [worker()], 1))
    assert READY not in pulse.states(4.0, [worker()], 1)


def test_a_dead_broker_is_no_reason_to_be_killed() -> None:
    pulse = Pulse(0.0)
    for now in range(1, 500, 10):
        assert ALIVE in pulse.states(float(now), [worker(not_ready="Kafka cannot be reached")], 1)


def test_workers_that_serve_nobody_starve_the_watchdog() -> None:
    pulse = Pulse(0.0)
    assert ALIVE in pulse.states(1.0, [worker()], 1)
    assert ALIVE in pulse.states(PATIENCE_SECONDS, [], 1)
    assert ALIVE not in pulse.states(PATIENCE_SECONDS + 2.0, [worker("starting", "starting")], 1)
