"""A test that cannot run here is skipped in plain sight; where the capability is required, it fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NEEDS_JAVA = "tests/integration/kafka/test_broker.py::test_preparing_again_keeps_the_log_and_the_ports"


def pytest_here(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "HOME": os.environ.get("HOME", "")}
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(argv, cwd=ROOT, env=bare, capture_output=True, text=True, timeout=100)


def test_without_java_and_jars_it_is_skipped_and_says_why(tmp_path: Path) -> None:
    run = pytest_here(tmp_path, NEEDS_JAVA)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 skipped" in run.stdout
    assert "SL-0226" in run.stdout


def test_where_java_is_required_it_fails(tmp_path: Path) -> None:
    run = pytest_here(tmp_path, NEEDS_JAVA, "--require", "java root")
    assert run.returncode == 1
    assert "java is required here" in run.stdout


@pytest.mark.parametrize("capability", ["teapot", "java teapot"])
def test_a_mistyped_capability_is_refused(tmp_path: Path, capability: str) -> None:
    run = pytest_here(tmp_path, "--collect-only", "--require", capability)
    assert run.returncode == 4
    assert "teapot" in run.stderr
