"""Kafka as one file for other machines: every jar of the lock, verified, in a tar that is the same wherever it is made.

`scripts/kafka-jars` makes it where it is missing, and prints where it is and what is in it.
"""

import hashlib
import os
import tarfile
from pathlib import Path
from typing import Any

from streamlake.kafka.install import install, storage_errors
from streamlake.kafka.jars import KAFKA_VERSION, fingerprint, locked, sha256_of


def bundle(software: Path, *, base_url: str = "") -> dict[str, Any]:
    """The tar's path, Kafka's version, and the checksums as `sha256sum --check` reads them.

    Each jar is compared with the lock as it is packed, so what leaves this machine is what was pinned.
    """
    libs = install(software, base_url=base_url)
    wrong = [jar.name for jar in locked() if sha256_of(libs / jar.name) != jar.sha256]
    if wrong:
        (libs / wrong[0]).unlink()  # not whole any more: it is fetched and verified anew
        libs = install(software, base_url=base_url)
    tar = software / f"kafka-{KAFKA_VERSION}-{fingerprint(locked())}.tar"
    if not _right(tar):
        partial = tar.with_name(f".{tar.name}.{os.getpid()}")
        with storage_errors(software):
            with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as file:
                for jar in locked():
                    file.add(libs / jar.name, jar.name, filter=_plain)
            partial.replace(tar)
    sums = "".join(f"{jar.sha256}  {jar.name}\n" for jar in locked())
    return {"version": KAFKA_VERSION, "fingerprint": fingerprint(locked()), "tar": str(tar), "sha256sums": sums}


def _right(tar: Path) -> bool:
    """Whether it holds every jar as it was pinned, and nothing else: it may have been damaged since it was made."""
    try:
        with tarfile.open(tar) as file:
            found = {m.name: hashlib.sha256(data.read()).hexdigest() for m in file if (data := file.extractfile(m))}
    except (OSError, tarfile.TarError):
        return False
    return found == {jar.name: jar.sha256 for jar in locked()}


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime, member.mode = 0, 0o644
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member
