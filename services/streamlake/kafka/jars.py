"""Which jars make up the Kafka that StreamLake runs: pinned by checksum in `jars.lock`, beside this file."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

KAFKA_VERSION: Final = "4.3.1"
LOCK: Final = Path(__file__).with_name("jars.lock")


@dataclass(frozen=True, slots=True)
class Jar:
    """One jar: `path` is its path in any Maven repository."""

    sha256: str
    size: int
    path: str

    @property
    def name(self) -> str:
        """Its file name, unique in the lock."""
        return self.path.rsplit("/", 1)[1]

    @property
    def coordinates(self) -> tuple[str, str, str]:
        """Maven's group, artifact and version."""
        *group, artifact, version, _ = self.path.split("/")
        return ".".join(group), artifact, version


def parse(lock: str) -> tuple[Jar, ...]:
    """The jars of a lock file, one a line: sha256, size, path."""
    return tuple(Jar(sha256, int(size), path) for sha256, size, path in map(str.split, lock.splitlines()))


@cache
def locked() -> tuple[Jar, ...]:
    """The jars of our lock, in its order, which is the class path's."""
    return parse(LOCK.read_text())


def fingerprint(jars: tuple[Jar, ...]) -> str:
    """Names this set of jars: the same jars in the same order, the same name."""
    return hashlib.sha256("".join(f"{jar.sha256} {jar.name}\n" for jar in jars).encode()).hexdigest()[:12]


def sha256_of(path: Path) -> str:
    """The checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
