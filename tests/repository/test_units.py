"""Each unit of ours is hardened, gives up on nothing but wrong configuration, and has its times in the right order."""

import itertools
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from streamlake import errors
from streamlake.ingest import limits
from streamlake.ingest.master import PATIENCE_SECONDS
from streamlake.kafka.client_file import WrongClientFile, read
from streamlake.registry.units import DROP_IN
from tests.repository.unit_file import UnitFile, seconds

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "systemd"
SERVICES = sorted(FOLDER.glob("streamlake-*.service"))
LOAD_BALANCER_SECONDS = 15
needs_analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not on this machine")
HARDENED = {
    "CapabilityBoundingSet": "",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateIPC": "yes",
    "PrivateMounts": "yes",
    "PrivateTmp": "yes",
    # The kernel lets no process look into another's of the same user where their namespaces differ.
    "PrivateUsers": "yes",
    "ProcSubset": "pid",
    "ProtectProc": "ptraceable",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectSystem": "strict",
    "RemoveIPC": "yes",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
    "LimitCORE": "0",
    "UMask": "0007",
}


def softness(unit: UnitFile) -> list[str]:
    """What is missing of the hardening, and what else lets a unit do too much."""
    service = unit.sections["Service"]
    wrong = [f"{name}={service.get(name)}" for name, wanted in HARDENED.items() if service.get(name) != [wanted]]
    if not service.get("User") or service["User"] == ["root"]:
        wrong.append("User")
    if service.get("SystemCallFilter", [])[:2] != ["@system-service", "~@privileged @resources"]:
        wrong.append("SystemCallFilter")
    writable = " ".join(service.get("ReadWritePaths", [])).split()
    allowed = {"-/var/lib/streamlake/state/vitals", "-/var/lib/streamlake/lake"}
    wrong += [path for path in writable if path not in allowed]
    if "-/etc/streamlake/credentials" not in " ".join(service.get("InaccessiblePaths", [])).split():
        wrong.append("InaccessiblePaths")
    return wrong


def impatience(unit: UnitFile) -> list[str]:
    """What makes systemd give up on what may heal, or try for ever what stays wrong."""
    service = unit.sections["Service"]
    wrong = []
    if unit.sections["Unit"].get("StartLimitIntervalSec") != ["0"]:
        wrong.append("StartLimitIntervalSec")
    if service.get("Restart") != ["always"]:
        wrong.append("Restart")
    prevented = {int(code) for code in service.get("RestartPreventExitStatus", [""])[0].split()}
    if prevented != {errors.Misconfigured.exit_code, errors.Refused.exit_code}:
        wrong.append("RestartPreventExitStatus")
    if not 0 < seconds(service.get("RestartSec", ["0"])[0]) <= 30:
        wrong.append("RestartSec")
    return wrong


def ladder(unit: UnitFile) -> list[float]:
    """The times, each of which must be below the next."""
    return [
        limits.DELIVERY_SECONDS,
        limits.HANDLER_SECONDS,
        LOAD_BALANCER_SECONDS,
        limits.GRACEFUL_STOP_SECONDS,
        seconds(unit.sections["Service"].get("TimeoutStopSec", ["90"])[0]),
    ]


def grows(times: list[float]) -> bool:
    return all(low < high for low, high in itertools.pairwise(times))


def test_there_are_units() -> None:
    assert [path.name for path in SERVICES] == ["streamlake-api.service", "streamlake-consumer@.service"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_each_is_hardened(path: Path) -> None:
    assert softness(UnitFile(path.read_text())) == []


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_each_is_tried_again_unless_it_is_wrong(path: Path) -> None:
    assert impatience(UnitFile(path.read_text())) == []


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_the_times_are_a_ladder(path: Path) -> None:
    unit = UnitFile(path.read_text())
    assert grows(ladder(unit))
    assert seconds(unit.sections["Service"]["WatchdogSec"][0]) >= PATIENCE_SECONDS


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_each_speaks_to_systemd_and_moves_with_the_target(path: Path) -> None:
    sections = UnitFile(path.read_text()).sections
    assert sections["Service"]["Type"] == ["notify"]
    assert sections["Service"]["NotifyAccess"] == ["main"]
    assert sections["Service"]["Slice"] == ["streamlake.slice"]
    assert sections["Unit"]["PartOf"] == ["streamlake.target"]
    assert sections["Install"]["WantedBy"] == ["streamlake.target"]
    for limit in ("MemoryHigh", "MemoryMax", "TasksMax", "OOMPolicy"):
        assert limit in sections["Service"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_missing_credential_is_said_by_the_program(path: Path, tmp_path: Path) -> None:
    """Every credential has a stand-in, and the client says of that for Kafka which file is not there."""
    service = UnitFile(path.read_text()).sections["Service"]
    stand_ins = dict(line.partition(":")[::2] for line in service["SetCredential"])
    assert stand_ins.keys() == {line.partition(":")[0] for line in service["LoadCredential"]}
    assert all(stand_ins.values()), "systemd 252 cannot start a unit with an empty one"
    handed = tmp_path / "kafka"
    handed.write_text(stand_ins["kafka"])
    with pytest.raises(WrongClientFile, match=r"credential /etc/streamlake/credentials/kafka-\S+ does not exist"):
        read(handed)


def test_only_consumers_write_the_lake_and_only_the_api_sees_its_key() -> None:
    api, consumer = (UnitFile(path.read_text()).sections["Service"] for path in SERVICES)
    assert "/lake" not in " ".join(api["ReadWritePaths"])
    assert "-/var/lib/streamlake/lake" in " ".join(api["InaccessiblePaths"])
    assert "-/var/lib/streamlake/lake" in " ".join(consumer["ReadWritePaths"])
    assert "tls.key" not in " ".join(consumer["LoadCredential"])
    assert "-/etc/streamlake/api-keys.json" in " ".join(consumer["InaccessiblePaths"])


def test_nothing_is_installed_that_masks_a_drop_in() -> None:
    """A drop-in of the template with the name of an instance's would be masked by it."""
    assert not list(FOLDER.glob("*.d"))
    writers = [p for p in (ROOT / "infra" / "ansible" / "roles").rglob("*.yml") if DROP_IN in p.read_text()]
    assert [p for p in writers if re.search(rf"@\.service\.d/{re.escape(DROP_IN)}", p.read_text())] == []


@needs_analyze
def test_exposure_is_asked_for_and_too_much_is_found(tmp_path: Path) -> None:
    soft = tmp_path / "soft.service"
    soft.write_text("[Service]\nExecStart=/bin/true\n")
    done = subprocess.run([ROOT / "scripts" / "exposure", soft], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "soft.service: exposure 9.6, at most 1.5" in done.stdout


def test_exposure_that_could_not_be_asked_for_is_told_and_fails_in_ci(tmp_path: Path) -> None:
    for name in ("bash", "dirname", "env"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    for ci, code in ({}, 0), ({"CI": "true"}, 1):
        environment = {"PATH": str(tmp_path), **ci}
        done = subprocess.run(
            [ROOT / "scripts" / "exposure"], capture_output=True, text=True, env=environment, timeout=60
        )
        assert done.returncode == code
        assert done.stdout.startswith("not checked: ")


GOOD = SERVICES[0].read_text()


@pytest.mark.parametrize(
    ("line", "instead", "found"),
    [
        ("NoNewPrivileges=yes\n", "", softness),
        ("PrivateUsers=yes\n", "PrivateUsers=no\n", softness),
        ("PrivateUsers=yes\n", "PrivateUsers=yes\nPrivateUsers=no\n", softness),
        ("User=streamlake-api", "User=root", softness),
        ("SystemCallFilter=@system-service", "SystemCallFilter=@system-service @debug", softness),
        ("/state/vitals", "/state", softness),
        ("InaccessiblePaths=-/etc/streamlake/credentials", "InaccessiblePaths=", softness),
        ("StartLimitIntervalSec=0\n", "", impatience),
        ("Restart=always", "Restart=on-success", impatience),
        ("RestartPreventExitStatus=2 4", "RestartPreventExitStatus=2 3 4", impatience),
        ("RestartPreventExitStatus=2 4\n", "", impatience),
        ("RestartSec=1\n", "RestartSec=0\n", impatience),
    ],
)
def test_a_soft_unit_is_found(line: str, instead: str, found: object) -> None:
    assert line in GOOD
    assert callable(found)
    assert found(UnitFile(GOOD.replace(line, instead)))


def test_a_start_limit_in_the_wrong_section_is_found() -> None:
    moved = GOOD.replace("StartLimitIntervalSec=0\n", "").replace("[Service]\n", "[Service]\nStartLimitIntervalSec=0\n")
    assert impatience(UnitFile(moved))


def test_a_ladder_with_a_step_missing_is_found() -> None:
    assert not grows(ladder(UnitFile(GOOD.replace("TimeoutStopSec=30", "TimeoutStopSec=20"))))
    assert not grows(ladder(UnitFile(GOOD.replace("TimeoutStopSec=30", "TimeoutStopSec=0min 15s"))))


@needs_analyze
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """Unknown names and values, and lines in a wrong section, are only warnings to systemd."""
    assert understood(FOLDER, tmp_path) == ""


@needs_analyze
@pytest.mark.parametrize(
    "line", ["ProtectSytem=strict", "StartLimitIntervalSec=0", "ProtectProc=none", "MemoryMax=lots"]
)
def test_a_line_that_systemd_ignores_is_found(line: str, tmp_path: Path) -> None:
    folder = tmp_path / "units"
    shutil.copytree(FOLDER, folder)
    unit = folder / "streamlake-api.service"
    unit.write_text(GOOD.replace("[Service]\n", f"[Service]\n{line}\n"))
    assert "streamlake-api.service:11: " in understood(folder, tmp_path)


def understood(folder: Path, tmp_path: Path) -> str:
    """What systemd has to say about the units; programs that are not here are taken for there."""
    copies = tmp_path / "verified"
    copies.mkdir()
    for path in folder.glob("streamlake*"):
        text = re.sub(r"/opt/streamlake/current/bin/streamlake", "/bin/true", path.read_text())
        (copies / path.name.replace("@.", "@orders.")).write_text(text)
    names = [str(path) for path in copies.iterdir()]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, timeout=60)
    about = [line for line in done.stderr.splitlines() if "streamlake" in line]
    return "\n".join(about)
