"""Does anything listen where Kafka should be? Told in a moment, where its client would go on trying for long."""

import socket
import time
from typing import Final

from streamlake.kafka.errors import KafkaUnavailable

SECONDS: Final = 2.0


def unreachable(bootstrap: str, seconds: float = SECONDS) -> KafkaUnavailable | None:
    """The error if none of these addresses takes a connection; None if one does."""
    give_up = time.monotonic() + seconds
    said = []
    for address in (part.strip() for part in bootstrap.split(",")):
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            return None  # The client knows more ways to write an address, and says what is wrong with it.
        try:
            with socket.create_connection((host.strip("[]"), int(port)), max(give_up - time.monotonic(), 0.1)):
                return None
        except (OSError, OverflowError) as error:
            said.append(f"{address}: {error}")
    return KafkaUnavailable(
        f"Kafka does not answer: {'; '.join(said)}.",
        next_step="Is Kafka running, and is STREAMLAKE_BOOTSTRAP_SERVERS its address?",
    )
