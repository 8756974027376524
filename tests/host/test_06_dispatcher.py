"""The operators' way in: one verb and one JSON object, and nothing else whatever is asked for.

Judged by effects: the programs that start, a canary, files, and whether a unit moved; not by exit codes.
"""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.host import cgroups, states
from tests.support.host.corpus import CANARY, injections
from tests.support.host.machine import Host
from tests.support.host.operator import CONSUMER, UNITS
from tests.support.host.process_audit import ProcessAudit

pytestmark = pytest.mark.timeout(300)
ACCOUNT = "streamlake-ops"
_WATCHED = (
    "/etc",
    "/opt",
    "/usr/local",
    "/tmp",
    "/var/tmp",
    "/var/lib/streamlake/state/control",
    "/run/systemd/system",
)


def ask(host: Host, request: str) -> "subprocess.CompletedProcess[str]":
    """Send these bytes as the SSH command."""
    return subprocess.run([*host.ssh(ACCOUNT), "--", request], input="", capture_output=True, text=True, timeout=60)


def answer(host: Host, **fields: Any) -> dict[str, Any]:
    """A well-formed request for units, answered."""
    done = ask(host, "units " + json.dumps(fields))
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["exit_code"] == done.returncode
    return document


def watched(host: Host) -> ProcessAudit:
    """An audit of everything that comes in by SSH, also over connections that are open already."""
    return ProcessAudit(sorted(cgroups.named(host.machine, "sshd")))


@pytest.fixture
def moved_nothing(site: Host) -> Iterator[None]:
    """The state of the host around a test: no unit began anew or ended, no file differs, no canary."""
    files, units = states.files(site, *_WATCHED), states.begun(site, *UNITS)
    yield
    assert states.begun(site, *UNITS) == units, "a unit was moved"
    assert states.files(site, *_WATCHED) == files, "a file was changed"
    assert states.unit(site, "ssh.service")["ActiveState"] == "active"


def test_it_tells_and_it_restarts_what_it_may(site: Host) -> None:
    told = answer(site, action="status", dataset="orders")
    assert told["ok"]
    assert told["units"][0]["unit"] == CONSUMER
    before = states.begun(site, CONSUMER)
    done = answer(site, action="restart", dataset="orders", reason="a test")
    assert done["ok"], done
    assert states.begun(site, CONSUMER) != before
    assert "a test" in site.run("journalctl -t streamlake-ops -n 20 --no-pager -o cat")


@pytest.mark.usefixtures("moved_nothing")
def test_two_hundred_injections_have_no_effect(site: Host) -> None:
    with watched(site) as calibration:
        assert answer(site, action="status", dataset="all")["units"]
    allowed = set(calibration.programs)
    assert allowed, "the audit saw nothing"
    requests = injections(200, seed=5)
    assert len(requests) == 200
    with watched(site) as audit:
        accepted = [request for request in requests if ask(site, request).returncode == 0]
    assert set(audit.programs) <= allowed
    assert len(audit.programs) >= 200, "not every request was seen"
    assert accepted == []
    assert site.attempt(f"ls {CANARY}*").returncode != 0


def test_the_judge_sees_what_an_injection_would_do(site: Host) -> None:
    """The same judge on an account with a shell: a program that starts and a canary are found."""
    with watched(site) as audit:
        site.run(f"/bin/touch {CANARY}")
    assert any(program.endswith("/touch") for program in audit.programs)
    site.run(f"rm {CANARY}")


@pytest.mark.usefixtures("moved_nothing")
@pytest.mark.parametrize(
    "options",
    [["-tt"], ["-s", "sftp"], ["-o", "SetEnv=LD_PRELOAD=/tmp/x"], ["-A"], ["-X"]],
    ids=["terminal", "sftp", "environment", "agent", "x11"],
)
def test_no_other_way_of_ssh_gives_a_shell(site: Host, options: list[str]) -> None:
    *command, target = site.ssh(ACCOUNT)
    words = [options[-1]] if options[0] == "-s" else []
    flags = ["-s"] if options[0] == "-s" else options
    with watched(site) as audit:
        done = subprocess.run(
            [*command, "-o", "ControlPath=none", *flags, target, *words],
            input=f"touch {CANARY}\n",
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert done.returncode != 0
    assert not [program for program in audit.programs if program.endswith(("/sh", "/bash", "/touch", "sftp-server"))]


def test_it_forwards_nothing(site: Host) -> None:
    """With its key nobody reaches Kafka or the Airflow API through the host."""
    *command, target = site.ssh(ACCOUNT)
    done = subprocess.run(
        [*command, "-o", "ControlPath=none", "-W", "127.0.0.1:8080", target],
        input="GET /livez HTTP/1.0\r\n\r\n",
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "HTTP" not in done.stdout
    assert done.returncode != 0
