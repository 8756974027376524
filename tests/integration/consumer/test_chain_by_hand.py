"""What an operator may begin by hand: the next generation of a truncated log, and a chain in a new lake."""

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.integration.consumer.test_logs import cut_log
from tests.support.consumer import Rig, events

pytestmark = pytest.mark.broker


def _chain(rig: Rig, *arguments: str, code: int = 0) -> dict[str, Any]:
    command = "import sys; from streamlake.cli.main import run; sys.exit(run(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", command, "chain", *arguments, "--json"],
        env=rig.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _payloads(rig: Rig) -> list[Any]:
    return sorted(json.dumps(json.loads(line)["payload"], sort_keys=True) for _, line in rig.lines())


def _expected(*bodies: bytes) -> list[Any]:
    return sorted(json.dumps(json.loads(body), sort_keys=True) for body in bodies)


def test_a_forked_log_lands_what_is_different_and_nothing_twice(own_rig: Rig) -> None:
    """I1, I2 across a truncation: [0, 50) landed before it, [50, 80) are other records under the same offsets."""
    rig = own_rig
    for number in range(10):
        rig.send(events(10, number * 10))
    first = rig.start()
    rig.wait_landed()
    assert first.stop() == 0
    landed_before = _payloads(rig)
    rig.broker.stop()
    cut_log(rig.broker.place.folder / "data" / f"{rig.raw}-0", 50)
    rig.broker.start()
    others = events(30, 1000)
    rig.send(others)
    stopped = rig.start()
    stopped.wait_said("SL-0403", 60)
    assert stopped.stop() == 0

    shown = _chain(rig, "fork", rig.dataset)
    assert (shown["starts"], shown["heads"], shown["changed"]) == ({"0": 50}, {"0": 100}, False)
    assert len(_chain(rig, "show", rig.dataset)["chains"]) == 2  # raw and dead letters: showing has changed nothing
    assert _chain(rig, "fork", rig.dataset, "--apply")["changed"]

    again = rig.start()
    wanted = sorted([*landed_before, *_expected(*others)])
    again.wait_said("landed", 30, offset_start=50, offset_next=80)
    assert _payloads(rig) == wanted
    assert again.stop() == 0
    assert _chain(rig, "fork", rig.dataset, code=4)["error"]["id"] == "SL-0420"


def test_a_log_that_is_cut_twice_is_forked_twice(own_rig: Rig) -> None:
    """I1, I2: the second cut lies below the first generation's end, and the last claim before it has no part."""
    rig = own_rig
    for number in range(10):
        rig.send(events(10, number * 10))
    consumer = rig.start()
    rig.wait_landed()
    assert consumer.stop() == 0
    for cut, others in ((50, events(30, 1000)), (30, events(60, 2000))):
        rig.broker.stop()
        cut_log(rig.broker.place.folder / "data" / f"{rig.raw}-0", cut)
        rig.broker.start()
        for at in range(0, len(others), 10):
            rig.send(others[at : at + 10])
        shown = _chain(rig, "fork", rig.dataset, "--apply")
        assert shown["starts"] == {"0": cut}
        consumer = rig.start()
        consumer.wait_said("landed", 30, offset_next=cut + len(others))
        assert consumer.stop() == 0
    wanted = [*events(100), *events(30, 1000), *events(60, 2000)]
    assert _payloads(rig) == _expected(*wanted)

    unwritten = max(rig.claims(rig.raw), key=lambda claim: (claim["chain"], claim["start"]))
    (rig.lake / unwritten["part"]).unlink()
    rig.broker.stop()
    cut_log(rig.broker.place.folder / "data" / f"{rig.raw}-0", 80)
    rig.broker.start()
    assert _chain(rig, "fork", rig.dataset)["starts"] == {"0": unwritten["start"]}


def test_a_new_lake_is_begun_only_by_an_operator(own_rig: Rig) -> None:
    """A committed offset beside an empty lake stops the consumer; `chain adopt` lands all that Kafka has."""
    rig = own_rig
    bodies = events(20)
    rig.send(bodies)
    first = rig.start()
    rig.wait_landed()
    assert first.stop() == 0
    shutil.rmtree(rig.lake)
    rig.lake.mkdir()
    refused = rig.start()
    refused.wait_said("SL-0404", 30)
    assert rig.parts() == []
    assert refused.stop() == 0
    assert _chain(rig, "adopt", rig.dataset)["changed"]
    adopted = rig.start()
    adopted.wait_said("landed", 30, offset_next=20)
    assert _payloads(rig) == _expected(*bodies)
    assert adopted.stop() == 0
    assert _chain(rig, "adopt", rig.dataset, code=4)["error"]["id"] == "SL-0421"
