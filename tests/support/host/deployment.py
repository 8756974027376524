"""Deploys to test hosts as a user does: the example inventory with the hosts' addresses, and `scripts/deploy`."""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.host.command import Failed
from tests.support.host.fleet import Fleet
from tests.support.host.machine import ROOT, Host

EXAMPLES = ROOT / "infra" / "ansible" / "inventories"
_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Played:
    """A play that ended."""

    code: int
    text: str
    seconds: float

    @property
    def changed(self) -> int:
        """Tasks that changed something, over all hosts."""
        return sum(int(found[3]) for found in _RECAP.finditer(self.text))

    @property
    def words(self) -> str:
        """What it said, on one line: messages are wrapped by their printer."""
        return " ".join(self.text.split())

    def tail(self) -> str:
        """Its last words, for an assertion's message."""
        return self.text[-5000:]


@dataclass
class Deployment:
    """One inventory of a fleet. `variables` stand over the example's own."""

    fleet: Fleet
    example: str
    variables: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    @property
    def inventory(self) -> Path:
        """Its folder."""
        return self.fleet.folder / f"inventory-{self.name or self.example}"

    def write(self, places: Mapping[str, Host]) -> None:
        """Copy the example; `places` says which host stands for which of its names."""
        shutil.copytree(EXAMPLES / self.example, self.inventory, dirs_exist_ok=True)
        hosts = self.inventory / "hosts.yml"
        document = yaml.safe_load(hosts.read_text())
        for name, host in places.items():
            document["all"]["hosts"][name]["ansible_host"] = host.address
        for name in set(document["all"]["hosts"]) - places.keys():
            _forget(document, name)
        hosts.write_text(yaml.safe_dump(document, sort_keys=False))
        self.set()

    def set(self, **variables: Any) -> None:
        """Put variables into the group's file, as a user would; None takes one away."""
        self.variables = {k: v for k, v in {**self.variables, **variables}.items() if v is not None}
        example = yaml.safe_load((EXAMPLES / self.example / "group_vars" / "all.yml").read_text())
        text = yaml.safe_dump({**example, **self.variables}, sort_keys=False)
        (self.inventory / "group_vars" / "all.yml").write_text(text)

    def play(
        self,
        *arguments: str,
        script: str = "scripts/deploy",
        release: Mapping[str, str] | None = None,
        seconds: float = 2400,
    ) -> Played:
        """Run the documented command. `release` replaces files of the checkout for this run alone."""
        command = [script, "-i", str(self.inventory), *arguments]
        environment = {**os.environ, "ANSIBLE_PRIVATE_KEY_FILE": str(self.fleet.key), "ANSIBLE_NOCOLOR": "1"}
        environment["ANSIBLE_SSH_COMMON_ARGS"] = f"-o UserKnownHostsFile={self.fleet.known_hosts}"
        if release is not None:
            command = _with_files(command, release, self.fleet.folder)
        begun = time.monotonic()
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired as late:
            said = late.output.decode(errors="replace") if late.output else ""
            raise Failed(f"{shlex.join(command)} did not end in {seconds:.0f} s:\n{said[-5000:]}") from late
        played = Played(done.returncode, done.stdout, time.monotonic() - begun)
        number = len(list(self.fleet.folder.glob("play-*")))
        (self.fleet.folder / f"play-{number:02}.log").write_text(f"{shlex.join(command)}\n{played.text}")
        return played

    def done(self, *arguments: str, **options: Any) -> Played:
        """The same; raises `Failed` with its last words unless it ended well."""
        played = self.play(*arguments, **options)
        if played.code != 0:
            raise Failed(f"scripts/deploy {' '.join(arguments)} ended with {played.code}:\n{played.tail()}")
        return played


def _forget(document: dict[str, Any], name: str) -> None:
    for group in document.values():
        (group.get("hosts") or {}).pop(name, None)


def _with_files(command: list[str], files: Mapping[str, str], folder: Path) -> list[str]:
    """The command in a mount namespace where the checkout holds other files: same path, and nothing of it changes.

    A copy elsewhere would have environments of its own to install.
    """
    layer = Path(tempfile.mkdtemp(prefix="checkout-", dir=folder))
    for part in ("upper", "work"):
        (layer / part).mkdir()
    for name, text in files.items():
        (layer / "upper" / name).parent.mkdir(parents=True, exist_ok=True)
        (layer / "upper" / name).write_text(text)
    options = f"lowerdir={ROOT},upperdir={layer}/upper,workdir={layer}/work"
    mount = f"mount -t overlay overlay -o {shlex.quote(options)} {shlex.quote(str(ROOT))}"
    inside = f"{mount} && cd {shlex.quote(str(ROOT))} && exec {shlex.join(command)}"
    return ["unshare", "--mount", "bash", "-c", inside]
