"""One consumer process, from the first record to a clean stop."""

import pytest

from tests.support.consumer import Rig, events
from tests.support.landed_check import check

pytestmark = pytest.mark.broker


def test_records_land_with_their_bytes_and_bad_ones_in_the_dead_letters(rig: Rig) -> None:
    """I1, I2, I4, I7."""
    odd = [
        b'{"id":\r\n "a", "id": "b", "n": 1}',
        None,
        b'{"n": 18446744073709551616, "id": "x"}',
        b'{"id":"\xc3\xa9"}',
        b"",
    ]
    rig.send([*events(200, bad_every=20), *odd])
    consumer = rig.start()
    rig.wait_landed()
    assert len(check(rig).dead) >= 10 + 1
    assert consumer.stop() == 0
