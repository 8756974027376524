"""`systemctl status` shows of a consumer what an operator asks first."""

from typing import Any

from streamlake.consumer.landing import Landed
from streamlake.consumer.snapshot import Vitals
from streamlake.consumer.status_line import status_line


def vitals(partitions: list[dict[str, Any]], **known: Any) -> dict[str, Any]:
    made = Vitals("streamlake-consumer@orders", 1, "orders", state="running")
    return made.document(partitions) | known


def partition(records: int | None, seconds: float | None) -> dict[str, Any]:
    return {"lag_records": records, "lag_seconds": seconds}


def test_a_new_one_says_that_nothing_landed_yet() -> None:
    assert status_line(vitals([partition(0, 0.0)])) == (
        "running: lag 0; no part landed since the start; landed 0, dead letters 0"
    )


def test_lag_is_the_sum_of_records_and_the_oldest_of_seconds() -> None:
    line = status_line(vitals([partition(1200, 3.4), partition(34, 12.2), partition(0, 0.0)]))
    assert line.startswith("running: lag 1,234 records, 12 s; ")


def test_what_is_not_known_is_not_called_zero() -> None:
    assert "no partition yet" in status_line(vitals([]))
    assert "lag not known" in status_line(vitals([partition(None, None)]))
    assert "lag 0, 1 partitions not known" in status_line(vitals([partition(None, None), partition(0, 0)]))


def test_a_member_that_was_given_nothing_stands_by() -> None:
    """A failure of the deployment with two hosts: to an operator it looked as if it never got out of its start."""
    line = status_line(vitals([], stands_by=True))
    assert line.startswith("running: stands by: all partitions are with others; no part landed since the start")


def test_the_last_part_has_its_time_and_its_size() -> None:
    made = Vitals("streamlake-consumer@orders", 1, "orders", state="running")
    landed = {"part": "raw/x/part-1.json.gz", "records": 4500, "ours": True}
    members: dict[str, Any] = {name: landed.get(name) for name in Landed.__dataclass_fields__}
    result = Landed(**members)
    made.landed(result, 1_795_257_062.5)
    made.counters.dead_letters = 3
    line = status_line(made.document([partition(0, 0.0)]))
    assert "last part 2026-11-21 10:31:02Z with 4,500 records; landed 0, dead letters 3" in line


def test_what_it_waits_for_comes_first() -> None:
    line = status_line(vitals([partition(5, 1.0)], waiting_for="SL-0301: no room", state="waiting"))
    assert line.startswith("waits for: SL-0301: no room; lag 5 records, 1 s")
    line = status_line(vitals([partition(5, 1.0)], waiting_for="SL-0413: too many", state="tripped"))
    assert line.startswith("tripped, waits for: SL-0413: too many; lag 5 records")
