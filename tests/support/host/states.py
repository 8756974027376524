"""What a host is: the hashes of its files, and when each unit began. Two of them say what an act has changed."""

from tests.support.host.machine import Host

_FILES = r"find {folders} -xdev \( -type f -o -type l \) -printf '%m %u %g %p %l\n' | LC_ALL=C sort; "
_HASHES = r"find {folders} -xdev -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum"
_UNITS = (
    "systemctl show '*.service' '*.target' '*.timer' --all "
    "-p Id -p ActiveState -p ActiveEnterTimestampMonotonic -p InvocationID -p UnitFileState -p NRestarts -p MainPID"
)


def files(host: Host, *folders: str) -> str:
    """Each file's mode, owner and hash, a line each."""
    where = " ".join(folders)
    return host.run(_FILES.format(folders=where) + _HASHES.format(folders=where), seconds=120)


def units(host: Host) -> dict[str, dict[str, str]]:
    """Each unit's properties by its name."""
    blocks = host.run(_UNITS).strip().split("\n\n")
    found = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in blocks]
    return {one["Id"]: one for one in found}


def unit(host: Host, name: str) -> dict[str, str]:
    """One unit's properties, all of them."""
    lines = host.run(f"systemctl show {name}").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def begun(host: Host, *names: str) -> dict[str, str]:
    """For each unit that runs, the identifier of this run: another after each start."""
    found = units(host)
    wanted = names or [name for name, one in found.items() if one["ActiveState"] == "active"]
    return {name: found[name]["InvocationID"] for name in wanted if name in found}


def journal(host: Host, name: str, lines: int = 200, *, since: str = "") -> str:
    """The last lines of a unit's journal, as an operator reads them."""
    after = f"--since '{since}'" if since else ""
    return host.run(f"journalctl -u {name} -n {lines} --no-pager -o cat {after}")


def status(host: Host, name: str) -> str:
    """What `systemctl status` shows; it ends with 3 for a unit that is not active."""
    return host.attempt(f"systemctl status {name} --no-pager -l -n 5").stdout


def clock(host: Host) -> str:
    """Now, in the form that the journal takes."""
    return host.run("date '+%Y-%m-%d %H:%M:%S.%6N'").strip()
