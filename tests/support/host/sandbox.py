"""Runs the probe as one of a host's units: the same file, drop-ins and credentials, with the probe for its program."""

import json
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.support.host.machine import Host

_PROBE = (Path(__file__).parent / "probe.py").read_text()
_FOLDER = "/run/probe"
_TIES = re.compile(r"^(PartOf|BindsTo|Requires|PropagatesStopTo|Conflicts)=.*$", re.MULTILINE)
# What belongs to the program and not to its sandbox; an empty value takes the lines before it back.
_INSTEAD = """
[Unit]
StartLimitIntervalSec=0
[Service]
Type=oneshot
ExecStartPre=
ExecStartPost=
ExecStopPost=
ExecReload=
ExecStart=
ExecStart=/usr/bin/python3 -I {folder}/probe.py {others}
Restart=no
RemainAfterExit=no
WatchdogSec=0
MemoryHigh=infinity
RuntimeDirectoryPreserve=yes
StandardOutput=truncate:{folder}/{name}.json
"""


def probe(host: Host, unit: str, others: Iterable[str]) -> dict[str, Any]:
    """What a process in this unit's place is, and what it managed that it must not."""
    prefix, instance, kind = re.fullmatch(r"([^@.]+)(@[^.]*)?(\.service)", unit).groups()  # type: ignore[union-attr]
    name = f"{prefix}-probe{instance or ''}{kind}"
    template = f"{prefix}-probe{'@' if instance else ''}{kind}"
    text = _TIES.sub("", host.run(f"systemctl cat {unit}"))
    words = " ".join(map(shlex.quote, others))
    file = text + _INSTEAD.format(folder=_FOLDER, others=words, name=name)
    host.run(f"mkdir -p -m 0755 {_FOLDER} && cat > {_FOLDER}/probe.py && chmod 0644 {_FOLDER}/probe.py", stdin=_PROBE)
    host.run(f"cat > /run/systemd/system/{template} && systemctl daemon-reload", stdin=file)
    try:
        host.run(f"systemctl start {name} || {{ journalctl -u {name} -n 20 --no-pager; exit 1; }}", seconds=90)
        answer: dict[str, Any] = json.loads(host.run(f"cat {_FOLDER}/{name}.json"))
    finally:
        host.run(f"rm /run/systemd/system/{template}; systemctl daemon-reload")
    return answer


def bare(host: Host, others: Iterable[str]) -> dict[str, Any]:
    """The same without a sandbox, as root: what shows that the probe finds what there is to find."""
    host.run(f"mkdir -p -m 0755 {_FOLDER} && cat > {_FOLDER}/probe.py", stdin=_PROBE)
    words = " ".join(map(shlex.quote, others))
    answer: dict[str, Any] = json.loads(host.run(f"python3 -I {_FOLDER}/probe.py {words}"))
    return answer
