"""The landing core under every trouble that the models know, seed by seed: I1 to I5, I7, I9 and I11."""

import multiprocessing
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from streamlake.consumer import effects
from tests.simulation.simulation import Simulation
from tests.simulation.watch import Violation
from tests.simulation.world import LOCAL, WRITES

SEEDS = 5_000
_EVERY_CALL = {"killed before", "killed after", "stalled", "zombie"}
_EVERY_PORT = _EVERY_CALL | {"refused", "denied", "lost before", "lost after"}
_EVERY_WRITE = _EVERY_PORT | {"late"}
_ALARMS = {"SL-0409", "SL-0410", "SL-0411"}


@dataclass
class Summary:
    """What some seeds met together."""

    failures: list[str] = field(default_factory=list)
    hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    fewest_steps: int = 1 << 30
    claims: int = 0


def run(seeds: range) -> Summary:
    """Top level, so that another process can run it."""
    summary = Summary()
    for seed in seeds:
        try:
            outcome = Simulation(seed).run()
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is this seed's, and the others still count
            what = str(error) if isinstance(error, Violation) else repr(error)
            summary.failures.append(f"{what}\n    python -m tests.simulation {seed} --trace")
            continue
        summary.hits += outcome.hits
        summary.alarms += outcome.alarms
        summary.fewest_steps = min(summary.fewest_steps, outcome.steps)
        summary.claims += outcome.claims
    return summary


def kinds() -> list[type[effects.Effect[Any]]]:
    found = [kind for kind in vars(effects).values() if isinstance(kind, type) and issubclass(kind, effects.Effect)]
    return [kind for kind in found if kind is not effects.Effect]


def expected_of(kind: type[effects.Effect[Any]]) -> set[str]:
    if kind in LOCAL:
        return _EVERY_CALL
    return _EVERY_WRITE if kind in WRITES else _EVERY_PORT


def seeds_to_run(config: pytest.Config) -> int:
    """SIMULATION_SEEDS says otherwise; `--full` runs ten times as many."""
    return int(os.environ.get("SIMULATION_SEEDS", SEEDS * 10 if config.getoption("--full") else SEEDS))


@pytest.fixture(scope="module")
def summary(request: pytest.FixtureRequest) -> Summary:
    count, whole = seeds_to_run(request.config), Summary()
    chunks = [range(start, min(start + 250, count)) for start in range(0, count, 250)]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        for part in pool.map(run, chunks):
            whole.failures += part.failures
            whole.hits += part.hits
            whole.alarms += part.alarms
            whole.fewest_steps = min(whole.fewest_steps, part.fewest_steps)
            whole.claims += part.claims
    return whole


@pytest.mark.timeout(3600)
def test_every_seed_keeps_every_invariant(summary: Summary) -> None:
    assert not summary.failures, f"{len(summary.failures)} seeds failed, the first:\n" + "\n".join(summary.failures[:5])


@pytest.mark.timeout(3600)
def test_every_seed_has_at_least_150_steps(summary: Summary) -> None:
    assert summary.fewest_steps >= 150


@pytest.mark.timeout(3600)
def test_every_fault_happened_at_every_effect(summary: Summary, request: pytest.FixtureRequest) -> None:
    """A fault that never hit a call proves nothing about it."""
    if seeds_to_run(request.config) < SEEDS:
        pytest.skip("too few seeds to meet everything")
    missing = {
        kind.__name__: sorted(absent)
        for kind in kinds()
        if (absent := {fault for fault in expected_of(kind) if not summary.hits[fault, kind.__name__]})
    }
    assert not missing
    assert set(summary.alarms) >= _ALARMS
    assert summary.claims > 10 * seeds_to_run(request.config)


def test_a_seed_tells_the_same_story_in_every_process() -> None:
    """What failed in one run can be looked at in another: nothing depends on the order of a set."""
    told = {
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", "24", "--trace"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(told) == 1
