"""The image that hosts start from: a bare Debian 12 with systemd and SSH, made once and kept between runs.

It is named by a hash of everything that it is made from, so it is never stale: a changed input is another image.
Nothing of StreamLake is in it.
"""

import fcntl
import hashlib
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from tests.support.host import sources
from tests.support.host.command import Failed, attempt, run

PACKAGES = (
    "systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,python3,python3-venv,python3-apt,"
    "ca-certificates,iproute2,curl,procps,acl,netbase"
)
DEPLOYER = "debian"
"""The account that plays log in as; it may become root by sudo, as on a cloud's machines."""
_RECIPE = Path(__file__).parent / "recipe.sh"
_CERTIFICATES = Path("/usr/local/share/ca-certificates")


@dataclass(frozen=True)
class Inputs:
    """What an image is made from."""

    sources: str
    pip: str
    certificates: tuple[tuple[str, str], ...]
    recipe: str
    packages: str = PACKAGES

    def key(self) -> str:
        """The image's name: equal exactly for equal inputs."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def cache() -> Path:
    """Where images and the folders of running hosts are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "streamlake" / "hosts"


def inputs() -> Inputs:
    """What this machine gives: its Debian sources, pip's settings and its own certificates."""
    listed = Path("/etc/apt").glob("sources.list*")
    files = [one for path in sorted(listed) for one in (sorted(path.glob("*")) if path.is_dir() else [path])]
    text = sources.debian([one.read_text() for one in files if one.suffix in {".list", ".sources"}])
    if not text:
        raise Failed("this machine names no Debian package source that a test host could use")
    certificates = tuple((path.name, path.read_text()) for path in sorted(_CERTIFICATES.glob("*.crt")))
    settings = attempt(["python3", "-m", "pip", "config", "list"]).stdout
    return Inputs(text, sources.pip(settings), certificates, _RECIPE.read_text() + Path(__file__).read_text())


def base_image(folder: Path) -> Path:
    """The image's root folder, made now if it is missing. Two at once: the second waits and finds it."""
    wanted = inputs()
    folder.mkdir(parents=True, exist_ok=True)
    found = folder / wanted.key()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            making = folder / f"making-{uuid.uuid4().hex[:8]}"
            _make(wanted, making)
            making.rename(found)
            _forget_others(folder, found)
    return found


def _make(wanted: Inputs, root: Path) -> None:
    """Packages first, then what the machine lends, then the recipe, inside."""
    stuff = root.with_suffix(".stuff")
    (stuff / "certificates").mkdir(parents=True)
    (stuff / "debian.sources").write_text(wanted.sources)
    (stuff / "pip.conf").write_text(wanted.pip)
    for name, text in wanted.certificates:
        (stuff / "certificates" / name).write_text(text)
    argv: list[str | Path] = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={wanted.packages}"]
    # A mirror may be a frozen one, whose lists have expired.
    argv += ["--aptopt=Acquire::Check-Valid-Until false", "--aptopt=Acquire::Languages none"]
    argv += ["--aptopt=APT::Install-Recommends false", "--dpkgopt=force-unsafe-io"]
    argv += [f"--customize-hook=copy-in {stuff} /", f'--customize-hook=mv "$1"/{stuff.name} "$1"/stuff']
    argv += [f"--customize-hook=copy-in {_RECIPE} /", f'--customize-hook=chroot "$1" bash /recipe.sh {DEPLOYER}']
    argv += [sources.SUITE, root, stuff / "debian.sources"]
    try:
        run(argv, seconds=900)
        # Last of all, for a list of packages that is empty and new would pass for one that is up to date.
        os.utime(root / "var/lib/apt/lists", (0, 0))
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(stuff)


def _forget_others(folder: Path, kept: Path) -> None:
    """One image is enough, unless a host still stands on another."""
    mounts = Path("/proc/mounts").read_text()
    for path in folder.iterdir():
        if path.is_dir() and path != kept and f"lowerdir={path}" not in mounts:
            shutil.rmtree(path, ignore_errors=True)
