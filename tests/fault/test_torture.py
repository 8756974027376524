"""The whole platform under torture (docs/torture.md), and proof that the torture can fail."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import ROOT

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.usefixtures("kafka_software")]


def tortured(folder: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """The exit code, the report, and what it said."""
    home, report = folder / "home", folder / "report.md"
    argv = [sys.executable, "-m", "tests.torture", *arguments, "--home", str(home), "--report", str(report)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=1500)
    said = done.stdout[-6000:] + done.stderr[-3000:]
    assert report.with_suffix(".json").exists(), said
    return done.returncode, json.loads(report.with_suffix(".json").read_text()), said


@pytest.mark.timeout(1600)
@pytest.mark.parametrize("lake", ["bucket", "local"])
def test_three_minutes_lose_and_double_nothing(tmp_path: Path, lake: str) -> None:
    """I1 to I9, I11 and I12 on real processes. The seed is chance; a failure says it."""
    code, report, said = tortured(tmp_path, "--seed", str(random.randrange(1 << 32)), "--minutes", "3", "--lake", lake)
    assert report["violations"] == [], said
    assert report["not_proven"] == [], said
    assert code == 0, said
    assert report["acknowledged"] > 1000
    assert sum(fault["fired"] for fault in report["faults"].values()) > 20


@pytest.mark.timeout(1600)
@pytest.mark.parametrize(
    ("bug", "invariants"),
    [
        ("line_lost", {"I1", "I2"}),
        ("dead_letters_swallowed", {"I1"}),
        ("commit_before_part", {"I5"}),
    ],
)
def test_a_planted_bug_is_found(tmp_path: Path, bug: str, invariants: set[str]) -> None:
    code, report, said = tortured(tmp_path, "--seed", "12", "--minutes", "1", "--lake", "bucket", "--plant", bug)
    found = {violation.partition(":")[0] for violation in report["violations"]}
    assert code == 1
    assert found & invariants, f"{bug} was planted, and {found} was found: {said}"
