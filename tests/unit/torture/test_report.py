"""A run is only good if something was sent and every scheduled fault shows that it happened."""

from pathlib import Path

import pytest

from tests.torture import report
from tests.torture.faults import Done
from tests.torture.platform import Options
from tests.torture.run import Result
from tests.torture.schedule import Planned


@pytest.fixture
def result(tmp_path: Path) -> Result:
    fault = Planned(4.0, "consumer_killed", 0.0, 1, 5)
    made = Result(Options(7, 3, tmp_path, "bucket"), frozenset({"bucket"}), [Done(fault, 4.0, 1.0, "pid 5 gone")])
    made.found.acknowledged = 3000
    return made


def test_a_good_run_says_so_with_the_bound(result: Result) -> None:
    assert result.ok
    said = report.markdown(result)
    assert "| 7 | bucket | 3 | 0 | 3,000 |" in said
    assert "1 of 1" in said
    assert "below 3 a fault and 0.001 an event" in said
    assert "Not possible here: lake_disk_full, state_disk_full, clock_jumps_in_consumer, clock_jumps_in_api." in said


def test_a_fault_that_did_not_happen_is_no_pass(result: Result) -> None:
    result.done.append(Done(Planned(9.0, "broker_killed", 0.0, 0, 5), missing="it lived"))
    assert not result.ok
    assert "NOT PROVEN  broker_killed at 9.0 s: it lived" in report.screen(result)


def test_nothing_sent_or_nothing_done_proves_nothing(result: Result) -> None:
    result.found.acknowledged = 0
    assert not result.ok
    result.found.acknowledged, result.done = 1, []
    assert not result.ok


def test_a_violation_is_shown_with_how_to_see_it_again(result: Result) -> None:
    result.violations.append("I1: one is missing")
    said = report.screen(result)
    assert "VIOLATION  I1: one is missing" in said
    assert "scripts/torture --seed 7 --minutes 3 --lake bucket" in said
