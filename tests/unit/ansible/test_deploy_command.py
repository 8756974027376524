"""`scripts/deploy` refuses what it cannot mean before it installs or touches anything, and says what it takes."""

import subprocess
from pathlib import Path

import pytest

from tests.support.host_programs import ROOT


def deploy(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts" / "deploy"), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name one inventory"),
        (("-i", "no/such/inventory"), "name one inventory"),
        (("-i", "infra/ansible/inventories/one-node", "--host", "10.0.0.5"), "name one inventory"),
        (("--host", "10.0.0.5; rm -rf /"), "cannot be an address"),
        (("--host", "10.0.0.5", "--user", "a b"), "cannot be an address"),
        (("--host", "10.0.0.5", "--port", "ssh"), "cannot be an address"),
        (("--host", "10.0.0.5", "--key", "no/such/key"), "no/such/key cannot be read"),
        (("--host",), "--host needs a value"),
        (("-i", "infra/ansible/inventories/one-node", "rolback.yml"), "no playbook rolback.yml"),
    ],
)
def test_what_it_cannot_mean_is_refused_with_what_it_takes(arguments: tuple[str, ...], words: str) -> None:
    done = deploy(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_a_playbook_that_is_not_there_is_told_with_those_that_are() -> None:
    said = deploy("-i", ".", "nothing.yml").stderr
    for playbook in ("site.yml", "rollback.yml", "support.yml", "uninstall.yml"):
        assert playbook in said


def test_help_tells_both_ways() -> None:
    done = deploy("--help")
    assert done.returncode == 0
    assert "-i INVENTORY" in done.stdout
    assert "--host ADDRESS" in done.stdout
