"""Producers' API keys: only their SHA-256 is kept, with a producer's name and the datasets it may write."""

import hashlib
import hmac
import json
import os
import re
import secrets
import stat
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from streamlake.ingest.errors import BadKeysFile, NoSuchKey

ALL: Final = "all"
ANONYMOUS: Final = "anonymous"
"""The producer where no keys are asked for: on loopback, without a keys file."""

_PREFIX: Final = "slk_"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Key:
    """One producer's key. `datasets` may be `("all",)`."""

    id: str
    producer: str
    datasets: tuple[str, ...]
    sha256: str
    created_at: str
    revoked_at: str | None = None

    def may_write(self, dataset: str) -> bool:
        """Whether this key is for that dataset."""
        return dataset in self.datasets or ALL in self.datasets


def new(producer: str, datasets: tuple[str, ...], created_at: str) -> tuple[str, Key]:
    """A new secret, to be shown once, and the key to keep."""
    secret = _PREFIX + secrets.token_urlsafe(32)
    return secret, Key(secrets.token_hex(4), producer, datasets, _digest(secret), created_at)


def find(keys: tuple[Key, ...], secret: str) -> Key | None:
    """The living key of this secret. Every key is compared, each in constant time."""
    digest = _digest(secret)
    found = None
    for key in keys:
        if hmac.compare_digest(key.sha256, digest) and key.revoked_at is None:
            found = key
    return found


def load(path: Path) -> tuple[Key, ...] | None:
    """The keys of this file, None where there is no file; BadKeysFile where it cannot be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != 1:
            raise BadKeysFile(f"{path} has format {document['format']!r}; this version reads format 1.")
        return tuple(_key(entry) for entry in document["keys"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadKeysFile(
            f"{path} cannot be read as a keys file: {type(error).__name__} {error}.",
            next_step="Restore it, or move it away and make keys with `streamlake keys new`.",
        ) from error


def save(path: Path, keys: tuple[Key, ...]) -> None:
    """Replace the file as a whole. Who may read it stays as it was; a new one is its owner's alone."""
    document = {"format": 1, "keys": [asdict(key) for key in keys]}
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".keys-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
            _as_before(path, file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _as_before(path: Path, descriptor: int) -> None:
    """A service that runs as another account reads the file by its group: what replaces it must let it."""
    try:
        before = path.stat()
    except FileNotFoundError:
        return
    with suppress(PermissionError):  # whoever is not root keeps what is theirs
        os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


def revoke(keys: tuple[Key, ...], id: str, revoked_at: str) -> tuple[Key, ...]:
    """The keys with this one revoked; NoSuchKey if it is not there. Revoking twice keeps the first time."""
    if all(key.id != id for key in keys):
        raise NoSuchKey(f"there is no key {id!r}.", next_step="`streamlake keys list` shows them.")
    return tuple(
        Key(key.id, key.producer, key.datasets, key.sha256, key.created_at, key.revoked_at or revoked_at)
        if key.id == id
        else key
        for key in keys
    )


def _key(entry: dict[str, object]) -> Key:
    datasets = entry["datasets"]
    if not isinstance(datasets, list) or not all(isinstance(name, str) for name in datasets):
        raise TypeError("datasets must be a list of names")
    texts = {name: entry[name] for name in ("id", "producer", "sha256", "created_at")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise TypeError(f"{', '.join(texts)} must be text")
    if not _DIGEST.fullmatch(str(entry["sha256"])):
        raise ValueError(f"sha256 of key {entry['id']!r} is not 64 hexadecimal digits")
    revoked = entry.get("revoked_at")
    return Key(datasets=tuple(datasets), revoked_at=None if revoked is None else str(revoked), **texts)  # type: ignore[arg-type] # checked above


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
