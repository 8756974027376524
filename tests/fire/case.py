"""What a class of the corpus is: bytes that are sent, and the answer, the connection's fate and the log that follow."""

from dataclasses import dataclass

from tests.fire.wire import request

KEY = b"slk_" + b"K" * 43
"""Stands for the secret of a key that may write both datasets, and is as long: it is made when the API is."""
AUTHORIZATION = b"Authorization: Bearer " + KEY

EVENTS = b"/v1/datasets/fire/events"
"""A dataset that refuses what breaks its contract."""
LENIENT = b"/v1/datasets/kept/events"
"""A dataset that keeps it as a dead letter."""

GOOD = b'{"id":"x" , "at":"2026-11-21T07:00:00Z","f":1.10,"n":1}'
"""A good event, with white space and a number that parsers change."""


@dataclass(frozen=True)
class Case:
    """One class of requests."""

    sent: bytes
    status: int | None
    """Of the first answer; None where the connection ends without one."""
    kept: tuple[bytes, ...] = ()
    """The events that are acknowledged, in their order; nothing else may be in the log."""
    then: tuple[int, ...] = ()
    """Statuses of the answers behind the first, where more was sent than one request."""
    stays: bool | None = True
    """Whether the connection goes on: it answers another request, as itself. None: as it happened to be read."""
    ends: bool = False
    """Whether the client closes its half behind what it sent."""
    to_head: bool = False
    """Whether the request was a HEAD: its answer has no body."""
    says: str = ""
    """A word that the answer's detail has."""


def post(body: bytes | None, *headers: bytes, target: bytes = EVENTS, **more: object) -> bytes:
    """Events, with a key."""
    return request(target, body, AUTHORIZATION, *headers, **more)  # type: ignore[arg-type] # passed on as they are


def event(tail: bytes) -> bytes:
    """A good event with one more member, `more`."""
    return GOOD[:-1] + b',"more":' + tail + b"}"


LIVE = request(b"/livez", method=b"GET")
"""A request that is answered with 200 whatever happens to events."""

SMUGGLED = post(GOOD.replace(b'"x"', b'"smuggled"'))
"""A whole request that is hidden in another one's body: it must never be answered as one."""
