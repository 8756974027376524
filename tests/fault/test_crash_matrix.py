"""Real processes, killed before and after each port call that a landing makes; the list comes from a traced run.

By default the first call of each kind, before and after; with --full every call. Whatever the point, a process that is
started again lands everything once (I1, I2, I3, I7, I11).
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.broker import until
from tests.support.consumer import Rig, RigMaker, events
from tests.support.landed_check import check

pytestmark = [pytest.mark.broker, pytest.mark.timeout(1800)]

Point = tuple[str, str]
AFTER_CLAIM = {"at": "raw:Create:claim#1", "when": "after", "do": "kill"}


@pytest.fixture
def full(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--full"))


def traced(rig: Rig, tmp_path: Path) -> list[str]:
    """The names of the port calls that land what is there, in order."""
    trace = tmp_path / f"{rig.dataset}.trace"
    consumer = rig.start(trace=trace)
    rig.wait_landed()
    assert consumer.stop() == 0
    return trace.read_text().splitlines()


def points(calls: Iterable[str], full: bool) -> list[Point]:
    chosen = [call for call in calls if full or call.endswith("#1")]
    return [(call, when) for call in chosen for when in ("before", "after")]


def ready(new_rig: RigMaker) -> Rig:
    """Sixty records, six of them bad, and nobody who lands them."""
    rig = new_rig()
    rig.send(events(60, bad_every=10))
    return rig


def in_parallel(rigs: list[Rig], points: list[Point], run: Callable[[Rig, Point], bool]) -> None:
    """All points, three at a time; a point that was not reached in its run says so, and few may."""

    def one(job: tuple[Rig, Point]) -> str:
        rig, point = job
        try:
            return "" if run(rig, point) else "not reached"
        except AssertionError as error:
            return f"{point[1]} {point[0]}: {error}"
        finally:
            rig.close()

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(one, zip(rigs, points, strict=True)))
    wrong = [answer for answer in answers if answer not in ("", "not reached")]
    assert not wrong, f"{len(wrong)} of {len(points)}: " + "\n".join(wrong)
    missed = [point for point, answer in zip(points, answers, strict=True) if answer]
    assert len(missed) <= len(points) // 10, f"not reached: {missed}"


def killed_and_landed(rig: Rig, point: Point) -> bool:
    call, when = point
    first = rig.start(fault={"at": call, "when": when, "do": "kill"})
    until(lambda: not first.alive or rig.landed(), 30)
    # A call behind the last part may come a moment later than the part.
    try:
        until(lambda: not first.alive, 5)
    except AssertionError:
        first.kill()
        return False
    rig.start()
    rig.wait_landed(60)
    assert len(check(rig).dead) == 6
    return True


def test_a_kill_at_any_port_call_loses_and_doubles_nothing(new_rig: RigMaker, tmp_path: Path, full: bool) -> None:
    calls = traced(ready(new_rig), tmp_path)
    kinds = {call.split("#")[0].split(":", 1)[1] for call in calls}
    assert {"Create:claim", "Create:raw-part", "Create:chain", "SendDeadLetters", "Commit", "Fetch"} <= kinds
    chosen = points(calls, full)
    in_parallel([ready(new_rig) for _ in chosen], chosen, killed_and_landed)


def test_a_second_kill_while_the_first_is_mended(new_rig: RigMaker, tmp_path: Path, full: bool) -> None:
    """Killed behind its claim, and again at any call of the completion."""

    def claimed_only() -> Rig:
        rig = ready(new_rig)
        first = rig.start(fault=AFTER_CLAIM)
        until(lambda: not first.alive, 30)
        assert len(rig.claims(rig.raw)) == 1
        assert not rig.parts()
        return rig

    usual = set() if full else set(traced(ready(new_rig), tmp_path))
    calls = [call for call in traced(claimed_only(), tmp_path) if call.startswith("raw:") and call not in usual]
    if not full:
        calls += ["raw:SendDeadLetters#1", "raw:Create:raw-part#1"]
    chosen = points(calls, full)
    in_parallel([claimed_only() for _ in chosen], chosen, killed_and_landed)


@pytest.mark.parametrize(("do", "when"), [("retryable", "before"), ("unknown", "after"), ("permanent", "before")])
@pytest.mark.parametrize("at", ["raw:Create:claim#1", "raw:SendDeadLetters#1", "raw:Create:raw-part#1"])
def test_an_error_is_waited_out_and_nothing_is_committed_meanwhile(rig: Rig, at: str, do: str, when: str) -> None:
    """An answer that is lost after the deed, too (I5, I11)."""
    rig.send(events(60, bad_every=10))
    fault = {"at": at.replace("#1", "#*"), "when": when, "do": do, "times": 3}
    consumer = rig.start(fault=fault)
    consumer.wait_said("The test broke")
    rig.wait_landed()
    assert len(check(rig).dead) == 6
    assert consumer.said("waiting", topic=rig.raw)
    assert consumer.stop() == 0


@pytest.mark.parametrize("at", ["raw:Create:claim#1", "raw:SendDeadLetters#1", "raw:Create:raw-part#1"])
def test_a_call_that_hangs_neither_commits_nor_leaves_the_group_and_a_kill_mends_it(rig: Rig, at: str) -> None:
    rig.send(events(60, bad_every=10))
    stuck = rig.start(fault={"at": at, "do": "hang"})
    until(lambda: len(stuck.owns()) == 2 and (stuck.lag() or 0) >= 60)
    until(lambda: stuck.vitals()["partitions"][1]["position"] == 60)
    assert rig.committed().get((rig.raw, 0), 0) == 0
    stuck.kill()
    rig.start()
    rig.wait_landed()
    assert len(check(rig).dead) == 6


@pytest.mark.parametrize("at", ["raw:Create:claim#1", "raw:Create:raw-part#1"])
def test_a_process_whose_store_hangs_ends_when_it_is_asked_to(rig: Rig, at: str) -> None:
    """A stop that waits for ever would end in a kill by the service manager, and by nobody elsewhere."""
    rig.send(events(60))
    stuck = rig.start(fault={"at": at, "do": "hang"}, TEST_PATIENCE_SECONDS=2)
    until(lambda: (stuck.lag() or 0) >= 60)
    until(lambda: any(p["position"] == 60 for p in stuck.vitals()["partitions"]))
    assert stuck.stop(15) is not None
    rig.start()
    rig.wait_landed()
    check(rig)
