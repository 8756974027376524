"""Faults of what lies between the processes: wires to Kafka and to the store that are cut, silent, slow or lie."""

from tests.torture.links import Link, Mode
from tests.torture.platform import Platform
from tests.torture.proving import hold
from tests.torture.schedule import CONSUMERS, Planned
from tests.torture.store_link import Mode as StoreMode


def kafka_cut(platform: Platform, planned: Planned) -> str:
    return _wire(platform.links[planned.consumer], "cut", planned)


def kafka_silent(platform: Platform, planned: Planned) -> str:
    return _wire(platform.links[planned.consumer], "silent", planned)


def kafka_slow(platform: Platform, planned: Planned) -> str:
    return _wire(platform.links[planned.consumer], "slow", planned)


def api_cut_from_kafka(platform: Platform, planned: Planned) -> str:
    return _wire(platform.links[CONSUMERS], "cut", planned)


def store(platform: Platform, planned: Planned) -> str:
    """`store_<mode>`: the kind's name says what the wire does."""
    link = platform.stores[planned.consumer]
    mode: StoreMode = planned.kind.removeprefix("store_")  # type: ignore[assignment]  # the table below holds it
    before = link.counts[mode]
    link.mode = mode
    try:
        return hold(planned.seconds, lambda: link.counts[mode] - before, f"calls met {mode}")
    finally:
        link.mode = "open"


def _wire(link: Link, mode: Mode, planned: Planned) -> str:
    before = link.counts[mode]
    link.set(mode)
    try:
        return hold(planned.seconds, lambda: link.counts[mode] - before, f"connections {mode}")
    finally:
        link.set("open")
