"""Every error that StreamLake raises on purpose, and what to do about it.

    StreamlakeError
    ├── Rejected       this record is at fault            -> dead letter, then go on
    ├── Retryable      it may work in a moment            -> try the same thing again; never dead-letter, never commit
    ├── Unknown        the answer was lost                -> read back, then decide; never treat as failed
    ├── Permanent      it works when someone has acted    -> pause the partition, say so loudly, probe once a minute
    │   ├── Misconfigured   a setting, a contract or an argument is wrong    (exit 2)
    │   └── Refused         a guard, a permission or a stale plan says no    (exit 4)
    └── Tripped        too many rejections                -> pause; `streamlake consumer resume` goes on

Code branches on these five and on nothing else. A room derives its own errors from them, gives each an id
(`code = "SL-0301"`) and writes the page `docs/runbooks/SL-0301.md`; a test fails without it.
The first two digits are the room: 01 contract and registry, 02 kafka, 03 storage, 04 consumer and recovery, 05 ingest,
06 audit, 07 local, 08 cli, 09 dispatch.
"""

from typing import ClassVar

EXIT_DONE = 0
EXIT_FOUND = 1
EXIT_WRONG_USE = 2
EXIT_UNREACHABLE = 3
EXIT_REFUSED = 4
EXIT_HALFWAY = 5
EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class StreamlakeError(Exception):
    """A sentence that says what is wrong, and `next_step`: one that says what to do."""

    code: ClassVar[str] = "SL-0000"
    exit_code: ClassVar[int] = EXIT_BUG

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        if not self.next_step:
            return f"{self.code}: {self.message}"
        stop = "" if self.message.endswith((".", "?", "!", ":", "\n")) else "."
        return f"{self.code}: {self.message}{stop} {self.next_step}"


class Rejected(StreamlakeError):
    """The record is at fault, and will be at every further attempt."""

    code = "SL-0001"
    exit_code = EXIT_WRONG_USE


class Retryable(StreamlakeError):
    """Nothing was done, or doing it again is harmless; it may work in a moment."""

    code = "SL-0002"
    exit_code = EXIT_UNREACHABLE


class Unknown(StreamlakeError):
    """The answer was lost: it may have been done. Read back before deciding."""

    code = "SL-0003"
    exit_code = EXIT_UNREACHABLE


class Permanent(StreamlakeError):
    """It will not work until someone acts."""

    code = "SL-0004"
    exit_code = EXIT_REFUSED


class Misconfigured(Permanent):
    """A setting, a contract or an argument is wrong; nothing was touched."""

    code = "SL-0005"
    exit_code = EXIT_WRONG_USE


class Refused(Permanent):
    """A guard, a permission or a stale plan says no."""

    code = "SL-0006"
    exit_code = EXIT_REFUSED


class Tripped(StreamlakeError):
    """Too many rejections in a row or in ratio: a bad deploy is not bad data."""

    code = "SL-0007"
    exit_code = EXIT_REFUSED
