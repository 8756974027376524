"""Header names that are not UTF-8: Kafka takes any bytes, the Python client breaks on them.

It raises SystemError the first time the headers are asked for, and from then on answers pairs without a name, which
end the process when they are touched. One such record must not stop a partition for ever, so its broken names are
replaced before anybody looks; everything else of the record is untouched.
"""

from collections import deque
from collections.abc import Sequence
from operator import methodcaller
from typing import Any, Final

UNREADABLE: Final = "\ufffd"
"""What stands for such a name, as in Java's client. Its bytes are out of reach by then."""

# By way of `map`, which checks each call; a plain call in a loop that runs hot does not, and the error stays hidden.
_headers: Final = methodcaller("headers")


def make_readable(messages: Sequence[Any]) -> None:
    """Afterwards the headers of these messages may be asked for. Costs next to nothing where all names are text."""
    try:
        deque(map(_headers, messages), maxlen=0)
    except SystemError:
        for message in messages:
            _repair(message)


def _repair(message: Any) -> None:
    try:
        headers = next(map(_headers, (message,)))
    except SystemError:
        headers = next(map(_headers, (message,)))
    # Only its text may be taken of a pair without a name.
    if any(_nameless(pair) for pair in headers or ()):
        message.set_headers([(UNREADABLE, pair[1]) if _nameless(pair) else pair for pair in headers])


def _nameless(pair: object) -> bool:
    return repr(pair).startswith("(<NULL>")
