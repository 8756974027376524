"""Log lines as journald wants them: a sentence for people, and beside it fields for machines.

`journalctl -u streamlake-consumer@orders` shows the sentences, in colour by level;
`journalctl STREAMLAKE_ERROR_ID=SL-0301` and `-o json` find and show the fields. See decision 11.
"""

import logging
import os
import re
import socket
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from streamlake.errors import StreamlakeError

_SOCKET: Final = "/run/systemd/journal/socket"
_PRIORITIES: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_PLAIN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def is_read_by(environment: Mapping[str, str]) -> bool:
    """Whether what this process writes on stderr goes to the journal, and not to a terminal or a file."""
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


class Handler(logging.Handler):
    """Sends each record to the journal; what it does not take now goes to stderr with its level in front."""

    def __init__(self, process: str, address: str = _SOCKET) -> None:
        super().__init__()
        self._process = process
        self._address = address
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._channel.setblocking(False)

    def emit(self, record: logging.LogRecord) -> None:
        """See logging."""
        try:
            extra = {name: value for name, value in vars(record).items() if name not in _PLAIN}
            text = sentence(record.getMessage(), extra)
            if record.exc_info and not isinstance(record.exc_info[1], StreamlakeError):
                text += "\n" + logging.Formatter().formatException(record.exc_info)
            level = priority(record.levelno)
            try:
                self._channel.sendto(encode(self._fields(record, text, level, extra)), self._address)
            except OSError:
                say(record.levelno, text)
        except Exception:  # noqa: BLE001 - logging's own rule: a line that cannot be written ends nothing
            self.handleError(record)

    def close(self) -> None:
        """See logging."""
        self._channel.close()
        super().close()

    def _fields(
        self, record: logging.LogRecord, text: str, level: int, extra: Mapping[str, Any]
    ) -> Iterable[tuple[str, str]]:
        yield "MESSAGE", text
        yield "PRIORITY", str(level)
        yield "SYSLOG_IDENTIFIER", self._process
        yield "STREAMLAKE_LOGGER", record.name
        for name, value in extra.items():
            if value is not None:
                yield "STREAMLAKE_" + re.sub(r"[^A-Z0-9_]", "_", name.upper()), str(value)


def say(level: int, text: str) -> None:
    """Write to stderr with the level in front of each line, as the journal reads it.

    For a process's last words: the journal knows whose stderr it reads, but of a datagram only if its sender still is.
    """
    sys.stderr.write("".join(f"<{priority(level)}>{line}\n" for line in text.splitlines()))
    sys.stderr.flush()


def priority(level: int) -> int:
    """syslog's number for a level."""
    return next((number for floor, number in _PRIORITIES if level >= floor), 7)


def sentence(message: str, extra: Mapping[str, Any]) -> str:
    """The message, the error if it is not said yet, and what else is known: `landed partition=0 records=12`."""
    error = str(extra.get("error") or "")
    if error and error not in message:
        message = f"{message}: {error}"
    told = {name: value for name, value in extra.items() if value is not None and name != "error"}
    if str(told.get("error_id", "")) in message:
        told.pop("error_id", None)
    return " ".join([message, *(f"{name}={_word(value)}" for name, value in told.items())])


def _word(value: Any) -> str:
    text = str(value)
    return text if text and not re.search(r'[\s"=]', text) else '"' + text.replace('"', "'") + '"'


def encode(fields: Iterable[tuple[str, str]]) -> bytes:
    """journald's datagram: `NAME=value`, or name, length and bytes where the value has several lines."""
    encoded = bytearray()
    for name, value in fields:
        data = value.encode(errors="replace")
        if b"\n" in data:
            encoded += name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
        else:
            encoded += name.encode() + b"=" + data + b"\n"
    return bytes(encoded)
