#!/usr/bin/python3 -I
"""What a Kafka that is started now would run with, as lines `name sha256`; `--note` keeps them for the running one,
`--changed` prints the names of what differs from what it was started with."""

import hashlib
import sys
from pathlib import Path

NOTED = Path("/run/kafka/started")
FILES = {
    "configuration": ["/etc/kafka/server.properties", "/etc/kafka/log4j2.properties"],
    "memory": ["/etc/kafka/kafka.env"],
    "unit": ["/etc/systemd/system/kafka.service", "/etc/systemd/system/kafka.service.d/50-streamlake.conf"],
    "credentials": ["/etc/kafka/credentials/clients-jaas", "/etc/kafka/credentials/controller-jaas"],
    "certificate": ["/etc/kafka/credentials/tls.pem", "/etc/kafka/credentials/ca.pem"],
}


def digest(paths):
    """One checksum of all of these; a file that is not there counts as such."""
    whole = hashlib.sha256()
    for path in paths:
        try:
            whole.update(Path(path).read_bytes() + b"\0")
        except FileNotFoundError:
            whole.update(b"\1")
    return whole.hexdigest()


def now():
    """What a start would take."""
    found = {name: digest(paths) for name, paths in FILES.items()}
    found["version"] = Path("/opt/kafka/current").resolve().name
    return found


def noted():
    """What the running one took."""
    return dict(line.split() for line in NOTED.read_text().splitlines())


def main():
    """See the module."""
    found = now()
    if sys.argv[1:] == ["--note"]:
        NOTED.write_text("".join(f"{name} {value}\n" for name, value in found.items()))
    elif sys.argv[1:] == ["--changed"]:
        before = noted()
        print(", ".join(name for name in found if found[name] != before.get(name)))
    else:
        print("\n".join(f"{name} {value}" for name, value in found.items()))
    return 0


sys.exit(main())
