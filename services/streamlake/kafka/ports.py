"""Ports on this machine: is one free, and which one is."""

import socket
from collections.abc import Iterable

from streamlake.kafka.errors import PortInUse


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        # As the JVM does: connections of an earlier server that are still being forgotten do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def require_free(port: int) -> None:
    """Raise PortInUse unless Kafka can listen on this port."""
    if not is_free(port):
        raise PortInUse(
            f"port {port} on 127.0.0.1 is taken, so Kafka cannot listen there.",
            next_step=f"Stop what listens there (`ss -ltnp 'sport = :{port}'`), or set STREAMLAKE_KAFKA_PORT.",
        )


def first_free(candidates: Iterable[int]) -> int:
    """The first of these that is free; PortInUse if none is."""
    for port in candidates:
        if is_free(port):
            return port
    raise PortInUse("no port is free for Kafka's controller.", next_step="Close what holds so many ports.")


def controller_candidates(port: int, stored: int | None) -> Iterable[int]:
    """Where the controller of the broker on `port` may listen: where it was, then below the ports of outgoing calls."""
    if stored is not None and stored != port:
        yield stored
    begin = 20000 + port % 10000
    yield from (candidate for candidate in (*range(begin, 32000), *range(20000, begin)) if candidate != port)
