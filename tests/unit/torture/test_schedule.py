"""The torture's schedule is a pure function: the same seed is the same run, and each kind gets its turn."""

import itertools
from collections import Counter

import pytest

from tests.torture.faults import ACTS
from tests.torture.schedule import ALL, BY_NAME, CONSUMERS, FIRST_SECONDS, KINDS, MAX_ADDED, plan, possible

EVERYTHING = frozenset(kind.needs for kind in KINDS if kind.needs)


def test_the_same_seed_is_the_same_run_and_another_is_another() -> None:
    assert plan(7, 3, EVERYTHING) == plan(7, 3, EVERYTHING)
    assert plan(7, 3, EVERYTHING) != plan(8, 3, EVERYTHING)


@pytest.mark.parametrize("minutes", [0.5, 3, 60])
def test_faults_come_every_few_seconds_in_their_time(minutes: float) -> None:
    planned = plan(1, minutes, EVERYTHING)
    times = [fault.at for fault in planned]
    assert times == sorted(times)
    assert times[0] >= FIRST_SECONDS
    assert times[-1] < minutes * 60
    assert all(later - at < 10 for at, later in itertools.pairwise(times))
    for fault in planned:
        kind = BY_NAME[fault.kind]
        assert kind.shortest <= fault.seconds <= kind.longest
        assert 0 <= fault.consumer < CONSUMERS
        assert fault.size != 0


def test_each_kind_comes_as_often_as_the_others() -> None:
    counts = Counter(fault.kind for fault in plan(3, 60, EVERYTHING))
    assert counts.pop("partitions_added") == MAX_ADDED
    assert counts.keys() == {kind.name for kind in KINDS} - {"partitions_added"}
    assert max(counts.values()) - min(counts.values()) <= 1


def test_what_this_machine_cannot_do_is_not_scheduled() -> None:
    without = possible(frozenset())
    assert {kind.name for kind in without} == {kind.name for kind in KINDS if not kind.needs}
    assert {fault.kind for fault in plan(5, 30, frozenset())} == {kind.name for kind in without}


def test_each_kind_has_something_that_does_it_and_holds_things_in_one_order() -> None:
    assert ACTS.keys() == BY_NAME.keys()
    for fault in plan(2, 60, EVERYTHING):
        assert list(fault.holds) == sorted(fault.holds)
        if fault.kind == "offsets_deleted":
            assert set(ALL) < set(fault.holds)
