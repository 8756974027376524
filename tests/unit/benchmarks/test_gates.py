"""A figure counts only behind its gate, so each gate must refuse what is missing, doubled, changed or out of order."""

from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks import gate
from benchmarks.backlog import Backlog, Sent
from benchmarks.bag import Bag

PAYLOADS = [b'{"a":1}', b'{"a":2}', b'{"a":2}', b'{"a":3}']
Damage = Callable[[list[bytes]], list[bytes]]


def missing(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def missing_in_the_middle(lines: list[bytes]) -> list[bytes]:
    return lines[:1] + lines[2:]


def doubled(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[-1]]


def changed(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b'"a":1', b'"a":4'), *lines[1:]]


def one_in_place_of_another(lines: list[bytes]) -> list[bytes]:
    return [lines[1], *lines[1:]]


DAMAGES = [missing, missing_in_the_middle, doubled, changed, one_in_place_of_another]


def backlog() -> Backlog:
    made = Backlog("", "orders", [Sent()])
    for payload in PAYLOADS:
        made.partitions[0].good.add(payload)
        made.partitions[0].records += 1
        made.good.add(payload)
    return made


def envelopes() -> list[bytes]:
    line = b'{"kafka_partition":0,"kafka_offset":%d,"payload":%b}\n'
    return [line % record for record in enumerate(PAYLOADS)]


def test_lines_that_are_right_pass(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(b"".join(envelopes()))
    gate.check_file(backlog(), file, normalised=False)
    gate.check_bag(Bag(PAYLOADS), (payload + b"\n" for payload in reversed(PAYLOADS)))
    gate.check_values(backlog(), [b'{ "a": 3 }', *PAYLOADS[:3]])


@pytest.mark.parametrize("damage", DAMAGES)
def test_envelopes_that_are_wrong_are_refused(damage: Damage, tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(b"".join(damage(envelopes())))
    with pytest.raises(gate.Wrong):
        gate.check_file(backlog(), file, normalised=False)


@pytest.mark.parametrize("damage", DAMAGES)
def test_payload_lines_that_are_wrong_are_refused(damage: Damage) -> None:
    with pytest.raises(gate.Wrong):
        gate.check_bag(Bag(PAYLOADS), damage([payload + b"\n" for payload in PAYLOADS]))
    with pytest.raises(gate.Wrong):
        gate.check_values(backlog(), damage(PAYLOADS))


def test_envelopes_in_another_order_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_bytes(b"".join(reversed(envelopes())))
    with pytest.raises(gate.Wrong):
        gate.check_file(backlog(), file, normalised=False)
