"""Which addresses a test run takes: pure, so that the choice can be tested without a network."""

import ipaddress
import random
from collections.abc import Iterable, Iterator

Network = ipaddress.IPv4Network


def free(taken: Iterable[str], seed: int) -> Iterator[tuple[str, Network]]:
    """Names and /24 networks that no route of this machine overlaps, in an order that differs by seed.

    `taken` are the destinations of the machine's routes, as `ip -j route` spells them.
    """
    used = [ipaddress.IPv4Network(one, strict=False) for one in taken if one != "default"]
    octets = list(range(20, 250))
    random.Random(seed).shuffle(octets)
    for octet in octets:
        network = ipaddress.IPv4Network(f"10.211.{octet}.0/24")
        if not any(network.overlaps(one) for one in used):
            yield f"slh{octet}", network
