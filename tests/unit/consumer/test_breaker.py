"""The breaker trips on a run or a share of rejections, names where it began, and lets single ones pass."""

import pytest

from streamlake.consumer.breaker import Breaker, BreakerPolicy

POLICY = BreakerPolicy(consecutive=5, ratio=0.5, window=10)


def test_a_run_trips_at_its_limit_and_names_its_first_offset() -> None:
    breaker = Breaker(POLICY)
    assert breaker.observe(3, []) is None
    assert breaker.observe(6, [(i, 100 + i) for i in range(1, 6)]) == 101


def test_a_run_goes_on_from_one_chunk_to_the_next() -> None:
    breaker = Breaker(POLICY)
    assert breaker.observe(2, [(0, 7), (1, 8)]) is None
    assert breaker.observe(3, [(0, 9), (1, 10), (2, 11)]) == 7


def test_a_good_record_ends_a_run() -> None:
    breaker = Breaker(BreakerPolicy(consecutive=3, ratio=1.0, window=100))
    assert breaker.observe(2, [(0, 0), (1, 1)]) is None
    assert breaker.observe(1, []) is None
    assert breaker.observe(2, [(0, 3), (1, 4)]) is None


def test_a_share_trips_once_the_window_is_full() -> None:
    breaker = Breaker(POLICY)
    alternating = [(i, i) for i in range(0, 10, 2)]
    assert breaker.observe(10, alternating) is None  # half is not above half
    assert breaker.observe(2, [(0, 10), (1, 11)]) is not None


@pytest.mark.parametrize("share", [10, 100])
def test_a_low_share_never_trips(share: int) -> None:
    breaker = Breaker(POLICY)
    for chunk in range(50):
        assert breaker.observe(share, [(0, chunk * share)]) is None


def test_after_a_reset_it_begins_anew() -> None:
    breaker = Breaker(POLICY)
    breaker.observe(4, [(i, i) for i in range(4)])
    breaker.reset()
    assert breaker.observe(4, [(i, 4 + i) for i in range(4)]) is None
