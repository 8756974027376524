"""What is said to the journal: one line a request, of printable ASCII and of bounded length."""

import syslog
from collections.abc import Mapping

_MOST = 400


def printable(value: bytes | str) -> str:
    """`value` with everything escaped that could move a cursor, forge a line or hide a word."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    escaped = text[:_MOST].encode("unicode_escape").decode("ascii")
    return escaped[:_MOST] + ("…" if len(text) > _MOST or len(escaped) > _MOST else "")


def say(what: str, facts: Mapping[str, bytes | str], *, warning: bool = False) -> None:
    """One line, as `journalctl -t streamlake-ops` shows it."""
    said = " ".join(f"{name}={printable(value)}" for name, value in facts.items())
    syslog.openlog("streamlake-ops", syslog.LOG_PID, syslog.LOG_AUTH)
    # A line is handed over as an argument, never as a format.
    syslog.syslog(syslog.LOG_WARNING if warning else syslog.LOG_INFO, f"{what} {said}")
