"""What is done when a process has ended by itself."""

from hypothesis import given
from hypothesis import strategies as st

from streamlake.local.restart import LONGEST_SECONDS, after_exit


def test_it_waits_longer_each_time_up_to_a_limit() -> None:
    delays = [after_exit(1, 0.1, failures).delay_seconds for failures in range(20)]
    assert delays[0] == 0.5
    assert delays == sorted(delays, key=float)  # type: ignore[arg-type]  # none is None
    assert delays[-1] == LONGEST_SECONDS


def test_who_ran_for_a_minute_begins_anew() -> None:
    assert after_exit(-9, 61.0, failures=12).delay_seconds == 0.5


@given(st.floats(0, 1e6), st.integers(0, 1000))
def test_a_wrong_configuration_is_never_started_again(ran: float, failures: int) -> None:
    assert after_exit(2, ran, failures).delay_seconds is None


@given(st.integers(-64, 255).filter(lambda code: code != 2), st.floats(0, 1e6), st.integers(0, 10_000))
def test_everything_else_is_started_again_within_the_limit(code: int, ran: float, failures: int) -> None:
    delay = after_exit(code, ran, failures).delay_seconds
    assert delay is not None
    assert 0 < delay <= LONGEST_SECONDS
