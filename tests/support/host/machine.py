"""One Debian host with systemd: a clone of the image in a network namespace and a control group of its own."""

import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.host import cgroups
from tests.support.host.command import Failed, attempt, run
from tests.support.host.image import DEPLOYER

ROOT = Path(__file__).parents[3]
DATA = "/var/lib/streamlake/lake"
"""Where a host has a small disk of its own, apart from the machine's, so that it can be full."""


@dataclass
class Host:
    """A host. `folder` holds its layers and console; commands reach it by SSH with the run's key."""

    name: str
    machine: str
    """The name outside: network namespace, control group."""
    address: str
    folder: Path
    image: Path
    key: Path
    known_hosts: Path
    control: Path
    data_size: str = "512m"
    data: Path = field(default=Path())
    """The disk's folder, as seen from outside; another host's where the two share it."""
    keeper: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def root(self) -> Path:
        """Its file system, as seen from outside."""
        return self.folder / "root"

    def __post_init__(self) -> None:
        if self.data == Path():
            self.data = self.folder / "data"

    def prepare(self, neighbours: dict[str, str]) -> None:
        """Lay the writable layer over the image; `neighbours` are names and addresses that it knows."""
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir(parents=True)
        layers = f"lowerdir={self.image},upperdir={self.folder}/upper,workdir={self.folder}/work"
        run(["mount", "-t", "overlay", "overlay", "-o", layers, self.root])
        if self.data == self.folder / "data":
            self.data.mkdir()
            run(["mount", "-t", "tmpfs", "-o", f"size={self.data_size},mode=0755", "tmpfs", self.data])
        (self.root / "etc/hostname").write_text(f"{self.name}\n")
        others = "".join(f"{address} {name}\n" for name, address in neighbours.items())
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost\n{others}")
        public = self.key.with_suffix(".pub").read_text()
        for home, owner in (("root", 0), (f"home/{DEPLOYER}", (self.root / "home" / DEPLOYER).stat().st_uid)):
            keys = self.root / home / ".ssh/authorized_keys"
            run(["install", "-m", "0600", "-o", str(owner), "/dev/stdin", keys], stdin=public)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.root / "etc/ssh/ssh_host_ed25519_key"])
        pinned = (self.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2]
        with self.known_hosts.open("a") as known:
            known.write(f"{self.address} {' '.join(pinned)}\n")

    def boot(self) -> None:
        """Switch it on, and wait until it can be logged in to."""
        self.switch_on()
        self.wait()

    def switch_on(self) -> None:
        """Begin to boot. From the main thread: the keeper ends with the thread that started it."""
        argv = ["systemd-nspawn", "-D", str(self.root), "--boot", "--register=no", "--keep-unit", "--console=read-only"]
        argv += ["--link-journal=no", f"--machine={self.machine}", f"--hostname={self.name}", "--timezone=off"]
        argv += [f"--network-namespace-path=/run/netns/{self.machine}", "--resolv-conf=copy-host"]
        argv += [f"--bind={self.data}:{DATA}", "--quiet"]
        keep = [sys.executable, "-m", "tests.support.host.keeper", self.machine, str(self.folder / "pid")]
        with (self.folder / "console.log").open("ab") as console:
            self.keeper = subprocess.Popen(
                [*keep, *argv],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )

    def wait(self, seconds: float = 300, *, after: str = "") -> None:
        """Until it answers on SSH and has started up; with `after`, until it runs another boot than that one."""
        deadline = time.monotonic() + seconds
        while True:
            # On a busy machine a host takes minutes to start up, and says so only at the end.
            left = max(deadline - time.monotonic(), 1.0)
            asked = "cat /proc/sys/kernel/random/boot_id && timeout 30 systemctl is-system-running --wait"
            done = self.attempt(asked, seconds=left + 40)
            said = done.stdout.split()
            if len(said) == 2 and said[0] != after and said[1] in {"running", "degraded"}:
                return
            if self.keeper is not None and self.keeper.poll() is not None:
                raise Failed(f"{self.name} did not start:\n{(self.folder / 'console.log').read_text()[-3000:]}")
            if time.monotonic() > deadline:
                raise Failed(f"{self.name} did not answer in {seconds:.0f} s: {done.stderr}")
            time.sleep(0.1)

    def boot_id(self) -> str:
        """Another one after each boot."""
        return self.run("cat /proc/sys/kernel/random/boot_id").strip()

    def reboot(self) -> None:
        """As an operator would."""
        before = self.boot_id()
        self.attempt("systemctl reboot")
        self.wait(120, after=before)

    def ssh(self, user: str = "root") -> list[str]:
        """The ssh command, without what to run."""
        options = ["BatchMode=yes", f"UserKnownHostsFile={self.known_hosts}", "StrictHostKeyChecking=yes"]
        options += ["LogLevel=ERROR", "ControlMaster=auto", "ControlPersist=60", f"ControlPath={self.control}/%h-%r"]
        options += ["ConnectTimeout=5", "ServerAliveInterval=5"]
        return [
            "ssh",
            "-i",
            str(self.key),
            *(part for one in options for part in ("-o", one)),
            f"{user}@{self.address}",
        ]

    def run(self, command: str, *, stdin: str = "", seconds: float = 60, user: str = "root") -> str:
        """What a shell command prints there. Raises `Failed` with all that it said."""
        return run([*self.ssh(user), f"bash -c {shlex.quote(command)}"], stdin=stdin, seconds=seconds)

    def attempt(
        self, command: str, *, stdin: str = "", seconds: float = 60, user: str = "root"
    ) -> "subprocess.CompletedProcess[str]":
        """The same, whatever it ends with; 255 where it cannot be reached."""
        return attempt([*self.ssh(user), f"bash -c {shlex.quote(command)}"], stdin=stdin, seconds=seconds)

    def off(self, seconds: float = 60) -> None:
        """Shut it down in good order, or pull the plug."""
        if self.keeper is not None:
            self.keeper.terminate()
            try:
                self.keeper.wait(seconds)
            except subprocess.TimeoutExpired:
                cgroups.kill(self.machine)
                self.keeper.wait(20)

    def unplug(self) -> None:
        """As a power cut: every process ends at once."""
        cgroups.kill(self.machine)
        if self.keeper is not None:
            self.keeper.wait(20)
