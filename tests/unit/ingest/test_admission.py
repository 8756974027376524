"""What one worker holds is bounded; what a request took is given back however it ends."""

import pytest

from streamlake.ingest.admission import Admission, Share
from streamlake.ingest.errors import TooBusy


def test_bytes_events_and_requests_are_bounded_and_given_back() -> None:
    admission = Admission(max_bytes=100, max_events=10, max_requests=3)
    with Share(admission) as first, Share(admission) as second:
        first.hold(60, 6)
        for too_much in ((41, 0), (0, 5)):
            with pytest.raises(TooBusy):
                second.hold(*too_much)
        second.hold(40, 4)
        with Share(admission), Share(admission) as fourth, pytest.raises(TooBusy):
            fourth.hold(0)
    assert (admission.bytes, admission.events, admission.requests) == (0, 0, 0)


def test_a_request_that_is_alone_is_always_let_in() -> None:
    with Share(Admission(max_bytes=1, max_events=1)) as alone:
        alone.hold(1000, 1000)


def test_an_error_gives_it_back() -> None:
    admission = Admission()
    share = Share(admission)
    with pytest.raises(ZeroDivisionError), share:
        share.hold(10 // (admission.requests - 1))
    with share:
        share.hold(10)
    assert admission.bytes == 0


def test_an_answer_is_held_until_it_is_read() -> None:
    admission = Admission(max_bytes=100)
    with Share(admission) as first, Share(admission) as second:
        first.hold(90)
        first.give_back()
        first.owe(95)
        with pytest.raises(TooBusy):
            second.hold(10)
    assert admission.bytes == 0
