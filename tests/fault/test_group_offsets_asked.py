"""Kafka is asked what a group has committed while it restarts: whoever asks waits or is told, and never dies of it.

The admin client did, with SIGSEGV, in a consumer that was given a partition at that moment (found by the torture).
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streamlake.errors import Retryable, Unknown
from streamlake.kafka.admin import Admin
from tests.support.broker import BrokerUnderTest, until

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]

ASKS = """
import sys
from streamlake.errors import Retryable, Unknown
from streamlake.kafka.admin import Admin

admin = Admin(sys.argv[1], seconds=3)
while True:
    try:
        print(admin.committed("g", "t"), flush=True)
    except (Retryable, Unknown) as error:
        print(error, flush=True)
"""


def committed(admin: Admin) -> bool:
    """A fresh broker loads its coordinator first, and says so."""
    try:
        admin.commit("g", {("t", 0): 7})
    except (Retryable, Unknown):
        return False
    return True


def test_who_asks_for_offsets_while_kafka_restarts_lives_and_is_answered_again(
    own_broker: BrokerUnderTest, tmp_path: Path
) -> None:
    own_broker.create_topic("t")
    admin = Admin(own_broker.bootstrap, seconds=5)
    until(lambda: committed(admin), 90)
    log = tmp_path / "said"
    with log.open("wb") as out:
        asking = subprocess.Popen(
            [sys.executable, "-c", ASKS, own_broker.bootstrap], stdout=out, stderr=out, env={**os.environ}
        )

    def said() -> list[str]:
        return log.read_text().splitlines()

    try:
        for stop in (own_broker.stop, own_broker.kill):
            until(lambda: said()[-1:] == ["{0: 7}"] or asking.poll() is not None, 90)
            stop()
            own_broker.start(seconds=180)
            before = len(said())
            until(lambda at=before: "{0: 7}" in said()[at:] or asking.poll() is not None, 90)  # type: ignore[misc]
        assert asking.poll() is None, f"it ended with {asking.returncode}: {said()[-5:]}"
    finally:
        asking.kill()
        asking.wait(10)
