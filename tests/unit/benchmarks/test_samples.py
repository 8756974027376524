"""What a run that catches up says of itself."""

import math

from benchmarks.samples import Sample, caught_up, live_lag_seconds, reading_rate

RUN = [
    Sample(0.0, 1000, 0, None),
    Sample(1.0, 1100, 0, 9.0),
    Sample(2.0, 1200, 400, 9.5),
    Sample(3.0, 1300, 800, 9.9),
    Sample(4.0, 1400, 1200, 8.0),
    Sample(5.0, 1500, 1450, 6.0),
    Sample(7.5, 1750, 1700, 1.5),
    Sample(8.0, 1800, 1790, 2.0),
]


def test_it_has_caught_up_where_only_the_newest_waits() -> None:
    assert caught_up(RUN, rate=100) == 4
    assert caught_up(RUN[:4], rate=100) == 4, "not yet: as many as there are"
    assert caught_up([Sample(0.0, 10, 0, 0.0)], rate=100) == 1, "who has read nothing has not caught up"


def test_the_rate_is_that_of_the_time_it_read() -> None:
    assert reading_rate(RUN, 4) == 400


def test_the_lag_counts_once_what_waited_has_landed() -> None:
    assert live_lag_seconds(RUN, 4) == 2.0
    assert math.isinf(live_lag_seconds(RUN[:5], 4)), "a lag that nobody saw is no short one"
