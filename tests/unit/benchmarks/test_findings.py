"""A target holds only where it was measured, and measured quietly enough to say."""

import pytest
from benchmarks.__main__ import ALL, BENCHMARKS
from benchmarks.figures import figure
from benchmarks.findings import Finding, table


@pytest.mark.parametrize(
    ("values", "at_least", "verdict"),
    [
        ([4.0, 4.1, 4.2], True, "holds"),
        ([3.9, 3.8, 4.2], True, "does not hold"),
        ([3.9, 3.8, 4.2], False, "holds"),
        ([4.1, 4.2, 4.3], False, "does not hold"),
        ([4.0], True, "holds"),
        ([2.0, 5.0, 8.0], True, "too noisy to say"),
        ([1.0, 2.0, 3.5], False, "too noisy to say"),
        ([4.0, 4.1, 4.2, 4.1, 9.0], True, "holds"),  # one run was disturbed
        ([2.0, 5.0, 8.0, 5.0, 2.0], True, "too noisy to say"),
    ],
)
def test_the_verdict(values: list[float], at_least: bool, verdict: str) -> None:
    finding = Finding("landing", figure(values), 4.0, "times", at_least)
    assert finding.verdict == verdict
    assert finding.document()["verdict"] == verdict
    assert verdict in table([finding])


def test_a_lag_that_was_never_known_does_not_hold() -> None:
    assert Finding("lag", figure([float("inf")]), 5.0, "s", at_least=False).verdict != "holds"


def test_all_runs_only_what_there_is() -> None:
    assert ALL.keys() <= BENCHMARKS.keys()
