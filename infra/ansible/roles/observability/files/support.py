"""Packs what somebody needs who is to help with this host, without any secret. Standard library only; changes nothing.

    support.py HOST ARCHIVE SINCE      writes ARCHIVE (tar.gz), prints the time that is in its name

Secrets are taken out in two ways: each value that stands in a file of credentials on this host, wherever it turns up;
and whatever looks like one. Files of credentials are not read into the archive, only named.
"""

import base64
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.parse
from pathlib import Path

HIDDEN = "[hidden]"
SECONDS = 60
MOST_BYTES = 20 << 20
SECRET_FOLDERS = (
    "/etc/streamlake/credentials",
    "/etc/kafka/credentials",
    "/etc/kafka/principals",
    "/etc/airflow/credentials",
    "/etc/kafka/ca",
)
FILES = (
    "/etc/os-release",
    "/etc/streamlake/streamlake.env",
    "/etc/streamlake/contracts.bundle",
    "/etc/kafka/server.properties",
    "/etc/kafka/kafka.env",
    "/etc/airflow/airflow.env",
    "/opt/streamlake/releases/.history",
    "/var/log/kafka-restarts.log",
)
UNITS = ("streamlake-api.service", "streamlake-consumer@*.service", "kafka.service", "airflow@*.service", "postgresql*")
COMMANDS = {
    "units/status.txt": [
        "systemctl",
        "status",
        "--no-pager",
        "--full",
        "--lines=20",
        "--all",
        "streamlake.target",
        *UNITS,
    ],
    "units/show.txt": ["systemctl", "show", "--all", "streamlake.target", *UNITS],
    "units/failed.txt": ["systemctl", "--failed", "--no-pager"],
    "units/timers.txt": ["systemctl", "list-timers", "--all", "--no-pager"],
    "streamlake/status.json": ["streamlake", "status", "--json"],
    "streamlake/doctor.json": ["streamlake", "doctor", "--json"],
    "streamlake/settings.json": ["streamlake", "settings", "--json"],
    "streamlake/topics.json": ["streamlake", "topics", "plan", "--json"],
    "streamlake/keys.json": ["streamlake", "keys", "list", "--json"],
    "host/releases.txt": ["ls", "-l", "/opt/streamlake", "/opt/streamlake/releases", "/opt/kafka", "/opt/airflow"],
    "host/credentials.txt": ["ls", "-lR", *SECRET_FOLDERS],
    "host/disk.txt": ["df", "-h"],
    "host/memory.txt": ["free", "-m"],
    "host/processes.txt": ["ps", "-eo", "pid,ppid,user,rss,pcpu,etime,comm"],
    "host/ports.txt": ["ss", "-ltnup"],
    "host/clock.txt": ["timedatectl", "status"],
    "host/packages.txt": ["dpkg-query", "-W", "python3", "systemd", "openjdk*", "postgresql*", "chrony"],
    "host/kernel.txt": ["uname", "-a"],
}

PATTERNS = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), HIDDEN),
    (re.compile(r"slk_[A-Za-z0-9_-]{8,}"), HIDDEN),
    (re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic)\s+)[^\s\"',]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{12,}"), rf"\1{HIDDEN}"),
    (re.compile(r"([a-z][a-z0-9+.-]*://[^/\s:@\"']*:)[^/\s@\"']+(@)"), rf"\1{HIDDEN}\2"),
    (
        re.compile(
            r"(?i)([\w.-]*(?:password|passwd|secret|token|private_key|fernet_key|api_key|jaas)[\w.-]*[\"']?\s*[:=]\s*)"
            r"(\"[^\"\n]*\"|'[^'\n]*'|[^\s,;}\n]+)"
        ),
        lambda found: found[0] if PLACE.search(found[1]) else found[1] + HIDDEN,
    ),
)
PLACE = re.compile(r"(?i)(file|files|dir|path|cmd|location|seconds|count|enabled|exists)[\"']?\s*[:=]\s*$")
PLAIN = re.compile(r"(?i)^(true|false|none|null|yes|no|\d{1,5}|\[hidden\])$")


def values_of(text: str) -> "set[str]":
    """What is secret in a file of credentials: each line's value, and the whole where it is one word."""
    found = set()
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith(("#", "-----")):
            continue
        name, equals, value = line.partition("=")
        if equals and re.fullmatch(r"[A-Za-z0-9._-]+", name.strip()):
            if re.search(r"(?i)password|secret|token|key$|jaas", name):
                found.add(value.strip().strip("\"'"))
        else:
            found.add(line)
    return {value for value in found if len(value) >= 6 and not PLAIN.match(value)}


def spellings(secret: str) -> "set[str]":
    """How a secret may be written elsewhere."""
    return {secret, urllib.parse.quote(secret, safe=""), base64.b64encode(secret.encode()).decode().rstrip("=")}


def secrets_of(folders: "tuple[str, ...]") -> "set[str]":
    """Every secret that stands in files of this host."""
    found = set()
    for folder in folders:
        for path in Path(folder).rglob("*"):
            try:
                text = path.read_text(errors="replace") if path.is_file() and path.stat().st_size < 1 << 20 else ""
            except OSError:
                continue  # gone meanwhile
            if "-----BEGIN CERTIFICATE" in text and "PRIVATE KEY" not in text:
                continue  # public
            found |= values_of(text)
    return {spelling for secret in found for spelling in spellings(secret)}


def redacted(text: str, secrets: "set[str]") -> str:
    """The text without what is secret; the longest first, for one may hold another."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for pattern, instead in PATTERNS:
        text = pattern.sub(instead, text)
    return text


def said(command: "list[str]") -> str:
    """What a command says, and how it ended. A command that is missing, or hangs, says so."""
    if shutil.which(command[0]) is None:
        return f"$ {' '.join(command)}\nthere is no {command[0]} on this host\n"
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"$ {' '.join(command)}\nno answer within {SECONDS} s\n"
    end = f"\nended with {done.returncode}\n" if done.returncode else ""
    return done.stdout + done.stderr + end


def journals(since: str) -> "dict[str, list[str]]":
    """A journal for each unit that there is."""
    listed = subprocess.run(
        ["systemctl", "list-units", "--all", "--plain", "--no-legend", *UNITS],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    units = sorted({line.split()[0] for line in listed.splitlines() if line.split()})
    each = ["--no-pager", "--output=short-iso-precise", "--lines=5000", f"--since={since}"]
    found = {f"journal/{unit}.txt": ["journalctl", f"--unit={unit}", *each] for unit in units}
    return {**found, "journal/host-warnings.txt": ["journalctl", "--priority=warning", *each]}


def gather(since: str) -> "dict[str, str]":
    """Everything, by its name in the archive."""
    found = {}
    for name in FILES:
        path = Path(name)
        if path.is_file():
            found[f"files{name}"] = path.read_text(errors="replace")
    for name, command in {**COMMANDS, **journals(since)}.items():
        found[name] = said(command)
    return found


def main(arguments: "list[str]") -> int:
    """Carry out one command line."""
    host, archive, since = arguments
    since = since if re.fullmatch(r"[\w :.+-]+", since) else "24 hours ago"
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    os.umask(0o077)
    secrets = secrets_of(SECRET_FOLDERS)
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in gather(since).items():
            data = redacted(text, secrets).encode(errors="replace")[-MOST_BYTES:]
            entry = tarfile.TarInfo(f"{host}-{at}/{name.lstrip('/')}")
            entry.size, entry.mtime, entry.mode = len(data), int(time.time()), 0o600
            tar.addfile(entry, io.BytesIO(data))
    print(at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
