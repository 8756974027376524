"""What a host must be before anything is changed on it. Standard library only; writes nothing.

    host_checks.py '{"memory_mb": 2048, …}'      prints {"now": seconds, "failures": [{"check", "detail", "todo"}]}

Every check runs, and each failure says what to do. Read from standard input on the host, so that no file is left there.
"""

import configparser
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SECONDS = 8
Failures = list  # of {"check", "detail", "todo"}


def failure(check: str, detail: str, todo: str) -> "dict[str, str]":
    """One finding."""
    return {"check": check, "detail": detail, "todo": todo}


def system(release: "dict[str, str]", accepted: "dict[str, list[str]]") -> "Failures":
    """The distribution and its version."""
    name, version = release.get("ID", "unknown"), release.get("VERSION_ID", "unknown").strip('"')
    versions = accepted.get(name.strip('"'), [])
    if version in versions:
        return []
    known = "; ".join(f"{distribution} {' or '.join(numbers)}" for distribution, numbers in accepted.items())
    return [failure("system", f"{name} {version} is not supported", f"Use a host with {known}.")]


def python(version: "tuple[int, int]", oldest: "tuple[int, int]" = (3, 11)) -> "Failures":
    """The Python that releases run on."""
    if version >= oldest:
        return []
    found, wanted = ".".join(map(str, version)), ".".join(map(str, oldest))
    return [failure("python", f"/usr/bin/python3 is {found}", f"StreamLake needs {wanted}: use a newer Debian.")]


def rights(user: int) -> "Failures":
    """Whether the play may change what it has to."""
    if user == 0:
        return []
    return [
        failure(
            "rights", "the play is not root on this host", "Set ansible_become: true, and let the account use sudo."
        )
    ]


def init(name: str, version: int, oldest: int = 252) -> "Failures":
    """systemd, and new enough for the units."""
    if name != "systemd":
        return [failure("systemd", f"process 1 is {name}", "StreamLake's services are systemd units: use such a host.")]
    if version < oldest:
        return [failure("systemd", f"systemd is {version}", f"The units need {oldest}: use Debian 12 or newer.")]
    return []


def machine(name: str) -> "Failures":
    """The kind of processor: wheels with compiled parts exist for these."""
    if name in ("x86_64", "aarch64"):
        return []
    return [failure("processor", f"{name} has no packages", "Use a host with x86_64 or aarch64.")]


def memory(total_mb: int, needed_mb: int) -> "Failures":
    """All the memory that there is. What a provider sells as 4 GiB shows a little less."""
    if total_mb >= needed_mb * 0.92:
        return []
    return [
        failure(
            "memory",
            f"{total_mb} MiB, and what stands on this host needs {needed_mb} MiB",
            "Take a larger machine, move a group to another host, or set preflight_memory_mb if you know better.",
        )
    ]


def disk(path: str, free_mb: int, needed_mb: int) -> "Failures":
    """Room where things are put."""
    if free_mb >= needed_mb:
        return []
    return [
        failure(
            "disk",
            f"{path} has {free_mb} MiB free, and needs {needed_mb} MiB",
            f"Make room (`du -xh -d2 {path} | sort -h | tail`), take a larger disk, or set preflight_disk_mb.",
        )
    ]


def port(number: int, purpose: str, unit: str, holder: "tuple[str, str] | None") -> "Failures":
    """A port that something else than its own unit listens on. `holder`: its program and its control group."""
    if holder is None or f"/{unit}" in holder[1]:
        return []
    return [
        failure(
            "port",
            f"{number}, for {purpose}, is taken by {holder[0]}",
            f"Stop it (`ss -ltnp 'sport = :{number}'` shows it), or choose another port.",
        )
    ]


def holder_of(number: int) -> "tuple[str, str] | None":
    """Who listens on a TCP port: program and process id, and the control group. None for nobody."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue  # no such protocol here
        for line in lines:
            words = line.split()
            if words[3] == "0A" and int(words[1].rpartition(":")[2], 16) == number:
                inodes.add(f"socket:[{words[9]}]")
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in inodes for link in (process / "fd").iterdir()):
                name = (process / "comm").read_text().strip()
                return f"{name} (process {process.name})", (process / "cgroup").read_text()
        except OSError:
            continue  # it ended meanwhile, or is none of ours
    return "a process that cannot be seen", ""


def name(host: str) -> "Failures":
    """Whether a name means an address."""
    try:
        socket.getaddrinfo(host, None)
    except OSError as error:
        return [failure("names", f"{host} does not resolve: {error}", "Mend DNS or /etc/hosts on this host.")]
    return []


def peer(label: str, address: str, number: int) -> "Failures":
    """Whether another host can be reached. That it refuses is well: nothing may listen there yet."""
    try:
        socket.create_connection((address, number), timeout=SECONDS).close()
    except ConnectionRefusedError:
        return []
    except OSError as error:
        return [
            failure(
                "peers",
                f"{label} at {address}:{number} cannot be reached: {error}",
                "Open the firewall between the two, and look at the address in the inventory.",
            )
        ]
    return []


def package_index(url: str) -> "Failures":
    """Whether Python packages can be had."""
    try:
        urllib.request.urlopen(urllib.request.Request(f"{url.rstrip('/')}/pip/"), timeout=SECONDS).close()
    except urllib.error.HTTPError as error:
        if error.code not in (401, 403, 407) and error.code < 500:
            return []
        reason = f"answers {error.code}"
    except (OSError, ValueError) as error:
        reason = str(error)
    else:
        return []
    return [
        failure(
            "package index",
            f"{url}: {reason}",
            "Open the way to it, or name one that can be reached in /etc/pip.conf (index-url, cert) on this host.",
        )
    ]


def index_url(environment: "dict[str, str]", files: "list[Path]", default: str) -> str:
    """The package index that this host has been told of, as pip reads it; empty where that is not known."""
    if environment.get("PIP_INDEX_URL"):
        return environment["PIP_INDEX_URL"]
    found = default
    for path in files:
        config = configparser.RawConfigParser()
        try:
            config.read(path)
        except configparser.Error:
            continue  # pip itself will say so
        found = config.get("global", "index-url", fallback=found)
    return found


def archive() -> "Failures":
    """Whether Debian's archive can be reached; nothing where a proxy of apt's own stands between."""
    settings = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout
    if re.search(r'^Acquire::https?::Proxy(::\S+)? "[^"]', settings, re.MULTILINE):
        return []
    listed = subprocess.run(
        ["apt-get", "--print-uris", "update"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    addresses = re.findall(r"^'(https?://[^']+/(?:InRelease|Release))'", listed.stdout, re.MULTILINE)
    if not addresses:
        if re.search(r"^'", listed.stdout, re.MULTILINE):
            return []  # by another way than HTTP
        detail = listed.stderr.strip().splitlines()[:1] or ["no source of packages is set"]
        return [failure("packages", detail[0], "Name Debian's archive below /etc/apt/sources.list.d.")]
    try:
        urllib.request.urlopen(addresses[0], timeout=SECONDS).close()
    except (OSError, ValueError) as error:
        return [failure("packages", f"{addresses[0]}: {error}", "Open the way to it, or name another archive.")]
    return []


def kernel_memory_mb() -> int:
    """All memory."""
    found = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return int(found.group(1)) >> 10 if found else 0


def free_mb(path: str) -> int:
    """What is free where this path is, or would be."""
    place = Path(path)
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free >> 20


def systemd_version() -> int:
    """0 where there is none."""
    try:
        said = subprocess.run(["systemctl", "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    found = re.match(r"systemd (\d+)", said)
    return int(found.group(1)) if found else 0


def run(wanted: "dict[str, object]") -> "Failures":
    """All checks, side by side where they wait for others."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    config = [Path("/etc/pip.conf"), Path("/etc/xdg/pip/pip.conf"), Path("~/.config/pip/pip.conf").expanduser()]
    found = [
        *system(release, wanted["systems"]),
        *machine(os.uname().machine),
        *python(sys.version_info[:2]),
        *rights(os.geteuid()),
        *init(Path("/proc/1/comm").read_text().strip(), systemd_version()),
        *memory(kernel_memory_mb(), wanted["memory_mb"]),
    ]
    for path in wanted["disk_paths"]:
        found += disk(path, free_mb(path), wanted["disk_mb"])
    for one in wanted["ports"]:
        found += port(one["port"], one["purpose"], one["unit"], holder_of(one["port"]))
    waiting = [lambda host=host: name(host) for host in wanted["names"]]
    waiting += [lambda one=one: peer(one["name"], one["address"], one["port"]) for one in wanted["peers"]]
    if wanted["installs"]:
        index = index_url(dict(os.environ), config, wanted["index"])
        waiting += [archive] + ([lambda: package_index(index)] if index else [])
    with ThreadPoolExecutor(8) as pool:
        for failures in pool.map(lambda check: check(), waiting):
            found += failures
    return found


if __name__ == "__main__":
    print(json.dumps({"failures": run(json.loads(sys.argv[1])), "now": time.time()}))
