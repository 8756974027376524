"""A dataset whose parts change their format stays complete, and a claim is completed in the format that it names."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.broker import Headers, until
from tests.support.consumer import Rig
from tests.support.events import ODD_VALUES
from tests.support.landed_check import check
from tests.support.lines import meta

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

FORMATS: dict[str, dict[str, Any]] = {
    "json.gz": {},
    "json.zst": {"compression": "zstd"},
    "parquet": {"format": "parquet"},
    "json": {"compression": "none"},
}
AFTER_CLAIM = {"at": "raw:Create:claim#1", "when": "after", "do": "kill"}
HEADERS: list[Headers] = [
    [],
    [("streamlake", meta())],
    [("h", b"\xff"), ("h", None), ("streamlake", meta(2)), ("q", b'"],"payload":{}')],
    [("streamlake", b"not ours")],
]
KEYS = [b"k", None, b"\xff\xfe", b'"\\\x00', "schlüssel".encode()]


def send_odd(rig: Rig) -> None:
    """Events of every odd kind with keys and headers of every odd kind. What no contract accepts is among them."""
    values = [
        None,
        *(b'{"id":"x","z":%b}' % value for value in ODD_VALUES),
        *(b'{"id":"x","z":%b,"z":%b}' % (value, value) for value in ODD_VALUES[:20]),
        b' {\r\n"id"\n:\r"b" } \n',
    ]
    for number, key in enumerate(KEYS):
        rig.send(values[number :: len(KEYS)], key=key, headers=HEADERS[number % len(HEADERS)])


def suffixes(rig: Rig) -> list[str]:
    return [str(claim["part"]).split(".", 1)[1] for claim in rig.claims(rig.raw)]


def test_a_dataset_changes_its_format_again_and_again_and_stays_whole(rig: Rig) -> None:
    """gzip, zstd, Parquet, none, by SIGHUP under a running consumer, which never stops landing."""
    consumer = rig.start()
    until(lambda: consumer.owns() != set(), 60)
    for suffix, properties in FORMATS.items():
        rig.write_contract(**properties)
        consumer.signal(signal.SIGHUP)
        while suffix not in suffixes(rig):
            send_odd(rig)
            rig.wait_landed()
    found = check(rig)
    assert len(found.raw) > 200
    assert len(found.dead) > 100
    assert list(dict.fromkeys(suffixes(rig))) == list(FORMATS)
    assert {path.name.split(".", 1)[1] for path in rig.parts("dead_letters")} == {"json.gz"}
    assert consumer.stop() == 0


@pytest.mark.parametrize(
    ("claimed", "today"), [("parquet", "parquet"), ("parquet", "json"), ("json.zst", "parquet"), ("json", "json.zst")]
)
def test_a_claim_is_completed_in_its_own_format_whatever_the_contract_says_by_now(
    rig: Rig, claimed: str, today: str
) -> None:
    """kill -9 between claim and part; the next owner follows the claim."""
    rig.write_contract(**FORMATS[claimed])
    send_odd(rig)
    first = rig.start(fault=AFTER_CLAIM)
    until(lambda: not first.alive, 60)
    assert (suffixes(rig), rig.parts()) == ([claimed], [])
    rig.write_contract(**FORMATS[today])
    second = rig.start("2")
    rig.wait_landed()
    assert [path.name.split(".", 1)[1] for path in rig.parts()] == [claimed]
    check(rig)
    send_odd(rig)
    rig.wait_landed()
    assert suffixes(rig)[-1] == today
    check(rig)
    assert second.stop() == 0


def test_a_zombie_that_wakes_before_its_part_finds_its_own_content(rig: Rig) -> None:
    """Its heir, whose contract says another format, completed the claim in Parquet; the zombie creates it again."""
    rig.write_contract(format="parquet")
    send_odd(rig)
    sent = len(rig.sent)
    zombie = rig.start("1", fault={"at": "raw:Create:raw-part#1", "do": "slow", "seconds": 1.0})
    until(lambda: any(p["position"] == sent for p in zombie.vitals().get("partitions") or []), 60)
    until(lambda: len(rig.claims(rig.raw)) == 1, 60)
    zombie.pause()
    assert rig.parts() == []
    rig.write_contract(compression="none")
    heir = rig.start("2")
    rig.wait_landed()
    (part,) = rig.parts()
    before = part.read_bytes()
    assert part.suffix == ".parquet"
    zombie.resume()
    send_odd(rig)
    until(lambda: len(zombie.owns() | heir.owns()) == 2, 40)
    rig.wait_landed()
    assert heir.stop() == 0
    assert zombie.stop() == 0
    assert part.read_bytes() == before
    assert not zombie.said("other content")
    check(rig)


def test_who_cannot_write_the_claims_format_stops_and_says_so(rig: Rig) -> None:
    """As an old release beside a newer one that claimed; what it did not write, it does not claim behind."""
    send_odd(rig)
    first = rig.start(fault=AFTER_CLAIM)
    until(lambda: not first.alive, 60)
    (path,) = claim_files(rig)
    ours = path.read_bytes()
    path.write_bytes(ours.replace(b".json.gz", b".json.br"))
    old = rig.start("2")
    old.wait_said("SL-0314", 60)
    until(lambda: "SL-0314" in (old.vitals().get("waiting_for") or ""))
    send_odd(rig)
    assert rig.parts() == []
    assert len(rig.claims(rig.raw)) == 1
    assert rig.committed().get((rig.raw, 0), 0) == 0
    path.write_bytes(ours)  # the newer release is installed: it is probed, and goes on
    rig.wait_landed()
    check(rig)


def claim_files(rig: Rig) -> list[Path]:
    folder = rig.lake / f"ledger/dataset={rig.dataset}"
    return [path for path in folder.glob("*/?????/*.json") if json.loads(path.read_bytes()).get("topic") == rig.raw]
