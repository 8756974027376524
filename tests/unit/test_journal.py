"""The journal gets sentences for people and fields for machines, and a line that it does not take is not lost."""

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streamlake import journal
from streamlake.errors import Retryable


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(str(tmp_path / "journal"))
        reader.settimeout(5)
        yield reader


def fields(datagram: bytes) -> dict[str, str]:
    found = {}
    while datagram:
        head, _, datagram = datagram.partition(b"\n")
        name, equals, value = head.partition(b"=")
        if not equals:
            size = int.from_bytes(datagram[:8], "little")
            value, datagram = datagram[8 : 8 + size], datagram[9 + size :]
        found[name.decode()] = value.decode()
    return found


def record(
    message: str, level: int = logging.INFO, raised: BaseException | None = None, **extra: object
) -> logging.LogRecord:
    info = (type(raised), raised, None) if raised else None
    made = logging.LogRecord("streamlake.x", level, "x.py", 1, message, (), info)
    vars(made).update(extra)
    return made


def sent(journald: socket.socket, made: logging.LogRecord) -> dict[str, str]:
    handler = journal.Handler("streamlake-consumer@orders", journald.getsockname())
    handler.handle(made)
    handler.close()
    return fields(journald.recv(1 << 16))


def test_a_landing_is_a_sentence_with_fields(journald: socket.socket) -> None:
    told = sent(journald, record("landed", dataset="orders", partition=0, records=12, write_path=None))
    assert told["MESSAGE"] == "landed dataset=orders partition=0 records=12"
    assert told["PRIORITY"] == "6"
    assert told["SYSLOG_IDENTIFIER"] == "streamlake-consumer@orders"
    assert told["STREAMLAKE_DATASET"] == "orders"
    assert "STREAMLAKE_WRITE_PATH" not in told


def test_an_error_is_said_once_and_can_be_looked_for(journald: socket.socket) -> None:
    extra: dict[str, Any] = {"error_id": "SL-0301", "error": "SL-0301: no room"}
    quiet = sent(journald, record("stopped", logging.ERROR, **extra))
    assert quiet["MESSAGE"] == "stopped: SL-0301: no room"
    assert quiet["STREAMLAKE_ERROR_ID"] == "SL-0301"
    assert sent(journald, record("stopped: SL-0301: no room", logging.ERROR, **extra))["MESSAGE"] == quiet["MESSAGE"]


def test_a_bug_has_its_trace_and_an_error_of_ours_has_none(journald: socket.socket) -> None:
    bug = sent(journald, record("failed", logging.ERROR, KeyError("x")))
    assert bug["MESSAGE"].splitlines()[-1] == "KeyError: 'x'"
    assert sent(journald, record("failed", logging.ERROR, Retryable("x")))["MESSAGE"] == "failed"


def test_a_forged_line_stays_within_its_field(journald: socket.socket) -> None:
    """What a producer sent must not become a field or an entry of its own."""
    told = sent(journald, record("refused", dataset="x\nPRIORITY=0\nMESSAGE=forged"))
    assert told["PRIORITY"] == "6"
    assert told["STREAMLAKE_DATASET"] == "x\nPRIORITY=0\nMESSAGE=forged"


def test_what_the_journal_does_not_take_goes_to_stderr_with_its_level(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = journal.Handler("x", str(tmp_path / "nobody"))
    handler.handle(record("no\nroom", logging.ERROR))
    handler.close()
    assert capsys.readouterr().err == "<3>no\n<3>room\n"


def test_only_a_stderr_that_the_journal_reads_counts(capfd: pytest.CaptureFixture[str]) -> None:
    del capfd
    found = os.fstat(2)
    assert journal.is_read_by({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
    assert not journal.is_read_by({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino + 1}"})
    assert not journal.is_read_by({})


@pytest.mark.parametrize(
    ("level", "number"),
    [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7)],
)
def test_levels_are_syslogs(level: int, number: int) -> None:
    assert journal.priority(level) == number
