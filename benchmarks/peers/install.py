"""Get the peers from their registries: kcat from Debian, Kafka Connect by Maven, Quix Streams from PyPI."""

import os
import shutil
import subprocess
from pathlib import Path

from benchmarks.backlog import SOFTWARE
from streamlake.errors import StreamlakeError
from streamlake.kafka import install, java
from streamlake.kafka.jars import parse
from streamlake.settings import load

ROOT = Path(__file__).parents[2]
CONNECT_LOCK = Path(__file__).with_name("connect.lock")


class NotHere(Exception):
    """This peer cannot be had on this machine; says why, and what would help."""


def kcat() -> str:
    """Its program."""
    found = shutil.which("kcat")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for argv in (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "--no-install-recommends", "kcat"]):
            subprocess.run(
                argv, check=False, capture_output=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            )
        found = shutil.which("kcat")
    if found is None:
        raise NotHere("kcat is not installed: `apt-get install kcat` as root, or your system's package of that name")
    return found


def connect() -> tuple[Path, Path]:
    """Java's program, and the folder with Kafka Connect's jars."""
    jars = parse(CONNECT_LOCK.read_text())
    folder = SOFTWARE.with_name("connect")
    try:
        libs = install.install(folder, base_url=load(os.environ).maven_base_url, jars=jars)
        return java.ensure(SOFTWARE).program, libs
    except StreamlakeError as error:
        raise NotHere(f"Kafka Connect: {error}") from error


def quix() -> Path:
    """The Python of its own environment."""
    run = subprocess.run([ROOT / "scripts" / "tool-venv", "peers"], check=False)
    if run.returncode:
        raise NotHere("Quix Streams could not be installed from PyPI; what is said above tells why")
    return ROOT / ".venv-peers" / "bin" / "python"
