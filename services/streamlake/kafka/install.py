"""Install Kafka's jars: through Maven where it is, else by a checked download. All of them, verified, or nothing.

They stand in `<software>/libs-<hash of the lock>`, which appears by one rename once every checksum is right, so that
a folder of that name is whole. Several homes, and several processes at once, may share `<software>`.
"""

import errno
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from streamlake.kafka.download import Progress, fetch
from streamlake.kafka.errors import DownloadFailed, NoJarSource, NoRoom, WrongChecksum
from streamlake.kafka.jars import Jar, fingerprint, locked, sha256_of

_PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_MAVEN_SECONDS: Final = 900
_NO_ROOM: Final = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS),
    *(errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST),
}


def quiet(step: str, done: int, total: int) -> None:
    """A progress that says nothing."""


def libs_folder(software: Path, jars: tuple[Jar, ...] | None = None) -> Path:
    """Where the jars stand once they are installed."""
    return software / f"libs-{fingerprint(jars or locked())}"


def install(
    software: Path,
    *,
    base_url: str = "",
    progress: Progress = quiet,
    jars: tuple[Jar, ...] | None = None,
    maven: str | None = None,
) -> Path:
    """The folder with every jar of the lock; what is installed already costs one look at names and sizes.

    `base_url` names a Maven repository and wins over `maven`, the program, which is looked up where not given.
    Raises NoJarSource, DownloadFailed, WrongChecksum or NoRoom; what was fetched stays for the next attempt.
    """
    jars = jars or locked()
    libs = libs_folder(software, jars)
    if _whole(libs, jars):
        return libs
    with storage_errors(software):
        software.mkdir(parents=True, exist_ok=True)
        with only_one(software / ".install.lock"):
            if not _whole(libs, jars):  # another process may have been quicker
                _install(software, libs, jars, base_url, progress, maven)
    return libs


def _install(
    software: Path, libs: Path, jars: tuple[Jar, ...], base_url: str, progress: Progress, maven: str | None
) -> None:
    total = sum(jar.size for jar in jars)
    if shutil.disk_usage(software).free < total * 1.1:
        raise NoRoom(f"{software} has less than {total >> 20} MiB free.", next_step="Make room, then run it again.")
    work = software / f".{libs.name}.partial"
    work.mkdir(exist_ok=True)
    maven = maven if maven is not None else shutil.which("mvn")
    if base_url:
        fetch(jars, base_url, work, progress)
    elif maven:
        progress("fetching Kafka with Maven", 0, 0)
        _copy_with_maven(maven, jars, work)
    else:
        raise NoJarSource(
            "Kafka's jars are not installed, and there is no `mvn` to get them with.",
            next_step="Install Maven, or set STREAMLAKE_MAVEN_BASE_URL to the address of a Maven repository.",
        )
    _verify(work, jars)
    if libs.exists():
        shutil.rmtree(libs)  # damaged, else we would not be here
    work.rename(libs)


def _whole(libs: Path, jars: tuple[Jar, ...]) -> bool:
    try:
        return all((libs / jar.name).stat().st_size == jar.size for jar in jars)
    except OSError:
        return False


def _verify(work: Path, jars: tuple[Jar, ...]) -> None:
    expected = {jar.name: jar for jar in jars}
    for extra in {path.name for path in work.iterdir()} - expected.keys():
        (work / extra).unlink()
    for jar in jars:
        if not (work / jar.name).is_file():
            raise DownloadFailed(f"{jar.name} did not come with the others.", next_step="Run it again.")
        found = sha256_of(work / jar.name)
        if found != jar.sha256:
            (work / jar.name).unlink()
            raise WrongChecksum(
                f"{jar.name} has the checksum {found}, but {jar.sha256} is pinned.",
                next_step=f"If Maven brought it, delete {jar.path.rsplit('/', 1)[0]} from its local repository.",
            )


def _copy_with_maven(maven: str, jars: tuple[Jar, ...], work: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="streamlake-maven-") as folder:
        pom = Path(folder) / "pom.xml"
        pom.write_text(pom_of(jars))
        argv = [maven, "-B", "-ntp", "-q", "-f", str(pom), _PLUGIN]
        argv += ["-DincludeScope=runtime", "-DoverWriteIfNewer=true", f"-DoutputDirectory={work}"]
        try:
            run = subprocess.run(  # noqa: S603 - no shell, our arguments
                argv, check=False, capture_output=True, text=True, timeout=_MAVEN_SECONDS, cwd=folder
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DownloadFailed(f"Maven did not finish: {error}.", next_step="Run it again.") from error
    if run.returncode != 0:
        words = [line for line in (run.stdout + run.stderr).splitlines() if "ERROR" in line] or run.stderr.splitlines()
        raise DownloadFailed(
            f"Maven could not fetch Kafka's jars: {' '.join(words[:2])[:500]}",
            next_step="Check the network, or set STREAMLAKE_MAVEN_BASE_URL; running it again goes on from here.",
        )


def pom_of(jars: tuple[Jar, ...]) -> str:
    """A project that depends on exactly these jars: nothing is resolved that is not pinned."""
    dependencies = "".join(
        f"<dependency><groupId>{escape(group)}</groupId><artifactId>{escape(artifact)}</artifactId>"
        f"<version>{escape(version)}</version><exclusions><exclusion><groupId>*</groupId>"
        "<artifactId>*</artifactId></exclusion></exclusions></dependency>"
        for group, artifact, version in (jar.coordinates for jar in jars)
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>streamlake</groupId><artifactId>kafka-jars</artifactId><version>1</version>"
        f"<packaging>pom</packaging><dependencies>{dependencies}</dependencies></project>"
    )


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Wait until no other process holds this lock file; it is free again when this process ends, however it ends."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Say it in one sentence when a folder cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno not in (
            errno.ENOSPC,
            errno.EDQUOT,
            errno.EROFS,
            errno.EACCES,
            errno.EPERM,
            errno.ENOTDIR,
            errno.EEXIST,
        ):
            raise
        raise NoRoom(
            f"cannot write {error.filename or folder}: {os.strerror(error.errno)}.",
            next_step="Free some space, or choose another place with STREAMLAKE_HOME or STREAMLAKE_KAFKA_SOFTWARE_DIR.",
        ) from error
