"""At its start a consumer waits for what may heal, and ends at once for what is configured wrongly."""

import pytest

from streamlake.consumer.main import REFUSED_SECONDS, may_pass
from streamlake.errors import Misconfigured, Permanent, Refused, Retryable, StreamlakeError, Unknown
from streamlake.storage.errors import StoreMissing


@pytest.mark.parametrize(
    ("error", "at_first", "at_last"),
    [
        (Retryable("the broker is away"), True, True),
        (Unknown("the answer was lost"), True, True),
        (Permanent("the lake denies"), True, False),
        (Refused("the lake is another's"), False, False),
        (Misconfigured("no such setting"), False, False),
        (StoreMissing("the disk is not mounted"), False, False),
    ],
)
def test_what_is_waited_for(error: StreamlakeError, at_first: bool, at_last: bool) -> None:
    assert may_pass(error, 0.0) is at_first
    assert may_pass(error, REFUSED_SECONDS) is at_last


def test_a_bug_is_not_waited_for() -> None:
    assert not may_pass(KeyError("x"), 0.0)
