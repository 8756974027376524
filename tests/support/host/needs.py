"""Whether this machine can boot hosts, and if not, why: a sentence for the one who reads what was skipped."""

import os
import shutil
from pathlib import Path

from tests.support.host.cgroups import hierarchies

PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "nft": "nftables",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
"""Each program, and the Debian package that has it. `scripts/test` installs what is missing."""


def why_not() -> str:
    """Empty where hosts can be booted."""
    if os.geteuid() != 0:
        return "hosts are booted by root only"
    if not Path("/etc/debian_version").exists():
        return "hosts are booted on Debian only"
    absent = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
    if absent:
        return f"not installed here: {', '.join(absent)} (scripts/test host installs them)"
    if not any(os.access(root, os.W_OK) for root in hierarchies()):
        return "control groups cannot be written here"
    return ""
