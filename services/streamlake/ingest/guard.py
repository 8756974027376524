"""Who may do what: the keys file, watched while the process runs."""

import ipaddress
import logging
from pathlib import Path
from typing import Final

from streamlake.ingest import keys
from streamlake.ingest.errors import BadKeysFile, NoKey, WrongKey
from streamlake.ingest.keys import ANONYMOUS, Key
from streamlake.logs import error_fields

_logger: Final = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]


def is_loopback(host: str) -> bool:
    """Whether this address is reached from this machine only. A name is not trusted to be, but for `localhost`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """Keys are asked for as soon as there is a keys file, and always off loopback. `look` may run in any thread."""

    def __init__(self, path: Path, *, off_loopback: bool, behind_proxy: bool = False) -> None:
        self._path = path
        self._behind_proxy = behind_proxy
        self._off_loopback = off_loopback
        self._seen = _signature(path)
        self._keys = keys.load(path)
        self.broken: str | None = None
        """Why the file as it stands is not in force."""

    def producer(self, headers: Headers, dataset: str) -> str:
        """Who writes. NoKey without a living key, WrongKey where it is not for that dataset."""
        key = self.key(headers)
        if key is None:
            return ANONYMOUS
        if not key.may_write(dataset):
            raise WrongKey(f"key {key.id} of {key.producer} may not write {dataset}.")
        return key.producer

    def reader(self, headers: Headers) -> None:
        """Off loopback whoever reads needs a key as well, any one."""
        if self._off_loopback:
            self.key(headers)

    def scraper(self, headers: Headers, client: str) -> None:
        """An agent of this host reads the metrics without a key, unless it may be a proxy that speaks for others."""
        if self._behind_proxy or not is_loopback(client):
            self.reader(headers)

    def key(self, headers: Headers) -> Key | None:
        """The key of this request; None where none is asked for."""
        if self._keys is None and not self._off_loopback:
            return None
        found = keys.find(self._keys or (), _secret(headers))
        if found is None:
            raise NoKey("this API key is not known, or was revoked.", next_step="`streamlake keys new` makes one.")
        return found

    def look(self) -> None:
        """Take a changed file. One that is broken or gone is logged once, and the last good keys stay in force."""
        seen = _signature(self._path)
        if seen == self._seen:
            return
        self._seen = seen
        self.broken = None
        try:
            found = keys.load(self._path)
        except BadKeysFile as error:
            self.broken = error.message
            _logger.warning("changed keys are not taken; the last good ones stay", extra=error_fields(error))
            return
        if found is None:
            self.broken = f"{self._path} is gone."
            _logger.error("the keys file is gone; its last keys stay in force", extra={"error_id": BadKeysFile.code})
            return
        self._keys = found
        _logger.info("keys changed", extra={"keys": len(found)})


def _secret(headers: Headers) -> str:
    found = [value for name, value in headers if name == b"authorization"]
    if len(found) > 1:
        raise NoKey("header Authorization: it stands twice.")
    if found:
        scheme, _, secret = found[0].decode("latin-1").partition(" ")
        if scheme.lower() == "bearer" and secret.strip():
            return secret.strip()
        raise NoKey("header Authorization: send `Bearer` and the key.")
    raise NoKey("no API key: send `Authorization: Bearer` and the key.", next_step="`streamlake keys new` makes one.")


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
