"""A simulator that finds nothing proves nothing: each of these bugs must be found within 500 seeds."""

import pytest

from tests.simulation.planted import BUGS
from tests.simulation.simulation import Simulation
from tests.simulation.watch import Violation

_SEEDS = 500


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BUGS[name](monkeypatch)
    for seed in range(_SEEDS):
        try:
            Simulation(seed).run()
        except (Violation, AssertionError):
            return
    pytest.fail(f"{name} was planted, and {_SEEDS} seeds did not notice")
