"""The watchdog is fed by movement or by a named wait, never by a timer of its own."""

import pytest

from streamlake.consumer.watchdog import Progress, Standing

HERE, THERE = ("orders", 0), ("orders", 1)
STILL = Standing((1,), owes=True)


def test_lag_without_movement_or_a_name_starves_it() -> None:
    progress = Progress(patience_seconds=120)
    assert progress.alive(0, {HERE: STILL})
    assert progress.alive(119, {HERE: STILL})
    assert not progress.alive(121, {HERE: STILL})


@pytest.mark.parametrize(
    "standing", [Standing((2,), owes=True), Standing((1,), owes=False), Standing((1,), owes=True, named=True)]
)
def test_movement_or_no_lag_or_a_named_wait_is_life(standing: Standing) -> None:
    progress = Progress(patience_seconds=120)
    progress.alive(0, {HERE: STILL})
    assert progress.alive(500, {HERE: standing})


def test_a_lively_neighbour_does_not_hide_a_stuck_partition() -> None:
    progress = Progress(patience_seconds=120)
    for now in range(0, 120, 10):
        assert progress.alive(now, {HERE: STILL, THERE: Standing((now,), owes=True, named=now % 20 == 0)})
    assert not progress.alive(121, {HERE: STILL, THERE: Standing((121,), owes=True)})
    assert progress.alive(122, {THERE: Standing((122,), owes=True)})
